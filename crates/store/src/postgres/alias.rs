//! Aliases on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::alias::{ALIASES_PER_FUNCTION, Alias};
use nova_domain::{AliasName, FaultResult, FunctionId, Scope, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::ENGINE;
use super::database::{Access, Database, Params, Write, violates};
use crate::System;
use crate::error::StoreResult;
use crate::observe::observed;
use crate::page::{Page, PageRequest};
use crate::repo::Aliases;
use crate::repo::alias::{alias_changed, alias_taken, no_such_alias, too_many_aliases};
use crate::repo::function::no_such_function;
use crate::rows::{AliasData, AliasRow, document, due_at, to_i64};
use crate::statement::statements;

/// Columns of an alias, in the order of [`alias_row`].
macro_rules! alias_columns {
    () => {
        "function_id, name, tenant_id, namespace, data, revision, created_at, updated_at"
    };
}

statements! {
    /// Locks the function, so that the count holds until the row is in.
    LOCK_FUNCTION = "SELECT 1 FROM functions WHERE id = $3 AND tenant_id = $1 AND namespace = $2 FOR UPDATE";
    COUNT = "SELECT count(*) FROM aliases WHERE function_id = $1";
    INSERT = "INSERT INTO aliases (", alias_columns!(), ", due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GET = "SELECT ", alias_columns!(), " FROM aliases \
           WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3 AND name = $4";
    LIST = "SELECT ", alias_columns!(), " FROM aliases \
            WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3 AND name > $4 ORDER BY name LIMIT $5";
    UPDATE = "UPDATE aliases SET data = $6, due_at = $7, revision = revision + 1, updated_at = $8 \
              WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3 AND name = $4 AND revision = $5";
    DELETE = "DELETE FROM aliases \
              WHERE tenant_id = $1 AND namespace = $2 AND function_id = $3 AND name = $4 AND revision = $5";
    DUE = "SELECT ", alias_columns!(), " FROM aliases WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
}

fn alias_of(row: &Row) -> StoreResult<Alias> {
    AliasRow {
        function_id: row.try_get(0)?,
        name: row.try_get(1)?,
        tenant: row.try_get(2)?,
        namespace: row.try_get(3)?,
        data: row.try_get(4)?,
        revision: row.try_get(5)?,
        created_at: row.try_get(6)?,
        updated_at: row.try_get(7)?,
    }
    .into_alias()
}

/// Aliases in PostgreSQL.
pub(super) struct PostgresAliases(pub(super) Arc<Database>);

#[async_trait]
impl Aliases for PostgresAliases {
    async fn create(&self, alias: &Alias) -> FaultResult<()> {
        observed(ENGINE, "aliases.create", async {
            let function = alias.function.as_str();
            let (tenant, namespace) = (alias.scope.tenant.as_str(), alias.scope.namespace.as_str());
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(&alias.scope)).await?;
            let key: Params<'_> = &[&tenant, &namespace, &function];
            write.one(LOCK_FUNCTION, key).await?.ok_or_else(|| no_such_function(&alias.function))?;
            let count: i64 = match write.one(COUNT, &[&function]).await? {
                Some(row) => row.try_get(0)?,
                None => 0,
            };
            if count >= i64::from(ALIASES_PER_FUNCTION) {
                return Err(too_many_aliases().into());
            }
            let inserted = write
                .execute(
                    INSERT,
                    &[
                        &function,
                        &alias.name.as_str(),
                        &tenant,
                        &namespace,
                        &document(&AliasData::of(alias))?,
                        &to_i64(alias.revision),
                        &alias.created_at.as_micros(),
                        &alias.updated_at.as_micros(),
                        &due_at(alias),
                    ],
                )
                .await;
            match inserted {
                Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => {
                    Err(alias_taken(&alias.name).into())
                }
                Err(error) => Err(error),
                Ok(_) => write.commit().await,
            }
        })
        .await
    }

    async fn get(&self, scope: &Scope, function: &FunctionId, name: &AliasName) -> FaultResult<Alias> {
        observed(ENGINE, "aliases.get", self.stored(scope, function, name)).await
    }

    async fn list(
        &self,
        scope: &Scope,
        function: &FunctionId,
        page: &PageRequest,
    ) -> FaultResult<Page<Alias>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        observed(ENGINE, "aliases.list", async {
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let key: Params<'_> = &[&tenant, &namespace, &function.as_str(), &after, &page.fetch()];
            let rows = self.0.read(Access::Tenant(scope), LIST, key).await?;
            let items = rows.iter().map(alias_of).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Alias| [item.name.to_string()]))
        })
        .await
    }

    async fn update(&self, alias: &Alias) -> FaultResult<Alias> {
        observed(ENGINE, "aliases.update", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(&alias.scope)).await?;
            let changed = write
                .execute(
                    UPDATE,
                    &[
                        &alias.scope.tenant.as_str(),
                        &alias.scope.namespace.as_str(),
                        &alias.function.as_str(),
                        &alias.name.as_str(),
                        &to_i64(alias.revision),
                        &document(&AliasData::of(alias))?,
                        &due_at(alias),
                        &alias.updated_at.as_micros(),
                    ],
                )
                .await?;
            if changed == 1 {
                write.commit().await?;
                return Ok(Alias { revision: alias.revision + 1, ..alias.clone() });
            }
            drop(write);
            drop(client);
            self.stored(&alias.scope, &alias.function, &alias.name).await?;
            Err(alias_changed(&alias.name).into())
        })
        .await
    }

    async fn delete(&self, alias: &Alias) -> FaultResult<()> {
        observed(ENGINE, "aliases.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(&alias.scope)).await?;
            let key: Params<'_> = &[
                &alias.scope.tenant.as_str(),
                &alias.scope.namespace.as_str(),
                &alias.function.as_str(),
                &alias.name.as_str(),
                &to_i64(alias.revision),
            ];
            if write.execute(DELETE, key).await? == 1 {
                return write.commit().await;
            }
            drop(write);
            drop(client);
            self.stored(&alias.scope, &alias.function, &alias.name).await?;
            Err(alias_changed(&alias.name).into())
        })
        .await
    }

    async fn due(&self, _: &System, now: Timestamp, limit: u32) -> FaultResult<Vec<Alias>> {
        observed(ENGINE, "aliases.due", async {
            let key: Params<'_> = &[&now.as_micros(), &i64::from(limit)];
            let rows = self.0.read(Access::System, DUE, key).await?;
            rows.iter().map(alias_of).collect()
        })
        .await
    }
}

impl PostgresAliases {
    async fn stored(&self, scope: &Scope, function: &FunctionId, name: &AliasName) -> StoreResult<Alias> {
        let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
        let key: Params<'_> = &[&tenant, &namespace, &function.as_str(), &name.as_str()];
        let rows = self.0.read(Access::Tenant(scope), GET, key).await?;
        rows.first().map(alias_of).ok_or_else(|| no_such_alias(name))?
    }
}
