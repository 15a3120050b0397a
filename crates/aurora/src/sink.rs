//! Run records on their way to the store: off the request path, in batches, bounded.

use std::sync::Arc;
use std::time::Duration;

use nova_domain::FunctionId;
use nova_store::repo::run::RunRecord;
use nova_store::{Store, System};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Settings of a [`Sink`].
#[derive(Debug, Clone)]
pub struct SinkSettings {
    /// Records that may wait; more are dropped and counted.
    pub waiting_max: usize,
    /// Records of one transaction.
    pub batch_max: usize,
    /// Longest time a record waits for company.
    pub delay: Duration,
}

impl Default for SinkSettings {
    fn default() -> Self {
        Self { waiting_max: 20_000, batch_max: 500, delay: Duration::from_millis(200) }
    }
}

enum Message {
    Record(Box<RunRecord>),
    Flush(oneshot::Sender<()>),
}

/// Takes run records and stores them. Cheap to clone.
#[derive(Clone)]
pub struct Sink {
    sender: mpsc::Sender<Message>,
    stored: broadcast::Sender<Arc<[FunctionId]>>,
}

/// How often a batch is tried; the second and third time after a pause.
const TRIES: u32 = 3;

impl Sink {
    /// Starts the task that stores. Must be called within a tokio runtime; the task ends
    /// when every clone is dropped.
    pub fn start(store: Store, system: System, settings: SinkSettings) -> Self {
        let (sender, receiver) = mpsc::channel(settings.waiting_max.max(1));
        let (stored, _) = broadcast::channel(64);
        let worker = Worker { store, system, settings, stored: stored.clone() };
        tokio::spawn(worker.work(receiver));
        Self { sender, stored }
    }

    /// Hands over a record. Never waits: when the store does not keep up, it is dropped and counted.
    pub(crate) fn record(&self, record: RunRecord) {
        if self.sender.try_send(Message::Record(Box::new(record))).is_err() {
            dropped(1);
        }
    }

    /// Waits until everything handed over before is stored (or given up).
    pub async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).await.is_ok() {
            let _ = wait.await;
        }
    }

    /// News of functions that got new lines.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<[FunctionId]>> {
        self.stored.subscribe()
    }
}

fn dropped(count: usize) {
    metrics::counter!("nova_run_records_dropped_total").increment(count as u64);
}

struct Worker {
    store: Store,
    system: System,
    settings: SinkSettings,
    stored: broadcast::Sender<Arc<[FunctionId]>>,
}

impl Worker {
    async fn work(self, mut receiver: mpsc::Receiver<Message>) {
        while let Some(first) = receiver.recv().await {
            let mut batch = Vec::new();
            let mut flushed = Vec::new();
            let until = tokio::time::Instant::now() + self.settings.delay;
            let mut next = Some(first);
            loop {
                match next {
                    Some(Message::Record(record)) => batch.push(*record),
                    Some(Message::Flush(done)) => {
                        flushed.push(done);
                        break;
                    }
                    None => break,
                }
                if batch.len() >= self.settings.batch_max {
                    break;
                }
                match tokio::time::timeout_at(until, receiver.recv()).await {
                    Ok(message) => next = message,
                    Err(_) => break,
                }
            }
            self.store(batch).await;
            for done in flushed {
                let _ = done.send(());
            }
        }
    }

    async fn store(&self, batch: Vec<RunRecord>) {
        if batch.is_empty() {
            return;
        }
        let count = batch.len();
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
                    // Nobody follows: fine.
                    let _ = self.stored.send(functions.into());
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
