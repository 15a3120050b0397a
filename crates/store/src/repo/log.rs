//! Log lines of runs.
//!
//! Lines are ordered by when they were *stored*: a cursor taken after one line sees every
//! line that comes later, also one of a long call that was printed earlier.

use std::fmt;

use async_trait::async_trait;
use nova_domain::log::LogLine;
use nova_domain::{Fault, FaultResult, FunctionId, RunId, Scope, Timestamp};

use crate::error::StoreResult;
use crate::page::bad_cursor;
use crate::rows::LineRow;

/// A place in the order of stored lines. Text form: a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogCursor(pub(crate) i64);

impl LogCursor {
    /// Before every line.
    pub const START: Self = Self(0);

    /// Parses the text form.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().ok().filter(|seq| *seq >= 0).map(Self).ok_or_else(bad_cursor)
    }
}

impl fmt::Display for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stored line and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedLine {
    pub cursor: LogCursor,
    pub run: RunId,
    pub function: FunctionId,
    pub line: LogLine,
}

/// What became of one run of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLines {
    pub run: RunId,
    /// Cursors of its lines, ascending, as many as it had; empty if the run was stored before.
    pub cursors: Vec<LogCursor>,
}

/// Some lines in stored order, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    pub lines: Vec<RecordedLine>,
    /// After the last line; the cursor asked with if there are none.
    pub next: LogCursor,
    /// Whether there are more lines right now.
    pub more: bool,
}

/// Most lines of one answer.
pub const LINES_MAX: u32 = 1000;

/// Log lines of a namespace. `limit` is 1..=[`LINES_MAX`] everywhere.
#[async_trait]
pub trait Logs: Send + Sync {
    /// Lines of one run after `after`, in the order in which they were printed.
    async fn of_run(&self, scope: &Scope, run: &RunId, after: LogCursor, limit: u32) -> FaultResult<LogPage>;

    /// The last `limit` lines of a function, oldest first.
    async fn tail(&self, scope: &Scope, function: &FunctionId, limit: u32) -> FaultResult<LogPage>;

    /// Lines of a function after `after`; with `since` only those that were printed then or later.
    async fn after(
        &self,
        scope: &Scope,
        function: &FunctionId,
        after: LogCursor,
        since: Option<Timestamp>,
        limit: u32,
    ) -> FaultResult<LogPage>;
}

pub(crate) fn check_limit(limit: u32) -> Result<i64, Fault> {
    if (1..=LINES_MAX).contains(&limit) {
        Ok(i64::from(limit) + 1)
    } else {
        Err(Fault::invalid(format!("limit must be 1 to {LINES_MAX} lines, is {limit}"))
            .with_field("limit", format!("must be 1 to {LINES_MAX}")))
    }
}

/// A page from up to `limit + 1` rows in ascending order.
pub(crate) fn page_of(mut rows: Vec<LineRow>, after: LogCursor, limit: u32) -> StoreResult<LogPage> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let lines = rows.into_iter().map(LineRow::into_line).collect::<StoreResult<Vec<_>>>()?;
    let next = lines.last().map_or(after, |line| line.cursor);
    Ok(LogPage { lines, next, more })
}

/// A page from rows in descending order: the end of what there is.
pub(crate) fn tail_of(rows: Vec<LineRow>) -> StoreResult<LogPage> {
    let lines = rows.into_iter().rev().map(LineRow::into_line).collect::<StoreResult<Vec<_>>>()?;
    let next = lines.last().map_or(LogCursor::START, |line| line.cursor);
    Ok(LogPage { lines, next, more: false })
}
