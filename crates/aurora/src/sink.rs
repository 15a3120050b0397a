//! Run records on their way to the store: off the request path, in batches, bounded.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nova_domain::FunctionId;
use nova_domain::log::LogLine;
use nova_domain::ports::Signals;
use nova_store::repo::run::RunRecord;
use nova_store::{Store, System};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::live::{Live, News};

/// Settings of a [`Sink`].
#[derive(Debug, Clone)]
pub struct SinkSettings {
    /// Records that may wait or be on their way to the disk; more are dropped and counted.
    pub waiting_max: usize,
    /// Bytes of these records in memory; what does not fit is dropped and counted.
    pub waiting_bytes_max: usize,
    /// Records of one transaction, at most 10,000.
    pub batch_max: usize,
    /// Longest time a record waits for company.
    pub delay: Duration,
}

impl Default for SinkSettings {
    fn default() -> Self {
        Self {
            waiting_max: 20_000,
            waiting_bytes_max: 64 * 1024 * 1024,
            batch_max: 500,
            delay: Duration::from_millis(200),
        }
    }
}

enum Message {
    Record(Box<RunRecord>, usize),
    Flush(oneshot::Sender<()>),
}

/// What was handed over and is not stored yet.
#[derive(Default)]
struct Waiting(Mutex<Load>);

#[derive(Debug, Default, Clone, Copy)]
struct Load {
    records: usize,
    bytes: usize,
}

impl Waiting {
    fn load(&self) -> MutexGuard<'_, Load> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for one more record; `false` if there is none.
    fn enter(&self, bytes: usize, settings: &SinkSettings) -> bool {
        let mut load = self.load();
        let fits = load.records < settings.waiting_max.max(1)
            && load.bytes.saturating_add(bytes) <= settings.waiting_bytes_max;
        if fits {
            *load = Load { records: load.records + 1, bytes: load.bytes + bytes };
        }
        fits
    }

    fn leave(&self, records: usize, bytes: usize) {
        let mut load = self.load();
        load.records = load.records.saturating_sub(records);
        load.bytes = load.bytes.saturating_sub(bytes);
    }
}

/// Memory that a record holds, bytes.
fn bytes_of(record: &RunRecord) -> usize {
    let run = &record.run;
    let body = |body: &Option<String>| body.as_ref().map_or(0, String::capacity);
    let error = run.error.as_ref().map_or(0, |error| {
        let frames: usize = error.stack.iter().map(|frame| size_of::<String>() + frame.capacity()).sum();
        error.error_type.capacity() + error.message.capacity() + frames
    });
    let lines: usize = record.lines.iter().map(|line| size_of::<LogLine>() + line.text.capacity()).sum();
    size_of::<RunRecord>() + body(&run.input) + body(&run.output) + error + lines
}

/// Takes run records and stores them. Cheap to clone.
#[derive(Clone)]
pub struct Sink {
    sender: mpsc::Sender<Message>,
    live: Arc<Live>,
    settings: SinkSettings,
    waiting: Arc<Waiting>,
    tasks: TaskTracker,
}

/// A batch is stored once it is this large, bytes: a failed one is kept for the next try.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Most records of a batch, whatever the settings say: the store takes no more.
const BATCH_RECORDS: usize = 10_000;
/// Places of the channel beside those of records.
const FLUSHES: usize = 16;
/// Longest time that a flush waits for calls which have yet to hand over their record; more
/// than a cancelled stream is given to end.
const TASKS_WAIT: Duration = Duration::from_secs(5);

/// How often a batch is tried; the second and third time after a pause.
const TRIES: u32 = 3;

impl Sink {
    /// Starts the task that stores. Must be called within a tokio runtime; the task ends
    /// when every clone is dropped.
    pub fn start(store: Store, system: System, settings: SinkSettings) -> Self {
        // Records are counted apart, so only flushes can fill what is left.
        let places = settings.waiting_max.clamp(1, Semaphore::MAX_PERMITS - FLUSHES) + FLUSHES;
        let (sender, receiver) = mpsc::channel(places);
        let live = Live::new();
        let waiting = Arc::new(Waiting::default());
        let tasks = TaskTracker::new();
        // A closed tracker takes tasks all the same; waiting for it ends when it is empty.
        tasks.close();
        let sink = Self { sender, live: live.clone(), settings: settings.clone(), waiting, tasks };
        let worker = Worker { store, system, settings, live, waiting: sink.waiting.clone() };
        tokio::spawn(worker.work(receiver));
        sink
    }

