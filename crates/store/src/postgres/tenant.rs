//! Tenants and namespaces on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::{Namespace, Tenant};
use nova_domain::{FaultResult, NamespaceName, Scope, TenantName};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::ENGINE;
use super::database::{Access, Database, Write, violates};
use super::quota::forget_namespace;
use crate::System;
use crate::access_rows::{namespace, tenant};
use crate::error::{StoreError, StoreResult};
use crate::observe::observed;
use crate::page::{Page, PageRequest};
use crate::repo::Tenants;
use crate::repo::tenant::{no_such_namespace, no_such_tenant, not_empty, taken};
use crate::statement::statements;

statements! {
    INSERT = "INSERT INTO tenants (tenant_id, description, created_at) VALUES ($1, $2, $3)";
    GET = "SELECT tenant_id, description, created_at FROM tenants WHERE tenant_id = $1";
    LIST = "SELECT tenant_id, description, created_at FROM tenants WHERE tenant_id > $1 \
            ORDER BY tenant_id LIMIT $2";
    HAS_FUNCTIONS = "SELECT 1 FROM functions WHERE tenant_id = $1 LIMIT 1";
    DELETE = "DELETE FROM tenants WHERE tenant_id = $1";
    DELETE_CREDENTIALS = "DELETE FROM credentials WHERE tenant_id = $1";
    DELETE_BINDINGS = "DELETE FROM bindings WHERE tenant_id = $1";
    INSERT_NAMESPACE = "INSERT INTO namespaces (tenant_id, name, description, created_at) VALUES ($1, $2, $3, $4)";
    GET_NAMESPACE = "SELECT tenant_id, name, description, created_at FROM namespaces WHERE tenant_id = $1 AND name = $2";
    LIST_NAMESPACES = "SELECT tenant_id, name, description, created_at FROM namespaces \
                       WHERE tenant_id = $1 AND name > $2 ORDER BY name LIMIT $3";
    NAMESPACE_HAS_FUNCTIONS = "SELECT 1 FROM functions WHERE tenant_id = $1 AND namespace = $2 LIMIT 1";
    /// Nobody may delete the namespace before this transaction ends.
    HOLD_NAMESPACE = "SELECT 1 FROM namespaces WHERE tenant_id = $1 AND name = $2 FOR KEY SHARE";
    /// Waits for those who hold a namespace of the tenant, and keeps new ones out.
    LOCK_NAMESPACES = "SELECT 1 FROM namespaces WHERE tenant_id = $1 FOR UPDATE";
    LOCK_NAMESPACE = "SELECT 1 FROM namespaces WHERE tenant_id = $1 AND name = $2 FOR UPDATE";
    DELETE_NAMESPACE = "DELETE FROM namespaces WHERE tenant_id = $1 AND name = $2";
}

