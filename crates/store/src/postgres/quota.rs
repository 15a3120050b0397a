//! Quotas on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::quota::{Quota, QuotaKind};
use nova_domain::{FaultResult, NamespaceName, Scope, TenantName};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::ENGINE;
use super::database::{Access, Database, Write, violates};
use super::tenant::require_namespace;
use crate::System;
use crate::error::StoreResult;
use crate::observe::observed;
use crate::page::{Page, PageRequest};
use crate::repo::Quotas;
use crate::repo::quota::{
    Limit, StoredUsage, WindowAsk, WindowLease, grant, leased, no_such_quota, window_at,
};
use crate::repo::tenant::no_such_tenant;
use crate::rows::{place, quota, quota_cursor, to_i64, to_u64};
use crate::statement::statements;

statements! {
    SET = "INSERT INTO quotas (tenant_id, namespace, quota, hard, soft, window_s, updated_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, namespace, quota) DO UPDATE \
           SET hard = excluded.hard, soft = excluded.soft, window_s = excluded.window_s, updated_at = excluded.updated_at";
    REMOVE = "DELETE FROM quotas WHERE tenant_id = $1 AND namespace = $2 AND quota = $3";
    REMOVE_OF_NAMESPACE = "DELETE FROM quotas WHERE tenant_id = $1 AND namespace = $2";
    OF = "SELECT tenant_id, namespace, quota, hard, soft, window_s, updated_at FROM quotas \
          WHERE tenant_id = $1 ORDER BY namespace, quota LIMIT 5000";
    ALL = "SELECT tenant_id, namespace, quota, hard, soft, window_s, updated_at FROM quotas \
           WHERE (tenant_id, namespace, quota) > ($1, $2, $3) ORDER BY tenant_id, namespace, quota LIMIT $4";
    USAGE = "SELECT (SELECT count(*) FROM functions WHERE tenant_id = $1), \
             (SELECT coalesce(sum(size), 0)::bigint FROM (SELECT max(code_size) AS size FROM versions \
              WHERE tenant_id = $1 GROUP BY code) AS trees)";
    USAGE_PART = "SELECT (SELECT count(*) FROM functions WHERE tenant_id = $1 AND namespace = $2), \
                  (SELECT coalesce(sum(size), 0)::bigint FROM (SELECT max(code_size) AS size FROM versions \
                   WHERE tenant_id = $1 AND namespace = $2 GROUP BY code) AS trees)";
    /// Whoever makes something else that is counted for the same limit waits here.
    HOLD_HARD = "SELECT namespace, quota, hard FROM quotas WHERE tenant_id = $1 AND namespace IN ('', $2) \
                 AND quota IN ('functions', 'storage_bytes') AND hard IS NOT NULL \
                 ORDER BY namespace, quota FOR UPDATE";
    FIRST_WINDOW = "INSERT INTO quota_windows (tenant_id, namespace, began_at, window_s, used) \
                    VALUES ($1, $2, 0, 0, 0) ON CONFLICT (tenant_id, namespace) DO NOTHING";
    LOCK_WINDOW = "SELECT began_at, window_s, used FROM quota_windows WHERE tenant_id = $1 AND namespace = $2 FOR UPDATE";
    SET_WINDOW = "UPDATE quota_windows SET began_at = $3, window_s = $4, used = $5 WHERE tenant_id = $1 AND namespace = $2";
}

fn quota_row(row: &Row) -> StoreResult<Quota> {
    quota((
        row.try_get(0)?,
        row.try_get(1)?,
        row.try_get(2)?,
        row.try_get(3)?,
        row.try_get(4)?,
        row.try_get(5)?,
        row.try_get(6)?,
    ))
}

fn usage_row(row: &Row) -> StoreResult<StoredUsage> {
    Ok(StoredUsage { functions: to_u64(row.try_get(0)?), storage_bytes: to_u64(row.try_get(1)?) })
}

/// The limits that a write of functions or versions has to keep, and what is used of each. Held
/// until the write ends, so that two writers do not both take the last place.
pub(super) struct Held(Vec<(Limit, i64)>);

impl Held {
    /// Before the write.
    pub(super) async fn of(write: &Write<'_>, scope: &Scope) -> StoreResult<Self> {
        let tenant = scope.tenant.as_str();
        let mut held = Vec::new();
        for row in write.query(HOLD_HARD, &[&tenant, &scope.namespace.as_str()]).await? {
            let limit = Limit { namespace: row.try_get(0)?, kind: row.try_get(1)?, hard: row.try_get(2)? };
            let used = used(write, tenant, &limit).await?;
            held.push((limit, used));
        }
        Ok(Self(held))
    }

    /// After the write: fails if a quota has no room for what it made.
    pub(super) async fn check(self, write: &Write<'_>, scope: &Scope) -> StoreResult<()> {
        for (limit, before) in &self.0 {
            let after = used(write, scope.tenant.as_str(), limit).await?;
            limit.check(&scope.tenant, *before, after)?;
        }
        Ok(())
    }
}

