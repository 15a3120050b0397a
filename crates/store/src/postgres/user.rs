//! People, memberships and service accounts on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::{Membership, ServiceAccount, Subject, User};
use nova_domain::{FaultResult, ServiceId, ServiceName, TenantName, Timestamp, UserId};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::ENGINE;
use super::database::{Access, Database, Write, violates};
use crate::System;
use crate::access_rows::{UserRow, membership, service};
use crate::error::StoreResult;
use crate::observe::observed;
use crate::page::{Page, PageRequest};
use crate::repo::tenant::{no_such_tenant, taken};
use crate::repo::user::{identity_taken, no_such_invitation, no_such_member, no_such_service, no_such_user};
use crate::repo::{Accepted, Member, UserChange, Users};
use crate::statement::{Statement, statements};

/// Columns of a user, in the order of [`user_row`].
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.name, u.superadmin, u.disabled, u.oidc_issuer, u.oidc_subject, u.created_at"
    };
}
const USER_WIDTH: usize = 8;

statements! {
    INSERT = "INSERT INTO users (id, email, name, password, superadmin, disabled, oidc_issuer, oidc_subject, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GET = "SELECT ", user_columns!(), " FROM users u WHERE u.id = $1";
    BY_EMAIL = "SELECT ", user_columns!(), ", u.password FROM users u WHERE u.email = $1";
    BY_SUBJECT = "SELECT ", user_columns!(), " FROM users u WHERE u.oidc_issuer = $1 AND u.oidc_subject = $2";
    LIST = "SELECT ", user_columns!(), " FROM users u WHERE u.email > $1 ORDER BY u.email LIMIT $2";
    UPDATE = "UPDATE users SET name = coalesce($2::text, name), password = coalesce($3::text, password), \
              superadmin = coalesce($4::boolean, superadmin), disabled = coalesce($5::boolean, disabled), \
              oidc_issuer = coalesce($6::text, oidc_issuer), oidc_subject = coalesce($7::text, oidc_subject) WHERE id = $1";
    DELETE = "DELETE FROM users WHERE id = $1";
    DELETE_CREDENTIALS = "DELETE FROM credentials WHERE owner = $1";
    DELETE_BINDINGS = "DELETE FROM bindings WHERE subject = $1";
    DELETE_BINDINGS_IN = "DELETE FROM bindings WHERE subject = $1 AND tenant_id = $2";
    USE_INVITATION = "DELETE FROM credentials WHERE hash = $1 AND kind = 'invitation' \
                      AND (expires_at IS NULL OR expires_at > $2)";
    JOIN_ONCE = "INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT DO NOTHING";
    SET_MEMBER = "INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role";
    REMOVE_MEMBER = "DELETE FROM memberships WHERE tenant_id = $1 AND user_id = $2";
    MEMBERSHIPS = "SELECT tenant_id, user_id, role, created_at FROM memberships WHERE user_id = $1 \
                   ORDER BY tenant_id LIMIT 1000";
    MEMBERS = "SELECT ", user_columns!(), ", m.tenant_id, m.user_id, m.role, m.created_at FROM memberships m \
               JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1 AND m.user_id > $2 \
               ORDER BY m.user_id LIMIT $3";
    INSERT_SERVICE = "INSERT INTO service_accounts (id, tenant_id, name, description, created_at) \
                      VALUES ($1, $2, $3, $4, $5)";
    GET_SERVICE = "SELECT id, tenant_id, name, description, created_at FROM service_accounts \
                   WHERE tenant_id = $1 AND name = $2";
    SERVICE_BY_ID = "SELECT id, tenant_id, name, description, created_at FROM service_accounts WHERE id = $1";
    LIST_SERVICES = "SELECT id, tenant_id, name, description, created_at FROM service_accounts \
                     WHERE tenant_id = $1 AND name > $2 ORDER BY name LIMIT $3";
    DELETE_SERVICE = "DELETE FROM service_accounts WHERE id = $1";
}

fn user_row(row: &Row) -> StoreResult<User> {
    UserRow {
        id: row.try_get(0)?,
        email: row.try_get(1)?,
        name: row.try_get(2)?,
        superadmin: row.try_get(3)?,
        disabled: row.try_get(4)?,
        issuer: row.try_get(5)?,
        subject: row.try_get(6)?,
        created_at: row.try_get(7)?,
    }
    .into_user()
}

fn membership_row(row: &Row, at: usize) -> StoreResult<Membership> {
    membership((row.try_get(at)?, row.try_get(at + 1)?, row.try_get(at + 2)?, row.try_get(at + 3)?))
}

fn service_row(row: &Row) -> StoreResult<ServiceAccount> {
    service((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?))
}

