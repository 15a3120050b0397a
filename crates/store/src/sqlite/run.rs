//! Run records on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::rollout::Seen;
use nova_domain::run::Run;
use nova_domain::{Fault, FaultResult, FunctionId, NamespaceName, RunId, Scope, TenantName, Timestamp};
use rusqlite::{Connection, Row, named_params, params};

use super::file::File;
use super::forget::forget;
use super::query::{execute, globs, many, one};
use crate::System;
use crate::error::StoreResult;
use crate::page::{Page, PageRequest};
use crate::repo::log::StoredLines;
use crate::repo::run::{RUN_LONGEST, RunQuery, check_batch, check_prune, summarise};
use crate::repo::{LogCursor, Pruned, RunFilter, RunRecord, RunSummary, Runs, RunsOf, SUMMARY_SAMPLE};
use crate::rows::{RunRow, clean, to_u64};
use crate::statement::statements;

macro_rules! run_columns {
    () => {
        "id, tenant_id, namespace, function_id, function, version, source, status, started_at, duration_us, \
         queue_us, init_us, exec_us, cold_start, memory_peak, input_size, output_size, input, output, error, \
         trace_id, logs_dropped"
    };
}

macro_rules! run_conditions {
    () => {
        "(started_at, id) < (:before, :before_id) AND started_at >= :since AND started_at < :until \
         AND (:status IS NULL OR status = :status) AND (:source IS NULL OR source = :source) \
         AND (:error = '' OR instr(error_search, :error) > 0) \
         ORDER BY started_at DESC, id DESC LIMIT :limit"
    };
}

statements! {
    /// By number, because many are inserted a second and a name is looked up each time.
    INSERT = "INSERT INTO runs (", run_columns!(), ", error_search) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, \
              ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23) ON CONFLICT (id) DO NOTHING";
    INSERT_LINE = "INSERT INTO log_lines (run_id, tenant_id, namespace, function_id, at, stream, text) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    GET = "SELECT ", run_columns!(), " FROM runs WHERE id = ?3 AND tenant_id = ?1 AND namespace = ?2";
    LIST = "SELECT ", run_columns!(), " FROM runs INDEXED BY runs_by_scope \
            WHERE tenant_id = :tenant AND namespace = :namespace \
            AND (:names IS NULL OR EXISTS (SELECT 1 FROM json_each(:names) WHERE function GLOB value)) AND ",
            run_conditions!();
    LIST_OF_FUNCTION = "SELECT ", run_columns!(), " FROM runs INDEXED BY runs_by_function \
            WHERE tenant_id = :tenant AND namespace = :namespace AND function_id = :function AND ", run_conditions!();
    COUNTS = "SELECT count(*), coalesce(sum(status = 'failed'), 0), coalesce(sum(status = 'cancelled'), 0), \
              coalesce(sum(status = 'platform_error'), 0), coalesce(sum(cold_start), 0) FROM runs \
              WHERE tenant_id = ?1 AND namespace = ?2 AND started_at >= ?3 AND started_at < ?4 \
              AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(?5) WHERE function GLOB value))";
    COUNTS_OF_FUNCTION = "SELECT count(*), coalesce(sum(status = 'failed'), 0), \
              coalesce(sum(status = 'cancelled'), 0), coalesce(sum(status = 'platform_error'), 0), \
              coalesce(sum(cold_start), 0) FROM runs \
              WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?5 AND started_at >= ?3 AND started_at < ?4";
    DURATIONS = "SELECT duration_us FROM runs \
              WHERE tenant_id = ?1 AND namespace = ?2 AND started_at >= ?3 AND started_at < ?4 \
              AND (?6 IS NULL OR EXISTS (SELECT 1 FROM json_each(?6) WHERE function GLOB value)) \
              ORDER BY started_at DESC, id DESC LIMIT ?5";
    DURATIONS_OF_FUNCTION = "SELECT duration_us FROM runs \
              WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?6 AND started_at >= ?3 AND started_at < ?4 \
              ORDER BY started_at DESC, id DESC LIMIT ?5";
    /// ?5: when a run that ended since ?6 can have begun.
    OUTCOMES = "SELECT count(*), coalesce(sum(status <> 'succeeded'), 0) FROM runs INDEXED BY runs_by_function \
              WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 AND version = ?4 AND started_at >= ?5 \
              AND started_at + duration_us >= ?6 AND status <> 'cancelled'";
    PRUNE = "DELETE FROM runs WHERE id IN \
             (SELECT id FROM runs WHERE started_at < ?1 ORDER BY started_at LIMIT ?2)";
    FORGET = "DELETE FROM runs WHERE id IN (SELECT id FROM runs INDEXED BY runs_by_scope \
              WHERE tenant_id = ?1 AND (?2 IS NULL OR namespace = ?2) LIMIT ?3)";
    /// Gives pages that a prune freed back to the file system, a bounded number at a time.
    SHRINK = "PRAGMA incremental_vacuum(2000)";
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get(0)?,
        tenant: row.get(1)?,
        namespace: row.get(2)?,
        function_id: row.get(3)?,
        function: row.get(4)?,
        version: row.get(5)?,
        source: row.get(6)?,
        status: row.get(7)?,
        started_at: row.get(8)?,
        duration_us: row.get(9)?,
        queue_us: row.get(10)?,
        init_us: row.get(11)?,
        exec_us: row.get(12)?,
        cold_start: row.get(13)?,
        memory_peak: row.get(14)?,
        input_size: row.get(15)?,
        output_size: row.get(16)?,
        input: row.get(17)?,
        output: row.get(18)?,
        error: row.get(19)?,
        trace_id: row.get(20)?,
        logs_dropped: row.get(21)?,
        error_search: None,
    })
}

