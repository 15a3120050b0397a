//! Log lines on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::{FaultResult, FunctionId, RunId, Scope, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::ENGINE;
use super::database::{Access, Database};
use crate::error::StoreResult;
use crate::observe::observed;
use crate::repo::log::{check_limit, page_of, tail_of};
use crate::repo::{LogCursor, LogPage, Logs};
use crate::rows::LineRow;
use crate::statement::statements;

macro_rules! line_columns {
    () => {
        "seq, run_id, function_id, at, stream, text"
    };
}

statements! {
    OF_RUN = "SELECT ", line_columns!(), " FROM log_lines \
              WHERE run_id = $3 AND seq > $4 AND tenant_id = $1 AND namespace = $2 ORDER BY seq LIMIT $5";
    TAIL = "SELECT ", line_columns!(), " FROM log_lines \
            WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3 ORDER BY seq DESC LIMIT $4";
    AFTER = "SELECT ", line_columns!(), " FROM log_lines \
             WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3 AND seq > $4 AND at >= $5 \
             ORDER BY seq LIMIT $6";
    /// Before the first stored line that was printed at $4 or later; behind every line if
    /// there is none. Keeps `AFTER` from reading all older lines.
    BEFORE_SINCE = "SELECT coalesce( \
            (SELECT min(seq) - 1 FROM log_lines \
             WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3 AND at >= $4), \
            (SELECT max(seq) FROM log_lines \
             WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3), 0)";
}

fn line_row(row: &Row) -> StoreResult<LineRow> {
    Ok(LineRow {
        seq: row.try_get(0)?,
        run_id: row.try_get(1)?,
        function_id: row.try_get(2)?,
        at: row.try_get(3)?,
        stream: row.try_get(4)?,
        text: row.try_get(5)?,
    })
}

fn line_rows(rows: &[Row]) -> StoreResult<Vec<LineRow>> {
    rows.iter().map(line_row).collect()
}

/// Log lines in PostgreSQL.
pub(super) struct PostgresLogs(pub(super) Arc<Database>);

#[async_trait]
impl Logs for PostgresLogs {
    async fn of_run(&self, scope: &Scope, run: &RunId, after: LogCursor, limit: u32) -> FaultResult<LogPage> {
        let fetch = check_limit(limit)?;
        observed(ENGINE, "logs.of_run", async {
            let key: [&(dyn ToSql + Sync); 5] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &run.as_str(), &after.0, &fetch];
            let rows = self.0.read(Access::Tenant(scope), OF_RUN, &key).await?;
            page_of(line_rows(&rows)?, after, limit)
        })
        .await
    }

    async fn tail(&self, scope: &Scope, function: &FunctionId, limit: u32) -> FaultResult<LogPage> {
        check_limit(limit)?;
        observed(ENGINE, "logs.tail", async {
            let key: [&(dyn ToSql + Sync); 4] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &function.as_str(), &i64::from(limit)];
            let rows = self.0.read(Access::Tenant(scope), TAIL, &key).await?;
            tail_of(line_rows(&rows)?)
        })
        .await
    }

    async fn after(
        &self,
        scope: &Scope,
        function: &FunctionId,
        after: LogCursor,
        since: Option<Timestamp>,
        limit: u32,
    ) -> FaultResult<LogPage> {
        let fetch = check_limit(limit)?;
        observed(ENGINE, "logs.after", async {
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let (function, mut from) = (function.as_str(), after);
            if let Some(since) = since.filter(|_| after == LogCursor::START) {
                let key: [&(dyn ToSql + Sync); 4] = [&tenant, &namespace, &function, &since.as_micros()];
                let rows = self.0.read(Access::Tenant(scope), BEFORE_SINCE, &key).await?;
                let before = rows.first().map(|row| row.try_get(0)).transpose()?;
                from = LogCursor(before.unwrap_or(0));
            }
            let since = since.map_or(i64::MIN, Timestamp::as_micros);
            let key: [&(dyn ToSql + Sync); 6] = [&tenant, &namespace, &function, &from.0, &since, &fetch];
            let rows = self.0.read(Access::Tenant(scope), AFTER, &key).await?;
            page_of(line_rows(&rows)?, from, limit)
        })
        .await
    }
}
