//! Deletes what a tenant or namespace left that is gone.

use nova_domain::{FaultResult, NamespaceName, TenantName};
use rusqlite::params;

use super::file::File;
use super::query::execute;
use crate::repo::run::check_prune;
use crate::statement::Statement;

/// Runs `statement` for a tenant (?1), a namespace or NULL (?2), and at most so many rows (?3).
pub(super) async fn forget(
    file: &File,
    op: &'static str,
    statement: Statement,
    tenant: &TenantName,
    namespace: Option<&NamespaceName>,
    most: u32,
) -> FaultResult<u64> {
    check_prune(most)?;
    let (tenant, namespace) = (tenant.clone(), namespace.cloned());
    file.write(op, move |connection| {
        let namespace = namespace.as_ref().map(NamespaceName::as_str);
        Ok(execute(connection, statement, params![tenant.as_str(), namespace, most])? as u64)
    })
    .await
}