async fn used(write: &Write<'_>, tenant: &str, limit: &Limit) -> StoreResult<i64> {
    let row = match limit.namespace.as_str() {
        "" => write.one(USAGE, &[&tenant]).await?,
        namespace => write.one(USAGE_PART, &[&tenant, &namespace]).await?,
    };
    let usage = row.as_ref().map(usage_row).transpose()?.unwrap_or_default();
    let functions = limit.kind == QuotaKind::Functions.as_str();
    Ok(to_i64(if functions { usage.functions } else { usage.storage_bytes }))
}

/// The quotas of a namespace go with it.
pub(super) async fn forget_namespace(write: &Write<'_>, scope: &Scope) -> StoreResult<()> {
    let key: [&(dyn ToSql + Sync); 2] = [&scope.tenant.as_str(), &scope.namespace.as_str()];
    write.execute(REMOVE_OF_NAMESPACE, &key).await.map(drop)
}

/// Quotas in PostgreSQL.
pub(super) struct PostgresQuotas(pub(super) Arc<Database>);

#[async_trait]
impl Quotas for PostgresQuotas {
    async fn set(&self, quota: &Quota) -> FaultResult<()> {
        observed(ENGINE, "quotas.set", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(&quota.tenant)).await?;
            if let Some(namespace) = &quota.namespace {
                let scope = Scope { tenant: quota.tenant.clone(), namespace: namespace.clone() };
                require_namespace(&write, &scope).await?;
            }
            let values: [&(dyn ToSql + Sync); 7] = [
                &quota.tenant.as_str(),
                &place(quota.namespace.as_ref()),
                &quota.kind.as_str(),
                &quota.hard.map(to_i64),
                &quota.soft.map(to_i64),
                &i64::from(quota.window_s),
                &quota.updated_at.as_micros(),
            ];
            match write.execute(SET, &values).await {
                Err(error) if violates(&error, &SqlState::FOREIGN_KEY_VIOLATION) => {
                    Err(no_such_tenant(&quota.tenant).into())
                }
                Err(error) => Err(error),
                Ok(_) => write.commit().await,
            }
        })
        .await
    }

    async fn remove(
        &self,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        kind: QuotaKind,
    ) -> FaultResult<()> {
        observed(ENGINE, "quotas.remove", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(tenant)).await?;
            match write.execute(REMOVE, &[&tenant.as_str(), &place(namespace), &kind.as_str()]).await? {
                0 => Err(no_such_quota(kind).into()),
                _ => write.commit().await,
            }
        })
        .await
    }

    async fn of(&self, tenant: &TenantName) -> FaultResult<Vec<Quota>> {
        observed(ENGINE, "quotas.of", async {
            let rows = self.0.read(Access::Of(tenant), OF, &[&tenant.as_str()]).await?;
            rows.iter().map(quota_row).collect()
        })
        .await
    }

    async fn all(&self, _: &System, page: &PageRequest) -> FaultResult<Page<Quota>> {
        let [tenant, namespace, kind] = page.keys::<3>()?.unwrap_or_default();
        observed(ENGINE, "quotas.all", async {
            let key: [&(dyn ToSql + Sync); 4] = [&tenant, &namespace, &kind, &page.fetch()];
            let rows = self.0.read(Access::System, ALL, &key).await?;
            let items = rows.iter().map(quota_row).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, quota_cursor))
        })
        .await
    }

    async fn usage(
        &self,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
    ) -> FaultResult<StoredUsage> {
        observed(ENGINE, "quotas.usage", async {
            let rows = match namespace {
                None => self.0.read(Access::Of(tenant), USAGE, &[&tenant.as_str()]).await?,
                Some(namespace) => {
                    let key: [&(dyn ToSql + Sync); 2] = [&tenant.as_str(), &namespace.as_str()];
                    self.0.read(Access::Of(tenant), USAGE_PART, &key).await?
                }
            };
            rows.first().map_or(Ok(StoredUsage::default()), usage_row)
        })
        .await
    }

    async fn lease(&self, ask: &WindowAsk) -> FaultResult<WindowLease> {
        observed(ENGINE, "quotas.lease", async {
            let (tenant, namespace) = (ask.tenant.as_str(), place(ask.namespace.as_ref()));
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Of(&ask.tenant)).await?;
            let mut row = write.one(LOCK_WINDOW, &[&tenant, &namespace]).await?;
            if row.is_none() {
                match write.execute(FIRST_WINDOW, &[&tenant, &namespace]).await {
                    Err(error) if violates(&error, &SqlState::FOREIGN_KEY_VIOLATION) => {
                        return Err(no_such_tenant(&ask.tenant).into());
                    }
                    other => other?,
                };
                row = write.one(LOCK_WINDOW, &[&tenant, &namespace]).await?;
            }
            let stored = match &row {
                Some(row) => Some((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)),
                None => None,
            };
            let (began_at, used) = window_at(ask, stored);
            let granted = grant(ask, used);
            let used = used + granted;
            let values: [&(dyn ToSql + Sync); 5] =
                [&tenant, &namespace, &began_at, &i64::from(ask.window_s), &used];
            write.execute(SET_WINDOW, &values).await?;
            write.commit().await?;
            Ok(leased(ask, began_at, granted, used))
        })
        .await
    }
}
