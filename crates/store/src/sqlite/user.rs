//! People, memberships and service accounts on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::{Membership, ServiceAccount, Subject, User};
use nova_domain::{FaultResult, ServiceId, ServiceName, TenantName, Timestamp, UserId};
use rusqlite::{Connection, Row, params};

use super::file::File;
use super::query::{execute, is_taken, many, one};
use crate::System;
use crate::access_rows::{UserRow, membership, service};
use crate::error::StoreResult;
use crate::page::{Page, PageRequest};
use crate::repo::tenant::{no_such_tenant, taken};
use crate::repo::user::{identity_taken, no_such_invitation, no_such_member, no_such_service, no_such_user};
use crate::repo::{Accepted, Member, UserChange, Users};
use crate::statement::statements;

/// Columns of a user, in the order of [`user_row`].
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.name, u.superadmin, u.disabled, u.oidc_issuer, u.oidc_subject, u.created_at"
    };
}
const USER_WIDTH: usize = 8;

statements! {
    INSERT = "INSERT INTO users (id, email, name, password, superadmin, disabled, oidc_issuer, oidc_subject, created_at) \
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    GET = "SELECT ", user_columns!(), " FROM users u WHERE u.id = ?1";
    BY_EMAIL = "SELECT ", user_columns!(), ", u.password FROM users u WHERE u.email = ?1";
    BY_SUBJECT = "SELECT ", user_columns!(), " FROM users u WHERE u.oidc_issuer = ?1 AND u.oidc_subject = ?2";
    LIST = "SELECT ", user_columns!(), " FROM users u WHERE u.email > ?1 ORDER BY u.email LIMIT ?2";
    UPDATE = "UPDATE users SET name = coalesce(?2, name), password = coalesce(?3, password), \
              superadmin = coalesce(?4, superadmin), disabled = coalesce(?5, disabled), \
              oidc_issuer = coalesce(?6, oidc_issuer), oidc_subject = coalesce(?7, oidc_subject) WHERE id = ?1";
    DELETE = "DELETE FROM users WHERE id = ?1";
    DELETE_CREDENTIALS = "DELETE FROM credentials WHERE owner = ?1";
    DELETE_BINDINGS = "DELETE FROM bindings WHERE subject = ?1";
    DELETE_BINDINGS_IN = "DELETE FROM bindings WHERE subject = ?1 AND tenant_id = ?2";
    USE_INVITATION = "DELETE FROM credentials WHERE hash = ?1 AND kind = 'invitation' \
                      AND (expires_at IS NULL OR expires_at > ?2)";
    HAS_TENANT = "SELECT 1 FROM tenants WHERE tenant_id = ?1";
    JOIN_ONCE = "INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT DO NOTHING";
    SET_MEMBER = "INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES (?1, ?2, ?3, ?4) \
                  ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role";
    REMOVE_MEMBER = "DELETE FROM memberships WHERE tenant_id = ?1 AND user_id = ?2";
    MEMBERSHIPS = "SELECT tenant_id, user_id, role, created_at FROM memberships WHERE user_id = ?1 \
                   ORDER BY tenant_id LIMIT 1000";
    MEMBERS = "SELECT ", user_columns!(), ", m.tenant_id, m.user_id, m.role, m.created_at FROM memberships m \
               JOIN users u ON u.id = m.user_id WHERE m.tenant_id = ?1 AND m.user_id > ?2 \
               ORDER BY m.user_id LIMIT ?3";
    INSERT_SERVICE = "INSERT INTO service_accounts (id, tenant_id, name, description, created_at) \
                      VALUES (?1, ?2, ?3, ?4, ?5)";
    GET_SERVICE = "SELECT id, tenant_id, name, description, created_at FROM service_accounts \
                   WHERE tenant_id = ?1 AND name = ?2";
    SERVICE_BY_ID = "SELECT id, tenant_id, name, description, created_at FROM service_accounts WHERE id = ?1";
    LIST_SERVICES = "SELECT id, tenant_id, name, description, created_at FROM service_accounts \
                     WHERE tenant_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
    DELETE_SERVICE = "DELETE FROM service_accounts WHERE id = ?1";
}

fn user_row(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    Ok(UserRow {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        superadmin: row.get(3)?,
        disabled: row.get(4)?,
        issuer: row.get(5)?,
        subject: row.get(6)?,
        created_at: row.get(7)?,
    })
}

fn membership_row(row: &Row<'_>, at: usize) -> rusqlite::Result<(String, String, String, i64)> {
    Ok((row.get(at)?, row.get(at + 1)?, row.get(at + 2)?, row.get(at + 3)?))
}

