//! Log lines on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::{FaultResult, FunctionId, RunId, Scope, Timestamp};
use rusqlite::{Row, params};

use super::file::File;
use super::query::{many, one};
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
    OF_RUN = "SELECT ", line_columns!(), " FROM log_lines INDEXED BY log_lines_by_run \
              WHERE run_id = ?3 AND seq > ?4 AND tenant_id = ?1 AND namespace = ?2 ORDER BY seq LIMIT ?5";
    TAIL = "SELECT ", line_columns!(), " FROM log_lines INDEXED BY log_lines_by_function \
            WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 ORDER BY seq DESC LIMIT ?4";
    AFTER = "SELECT ", line_columns!(), " FROM log_lines INDEXED BY log_lines_by_function \
             WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 AND seq > ?4 AND at >= ?5 \
             ORDER BY seq LIMIT ?6";
    /// The first stored line that was printed at ?4 or later; keeps `AFTER` from reading all older lines.
    FIRST_SINCE = "SELECT min(seq) FROM log_lines INDEXED BY log_lines_by_time \
                   WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 AND at >= ?4";
    NEWEST = "SELECT max(seq) FROM log_lines INDEXED BY log_lines_by_function \
              WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3";
}

fn line_row(row: &Row<'_>) -> rusqlite::Result<LineRow> {
    Ok(LineRow {
        seq: row.get(0)?,
        run_id: row.get(1)?,
        function_id: row.get(2)?,
        at: row.get(3)?,
        stream: row.get(4)?,
        text: row.get(5)?,
    })
}

/// Log lines in `log.db`.
pub(super) struct SqliteLogs(pub(super) Arc<File>);

#[async_trait]
impl Logs for SqliteLogs {
    async fn of_run(&self, scope: &Scope, run: &RunId, after: LogCursor, limit: u32) -> FaultResult<LogPage> {
        let fetch = check_limit(limit)?;
        let (scope, run) = (scope.clone(), run.clone());
        self.0
            .read("logs.of_run", move |connection| {
                let key =
                    params![scope.tenant.as_str(), scope.namespace.as_str(), run.as_str(), after.0, fetch];
                page_of(many(connection, OF_RUN, key, line_row)?, after, limit)
            })
            .await
    }

    async fn tail(&self, scope: &Scope, function: &FunctionId, limit: u32) -> FaultResult<LogPage> {
        check_limit(limit)?;
        let (scope, function) = (scope.clone(), function.clone());
        self.0
            .read("logs.tail", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str(), function.as_str(), limit];
                tail_of(many(connection, TAIL, key, line_row)?)
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
        let (scope, function) = (scope.clone(), function.clone());
        self.0
            .read("logs.after", move |connection| {
                let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
                let (function, mut from) = (function.as_str(), after);
                if let Some(since) = since.filter(|_| after == LogCursor::START) {
                    let key = params![tenant, namespace, function, since.as_micros()];
                    let first: Option<i64> = one(connection, FIRST_SINCE, key, |row| row.get(0))?.flatten();
                    // Nothing that new yet: go on behind everything there is.
                    let last = match first {
                        Some(first) => Some(first - 1),
                        None => {
                            one(connection, NEWEST, params![tenant, namespace, function], |row| row.get(0))?
                                .flatten()
                        }
                    };
                    from = LogCursor(last.unwrap_or(0));
                }
                let since = since.map_or(i64::MIN, Timestamp::as_micros);
                let key = params![tenant, namespace, function, from.0, since, fetch];
                page_of(many(connection, AFTER, key, line_row)?, from, limit)
            })
            .await
    }
}