fn tenant_row(row: &Row) -> StoreResult<Tenant> {
    tenant((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

fn namespace_row(row: &Row) -> StoreResult<Namespace> {
    namespace((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))
}

/// Fails if nothing can be created in this namespace, because it is not there; else it stays
/// there until the write ends.
pub(super) async fn require_namespace(write: &Write<'_>, scope: &Scope) -> StoreResult<()> {
    match write.one(HOLD_NAMESPACE, &[&scope.tenant.as_str(), &scope.namespace.as_str()]).await? {
        Some(_) => Ok(()),
        None => Err(absent(write, &scope.tenant, &scope.namespace).await?),
    }
}

async fn absent(write: &Write<'_>, tenant: &TenantName, name: &NamespaceName) -> StoreResult<StoreError> {
    Ok(match write.one(GET, &[&tenant.as_str()]).await? {
        Some(_) => no_such_namespace(tenant, name).into(),
        None => no_such_tenant(tenant).into(),
    })
}

async fn insert_namespace(write: &Write<'_>, new: &Namespace) -> StoreResult<()> {
    let at = new.created_at.as_micros();
    let inserted = write
        .execute(INSERT_NAMESPACE, &[&new.tenant.as_str(), &new.name.as_str(), &new.description, &at])
        .await;
    match inserted {
        Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => {
            Err(taken("namespace", &new.name).into())
        }
        Err(error) if violates(&error, &SqlState::FOREIGN_KEY_VIOLATION) => {
            Err(no_such_tenant(&new.tenant).into())
        }
        other => other.map(drop),
    }
}

/// Tenants in PostgreSQL.
pub(super) struct PostgresTenants(pub(super) Arc<Database>);

#[async_trait]
impl Tenants for PostgresTenants {
    async fn create(&self, _: &System, tenant: &Tenant) -> FaultResult<()> {
        observed(ENGINE, "tenants.create", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let at = tenant.created_at.as_micros();
            match write.execute(INSERT, &[&tenant.name.as_str(), &tenant.description, &at]).await {
                Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => {
                    return Err(taken("tenant", &tenant.name).into());
                }
                other => other?,
            };
            let first = Namespace {
                tenant: tenant.name.clone(),
                name: Scope::default_scope().namespace,
                description: String::new(),
                created_at: tenant.created_at,
            };
            insert_namespace(&write, &first).await?;
            write.commit().await
        })
        .await
    }

    async fn get(&self, name: &TenantName) -> FaultResult<Tenant> {
        observed(ENGINE, "tenants.get", async {
            let rows = self.0.read(Access::Of(name), GET, &[&name.as_str()]).await?;
            tenant_row(rows.first().ok_or_else(|| no_such_tenant(name))?)
        })
        .await
    }

    async fn list(&self, _: &System, page: &PageRequest) -> FaultResult<Page<Tenant>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        observed(ENGINE, "tenants.list", async {
            let rows = self.0.read(Access::System, LIST, &[&after, &page.fetch()]).await?;
            let items = rows.iter().map(tenant_row).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Tenant| [item.name.to_string()]))
        })
        .await
    }

    async fn delete(&self, _: &System, tenant: &TenantName) -> FaultResult<()> {
        observed(ENGINE, "tenants.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let name = tenant.as_str();
            write.query(LOCK_NAMESPACES, &[&name]).await?;
            if write.one(HAS_FUNCTIONS, &[&name]).await?.is_some() {
                return Err(not_empty("tenant", tenant).into());
            }
            if write.execute(DELETE, &[&name]).await? == 0 {
                return Err(no_such_tenant(tenant).into());
            }
            write.execute(DELETE_CREDENTIALS, &[&name]).await?;
            write.execute(DELETE_BINDINGS, &[&name]).await?;
            write.commit().await
        })
        .await
    }

    async fn create_namespace(&self, namespace: &Namespace) -> FaultResult<()> {
        observed(ENGINE, "namespaces.create", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(&namespace.tenant)).await?;
            insert_namespace(&write, namespace).await?;
            write.commit().await
        })
        .await
    }

    async fn get_namespace(&self, scope: &Scope) -> FaultResult<Namespace> {
        observed(ENGINE, "namespaces.get", async {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
                [&scope.tenant.as_str(), &scope.namespace.as_str()];
            let rows = self.0.read(Access::Of(&scope.tenant), GET_NAMESPACE, &key).await?;
            match rows.first() {
                Some(row) => namespace_row(row),
                None => {
                    let known = self.0.read(Access::Of(&scope.tenant), GET, &key[..1]).await?;
                    Err(match known.first() {
                        Some(_) => no_such_namespace(&scope.tenant, &scope.namespace).into(),
                        None => no_such_tenant(&scope.tenant).into(),
                    })
                }
            }
        })
        .await
    }

    async fn list_namespaces(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Namespace>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        observed(ENGINE, "namespaces.list", async {
            let rows = self
                .0
                .read(Access::Of(tenant), LIST_NAMESPACES, &[&tenant.as_str(), &after, &page.fetch()])
                .await?;
            let items = rows.iter().map(namespace_row).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Namespace| [item.name.to_string()]))
        })
        .await
    }

    async fn delete_namespace(&self, scope: &Scope) -> FaultResult<()> {
        observed(ENGINE, "namespaces.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(&scope.tenant)).await?;
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
                [&scope.tenant.as_str(), &scope.namespace.as_str()];
            write.query(LOCK_NAMESPACE, &key).await?;
            if write.one(NAMESPACE_HAS_FUNCTIONS, &key).await?.is_some() {
                return Err(not_empty("namespace", &scope.namespace).into());
            }
            if write.execute(DELETE_NAMESPACE, &key).await? == 0 {
                return Err(absent(&write, &scope.tenant, &scope.namespace).await?);
            }
            forget_namespace(&write, scope).await?;
            write.commit().await
        })
        .await
    }
}
