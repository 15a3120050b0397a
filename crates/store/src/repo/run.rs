//! Run records.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::Names;
use nova_domain::call::CallSource;
use nova_domain::log::LogLine;
use nova_domain::rollout::Seen;
use nova_domain::run::{Run, RunStatus};
use nova_domain::{Fault, FaultResult, FunctionId, NamespaceName, RunId, Scope, TenantName, Timestamp};

use super::function::search_needle;
use crate::System;
use crate::page::{Page, PageRequest};
use crate::rows::to_u64;

/// A run with what it printed, as it is handed over for storing.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    pub run: Run,
    /// In the order in which they were printed.
    pub lines: Vec<LogLine>,
}

/// Whose runs are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunsOf {
    Function(FunctionId),
    /// Of functions that were called so when they ran.
    Names(Names),
}

impl RunsOf {
    /// Of every function of the namespace.
    pub const ALL: Self = Self::Names(Names::All);
}

impl Default for RunsOf {
    fn default() -> Self {
        Self::ALL
    }
}

/// Which runs of a namespace are wanted. The default is all.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub of: RunsOf,
    pub status: Option<RunStatus>,
    pub source: Option<CallSource>,
    /// Started at or after.
    pub since: Option<Timestamp>,
    /// Started before.
    pub until: Option<Timestamp>,
    /// Text that the error's type or message holds, in any case. At most 200 bytes.
    pub error: Option<String>,
}

/// Runs over which percentiles are taken at most: the newest of the window.
pub const SUMMARY_SAMPLE: u32 = 50_000;

/// Counts and durations of the runs of a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunSummary {
    pub count: u64,
    /// Runs in which user code failed.
    pub failed: u64,
    pub cancelled: u64,
    /// Runs that Nova could not carry out.
    pub platform_errors: u64,
    pub cold_starts: u64,
    /// Duration that half of the runs did not exceed, microseconds; `None` without runs.
    /// Percentiles are over the newest [`SUMMARY_SAMPLE`] runs.
    pub p50_us: Option<u64>,
    /// Duration that 95 % of the runs did not exceed, microseconds.
    pub p95_us: Option<u64>,
    /// Duration that 99 % of the runs did not exceed, microseconds.
    pub p99_us: Option<u64>,
}

/// What a [`Runs::prune`] deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    pub runs: u64,
}

/// Runs of a namespace. On SQLite they live in the droppable `log.db`.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Stores runs with their log lines in one transaction; they may be of many scopes. A
    /// run whose id is stored already is left out with its lines, so a batch may be
    /// repeated. NUL characters become U+FFFD. Returns the lines as stored, in order, with
    /// their cursors. At most 10,000 runs.
    async fn insert_batch(
        &self,
        system: &System,
        batch: Arc<Vec<RunRecord>>,
    ) -> FaultResult<Vec<super::log::StoredLines>>;

    /// That run, or `NotFound`.
    async fn get(&self, scope: &Scope, id: &RunId) -> FaultResult<Run>;

    /// Runs, newest first.
    async fn list(&self, scope: &Scope, filter: &RunFilter, page: &PageRequest) -> FaultResult<Page<Run>>;

    /// Counts and percentiles over the runs of `of` that started in `since..until`.
    async fn summary(
        &self,
        scope: &Scope,
        of: &RunsOf,
        since: Timestamp,
        until: Timestamp,
    ) -> FaultResult<RunSummary>;

    /// Runs of one version that ended at `since` or later, and those of them that failed (by the function
    /// or by the platform); without those that their callers left.
    async fn outcomes(
        &self,
        scope: &Scope,
        function: &FunctionId,
        version: u32,
        since: Timestamp,
    ) -> FaultResult<Seen>;

    /// Deletes up to `max_runs` (1..=10,000) of the oldest runs that started before
    /// `older_than`, with their log lines. Call again while it returns `max_runs`.
    async fn prune(&self, system: &System, older_than: Timestamp, max_runs: u32) -> FaultResult<Pruned>;

    /// Deletes up to `most` (1..=10,000) runs, with their log lines, of a tenant, or of one of its namespaces, that is gone;
    /// returns how many. Call again while it returns `most`.
    async fn forget(
        &self,
        system: &System,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        most: u32,
    ) -> FaultResult<u64>;
}

/// A run that ends at some time began at most so long before: the longest wait and the longest call,
/// microseconds.
pub(crate) const RUN_LONGEST: i64 = 2 * 900 * 1_000_000;

/// Most runs of one batch, and most rows of one prune.
pub(crate) const BATCH_MAX: usize = 10_000;

/// A filter and a page as statement parameters.
pub(crate) struct RunQuery {
    pub(crate) status: Option<&'static str>,
    pub(crate) source: Option<&'static str>,
    pub(crate) since: i64,
    pub(crate) until: i64,
    /// Lower-cased, empty for none.
    pub(crate) error: String,
    /// Start time and id of the last run that was returned.
    pub(crate) before: (i64, String),
    pub(crate) limit: i64,
}

impl RunQuery {
    pub(crate) fn of(filter: &RunFilter, page: &PageRequest) -> Result<Self, Fault> {
        Ok(Self {
            status: filter.status.map(RunStatus::as_str),
            source: filter.source.map(CallSource::as_str),
            since: filter.since.map_or(i64::MIN, Timestamp::as_micros),
            until: filter.until.map_or(i64::MAX, Timestamp::as_micros),
            error: search_needle(filter.error.as_deref())?,
            before: page.before()?,
            limit: page.fetch(),
        })
    }
}

/// Builds a summary from the counts (all, failed, cancelled, platform errors, cold starts)
/// and the durations of the sample, in any order.
pub(crate) fn summarise(counts: [i64; 5], mut durations: Vec<i64>) -> RunSummary {
    durations.sort_unstable();
    // The smallest duration that at least `percent` of the runs did not exceed.
    let percentile = |percent: usize| {
        let rank = (durations.len() * percent).div_ceil(100);
        durations.get(rank.saturating_sub(1)).map(|us| to_u64(*us))
    };
    let [count, failed, cancelled, platform_errors, cold_starts] = counts.map(to_u64);
    RunSummary {
        count,
        failed,
        cancelled,
        platform_errors,
        cold_starts,
        p50_us: percentile(50),
        p95_us: percentile(95),
        p99_us: percentile(99),
    }
}

pub(crate) fn check_batch(batch: &[RunRecord]) -> Result<(), Fault> {
    if batch.len() <= BATCH_MAX { Ok(()) } else { Err(Fault::internal("a batch of more than 10,000 runs")) }
}

pub(crate) fn check_prune(most: u32) -> Result<(), Fault> {
    if (1..=BATCH_MAX).contains(&(most as usize)) {
        Ok(())
    } else {
        Err(Fault::internal("a prune takes 1 to 10,000 rows at a time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_smallest_duration_that_enough_runs_did_not_exceed() {
        let summary = summarise([100, 0, 0, 0, 0], (1..=100).rev().collect());
        assert_eq!((summary.p50_us, summary.p95_us, summary.p99_us), (Some(50), Some(95), Some(99)));
        assert_eq!(summarise([1, 0, 0, 0, 0], vec![7]).p99_us, Some(7));
        assert_eq!(summarise([0; 5], Vec::new()), RunSummary::default());
    }
}
