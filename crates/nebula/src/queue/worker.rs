//! Makes the attempts: claims what is due, as much as there is room for, and keeps the leases.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nova_domain::job::{DeadReason, JobWithPayload};
use nova_domain::ports::Invoker;
use nova_domain::{FaultResult, FunctionId, JobId, Timestamp};
use nova_store::repo::{Claim, Slot};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Queue;
use super::attempt::tell;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Attempts at a time, 1 to 256.
    pub concurrency: usize,
    /// Attempts at a time of one function, so that a slow one leaves room for the others.
    pub per_function: usize,
    /// How long an attempt may go on without word from its worker; word is given three times as often.
    pub lease: Duration,
    /// How often is looked for what other nodes accepted, or has become due.
    pub poll: Duration,
    /// How long attempts may go on after the stop signal.
    pub drain: Duration,
    /// How long jobs are kept after they ended.
    pub keep: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: 16,
            per_function: 8,
            lease: Duration::from_secs(15),
            poll: Duration::from_millis(500),
            drain: Duration::from_secs(30),
            keep: Duration::from_secs(14 * 24 * 3600),
        }
    }
}

/// How often metrics say what waits.
const MEASURE: Duration = Duration::from_secs(10);
/// How often jobs that ended long ago are deleted, and how many at a time.
const PRUNE: Duration = Duration::from_secs(3600);
const PRUNE_AT_ONCE: u32 = 1_000;
/// How long cancelled attempts may take to say so.
const CANCELLED: Duration = Duration::from_secs(5);

/// Makes attempts of jobs. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Queue,
    invoker: Arc<dyn Invoker>,
    settings: WorkerSettings,
    held: Mutex<HashMap<AttemptKey, Held>>,
    attempts: TaskTracker,
}

/// An attempt of a job: if its lease is lost, this very worker may get the next one before it has ended.
type AttemptKey = (JobId, u64);

/// An attempt under way.
struct Held {
    function: FunctionId,
    cancel: CancellationToken,
}

impl Worker {
    /// A worker that calls by `invoker`.
    pub fn new(queue: Queue, invoker: Arc<dyn Invoker>, settings: WorkerSettings) -> Self {
        let (held, attempts) = (Mutex::default(), TaskTracker::new());
        Self { inner: Arc::new(Inner { queue, invoker, settings, held, attempts }) }
    }

    /// Works until `stop` fires; then lets attempts end for the drain time and puts back what is left.
    pub async fn run(&self, stop: CancellationToken) {
        let over = CancellationToken::new();
        let work = async {
            self.claiming(&stop).await;
            self.drain().await;
            over.cancel();
        };
        // Beside each other, so that nothing that takes long keeps leases from being renewed.
        tokio::join!(work, self.renewing(&over), self.keeping_house(&stop));
    }