fn service_row(row: &Row<'_>) -> rusqlite::Result<(String, String, String, String, i64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn insert(connection: &Connection, user: &User, password: Option<&str>) -> StoreResult<()> {
    let (issuer, subject) = user.subject.clone().unzip();
    let values = params![
        user.id.as_str(),
        user.email,
        user.name,
        password,
        user.superadmin,
        user.disabled,
        issuer,
        subject,
        user.created_at.as_micros()
    ];
    match execute(connection, INSERT, values) {
        Err(error) if is_taken(&error) => Err(taken("user", &user.email).into()),
        other => other.map(drop),
    }
}

fn get(connection: &Connection, id: &UserId) -> StoreResult<User> {
    one(connection, GET, [id.as_str()], user_row)?.ok_or_else(|| no_such_user(id))?.into_user()
}

fn member_values(
    connection: &Connection,
    new: &Membership,
) -> StoreResult<(String, String, &'static str, i64)> {
    if one(connection, HAS_TENANT, [new.tenant.as_str()], |_| Ok(()))?.is_none() {
        return Err(no_such_tenant(&new.tenant).into());
    }
    Ok((new.tenant.to_string(), new.user.to_string(), new.role.as_str(), new.created_at.as_micros()))
}

fn get_service(
    connection: &Connection,
    tenant: &TenantName,
    name: &ServiceName,
) -> StoreResult<ServiceAccount> {
    let row = one(connection, GET_SERVICE, params![tenant.as_str(), name.as_str()], service_row)?;
    service(row.ok_or_else(|| no_such_service(name))?)
}

/// Users in `nova.db`.
pub(super) struct SqliteUsers(pub(super) Arc<File>);

#[async_trait]
impl Users for SqliteUsers {
    async fn create(&self, _: &System, user: &User, password: Option<&str>) -> FaultResult<()> {
        let (user, password) = (user.clone(), password.map(str::to_owned));
        self.0.write("users.create", move |connection| insert(connection, &user, password.as_deref())).await
    }

    async fn get(&self, _: &System, id: &UserId) -> FaultResult<User> {
        let id = id.clone();
        self.0.read("users.get", move |connection| get(connection, &id)).await
    }

    async fn by_email(&self, _: &System, email: &str) -> FaultResult<Option<(User, Option<String>)>> {
        let email = email.to_owned();
        self.0
            .read("users.by_email", move |connection| {
                let row = one(connection, BY_EMAIL, [email.as_str()], |row| {
                    Ok((user_row(row)?, row.get::<_, Option<String>>(USER_WIDTH)?))
                })?;
                row.map(|(user, password)| Ok((user.into_user()?, password))).transpose()
            })
            .await
    }

    async fn by_subject(&self, _: &System, issuer: &str, subject: &str) -> FaultResult<Option<User>> {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        self.0
            .read("users.by_subject", move |connection| {
                one(connection, BY_SUBJECT, params![issuer, subject], user_row)?
                    .map(UserRow::into_user)
                    .transpose()
            })
            .await
    }