/// Runs in `log.db`.
pub(super) struct SqliteRuns(pub(super) Arc<File>);

#[async_trait]
impl Runs for SqliteRuns {
    async fn insert_batch(&self, _: &System, batch: Arc<Vec<RunRecord>>) -> FaultResult<Vec<StoredLines>> {
        check_batch(&batch)?;
        self.0
            .write("runs.insert_batch", move |connection| {
                batch.iter().map(|record| insert(connection, record)).collect()
            })
            .await
    }

    async fn get(&self, scope: &Scope, id: &RunId) -> FaultResult<Run> {
        let (scope, id) = (scope.clone(), id.clone());
        self.0
            .read("runs.get", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str(), id.as_str()];
                let row = one(connection, GET, key, run_row)?;
                row.ok_or_else(|| Fault::not_found("run", &id))?.into_run()
            })
            .await
    }

    async fn list(&self, scope: &Scope, filter: &RunFilter, page: &PageRequest) -> FaultResult<Page<Run>> {
        let query = RunQuery::of(filter, page)?;
        let (scope, of, page) = (scope.clone(), filter.of.clone(), page.clone());
        self.0
            .read("runs.list", move |connection| {
                let rows = list(connection, &scope, &of, &query)?;
                let items = rows.into_iter().map(RunRow::into_run).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |run: &Run| {
                    [run.started_at.as_micros().to_string(), run.id.to_string()]
                }))
            })
            .await
    }

    async fn summary(
        &self,
        scope: &Scope,
        of: &RunsOf,
        since: Timestamp,
        until: Timestamp,
    ) -> FaultResult<RunSummary> {
        let (scope, of) = (scope.clone(), of.clone());
        self.0
            .read("runs.summary", move |connection| {
                let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
                let (since, until) = (since.as_micros(), until.as_micros());
                let counts = |row: &Row<'_>| -> rusqlite::Result<[i64; 5]> {
                    Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
                };
                let duration = |row: &Row<'_>| row.get::<_, i64>(0);
                let (names, function) = picked(&of);
                let (count, sample, whose) = match function {
                    None => (COUNTS, DURATIONS, names.as_deref()),
                    Some(id) => (COUNTS_OF_FUNCTION, DURATIONS_OF_FUNCTION, Some(id)),
                };
                let key = params![tenant, namespace, since, until, whose];
                let counts = one(connection, count, key, counts)?;
                let key = params![tenant, namespace, since, until, SUMMARY_SAMPLE, whose];
                let durations = many(connection, sample, key, duration)?;
                Ok(summarise(counts.unwrap_or_default(), durations))
            })
            .await
    }

    async fn outcomes(
        &self,
        scope: &Scope,
        function: &FunctionId,
        version: u32,
        since: Timestamp,
    ) -> FaultResult<Seen> {
        let (scope, function, since) = (scope.clone(), function.clone(), since.as_micros());
        self.0
            .read("runs.outcomes", move |connection| {
                let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
                let begin = since.saturating_sub(RUN_LONGEST);
                let key = params![tenant, namespace, function.as_str(), version, begin, since];
                let counts = one(connection, OUTCOMES, key, |row| Ok((row.get(0)?, row.get(1)?)))?;
                let (calls, errors): (i64, i64) = counts.unwrap_or_default();
                Ok(Seen { calls: to_u64(calls), errors: to_u64(errors) })
            })
            .await
    }

    async fn forget(
        &self,
        _: &System,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        most: u32,
    ) -> FaultResult<u64> {
        forget(&self.0, "runs.forget", FORGET, tenant, namespace, most).await
    }

    async fn prune(&self, _: &System, older_than: Timestamp, max_runs: u32) -> FaultResult<Pruned> {
        check_prune(max_runs)?;
        let older_than = older_than.as_micros();
        let runs = self
            .0
            .write("runs.prune", move |connection| execute(connection, PRUNE, params![older_than, max_runs]))
            .await?;
        if runs > 0 {
            self.0
                .write("runs.shrink", |connection| many(connection, SHRINK, [], |_| Ok(())).map(|_| ()))
                .await?;
        }
        Ok(Pruned { runs: runs as u64 })
    }
}

