//! Numbers over a window of time, for people who look: totals, a series, and what fails.

use std::collections::HashMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use nova_domain::run::{Run, RunStatus};
use nova_domain::{FaultResult, FunctionName, RunId, Scope, Timestamp};
use nova_store::PageRequest;
use nova_store::repo::run::{RunFilter, RunSummary};

use crate::queries::{Observatory, Whose};

/// Most points of a series.
pub const BUCKETS_MAX: u32 = 120;
/// Runs that are looked at to tell what fails: the newest of each kind of failure.
const FAILURES_SEEN: u32 = 500;
/// Most groups of failures.
const GROUPS_MAX: usize = 20;
/// Questions to the store at once: a few readers stay free for others.
const AT_ONCE: usize = 2;

/// Which numbers are wanted.
#[derive(Debug, Clone)]
pub struct StatsQuery {
    pub since: Timestamp,
    pub until: Timestamp,
    /// Points of the series, 1 to [`BUCKETS_MAX`].
    pub buckets: u32,
}

/// Totals, series and failures of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    pub totals: RunSummary,
    /// Equal parts of the window, oldest first, with their begin.
    pub series: Vec<(Timestamp, RunSummary)>,
    /// What fails, the latest first.
    pub failing: Vec<Failing>,
}

/// Failures of one function with one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    pub function: FunctionName,
    pub status: RunStatus,
    /// Type of the error; empty where the record has none.
    pub error_type: String,
    /// Message of the latest one.
    pub message: String,
    /// Among the newest 500 runs of that status.
    pub count: u64,
    pub first: (RunId, Timestamp),
    pub last: (RunId, Timestamp),
    /// Whether a later run of the function succeeded.
    pub recovered: bool,
}

impl Observatory {
    /// Numbers of a window.
    pub async fn stats(&self, scope: &Scope, whose: Whose<'_>, query: &StatsQuery) -> FaultResult<Stats> {
        let totals = self.summary(scope, whose, query.since, query.until).await?;
        let parts = parts(query);
        // What is empty as a whole is so in its parts.
        let series = if totals.count == 0 {
            parts.into_iter().map(|(from, _)| (from, RunSummary::default())).collect()
        } else {
            stream::iter(parts)
                .map(|(from, to)| async move {
                    FaultResult::Ok((from, self.summary(scope, whose, from, to).await?))
                })
                .buffered(AT_ONCE)
                .try_collect()
                .await?
        };
        let mut groups = Groups::default();
        for (status, there) in
            [(RunStatus::Failed, totals.failed), (RunStatus::PlatformError, totals.platform_errors)]
        {
            if there > 0 {
                let filter = RunFilter {
                    status: Some(status),
                    since: Some(query.since),
                    until: Some(query.until),
                    ..RunFilter::default()
                };
                let page = PageRequest::new(FAILURES_SEEN, None)?;
                groups.add(self.runs(scope, whose, filter, &page).await?.items);
            }
        }
        let mut failing = groups.sorted();
        for group in &mut failing {
            group.recovered = self.succeeded_after(scope, &group.function, group.last.1).await?;
        }
        Ok(Stats { totals, series, failing })
    }

    async fn succeeded_after(
        &self,
        scope: &Scope,
        function: &FunctionName,
        after: Timestamp,
    ) -> FaultResult<bool> {
        let filter = RunFilter {
            status: Some(RunStatus::Succeeded),
            since: Some(after.plus_micros(1)),
            ..RunFilter::default()
        };
        match self.runs(scope, Whose::Function(function), filter, &PageRequest::new(1, None)?).await {
            Ok(page) => Ok(!page.items.is_empty()),
            // The function was deleted; its runs are still there.
            Err(fault) if fault.code() == nova_domain::Code::NotFound => Ok(true),
            Err(fault) => Err(fault),
        }
    }
}

/// The window in equal parts; the last one ends where the window ends.
fn parts(query: &StatsQuery) -> Vec<(Timestamp, Timestamp)> {
    let count = i64::from(query.buckets.clamp(1, BUCKETS_MAX));
    let whole = query.until.micros_since(query.since).max(0);
    let edge = |index: i64| {
        // Wide enough for any window that a caller may name.
        let offset = i128::from(whole) * i128::from(index) / i128::from(count);
        query.since.plus_micros(i64::try_from(offset).unwrap_or(i64::MAX))
    };
    (0..count).map(|index| (edge(index), edge(index + 1))).collect()
}

/// Failures by function, status and type of error.
#[derive(Default)]
struct Groups(HashMap<(FunctionName, RunStatus, String), Failing>);

impl Groups {
    /// Takes runs, newest first.
    fn add(&mut self, runs: Vec<Run>) {
        for run in runs {
            let (error_type, message) =
                run.error.map(|error| (error.error_type, error.message)).unwrap_or_default();
            let seen = (run.id, run.started_at);
            let key = (run.function.clone(), run.status, error_type.clone());
            let group = self.0.entry(key).or_insert_with(|| Failing {
                function: run.function,
                status: run.status,
                error_type,
                message,
                count: 0,
                first: seen.clone(),
                last: seen.clone(),
                recovered: false,
            });
            group.count += 1;
            group.first = seen;
        }
    }

    fn sorted(self) -> Vec<Failing> {
        let mut groups: Vec<_> = self.0.into_values().collect();
        groups.sort_by(|a, b| b.last.1.cmp(&a.last.1).then_with(|| a.function.cmp(&b.function)));
        groups.truncate(GROUPS_MAX);
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_window_without_gap() {
        let at = Timestamp::from_micros;
        let query = StatsQuery { since: at(0), until: at(10), buckets: 3 };
        assert_eq!(parts(&query), vec![(at(0), at(3)), (at(3), at(6)), (at(6), at(10))]);
        let backwards = StatsQuery { since: at(10), until: at(0), buckets: 2 };
        assert_eq!(parts(&backwards), vec![(at(10), at(10)), (at(10), at(10))]);
        let for_ever = StatsQuery { since: at(i64::MIN), until: at(i64::MAX), buckets: 200 };
        assert_eq!(parts(&for_ever).len(), BUCKETS_MAX as usize);
    }
}
