//! Deletes what a tenant or namespace left that is gone.

use nova_domain::{FaultResult, NamespaceName, TenantName};

use super::ENGINE;
use super::database::{Access, Database, Write};
use crate::observe::observed;
use crate::repo::run::check_prune;
use crate::statement::Statement;

/// Runs `statement` for a tenant ($1), a namespace or NULL ($2), and at most so many rows ($3).
pub(super) async fn forget(
    database: &Database,
    op: &'static str,
    statement: Statement,
    tenant: &TenantName,
    namespace: Option<&NamespaceName>,
    most: u32,
) -> FaultResult<u64> {
    check_prune(most)?;
    observed(ENGINE, op, async {
        let mut client = database.client().await?;
        let write = Write::begin(&mut client, Access::System).await?;
        let namespace = namespace.map(NamespaceName::as_str);
        let gone = write.execute(statement, &[&tenant.as_str(), &namespace, &i64::from(most)]).await?;
        write.commit_plain().await?;
        Ok(gone)
    })
    .await
}
