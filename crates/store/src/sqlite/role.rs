//! Custom roles and bindings on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::role::PermissionList;
use nova_domain::access::{Binding, Role, Subject};
use nova_domain::{BindingId, FaultResult, RoleName, TenantName};
use rusqlite::{Connection, Row, params};

use super::file::File;
use super::query::{execute, is_taken, many, one};
use crate::System;
use crate::access_rows::{BindingRow, permissions, role, tenant_column};
use crate::error::StoreResult;
use crate::page::{Page, PageRequest};
use crate::repo::role::{no_such_binding, no_such_role, still_bound};
use crate::repo::tenant::{no_such_tenant, taken};
use crate::repo::{BoundRole, Roles};
use crate::rows::document;
use crate::statement::statements;

/// Columns of a binding, in the order of [`binding_row`].
macro_rules! binding_columns {
    () => {
        "b.id, b.tenant_id, b.subject, b.role, b.namespaces, b.resources, b.created_at"
    };
}
const BINDING_WIDTH: usize = 7;

statements! {
    INSERT = "INSERT INTO roles (tenant_id, name, description, permissions, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    HAS_TENANT = "SELECT 1 FROM tenants WHERE tenant_id = ?1";
    GET = "SELECT tenant_id, name, description, permissions, created_at FROM roles WHERE tenant_id = ?1 AND name = ?2";
    LIST = "SELECT tenant_id, name, description, permissions, created_at FROM roles \
            WHERE tenant_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
    UPDATE = "UPDATE roles SET description = ?3, permissions = ?4 WHERE tenant_id = ?1 AND name = ?2";
    IS_BOUND = "SELECT 1 FROM bindings WHERE tenant_id = ?1 AND role = ?2 LIMIT 1";
    DELETE = "DELETE FROM roles WHERE tenant_id = ?1 AND name = ?2";
    BIND = "INSERT INTO bindings (id, tenant_id, subject, role, namespaces, resources, created_at) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    BINDINGS = "SELECT ", binding_columns!(), " FROM bindings b WHERE b.tenant_id = ?1 AND b.id > ?2 \
                ORDER BY b.id LIMIT ?3";
    GET_BINDING = "SELECT ", binding_columns!(), " FROM bindings b WHERE b.id = ?1 AND b.tenant_id = ?2";
    UNBIND = "DELETE FROM bindings WHERE id = ?1";
    ROLES_OF = "SELECT ", binding_columns!(), ", r.permissions FROM bindings b \
                LEFT JOIN roles r ON r.tenant_id = b.tenant_id AND r.name = b.role \
                WHERE b.subject = ?1 ORDER BY b.id LIMIT 1000";
}

type RoleColumns = (String, String, String, String, i64);

fn role_row(row: &Row<'_>) -> rusqlite::Result<RoleColumns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn binding_row(row: &Row<'_>) -> rusqlite::Result<BindingRow> {
    Ok(BindingRow {
        id: row.get(0)?,
        tenant: row.get(1)?,
        subject: row.get(2)?,
        role: row.get(3)?,
        namespaces: row.get(4)?,
        resources: row.get(5)?,
        created_at: row.get(6)?,
    })
}

/// Stores a binding.
pub(super) fn insert_binding(connection: &Connection, new: &Binding) -> StoreResult<()> {
    let values = params![
        new.id.as_str(),
        tenant_column(new.tenant.as_ref()),
        new.subject.to_string(),
        new.role.as_str(),
        new.namespaces.to_string(),
        new.resources.to_string(),
        new.created_at.as_micros()
    ];
    execute(connection, BIND, values).map(drop)
}

/// Roles in `nova.db`.
pub(super) struct SqliteRoles(pub(super) Arc<File>);

#[async_trait]
impl Roles for SqliteRoles {
    async fn create(&self, role: &Role) -> FaultResult<()> {
        let new = role.clone();
        self.0
            .write("roles.create", move |connection| {
                if one(connection, HAS_TENANT, [new.tenant.as_str()], |_| Ok(()))?.is_none() {
                    return Err(no_such_tenant(&new.tenant).into());
                }
                let values = params![
                    new.tenant.as_str(),
                    new.name.as_str(),
                    new.description,
                    document(&PermissionList::from(new.permissions))?,
                    new.created_at.as_micros()
                ];
                match execute(connection, INSERT, values) {
                    Err(error) if is_taken(&error) => Err(taken("role", &new.name).into()),
                    other => other.map(drop),
                }
            })
            .await
    }

