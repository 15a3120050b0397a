//! Runs statements of the registry on a connection.

use nova_domain::access::Names;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::error::StoreResult;
use crate::statement::Statement;

/// The first row, if any.
pub(super) fn one<T>(
    connection: &Connection,
    statement: Statement,
    params: impl Params,
    map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> StoreResult<Option<T>> {
    Ok(connection.prepare_cached(statement.sql)?.query_row(params, map).optional()?)
}

/// Every row; the statement bounds how many.
pub(super) fn many<T>(
    connection: &Connection,
    statement: Statement,
    params: impl Params,
    map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> StoreResult<Vec<T>> {
    let mut prepared = connection.prepare_cached(statement.sql)?;
    let rows = prepared.query_map(params, map)?.collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

/// Rows that were changed.
pub(super) fn execute(
    connection: &Connection,
    statement: Statement,
    params: impl Params,
) -> StoreResult<usize> {
    Ok(connection.prepare_cached(statement.sql)?.execute(params)?)
}

/// Names for `.. GLOB value` over `json_each`; NULL: all. What a pattern may hold means the same there.
pub(super) fn globs(names: &Names) -> Option<String> {
    names.patterns().map(|patterns| serde_json::Value::from(patterns).to_string())
}

/// Whether a statement failed because a unique value is taken.
pub(super) fn is_taken(error: &crate::error::StoreError) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    match error {
        crate::error::StoreError::Sqlite(rusqlite::Error::SqliteFailure(failure, _)) => {
            matches!(failure.extended_code, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY)
        }
        _ => false,
    }
}
