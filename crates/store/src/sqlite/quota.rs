//! Quotas on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::quota::{Quota, QuotaKind};
use nova_domain::{FaultResult, NamespaceName, Scope, TenantName};
use rusqlite::{Connection, Row, params};

use super::file::File;
use super::query::{execute, many, one};
use super::tenant::{require_namespace, require_tenant};
use crate::System;
use crate::error::StoreResult;
use crate::page::{Page, PageRequest};
use crate::repo::Quotas;
use crate::repo::quota::{
    Limit, StoredUsage, WindowAsk, WindowLease, grant, leased, no_such_quota, window_at,
};
use crate::rows::{QuotaRow, place, quota, quota_cursor, to_i64, to_u64};
use crate::statement::statements;

statements! {
    SET = "INSERT INTO quotas (tenant_id, namespace, quota, hard, soft, window_s, updated_at) \
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (tenant_id, namespace, quota) DO UPDATE \
           SET hard = excluded.hard, soft = excluded.soft, window_s = excluded.window_s, updated_at = excluded.updated_at";
    REMOVE = "DELETE FROM quotas WHERE tenant_id = ?1 AND namespace = ?2 AND quota = ?3";
    REMOVE_OF_NAMESPACE = "DELETE FROM quotas WHERE tenant_id = ?1 AND namespace = ?2";
    OF = "SELECT tenant_id, namespace, quota, hard, soft, window_s, updated_at FROM quotas \
          WHERE tenant_id = ?1 ORDER BY namespace, quota LIMIT 5000";
    ALL = "SELECT tenant_id, namespace, quota, hard, soft, window_s, updated_at FROM quotas \
           WHERE (tenant_id, namespace, quota) > (?1, ?2, ?3) ORDER BY tenant_id, namespace, quota LIMIT ?4";
    FUNCTIONS = "SELECT count(*) FROM functions WHERE tenant_id = ?1";
    FUNCTIONS_PART = "SELECT count(*) FROM functions WHERE tenant_id = ?1 AND namespace = ?2";
    STORAGE = "SELECT coalesce(sum(size), 0) FROM (SELECT max(code_size) AS size FROM versions \
               WHERE tenant_id = ?1 GROUP BY code)";
    STORAGE_PART = "SELECT coalesce(sum(size), 0) FROM (SELECT max(code_size) AS size FROM versions \
                    WHERE tenant_id = ?1 AND namespace = ?2 GROUP BY code)";
    HARD = "SELECT namespace, quota, hard FROM quotas WHERE tenant_id = ?1 AND namespace IN ('', ?2) \
            AND quota IN ('functions', 'storage_bytes') AND hard IS NOT NULL";
    WINDOW = "SELECT began_at, window_s, used FROM quota_windows WHERE tenant_id = ?1 AND namespace = ?2";
    SET_WINDOW = "INSERT INTO quota_windows (tenant_id, namespace, began_at, window_s, used) VALUES (?1, ?2, ?3, ?4, ?5) \
                  ON CONFLICT (tenant_id, namespace) DO UPDATE \
                  SET began_at = excluded.began_at, window_s = excluded.window_s, used = excluded.used";
}

fn quota_row(row: &Row<'_>) -> rusqlite::Result<QuotaRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
}

fn count(connection: &Connection, kind: &str, tenant: &str, namespace: &str) -> StoreResult<i64> {
    let functions = kind == QuotaKind::Functions.as_str();
    let (whole, part) = if functions { (FUNCTIONS, FUNCTIONS_PART) } else { (STORAGE, STORAGE_PART) };
    let found = match namespace {
        "" => one(connection, whole, [tenant], |row| row.get(0))?,
        namespace => one(connection, part, [tenant, namespace], |row| row.get(0))?,
    };
    Ok(found.unwrap_or(0))
}