    async fn claiming(&self, stop: &CancellationToken) {
        let mut poll = ticker(self.inner.settings.poll);
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.inner.queue.inner.wake.notified() => {}
                _ = poll.tick() => {}
            }
            if let Err(fault) = self.claim().await {
                tracing::warn!(error = %fault.log_line(), "jobs could not be claimed; they are again soon");
            }
        }
    }

    async fn renewing(&self, over: &CancellationToken) {
        let mut renew = ticker(self.inner.settings.lease / 3);
        loop {
            tokio::select! {
                () = over.cancelled() => return,
                _ = renew.tick() => {}
            }
            if let Err(fault) = self.renew().await {
                tracing::warn!(error = %fault.log_line(), "leases of jobs could not be renewed; they are again soon");
            }
        }
    }

    async fn keeping_house(&self, stop: &CancellationToken) {
        let (mut measure, mut prune) = (ticker(MEASURE), ticker(PRUNE));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = measure.tick() => self.measure().await,
                _ = prune.tick() => self.prune(stop).await,
            }
        }
    }

    /// Claims as much of what is due as there is room for, and starts the attempts; returns how many.
    pub async fn claim(&self) -> FaultResult<usize> {
        let mut begun = 0;
        loop {
            let (room, busy) = self.room();
            if room == 0 {
                return Ok(begun);
            }
            let queue = &self.inner.queue.inner;
            let slot = || Slot { run: queue.ids.run(), chance: fastrand::f64() };
            let now = queue.clock.now();
            let claim =
                Claim { now, lease: self.lease(now), slots: (0..room).map(|_| slot()).collect(), busy };
            let asked = claim.slots.len();
            let claimed = queue.store.jobs().claim(&queue.system, claim).await?;
            let found = claimed.begun.len() + claimed.settled.len();
            for job in &claimed.settled {
                if job.reason != Some(DeadReason::Expired) {
                    metrics::counter!("nova_job_attempts_total", "outcome" => "lost").increment(1);
                }
                tell(job);
            }
            for job in claimed.begun {
                begun += 1;
                self.begin(job);
            }
            if found < asked {
                return Ok(begun);
            }
        }
    }

    fn begin(&self, claimed: JobWithPayload) {
        let attempt = (claimed.job.order.id.clone(), claimed.job.fence);
        let cancel = CancellationToken::new();
        let held = Held { function: claimed.job.order.function.clone(), cancel: cancel.clone() };
        self.held().insert(attempt.clone(), held);
        let worker = self.clone();
        self.inner.attempts.spawn(async move {
            let over = Over { worker: &worker, attempt };
            worker.inner.queue.inner.attempt(&worker.inner.invoker, claimed, cancel).await;
            drop(over);
        });
    }

    /// How many jobs may be claimed at once, whosever they are, and functions of which none may.
    fn room(&self) -> (usize, Vec<FunctionId>) {
        let settings = &self.inner.settings;
        let most = settings.per_function.max(1);
        let held = self.held();
        let mut counts: HashMap<&FunctionId, usize> = HashMap::new();
        for attempt in held.values() {
            *counts.entry(&attempt.function).or_default() += 1;
        }
        // All that is claimed may be of the function that has the most already.
        let highest = counts.values().copied().filter(|count| *count < most).max().unwrap_or(0);
        let busy = counts.into_iter().filter(|(_, count)| *count >= most);
        let busy = busy.map(|(function, _)| function.clone()).collect();
        let free = settings.concurrency.clamp(1, 256).saturating_sub(held.len());
        (free.min(most - highest), busy)
    }

    /// Tells that the attempts under way go on; those that somebody else has by now are cancelled.
    pub async fn renew(&self) -> FaultResult<()> {
        let held: Vec<AttemptKey> = self.held().keys().cloned().collect();
        if held.is_empty() {
            return Ok(());
        }
        let queue = &self.inner.queue.inner;
        let lease = self.lease(queue.clock.now());
        let kept = queue.store.jobs().renew(&queue.system, &held, lease).await?;
        for attempt in held.iter().filter(|attempt| !kept.contains(attempt)) {
            // It may have ended in this moment.
            if let Some(held) = self.held().get(attempt) {
                tracing::warn!(job = %attempt.0, "the lease of an attempt was lost; it is cancelled");
                held.cancel.cancel();
            }
        }
        Ok(())
    }

    fn lease(&self, now: Timestamp) -> Timestamp {
        now.plus_micros(i64::try_from(self.inner.settings.lease.as_micros()).unwrap_or(i64::MAX))
    }

    fn held(&self) -> MutexGuard<'_, HashMap<AttemptKey, Held>> {
        self.inner.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no attempt is under way.
    pub async fn idle(&self) {
        self.inner.attempts.close();
        self.inner.attempts.wait().await;
        self.inner.attempts.reopen();
    }

    async fn measure(&self) {
        let queue = &self.inner.queue.inner;
        let now = queue.clock.now();
        metrics::gauge!("nova_jobs_running").set(self.held().len() as f64);
        match queue.store.jobs().waiting(&queue.system, now).await {
            Ok(waiting) => {
                let age = waiting.oldest_due.map_or(0, |due| now.micros_since(due).max(0));
                metrics::gauge!("nova_jobs_due").set(waiting.due as f64);
                metrics::gauge!("nova_jobs_oldest_due_seconds").set(age as f64 / 1e6);
            }
            Err(fault) => tracing::warn!(error = %fault.log_line(), "jobs could not be counted"),
        }
    }

    async fn prune(&self, stop: &CancellationToken) {
        let queue = &self.inner.queue.inner;
        let keep = i64::try_from(self.inner.settings.keep.as_micros()).unwrap_or(i64::MAX);
        let before = queue.clock.now().plus_micros(-keep);
        let mut all = 0;
        while !stop.is_cancelled() {
            match queue.store.jobs().prune(&queue.system, before, PRUNE_AT_ONCE).await {
                Ok(gone) => {
                    all += gone;
                    if gone < u64::from(PRUNE_AT_ONCE) {
                        break;
                    }
                }
                Err(fault) => {
                    tracing::warn!(error = %fault.log_line(), "old jobs could not be deleted");
                    break;
                }
            }
        }
        if all > 0 {
            tracing::info!(jobs = all, "jobs that ended long ago were deleted");
        }
    }

    /// Lets attempts end, and puts back those that do not.
    async fn drain(&self) {
        let idle = self.idle();
        tokio::pin!(idle);
        if tokio::time::timeout(self.inner.settings.drain, &mut idle).await.is_ok() {
            return;
        }
        let held = self.held().len();
        tracing::warn!(attempts = held, "attempts of jobs are cancelled; they are made again");
        self.held().values().for_each(|held| held.cancel.cancel());
        if tokio::time::timeout(CANCELLED, idle).await.is_err() {
            tracing::warn!("attempts of jobs did not end; their leases run out");
        }
    }
}

fn ticker(period: Duration) -> Interval {
    let mut tick = interval(period.max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

/// Gives the place of an attempt back, however it ends, and asks for the next.
struct Over<'w> {
    worker: &'w Worker,
    attempt: AttemptKey,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.worker.held().remove(&self.attempt);
        self.worker.inner.queue.inner.wake.notify_one();
    }
}
