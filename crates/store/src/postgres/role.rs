//! Custom roles and bindings on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::role::PermissionList;
use nova_domain::access::{Binding, Role, Subject};
use nova_domain::{BindingId, FaultResult, RoleName, TenantName};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::ENGINE;
use super::database::{Access, Database, Write, violates};
use crate::System;
use crate::access_rows::{BindingRow, permissions, role, tenant_column};
use crate::error::StoreResult;
use crate::observe::observed;
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
    INSERT = "INSERT INTO roles (tenant_id, name, description, permissions, created_at) VALUES ($1, $2, $3, $4, $5)";
    GET = "SELECT tenant_id, name, description, permissions, created_at FROM roles WHERE tenant_id = $1 AND name = $2";
    LIST = "SELECT tenant_id, name, description, permissions, created_at FROM roles \
            WHERE tenant_id = $1 AND name > $2 ORDER BY name LIMIT $3";
    UPDATE = "UPDATE roles SET description = $3, permissions = $4 WHERE tenant_id = $1 AND name = $2";
    IS_BOUND = "SELECT 1 FROM bindings WHERE tenant_id = $1 AND role = $2 LIMIT 1";
    DELETE = "DELETE FROM roles WHERE tenant_id = $1 AND name = $2";
    BIND = "INSERT INTO bindings (id, tenant_id, subject, role, namespaces, resources, created_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
    BINDINGS = "SELECT ", binding_columns!(), " FROM bindings b WHERE b.tenant_id = $1 AND b.id > $2 \
                ORDER BY b.id LIMIT $3";
    GET_BINDING = "SELECT ", binding_columns!(), " FROM bindings b WHERE b.id = $1 AND b.tenant_id = $2";
    UNBIND = "DELETE FROM bindings WHERE id = $1";
    ROLES_OF = "SELECT ", binding_columns!(), ", r.permissions FROM bindings b \
                LEFT JOIN roles r ON r.tenant_id = b.tenant_id AND r.name = b.role \
                WHERE b.subject = $1 ORDER BY b.id LIMIT 1000";
}

fn role_row(row: &Row) -> StoreResult<Role> {
    role((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?))
}

fn binding_row(row: &Row) -> StoreResult<Binding> {
    BindingRow {
        id: row.try_get(0)?,
        tenant: row.try_get(1)?,
        subject: row.try_get(2)?,
        role: row.try_get(3)?,
        namespaces: row.try_get(4)?,
        resources: row.try_get(5)?,
        created_at: row.try_get(6)?,
    }
    .into_binding()
}

/// Stores a binding.
pub(super) async fn insert_binding(write: &Write<'_>, new: &Binding) -> StoreResult<()> {
    write
        .execute(
            BIND,
            &[
                &new.id.as_str(),
                &tenant_column(new.tenant.as_ref()),
                &new.subject.to_string(),
                &new.role.as_str(),
                &new.namespaces.to_string(),
                &new.resources.to_string(),
                &new.created_at.as_micros(),
            ],
        )
        .await
        .map(drop)
}

/// Roles in PostgreSQL.
pub(super) struct PostgresRoles(pub(super) Arc<Database>);

#[async_trait]
impl Roles for PostgresRoles {
    async fn create(&self, new: &Role) -> FaultResult<()> {
        observed(ENGINE, "roles.create", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(&new.tenant)).await?;
            let inserted = write
                .execute(
                    INSERT,
                    &[
                        &new.tenant.as_str(),
                        &new.name.as_str(),
                        &new.description,
                        &document(&PermissionList::from(new.permissions))?,
                        &new.created_at.as_micros(),
                    ],
                )
                .await;
            match inserted {
                Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => {
                    return Err(taken("role", &new.name).into());
                }
                Err(error) if violates(&error, &SqlState::FOREIGN_KEY_VIOLATION) => {
                    return Err(no_such_tenant(&new.tenant).into());
                }
                other => other?,
            };
            write.commit().await
        })
        .await
    }

    async fn get(&self, tenant: &TenantName, name: &RoleName) -> FaultResult<Role> {
        observed(ENGINE, "roles.get", async {
            let rows = self.0.read(Access::Of(tenant), GET, &[&tenant.as_str(), &name.as_str()]).await?;
            role_row(rows.first().ok_or_else(|| no_such_role(name))?)
        })
        .await
    }

    async fn list(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Role>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        observed(ENGINE, "roles.list", async {
            let rows =
                self.0.read(Access::Of(tenant), LIST, &[&tenant.as_str(), &after, &page.fetch()]).await?;
            let items = rows.iter().map(role_row).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Role| [item.name.to_string()]))
        })
        .await
    }

    async fn update(&self, new: &Role) -> FaultResult<()> {
        observed(ENGINE, "roles.update", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(&new.tenant)).await?;
            let list = document(&PermissionList::from(new.permissions))?;
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&new.tenant.as_str(), &new.name.as_str(), &new.description, &list];
            if write.execute(UPDATE, &key).await? == 0 {
                return Err(no_such_role(&new.name).into());
            }
            write.commit().await
        })
        .await
    }

    async fn delete(&self, tenant: &TenantName, name: &RoleName) -> FaultResult<()> {
        observed(ENGINE, "roles.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(tenant)).await?;
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&tenant.as_str(), &name.as_str()];
            if write.one(IS_BOUND, &key).await?.is_some() {
                return Err(still_bound(name).into());
            }
            if write.execute(DELETE, &key).await? == 0 {
                return Err(no_such_role(name).into());
            }
            write.commit().await
        })
        .await
    }

    async fn bind(&self, _: &System, binding: &Binding) -> FaultResult<()> {
        observed(ENGINE, "bindings.create", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            insert_binding(&write, binding).await?;
            write.commit().await
        })
        .await
    }

    async fn bindings(
        &self,
        _: &System,
        tenant: Option<&TenantName>,
        page: &PageRequest,
    ) -> FaultResult<Page<Binding>> {
        let after = page.keys::<1>()?.map(|[id]| id).unwrap_or_default();
        observed(ENGINE, "bindings.list", async {
            let rows = self
                .0
                .read(Access::System, BINDINGS, &[&tenant_column(tenant), &after, &page.fetch()])
                .await?;
            let items = rows.iter().map(binding_row).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Binding| [item.id.to_string()]))
        })
        .await
    }

    async fn unbind(&self, _: &System, tenant: Option<&TenantName>, id: &BindingId) -> FaultResult<Binding> {
        observed(ENGINE, "bindings.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let row = write.one(GET_BINDING, &[&id.as_str(), &tenant_column(tenant)]).await?;
            let binding = binding_row(&row.ok_or_else(|| no_such_binding(id))?)?;
            write.execute(UNBIND, &[&id.as_str()]).await?;
            write.commit().await?;
            Ok(binding)
        })
        .await
    }

    async fn roles_of(&self, _: &System, subject: &Subject) -> FaultResult<Vec<BoundRole>> {
        observed(ENGINE, "bindings.of_subject", async {
            let rows = self.0.read(Access::System, ROLES_OF, &[&subject.to_string()]).await?;
            rows.iter()
                .map(|row| {
                    let list: Option<&str> = row.try_get(BINDING_WIDTH)?;
                    Ok(BoundRole { binding: binding_row(row)?, custom: list.map(permissions).transpose()? })
                })
                .collect()
        })
        .await
    }
}