    /// Hands over a record. Never waits: when the store does not keep up, it is dropped and counted.
    pub(crate) fn record(&self, record: RunRecord) {
        let bytes = bytes_of(&record);
        if !self.waiting.enter(bytes, &self.settings) {
            return dropped(1);
        }
        if self.sender.try_send(Message::Record(Box::new(record), bytes)).is_err() {
            self.waiting.leave(1, bytes);
            dropped(1);
        }
    }

    /// Waits until the calls in flight have handed over their records (at most 5 s: a call
    /// may take much longer), then until everything handed over is stored or given up.
    pub async fn flush(&self) {
        if tokio::time::timeout(TASKS_WAIT, self.tasks.wait()).await.is_err() {
            tracing::warn!(calls = self.tasks.len(), "records of calls that still run are not waited for");
        }
        self.flush_waiting().await;
    }

    /// Waits until everything handed over before is stored (or given up).
    pub(crate) async fn flush_waiting(&self) {
        if self.waiting.load().records == 0 {
            return;
        }
        let (done, wait) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).await.is_ok() {
            let _ = wait.await;
        }
    }

    /// Where tasks run that will hand over a record; [`Sink::flush`] waits for them.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Calls that run, with what they print.
    pub(crate) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Where comet tells of calls while they run.
    pub fn signals(&self) -> Arc<dyn Signals> {
        self.live.clone()
    }
}

fn dropped(count: usize) {
    metrics::counter!("nova_run_records_dropped_total").increment(count as u64);
}

struct Worker {
    store: Store,
    system: System,
    settings: SinkSettings,
    live: Arc<Live>,
    waiting: Arc<Waiting>,
}

impl Worker {
    async fn work(self, mut receiver: mpsc::Receiver<Message>) {
        let batch_max = self.settings.batch_max.clamp(1, BATCH_RECORDS);
        while let Some(first) = receiver.recv().await {
            let (mut batch, mut size) = (Vec::new(), 0);
            let mut flushed = Vec::new();
            let until = tokio::time::Instant::now() + self.settings.delay;
            let mut next = Some(first);
            loop {
                match next {
                    Some(Message::Record(record, bytes)) => {
                        batch.push(*record);
                        size += bytes;
                    }
                    Some(Message::Flush(done)) => {
                        flushed.push(done);
                        break;
                    }
                    None => break,
                }
                if batch.len() >= batch_max || size >= BATCH_BYTES {
                    break;
                }
                match tokio::time::timeout_at(until, receiver.recv()).await {
                    Ok(message) => next = message,
                    Err(_) => break,
                }
            }
            let records = batch.len();
            self.store(batch).await;
            self.waiting.leave(records, size);
            for done in flushed {
                let _ = done.send(());
            }
        }
    }

    async fn store(&self, batch: Vec<RunRecord>) {
        if batch.is_empty() {
            return;
        }
        let (count, batch) = (batch.len(), Arc::new(batch));
        let mut functions: Vec<FunctionId> = batch
            .iter()
            .filter(|record| !record.lines.is_empty())
            .map(|record| record.run.function_id.clone())
            .collect();
        functions.sort();
        functions.dedup();
        for attempt in 1..=TRIES {
            match self.store.runs().insert_batch(&self.system, batch.clone()).await {
                Ok(_) => {
                    self.live.tell(News { functions: functions.into(), stored: true });
                    return;
                }
                Err(fault) if attempt == TRIES => {
                    tracing::error!(error = %fault.log_line(), records = count, "run records are lost");
                    dropped(count);
                }
                Err(fault) => {
                    tracing::warn!(error = %fault.log_line(), attempt, "run records are not stored yet");
                    tokio::time::sleep(Duration::from_millis(100) * attempt).await;
                }
            }
        }
    }
}
