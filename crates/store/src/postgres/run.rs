//! Run records on PostgreSQL. Batches travel as one array per column.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::rollout::Seen;
use nova_domain::run::Run;
use nova_domain::{Fault, FaultResult, FunctionId, NamespaceName, RunId, Scope, TenantName, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::ENGINE;
use super::database::{Access, Database, Write, likes};
use super::forget::forget;
use crate::System;
use crate::error::{StoreError, StoreResult};
use crate::observe::observed;
use crate::page::{Page, PageRequest};
use crate::repo::log::StoredLines;
use crate::repo::run::{RUN_LONGEST, RunQuery, check_batch, check_prune};
use crate::repo::{LogCursor, Pruned, RunFilter, RunRecord, RunSummary, Runs, RunsOf, SUMMARY_SAMPLE};
use crate::rows::{RunRow, clean, to_u64};
use crate::statement::statements;

/// Held by a transaction that stores log lines, so that their numbers become visible in
/// order and a follower's cursor passes none by. ASCII "nlog".
const LOG_ORDER: i64 = 0x6e6c_6f67;

macro_rules! run_columns {
    () => {
        "id, tenant_id, namespace, function_id, function, version, source, status, started_at, duration_us, \
         queue_us, init_us, exec_us, cold_start, memory_peak, input_size, output_size, input, output, error, \
         trace_id, logs_dropped"
    };
}

macro_rules! run_conditions {
    () => {
        "(started_at, id) < ($3, $4) AND started_at >= $5 AND started_at < $6 \
         AND ($7::text IS NULL OR status = $7) AND ($8::text IS NULL OR source = $8) \
         AND ($9::text = '' OR strpos(error_search, $9) > 0) \
         ORDER BY started_at DESC, id DESC LIMIT $10"
    };
}

macro_rules! summary_columns {
    () => {
        "SELECT count(*), count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'cancelled'), \
         count(*) FILTER (WHERE status = 'platform_error'), count(*) FILTER (WHERE cold_start), \
         percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_us) \
             FILTER (WHERE place <= $5) \
         FROM (SELECT status, cold_start, duration_us, \
                      row_number() OVER (ORDER BY started_at DESC, id DESC) AS place FROM runs \
               WHERE tenant_id = $1 AND namespace = $2 AND started_at >= $3 AND started_at < $4"
    };
}

statements! {
    LOCK_LOG_ORDER = "SELECT pg_advisory_xact_lock($1)";
    INSERT = "INSERT INTO runs (", run_columns!(), ", error_search) \
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], \
            $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], \
            $14::boolean[], $15::bigint[], $16::bigint[], $17::bigint[], $18::text[], $19::text[], $20::text[], \
            $21::text[], $22::bigint[], $23::text[]) \
        ON CONFLICT (id) DO NOTHING RETURNING id";
    INSERT_LINES = "INSERT INTO log_lines (run_id, tenant_id, namespace, function_id, at, stream, text) \
        SELECT run_id, tenant_id, namespace, function_id, at, stream, text \
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[]) \
            WITH ORDINALITY AS line (run_id, tenant_id, namespace, function_id, at, stream, text, place) \
        ORDER BY place RETURNING seq";
    GET = "SELECT ", run_columns!(), " FROM runs WHERE id = $3 AND tenant_id = $1 AND namespace = $2";
    LIST = "SELECT ", run_columns!(), " FROM runs \
            WHERE tenant_id = $1 AND namespace = $2 AND ($11::text[] IS NULL OR function LIKE ANY ($11)) AND ",
            run_conditions!();
    LIST_OF_FUNCTION = "SELECT ", run_columns!(), " FROM runs \
            WHERE tenant_id = $1 AND namespace = $2 AND function_id = $11 AND ", run_conditions!();
    SUMMARY = summary_columns!(), " AND ($6::text[] IS NULL OR function LIKE ANY ($6))) AS sample";
    SUMMARY_OF_FUNCTION = summary_columns!(), " AND function_id = $6) AS sample";
    /// $5: when a run that ended since $6 can have begun.
    OUTCOMES = "SELECT count(*), count(*) FILTER (WHERE status <> 'succeeded') FROM runs \
        WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3 AND version = $4 AND started_at >= $5 \
        AND started_at + duration_us >= $6 AND status <> 'cancelled'";
    PRUNE = "WITH old AS MATERIALIZED (SELECT id FROM runs WHERE started_at < $1 ORDER BY started_at LIMIT $2), \
        lines AS (DELETE FROM log_lines USING old WHERE log_lines.run_id = old.id), \
        gone AS (DELETE FROM runs USING old WHERE runs.id = old.id RETURNING 1) SELECT count(*) FROM gone";
    FORGET = "WITH old AS MATERIALIZED \
            (SELECT id FROM runs WHERE tenant_id = $1 AND ($2::text IS NULL OR namespace = $2) LIMIT $3), \
        lines AS (DELETE FROM log_lines USING old WHERE log_lines.run_id = old.id) \
        DELETE FROM runs USING old WHERE runs.id = old.id";
}

fn run_row(row: &Row) -> StoreResult<RunRow> {
    Ok(RunRow {
        id: row.try_get(0)?,
        tenant: row.try_get(1)?,
        namespace: row.try_get(2)?,
        function_id: row.try_get(3)?,
        function: row.try_get(4)?,
        version: row.try_get(5)?,
        source: row.try_get(6)?,
        status: row.try_get(7)?,
        started_at: row.try_get(8)?,
        duration_us: row.try_get(9)?,
        queue_us: row.try_get(10)?,
        init_us: row.try_get(11)?,
        exec_us: row.try_get(12)?,
        cold_start: row.try_get(13)?,
        memory_peak: row.try_get(14)?,
        input_size: row.try_get(15)?,
        output_size: row.try_get(16)?,
        input: row.try_get(17)?,
        output: row.try_get(18)?,
        error: row.try_get(19)?,
        trace_id: row.try_get(20)?,
        logs_dropped: row.try_get(21)?,
        error_search: None,
    })
}

/// Runs in PostgreSQL.
pub(super) struct PostgresRuns(pub(super) Arc<Database>);

#[async_trait]
impl Runs for PostgresRuns {
    async fn insert_batch(&self, _: &System, batch: Arc<Vec<RunRecord>>) -> FaultResult<Vec<StoredLines>> {
        check_batch(&batch)?;
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        observed(ENGINE, "runs.insert_batch", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            write.query(LOCK_LOG_ORDER, &[&LOG_ORDER]).await?;
            let new = insert_runs(&write, &batch).await?;
            let stored = insert_lines(&write, &batch, new).await?;
            write.commit().await?;
            Ok(stored)
        })
        .await
    }

    async fn get(&self, scope: &Scope, id: &RunId) -> FaultResult<Run> {
        observed(ENGINE, "runs.get", async {
            let key: [&(dyn ToSql + Sync); 3] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &id.as_str()];
            let rows = self.0.read(Access::Tenant(scope), GET, &key).await?;
            run_row(rows.first().ok_or_else(|| Fault::not_found("run", id))?)?.into_run()
        })
        .await
    }

    async fn list(&self, scope: &Scope, filter: &RunFilter, page: &PageRequest) -> FaultResult<Page<Run>> {
        let query = RunQuery::of(filter, page)?;
        observed(ENGINE, "runs.list", async {
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let (names, function) = picked(&filter.of);
            let (statement, whose): (_, &(dyn ToSql + Sync)) = match &function {
                None => (LIST, &names),
                Some(id) => (LIST_OF_FUNCTION, id),
            };
            let key: [&(dyn ToSql + Sync); 11] = [
                &tenant,
                &namespace,
                &query.before.0,
                &query.before.1,
                &query.since,
                &query.until,
                &query.status,
                &query.source,
                &query.error,
                &query.limit,
                whose,
            ];
            let rows = self.0.read(Access::Tenant(scope), statement, &key).await?;
            let items = rows.iter().map(|row| run_row(row)?.into_run()).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |run: &Run| {
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
        observed(ENGINE, "runs.summary", async {
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let (since, until, sample) = (since.as_micros(), until.as_micros(), i64::from(SUMMARY_SAMPLE));
            let (names, function) = picked(of);
            let (statement, whose): (_, &(dyn ToSql + Sync)) = match &function {
                None => (SUMMARY, &names),
                Some(id) => (SUMMARY_OF_FUNCTION, id),
            };
            let key: [&(dyn ToSql + Sync); 6] = [&tenant, &namespace, &since, &until, &sample, whose];
            let rows = self.0.read(Access::Tenant(scope), statement, &key).await?;
            let row = rows.first().ok_or_else(|| StoreError::unreadable("summary", "no row"))?;
            let percentiles: Option<Vec<Option<i64>>> = row.try_get(5)?;
            let percentile = |index: usize| {
                percentiles.as_ref().and_then(|all| all.get(index).copied().flatten()).map(to_u64)
            };
            Ok(RunSummary {
                count: to_u64(row.try_get(0)?),
                failed: to_u64(row.try_get(1)?),
                cancelled: to_u64(row.try_get(2)?),
                platform_errors: to_u64(row.try_get(3)?),
                cold_starts: to_u64(row.try_get(4)?),
                p50_us: percentile(0),
                p95_us: percentile(1),
                p99_us: percentile(2),
            })
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
        observed(ENGINE, "runs.outcomes", async {
            let since = since.as_micros();
            let begin = since.saturating_sub(RUN_LONGEST);
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let (function, version) = (function.as_str(), i64::from(version));
            let key: [&(dyn ToSql + Sync); 6] = [&tenant, &namespace, &function, &version, &begin, &since];
            let rows = self.0.read(Access::Tenant(scope), OUTCOMES, &key).await?;
            let row = rows.first().ok_or_else(|| StoreError::unreadable("outcomes", "no row"))?;
            Ok(Seen { calls: to_u64(row.try_get(0)?), errors: to_u64(row.try_get(1)?) })
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
        observed(ENGINE, "runs.prune", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let row = write.one(PRUNE, &[&older_than.as_micros(), &i64::from(max_runs)]).await?;
            write.commit().await?;
            let runs = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
            Ok(Pruned { runs: to_u64(runs) })
        })
        .await
    }
}

/// The names (see [`likes`]) or the function that runs are wanted of.
fn picked(of: &RunsOf) -> (Option<Vec<String>>, Option<&str>) {
    match of {
        RunsOf::Names(names) => (likes(names), None),
        RunsOf::Function(id) => (None, Some(id.as_str())),
    }
}

/// Stores the runs; returns the ids that are new.
async fn insert_runs(write: &Write<'_>, batch: &[RunRecord]) -> StoreResult<HashSet<String>> {
    let rows = batch.iter().map(|record| RunRow::of(&record.run)).collect::<StoreResult<Vec<_>>>()?;
    /// One column of the batch.
    macro_rules! column {
        ($field:ident) => {
            rows.iter().map(|row| &row.$field).collect::<Vec<_>>()
        };
    }
    let inserted = write
        .query(
            INSERT,
            &[
                &column!(id),
                &column!(tenant),
                &column!(namespace),
                &column!(function_id),
                &column!(function),
                &column!(version),
                &column!(source),
                &column!(status),
                &column!(started_at),
                &column!(duration_us),
                &column!(queue_us),
                &column!(init_us),
                &column!(exec_us),
                &column!(cold_start),
                &column!(memory_peak),
                &column!(input_size),
                &column!(output_size),
                &column!(input),
                &column!(output),
                &column!(error),
                &column!(trace_id),
                &column!(logs_dropped),
                &column!(error_search),
            ],
        )
        .await?;
    inserted.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Stores the lines of the runs that are new, in order.
async fn insert_lines(
    write: &Write<'_>,
    batch: &[RunRecord],
    mut new: HashSet<String>,
) -> StoreResult<Vec<StoredLines>> {
    // A batch may hold a run twice: the first one counts.
    let counts: Vec<_> = batch
        .iter()
        .map(|record| if new.remove(record.run.id.as_str()) { record.lines.len() } else { 0 })
        .collect();
    let lines: Vec<_> = batch
        .iter()
        .zip(&counts)
        .flat_map(|(record, count)| record.lines[..*count].iter().map(move |line| (&record.run, line)))
        .collect();
    let mut cursors: Vec<i64> = Vec::new();
    if !lines.is_empty() {
        let text: Vec<_> = lines.iter().map(|(_, line)| clean(&line.text)).collect();
        let values: [&(dyn ToSql + Sync); 7] = [
            &lines.iter().map(|(run, _)| run.id.as_str()).collect::<Vec<_>>(),
            &lines.iter().map(|(run, _)| run.scope.tenant.as_str()).collect::<Vec<_>>(),
            &lines.iter().map(|(run, _)| run.scope.namespace.as_str()).collect::<Vec<_>>(),
            &lines.iter().map(|(run, _)| run.function_id.as_str()).collect::<Vec<_>>(),
            &lines.iter().map(|(_, line)| line.at.as_micros()).collect::<Vec<_>>(),
            &lines.iter().map(|(_, line)| line.stream.as_str()).collect::<Vec<_>>(),
            &text,
        ];
        let rows = write.query(INSERT_LINES, &values).await?;
        cursors = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        cursors.sort_unstable();
    }
    let mut cursors = cursors.into_iter().map(LogCursor);
    let stored = batch.iter().zip(counts).map(|(record, count)| StoredLines {
        run: record.run.id.clone(),
        cursors: cursors.by_ref().take(count).collect(),
    });
    Ok(stored.collect())
}
