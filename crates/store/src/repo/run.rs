//! Run records.

use async_trait::async_trait;
use nova_domain::call::CallSource;
use nova_domain::log::LogLine;
use nova_domain::run::{Run, RunStatus};
use nova_domain::{FaultResult, FunctionId, RunId, Scope, Timestamp};

use crate::System;
use crate::page::{Page, PageRequest};

/// A run with what it printed, as it is handed over for storing.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    pub run: Run,
    /// In the order in which they were printed.
    pub lines: Vec<LogLine>,
}

/// Which runs of a namespace are wanted. The default is all.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub function: Option<FunctionId>,
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
        batch: Vec<RunRecord>,
    ) -> FaultResult<Vec<super::log::StoredLines>>;

    /// That run, or `NotFound`.
    async fn get(&self, scope: &Scope, id: &RunId) -> FaultResult<Run>;

    /// Runs, newest first.
    async fn list(&self, scope: &Scope, filter: &RunFilter, page: &PageRequest) -> FaultResult<Page<Run>>;

    /// Counts and percentiles over the runs of one function, or of the whole namespace,
    /// that started in `since..until`.
    async fn summary(
        &self,
        scope: &Scope,
        function: Option<&FunctionId>,
        since: Timestamp,
        until: Timestamp,
    ) -> FaultResult<RunSummary>;

    /// Deletes up to `max_runs` (1..=10,000) of the oldest runs that started before
    /// `older_than`, with their log lines. Call again while it returns `max_runs`.
    async fn prune(&self, system: &System, older_than: Timestamp, max_runs: u32) -> FaultResult<Pruned>;
}