async fn insert(write: &Write<'_>, user: &User, password: Option<&str>) -> StoreResult<()> {
    let (issuer, subject) = user.subject.clone().unzip();
    let inserted = write
        .execute(
            INSERT,
            &[
                &user.id.as_str(),
                &user.email,
                &user.name,
                &password,
                &user.superadmin,
                &user.disabled,
                &issuer,
                &subject,
                &user.created_at.as_micros(),
            ],
        )
        .await;
    match inserted {
        Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => Err(taken("user", &user.email).into()),
        other => other.map(drop),
    }
}

async fn get(write: &Write<'_>, id: &UserId) -> StoreResult<User> {
    user_row(&write.one(GET, &[&id.as_str()]).await?.ok_or_else(|| no_such_user(id))?)
}

async fn put_member(write: &Write<'_>, statement: Statement, new: &Membership) -> StoreResult<()> {
    let (tenant, user, role) = (new.tenant.as_str(), new.user.as_str(), new.role.as_str());
    match write.execute(statement, &[&tenant, &user, &role, &new.created_at.as_micros()]).await {
        Err(error) if violates(&error, &SqlState::FOREIGN_KEY_VIOLATION) => {
            Err(no_such_tenant(&new.tenant).into())
        }
        other => other.map(drop),
    }
}

/// Users in PostgreSQL.
pub(super) struct PostgresUsers(pub(super) Arc<Database>);

