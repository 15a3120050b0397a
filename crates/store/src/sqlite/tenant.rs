//! Tenants and namespaces on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::{Namespace, Tenant};
use nova_domain::{FaultResult, NamespaceName, Scope, TenantName};
use rusqlite::{Connection, Row, params};

use super::file::File;
use super::query::{execute, is_taken, many, one};
use super::quota::forget_namespace;
use crate::System;
use crate::access_rows::{namespace, tenant};
use crate::error::{StoreError, StoreResult};
use crate::page::{Page, PageRequest};
use crate::repo::Tenants;
use crate::repo::tenant::{no_such_namespace, no_such_tenant, not_empty, taken};
use crate::statement::statements;

statements! {
    INSERT = "INSERT INTO tenants (tenant_id, description, created_at) VALUES (?1, ?2, ?3)";
    GET = "SELECT tenant_id, description, created_at FROM tenants WHERE tenant_id = ?1";
    LIST = "SELECT tenant_id, description, created_at FROM tenants WHERE tenant_id > ?1 \
            ORDER BY tenant_id LIMIT ?2";
    HAS_FUNCTIONS = "SELECT 1 FROM functions WHERE tenant_id = ?1 LIMIT 1";
    DELETE = "DELETE FROM tenants WHERE tenant_id = ?1";
    DELETE_CREDENTIALS = "DELETE FROM credentials WHERE tenant_id = ?1";
    DELETE_BINDINGS = "DELETE FROM bindings WHERE tenant_id = ?1";
    INSERT_NAMESPACE = "INSERT INTO namespaces (tenant_id, name, description, created_at) VALUES (?1, ?2, ?3, ?4)";
    GET_NAMESPACE = "SELECT tenant_id, name, description, created_at FROM namespaces WHERE tenant_id = ?1 AND name = ?2";
    LIST_NAMESPACES = "SELECT tenant_id, name, description, created_at FROM namespaces \
                       WHERE tenant_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
    NAMESPACE_HAS_FUNCTIONS = "SELECT 1 FROM functions WHERE tenant_id = ?1 AND namespace = ?2 LIMIT 1";
    DELETE_NAMESPACE = "DELETE FROM namespaces WHERE tenant_id = ?1 AND name = ?2";
}