    async fn list(&self, _: &System, page: &PageRequest) -> FaultResult<Page<User>> {
        let after = page.keys::<1>()?.map(|[email]| email).unwrap_or_default();
        let page = page.clone();
        self.0
            .read("users.list", move |connection| {
                let rows = many(connection, LIST, params![after, page.fetch()], user_row)?;
                let items = rows.into_iter().map(UserRow::into_user).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &User| [item.email.clone()]))
            })
            .await
    }

    async fn update(&self, _: &System, id: &UserId, change: &UserChange) -> FaultResult<User> {
        let (id, change) = (id.clone(), change.clone());
        self.0
            .write("users.update", move |connection| {
                let (issuer, subject) = change.subject.unzip();
                let values = params![
                    id.as_str(),
                    change.name,
                    change.password,
                    change.superadmin,
                    change.disabled,
                    issuer,
                    subject
                ];
                match execute(connection, UPDATE, values) {
                    Err(error) if is_taken(&error) => Err(identity_taken().into()),
                    Err(error) => Err(error),
                    Ok(_) => get(connection, &id),
                }
            })
            .await
    }

    async fn delete(&self, _: &System, id: &UserId) -> FaultResult<()> {
        let id = id.clone();
        self.0
            .write("users.delete", move |connection| {
                if execute(connection, DELETE, [id.as_str()])? == 0 {
                    return Err(no_such_user(&id).into());
                }
                let subject = Subject::User(id).to_string();
                execute(connection, DELETE_CREDENTIALS, [subject.as_str()])?;
                execute(connection, DELETE_BINDINGS, [subject.as_str()])?;
                Ok(())
            })
            .await
    }

    async fn accept(&self, _: &System, accepted: &Accepted, now: Timestamp) -> FaultResult<User> {
        let new = accepted.clone();
        self.0
            .write("users.accept", move |connection| {
                let key = params![new.invitation.to_string(), now.as_micros()];
                if execute(connection, USE_INVITATION, key)? == 0 {
                    return Err(no_such_invitation().into());
                }
                let found = one(connection, BY_EMAIL, [new.user.email.as_str()], user_row)?;
                let user = match found {
                    Some(row) => row.into_user()?,
                    None => {
                        insert(connection, &new.user, new.password.as_deref())?;
                        new.user
                    }
                };
                if let Some(mut joined) = new.membership {
                    joined.user = user.id.clone();
                    execute(connection, JOIN_ONCE, member_values(connection, &joined)?)?;
                }
                Ok(user)
            })
            .await
    }

    async fn set_member(&self, _: &System, membership: &Membership) -> FaultResult<()> {
        let new = membership.clone();
        self.0
            .write("members.set", move |connection| {
                get(connection, &new.user)?;
                execute(connection, SET_MEMBER, member_values(connection, &new)?).map(drop)
            })
            .await
    }

    async fn remove_member(&self, _: &System, tenant: &TenantName, user: &UserId) -> FaultResult<()> {
        let (tenant, user) = (tenant.clone(), user.clone());
        self.0
            .write("members.remove", move |connection| {
                if execute(connection, REMOVE_MEMBER, params![tenant.as_str(), user.as_str()])? == 0 {
                    return Err(no_such_member(&user).into());
                }
                let subject = Subject::User(user).to_string();
                execute(connection, DELETE_BINDINGS_IN, params![subject, tenant.as_str()])?;
                Ok(())
            })
            .await
    }

    async fn memberships(&self, _: &System, user: &UserId) -> FaultResult<Vec<Membership>> {
        let user = user.clone();
        self.0
            .read("members.of_user", move |connection| {
                let rows = many(connection, MEMBERSHIPS, [user.as_str()], |row| membership_row(row, 0))?;
                rows.into_iter().map(membership).collect()
            })
            .await
    }

    async fn members(
        &self,
        _: &System,
        tenant: &TenantName,
        page: &PageRequest,
    ) -> FaultResult<Page<Member>> {
        let after = page.keys::<1>()?.map(|[id]| id).unwrap_or_default();
        let (tenant, page) = (tenant.clone(), page.clone());
        self.0
            .read("members.list", move |connection| {
                let rows = many(connection, MEMBERS, params![tenant.as_str(), after, page.fetch()], |row| {
                    Ok((user_row(row)?, membership_row(row, USER_WIDTH)?))
                })?;
                let items = rows
                    .into_iter()
                    .map(|(user, row)| Ok(Member { membership: membership(row)?, user: user.into_user()? }))
                    .collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Member| [item.user.id.to_string()]))
            })
            .await
    }

    async fn create_service(&self, account: &ServiceAccount) -> FaultResult<()> {
        let new = account.clone();
        self.0
            .write("service_accounts.create", move |connection| {
                if one(connection, HAS_TENANT, [new.tenant.as_str()], |_| Ok(()))?.is_none() {
                    return Err(no_such_tenant(&new.tenant).into());
                }
                let values = params![
                    new.id.as_str(),
                    new.tenant.as_str(),
                    new.name.as_str(),
                    new.description,
                    new.created_at.as_micros()
                ];
                match execute(connection, INSERT_SERVICE, values) {
                    Err(error) if is_taken(&error) => Err(taken("service account", &new.name).into()),
                    other => other.map(drop),
                }
            })
            .await
    }

    async fn get_service(&self, tenant: &TenantName, name: &ServiceName) -> FaultResult<ServiceAccount> {
        let (tenant, name) = (tenant.clone(), name.clone());
        self.0.read("service_accounts.get", move |connection| get_service(connection, &tenant, &name)).await
    }

    async fn service_by_id(&self, _: &System, id: &ServiceId) -> FaultResult<Option<ServiceAccount>> {
        let id = id.clone();
        self.0
            .read("service_accounts.by_id", move |connection| {
                one(connection, SERVICE_BY_ID, [id.as_str()], service_row)?.map(service).transpose()
            })
            .await
    }

    async fn list_services(
        &self,
        tenant: &TenantName,
        page: &PageRequest,
    ) -> FaultResult<Page<ServiceAccount>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        let (tenant, page) = (tenant.clone(), page.clone());
        self.0
            .read("service_accounts.list", move |connection| {
                let key = params![tenant.as_str(), after, page.fetch()];
                let rows = many(connection, LIST_SERVICES, key, service_row)?;
                let items = rows.into_iter().map(service).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &ServiceAccount| [item.name.to_string()]))
            })
            .await
    }

    async fn delete_service(&self, tenant: &TenantName, name: &ServiceName) -> FaultResult<ServiceAccount> {
        let (tenant, name) = (tenant.clone(), name.clone());
        self.0
            .write("service_accounts.delete", move |connection| {
                let account = get_service(connection, &tenant, &name)?;
                execute(connection, DELETE_SERVICE, [account.id.as_str()])?;
                let subject = Subject::Service(account.id.clone()).to_string();
                execute(connection, DELETE_CREDENTIALS, [subject.as_str()])?;
                execute(connection, DELETE_BINDINGS, [subject.as_str()])?;
                Ok(account)
            })
            .await
    }
}