/// Runs a write that stores functions or versions, and fails if a quota has no room for what it
/// made. There is one writer, so nobody else makes something meanwhile.
pub(super) fn within_quotas<T>(
    connection: &Connection,
    scope: &Scope,
    write: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    let tenant = scope.tenant.as_str();
    let limits = many(connection, HARD, params![tenant, scope.namespace.as_str()], |row| {
        Ok(Limit { namespace: row.get(0)?, kind: row.get(1)?, hard: row.get(2)? })
    })?;
    let counts = |limits: &[Limit]| -> StoreResult<Vec<i64>> {
        limits.iter().map(|limit| count(connection, &limit.kind, tenant, &limit.namespace)).collect()
    };
    let before = counts(&limits)?;
    let done = write(connection)?;
    for ((limit, before), after) in limits.iter().zip(before).zip(counts(&limits)?) {
        limit.check(&scope.tenant, before, after)?;
    }
    Ok(done)
}

/// The quotas of a namespace go with it.
pub(super) fn forget_namespace(connection: &Connection, scope: &Scope) -> StoreResult<()> {
    execute(connection, REMOVE_OF_NAMESPACE, params![scope.tenant.as_str(), scope.namespace.as_str()])
        .map(drop)
}

/// Quotas in `nova.db`.
pub(super) struct SqliteQuotas(pub(super) Arc<File>);

#[async_trait]
impl Quotas for SqliteQuotas {
    async fn set(&self, quota: &Quota) -> FaultResult<()> {
        let new = quota.clone();
        self.0
            .write("quotas.set", move |connection| {
                match &new.namespace {
                    Some(namespace) => {
                        let scope = Scope { tenant: new.tenant.clone(), namespace: namespace.clone() };
                        require_namespace(connection, &scope)?;
                    }
                    None => require_tenant(connection, &new.tenant)?,
                }
                let values = params![
                    new.tenant.as_str(),
                    place(new.namespace.as_ref()),
                    new.kind.as_str(),
                    new.hard.map(to_i64),
                    new.soft.map(to_i64),
                    new.window_s,
                    new.updated_at.as_micros(),
                ];
                execute(connection, SET, values).map(drop)
            })
            .await
    }

    async fn remove(
        &self,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        kind: QuotaKind,
    ) -> FaultResult<()> {
        let (tenant, namespace) = (tenant.clone(), namespace.cloned());
        self.0
            .write("quotas.remove", move |connection| {
                let key = params![tenant.as_str(), place(namespace.as_ref()), kind.as_str()];
                match execute(connection, REMOVE, key)? {
                    0 => Err(no_such_quota(kind).into()),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn of(&self, tenant: &TenantName) -> FaultResult<Vec<Quota>> {
        let tenant = tenant.clone();
        self.0
            .read("quotas.of", move |connection| {
                many(connection, OF, [tenant.as_str()], quota_row)?.into_iter().map(quota).collect()
            })
            .await
    }

    async fn all(&self, _: &System, page: &PageRequest) -> FaultResult<Page<Quota>> {
        let [tenant, namespace, kind] = page.keys::<3>()?.unwrap_or_default();
        let page = page.clone();
        self.0
            .read("quotas.all", move |connection| {
                let rows = many(connection, ALL, params![tenant, namespace, kind, page.fetch()], quota_row)?;
                let items = rows.into_iter().map(quota).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, quota_cursor))
            })
            .await
    }

    async fn usage(
        &self,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
    ) -> FaultResult<StoredUsage> {
        let (tenant, namespace) = (tenant.clone(), namespace.cloned());
        self.0
            .read("quotas.usage", move |connection| {
                let of = |kind: QuotaKind| {
                    count(connection, kind.as_str(), tenant.as_str(), place(namespace.as_ref())).map(to_u64)
                };
                Ok(StoredUsage {
                    functions: of(QuotaKind::Functions)?,
                    storage_bytes: of(QuotaKind::StorageBytes)?,
                })
            })
            .await
    }

    async fn lease(&self, ask: &WindowAsk) -> FaultResult<WindowLease> {
        let ask = ask.clone();
        self.0
            .write("quotas.lease", move |connection| {
                let (tenant, namespace) = (ask.tenant.as_str(), place(ask.namespace.as_ref()));
                require_tenant(connection, &ask.tenant)?;
                let stored = one(connection, WINDOW, params![tenant, namespace], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
                let (began_at, used) = window_at(&ask, stored);
                let granted = grant(&ask, used);
                let used = used + granted;
                execute(connection, SET_WINDOW, params![tenant, namespace, began_at, ask.window_s, used])?;
                Ok(leased(&ask, began_at, granted, used))
            })
            .await
    }
}