#[async_trait]
impl Users for PostgresUsers {
    async fn create(&self, _: &System, user: &User, password: Option<&str>) -> FaultResult<()> {
        observed(ENGINE, "users.create", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            insert(&write, user, password).await?;
            write.commit().await
        })
        .await
    }

    async fn get(&self, _: &System, id: &UserId) -> FaultResult<User> {
        observed(ENGINE, "users.get", async {
            let rows = self.0.read(Access::System, GET, &[&id.as_str()]).await?;
            user_row(rows.first().ok_or_else(|| no_such_user(id))?)
        })
        .await
    }

    async fn by_email(&self, _: &System, email: &str) -> FaultResult<Option<(User, Option<String>)>> {
        observed(ENGINE, "users.by_email", async {
            let rows = self.0.read(Access::System, BY_EMAIL, &[&email]).await?;
            rows.first().map(|row| Ok((user_row(row)?, row.try_get(USER_WIDTH)?))).transpose()
        })
        .await
    }

    async fn by_subject(&self, _: &System, issuer: &str, subject: &str) -> FaultResult<Option<User>> {
        observed(ENGINE, "users.by_subject", async {
            let rows = self.0.read(Access::System, BY_SUBJECT, &[&issuer, &subject]).await?;
            rows.first().map(user_row).transpose()
        })
        .await
    }

    async fn list(&self, _: &System, page: &PageRequest) -> FaultResult<Page<User>> {
        let after = page.keys::<1>()?.map(|[email]| email).unwrap_or_default();
        observed(ENGINE, "users.list", async {
            let rows = self.0.read(Access::System, LIST, &[&after, &page.fetch()]).await?;
            let items = rows.iter().map(user_row).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &User| [item.email.clone()]))
        })
        .await
    }

    async fn update(&self, _: &System, id: &UserId, change: &UserChange) -> FaultResult<User> {
        observed(ENGINE, "users.update", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let (issuer, subject) = change.subject.clone().unzip();
            let updated = write
                .execute(
                    UPDATE,
                    &[
                        &id.as_str(),
                        &change.name,
                        &change.password,
                        &change.superadmin,
                        &change.disabled,
                        &issuer,
                        &subject,
                    ],
                )
                .await;
            match updated {
                Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => {
                    return Err(identity_taken().into());
                }
                other => other?,
            };
            let user = get(&write, id).await?;
            write.commit().await?;
            Ok(user)
        })
        .await
    }

    async fn delete(&self, _: &System, id: &UserId) -> FaultResult<()> {
        observed(ENGINE, "users.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            if write.execute(DELETE, &[&id.as_str()]).await? == 0 {
                return Err(no_such_user(id).into());
            }
            let subject = Subject::User(id.clone()).to_string();
            write.execute(DELETE_CREDENTIALS, &[&subject]).await?;
            write.execute(DELETE_BINDINGS, &[&subject]).await?;
            write.commit().await
        })
        .await
    }

    async fn accept(&self, _: &System, accepted: &Accepted, now: Timestamp) -> FaultResult<User> {
        observed(ENGINE, "users.accept", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let used =
                write.execute(USE_INVITATION, &[&accepted.invitation.to_string(), &now.as_micros()]).await?;
            if used == 0 {
                return Err(no_such_invitation().into());
            }
            let user = match write.one(BY_EMAIL, &[&accepted.user.email]).await? {
                Some(row) => user_row(&row)?,
                None => {
                    insert(&write, &accepted.user, accepted.password.as_deref()).await?;
                    accepted.user.clone()
                }
            };
            if let Some(joined) = &accepted.membership {
                let joined = Membership { user: user.id.clone(), ..joined.clone() };
                put_member(&write, JOIN_ONCE, &joined).await?;
            }
            write.commit().await?;
            Ok(user)
        })
        .await
    }

    async fn set_member(&self, _: &System, membership: &Membership) -> FaultResult<()> {
        observed(ENGINE, "members.set", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            get(&write, &membership.user).await?;
            put_member(&write, SET_MEMBER, membership).await?;
            write.commit().await
        })
        .await
    }

    async fn remove_member(&self, _: &System, tenant: &TenantName, user: &UserId) -> FaultResult<()> {
        observed(ENGINE, "members.remove", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            if write.execute(REMOVE_MEMBER, &[&tenant.as_str(), &user.as_str()]).await? == 0 {
                return Err(no_such_member(user).into());
            }
            let subject = Subject::User(user.clone()).to_string();
            write.execute(DELETE_BINDINGS_IN, &[&subject, &tenant.as_str()]).await?;
            write.commit().await
        })
        .await
    }

    async fn memberships(&self, _: &System, user: &UserId) -> FaultResult<Vec<Membership>> {
        observed(ENGINE, "members.of_user", async {
            let rows = self.0.read(Access::System, MEMBERSHIPS, &[&user.as_str()]).await?;
            rows.iter().map(|row| membership_row(row, 0)).collect()
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
        observed(ENGINE, "members.list", async {
            let rows =
                self.0.read(Access::System, MEMBERS, &[&tenant.as_str(), &after, &page.fetch()]).await?;
            let items = rows
                .iter()
                .map(|row| Ok(Member { membership: membership_row(row, USER_WIDTH)?, user: user_row(row)? }))
                .collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Member| [item.user.id.to_string()]))
        })
        .await
    }

    async fn create_service(&self, account: &ServiceAccount) -> FaultResult<()> {
        observed(ENGINE, "service_accounts.create", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(&account.tenant)).await?;
            let inserted = write
                .execute(
                    INSERT_SERVICE,
                    &[
                        &account.id.as_str(),
                        &account.tenant.as_str(),
                        &account.name.as_str(),
                        &account.description,
                        &account.created_at.as_micros(),
                    ],
                )
                .await;
            match inserted {
                Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => {
                    return Err(taken("service account", &account.name).into());
                }
                Err(error) if violates(&error, &SqlState::FOREIGN_KEY_VIOLATION) => {
                    return Err(no_such_tenant(&account.tenant).into());
                }
                other => other?,
            };
            write.commit().await
        })
        .await
    }

    async fn get_service(&self, tenant: &TenantName, name: &ServiceName) -> FaultResult<ServiceAccount> {
        observed(ENGINE, "service_accounts.get", async {
            let rows =
                self.0.read(Access::Of(tenant), GET_SERVICE, &[&tenant.as_str(), &name.as_str()]).await?;
            service_row(rows.first().ok_or_else(|| no_such_service(name))?)
        })
        .await
    }

    async fn service_by_id(&self, _: &System, id: &ServiceId) -> FaultResult<Option<ServiceAccount>> {
        observed(ENGINE, "service_accounts.by_id", async {
            let rows = self.0.read(Access::System, SERVICE_BY_ID, &[&id.as_str()]).await?;
            rows.first().map(service_row).transpose()
        })
        .await
    }

    async fn list_services(
        &self,
        tenant: &TenantName,
        page: &PageRequest,
    ) -> FaultResult<Page<ServiceAccount>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        observed(ENGINE, "service_accounts.list", async {
            let rows = self
                .0
                .read(Access::Of(tenant), LIST_SERVICES, &[&tenant.as_str(), &after, &page.fetch()])
                .await?;
            let items = rows.iter().map(service_row).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &ServiceAccount| [item.name.to_string()]))
        })
        .await
    }

    async fn delete_service(&self, tenant: &TenantName, name: &ServiceName) -> FaultResult<ServiceAccount> {
        observed(ENGINE, "service_accounts.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(tenant)).await?;
            let row = write.one(GET_SERVICE, &[&tenant.as_str(), &name.as_str()]).await?;
            let account = service_row(&row.ok_or_else(|| no_such_service(name))?)?;
            write.execute(DELETE_SERVICE, &[&account.id.as_str()]).await?;
            let subject = Subject::Service(account.id.clone()).to_string();
            write.execute(DELETE_CREDENTIALS, &[&subject]).await?;
            write.execute(DELETE_BINDINGS, &[&subject]).await?;
            write.commit().await?;
            Ok(account)
        })
        .await
    }
}