fn insert(connection: &Connection, record: &RunRecord) -> StoreResult<StoredLines> {
    let row = RunRow::of(&record.run)?;
    let new = execute(
        connection,
        INSERT,
        params![
            row.id,
            row.tenant,
            row.namespace,
            row.function_id,
            row.function,
            row.version,
            row.source,
            row.status,
            row.started_at,
            row.duration_us,
            row.queue_us,
            row.init_us,
            row.exec_us,
            row.cold_start,
            row.memory_peak,
            row.input_size,
            row.output_size,
            row.input,
            row.output,
            row.error,
            row.trace_id,
            row.logs_dropped,
            row.error_search,
        ],
    )?;
    let mut cursors = Vec::new();
    if new == 1 {
        let mut prepared = connection.prepare_cached(INSERT_LINE.sql)?;
        for line in &record.lines {
            let seq = prepared.insert(params![
                row.id,
                row.tenant,
                row.namespace,
                row.function_id,
                line.at.as_micros(),
                line.stream.as_str(),
                clean(&line.text),
            ])?;
            cursors.push(LogCursor(seq));
        }
    }
    Ok(StoredLines { run: record.run.id.clone(), cursors })
}

/// The names (see [`globs`]) or the function that runs are wanted of.
fn picked(of: &RunsOf) -> (Option<String>, Option<&str>) {
    match of {
        RunsOf::Names(names) => (globs(names), None),
        RunsOf::Function(id) => (None, Some(id.as_str())),
    }
}

fn list(connection: &Connection, scope: &Scope, of: &RunsOf, query: &RunQuery) -> StoreResult<Vec<RunRow>> {
    let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
    match picked(of) {
        (names, None) => many(
            connection,
            LIST,
            named_params! {
                ":tenant": tenant, ":namespace": namespace, ":names": names,
                ":before": query.before.0, ":before_id": query.before.1, ":since": query.since,
                ":until": query.until, ":status": query.status, ":source": query.source,
                ":error": query.error, ":limit": query.limit,
            },
            run_row,
        ),
        (_, Some(function)) => many(
            connection,
            LIST_OF_FUNCTION,
            named_params! {
                ":tenant": tenant, ":namespace": namespace, ":function": function,
                ":before": query.before.0, ":before_id": query.before.1, ":since": query.since,
                ":until": query.until, ":status": query.status, ":source": query.source,
                ":error": query.error, ":limit": query.limit,
            },
            run_row,
        ),
    }
}