fn tenant_row(row: &Row<'_>) -> rusqlite::Result<(String, String, i64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn namespace_row(row: &Row<'_>) -> rusqlite::Result<(String, String, String, i64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

/// Fails if nothing can be created in this namespace, because it is not there. Inside a write
/// nobody can delete it meanwhile.
pub(super) fn require_namespace(connection: &Connection, scope: &Scope) -> StoreResult<()> {
    let key = params![scope.tenant.as_str(), scope.namespace.as_str()];
    match one(connection, GET_NAMESPACE, key, |_| Ok(()))? {
        Some(()) => Ok(()),
        None => Err(absent(connection, &scope.tenant, &scope.namespace)?),
    }
}

/// Fails if there is no such tenant.
pub(super) fn require_tenant(connection: &Connection, tenant: &TenantName) -> StoreResult<()> {
    Ok(one(connection, GET, [tenant.as_str()], |_| Ok(()))?.ok_or_else(|| no_such_tenant(tenant))?)
}

fn absent(connection: &Connection, tenant: &TenantName, name: &NamespaceName) -> StoreResult<StoreError> {
    Ok(match one(connection, GET, [tenant.as_str()], |_| Ok(()))? {
        Some(()) => no_such_namespace(tenant, name).into(),
        None => no_such_tenant(tenant).into(),
    })
}

fn insert_namespace(connection: &Connection, new: &Namespace) -> StoreResult<()> {
    let values = params![new.tenant.as_str(), new.name.as_str(), new.description, new.created_at.as_micros()];
    execute(connection, INSERT_NAMESPACE, values).map(drop)
}

/// Tenants in `nova.db`.
pub(super) struct SqliteTenants(pub(super) Arc<File>);

#[async_trait]
impl Tenants for SqliteTenants {
    async fn create(&self, _: &System, tenant: &Tenant) -> FaultResult<()> {
        let new = tenant.clone();
        self.0
            .write("tenants.create", move |connection| {
                let values = params![new.name.as_str(), new.description, new.created_at.as_micros()];
                match execute(connection, INSERT, values) {
                    Err(error) if is_taken(&error) => return Err(taken("tenant", &new.name).into()),
                    other => other?,
                };
                let first = Namespace {
                    tenant: new.name,
                    name: Scope::default_scope().namespace,
                    description: String::new(),
                    created_at: new.created_at,
                };
                insert_namespace(connection, &first)
            })
            .await
    }

    async fn get(&self, name: &TenantName) -> FaultResult<Tenant> {
        let name = name.clone();
        self.0
            .read("tenants.get", move |connection| {
                let row = one(connection, GET, [name.as_str()], tenant_row)?;
                tenant(row.ok_or_else(|| no_such_tenant(&name))?)
            })
            .await
    }

    async fn list(&self, _: &System, page: &PageRequest) -> FaultResult<Page<Tenant>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        let page = page.clone();
        self.0
            .read("tenants.list", move |connection| {
                let rows = many(connection, LIST, params![after, page.fetch()], tenant_row)?;
                let items = rows.into_iter().map(tenant).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Tenant| [item.name.to_string()]))
            })
            .await
    }

    async fn delete(&self, _: &System, tenant: &TenantName) -> FaultResult<()> {
        let name = tenant.clone();
        self.0
            .write("tenants.delete", move |connection| {
                let key = [name.as_str()];
                if one(connection, HAS_FUNCTIONS, key, |_| Ok(()))?.is_some() {
                    return Err(not_empty("tenant", &name).into());
                }
                if execute(connection, DELETE, key)? == 0 {
                    return Err(no_such_tenant(&name).into());
                }
                execute(connection, DELETE_CREDENTIALS, key)?;
                execute(connection, DELETE_BINDINGS, key)?;
                Ok(())
            })
            .await
    }

    async fn create_namespace(&self, namespace: &Namespace) -> FaultResult<()> {
        let new = namespace.clone();
        self.0
            .write("namespaces.create", move |connection| {
                if one(connection, GET, [new.tenant.as_str()], |_| Ok(()))?.is_none() {
                    return Err(no_such_tenant(&new.tenant).into());
                }
                match insert_namespace(connection, &new) {
                    Err(error) if is_taken(&error) => Err(taken("namespace", &new.name).into()),
                    other => other,
                }
            })
            .await
    }

    async fn get_namespace(&self, scope: &Scope) -> FaultResult<Namespace> {
        let scope = scope.clone();
        self.0
            .read("namespaces.get", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str()];
                match one(connection, GET_NAMESPACE, key, namespace_row)? {
                    Some(row) => namespace(row),
                    None => Err(absent(connection, &scope.tenant, &scope.namespace)?),
                }
            })
            .await
    }

    async fn list_namespaces(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Namespace>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        let (tenant, page) = (tenant.clone(), page.clone());
        self.0
            .read("namespaces.list", move |connection| {
                let key = params![tenant.as_str(), after, page.fetch()];
                let rows = many(connection, LIST_NAMESPACES, key, namespace_row)?;
                let items = rows.into_iter().map(namespace).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Namespace| [item.name.to_string()]))
            })
            .await
    }

    async fn delete_namespace(&self, scope: &Scope) -> FaultResult<()> {
        let scope = scope.clone();
        self.0
            .write("namespaces.delete", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str()];
                if one(connection, NAMESPACE_HAS_FUNCTIONS, key, |_| Ok(()))?.is_some() {
                    return Err(not_empty("namespace", &scope.namespace).into());
                }
                match execute(connection, DELETE_NAMESPACE, key)? {
                    0 => Err(absent(connection, &scope.tenant, &scope.namespace)?),
                    _ => forget_namespace(connection, &scope),
                }
            })
            .await
    }
}