    async fn get(&self, tenant: &TenantName, name: &RoleName) -> FaultResult<Role> {
        let (tenant, name) = (tenant.clone(), name.clone());
        self.0
            .read("roles.get", move |connection| {
                let row = one(connection, GET, params![tenant.as_str(), name.as_str()], role_row)?;
                role(row.ok_or_else(|| no_such_role(&name))?)
            })
            .await
    }

    async fn list(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Role>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        let (tenant, page) = (tenant.clone(), page.clone());
        self.0
            .read("roles.list", move |connection| {
                let rows = many(connection, LIST, params![tenant.as_str(), after, page.fetch()], role_row)?;
                let items = rows.into_iter().map(role).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Role| [item.name.to_string()]))
            })
            .await
    }

    async fn update(&self, role: &Role) -> FaultResult<()> {
        let new = role.clone();
        self.0
            .write("roles.update", move |connection| {
                let list = document(&PermissionList::from(new.permissions))?;
                let values = params![new.tenant.as_str(), new.name.as_str(), new.description, list];
                match execute(connection, UPDATE, values)? {
                    0 => Err(no_such_role(&new.name).into()),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn delete(&self, tenant: &TenantName, name: &RoleName) -> FaultResult<()> {
        let (tenant, name) = (tenant.clone(), name.clone());
        self.0
            .write("roles.delete", move |connection| {
                let key = params![tenant.as_str(), name.as_str()];
                if one(connection, IS_BOUND, key, |_| Ok(()))?.is_some() {
                    return Err(still_bound(&name).into());
                }
                match execute(connection, DELETE, key)? {
                    0 => Err(no_such_role(&name).into()),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn bind(&self, _: &System, binding: &Binding) -> FaultResult<()> {
        let new = binding.clone();
        self.0.write("bindings.create", move |connection| insert_binding(connection, &new)).await
    }

    async fn bindings(
        &self,
        _: &System,
        tenant: Option<&TenantName>,
        page: &PageRequest,
    ) -> FaultResult<Page<Binding>> {
        let after = page.keys::<1>()?.map(|[id]| id).unwrap_or_default();
        let (tenant, page) = (tenant_column(tenant).to_owned(), page.clone());
        self.0
            .read("bindings.list", move |connection| {
                let rows = many(connection, BINDINGS, params![tenant, after, page.fetch()], binding_row)?;
                let items = rows.into_iter().map(BindingRow::into_binding).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Binding| [item.id.to_string()]))
            })
            .await
    }

    async fn unbind(&self, _: &System, tenant: Option<&TenantName>, id: &BindingId) -> FaultResult<Binding> {
        let (tenant, id) = (tenant_column(tenant).to_owned(), id.clone());
        self.0
            .write("bindings.delete", move |connection| {
                let row = one(connection, GET_BINDING, params![id.as_str(), tenant], binding_row)?;
                let binding = row.ok_or_else(|| no_such_binding(&id))?.into_binding()?;
                execute(connection, UNBIND, [id.as_str()])?;
                Ok(binding)
            })
            .await
    }

    async fn roles_of(&self, _: &System, subject: &Subject) -> FaultResult<Vec<BoundRole>> {
        let subject = subject.to_string();
        self.0
            .read("bindings.of_subject", move |connection| {
                let rows = many(connection, ROLES_OF, [subject.as_str()], |row| {
                    Ok((binding_row(row)?, row.get::<_, Option<String>>(BINDING_WIDTH)?))
                })?;
                rows.into_iter()
                    .map(|(row, list)| {
                        let custom = list.as_deref().map(permissions).transpose()?;
                        Ok(BoundRole { binding: row.into_binding()?, custom })
                    })
                    .collect()
            })
            .await
    }
}
