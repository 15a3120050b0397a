//! How long runs and logs are kept.

use std::time::Duration;

use nova_domain::FaultResult;
use nova_domain::time::{Clock, Timestamp};
use nova_store::{Store, System};
use tokio_util::sync::CancellationToken;

/// Runs of one deletion; small, so that writers get their turn.
const STEP: u32 = 1000;
const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// Deletes runs with their logs once they are old.
pub struct Retention {
    store: Store,
    system: System,
    days: u32,
}

impl Retention {
    /// Keeps runs for `days`.
    pub fn new(store: Store, system: System, days: u32) -> Self {
        Self { store, system, days }
    }

    /// Deletes what is too old at `now`; how many runs that were.
    pub async fn prune_once(&self, now: Timestamp) -> FaultResult<u64> {
        let older_than = now.plus_micros(-i64::from(self.days) * DAY_US);
        let mut total = 0;
        loop {
            let pruned = self.store.runs().prune(&self.system, older_than, STEP).await?;
            total += pruned.runs;
            if pruned.runs < u64::from(STEP) {
                return Ok(total);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Prunes every hour until `stop` fires.
    pub async fn run(&self, clock: &dyn Clock, stop: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(3600));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            match self.prune_once(clock.now()).await {
                Ok(0) => {}
                Ok(runs) => tracing::info!(runs, "old runs were deleted"),
                Err(fault) => tracing::warn!(error = %fault.log_line(), "old runs could not be deleted"),
            }
        }
    }
}
