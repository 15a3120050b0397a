//! Secrets on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::Names;
use nova_domain::secret::{SECRETS_PER_NAMESPACE, Secret};
use nova_domain::{FaultResult, Scope, SecretName};
use rusqlite::{Connection, Row, params};

use super::file::File;
use super::query::{execute, globs, is_taken, many, one};
use crate::System;
use crate::error::StoreResult;
use crate::page::{Page, PageRequest};
use crate::repo::secret::{no_such_secret, secret_changed, secret_taken, too_many_secrets};
use crate::repo::{SealedValue, Secrets, StoredSecret};
use crate::rows::{SecretData, SecretRow, document, to_i64};
use crate::statement::statements;

/// Columns of a secret, in the order of [`secret_row`].
macro_rules! secret_columns {
    () => {
        "tenant_id, namespace, name, data, sealed, key_id, version, revision, created_at, updated_at"
    };
}

statements! {
    COUNT = "SELECT count(*) FROM secrets WHERE tenant_id = ?1 AND namespace = ?2";
    INSERT = "INSERT INTO secrets (", secret_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    GET = "SELECT ", secret_columns!(), " FROM secrets WHERE tenant_id = ?1 AND namespace = ?2 AND name = ?3";
    /// ?3: the names, a JSON array.
    FIND = "SELECT ", secret_columns!(), " FROM secrets \
            WHERE tenant_id = ?1 AND namespace = ?2 AND name IN (SELECT value FROM json_each(?3))";
    LIST = "SELECT ", secret_columns!(), " FROM secrets \
            WHERE tenant_id = ?1 AND namespace = ?2 AND name > ?3 \
              AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(?5) WHERE name GLOB value)) ORDER BY name LIMIT ?4";
    UPDATE = "UPDATE secrets SET data = ?5, sealed = coalesce(?6, sealed), key_id = coalesce(?7, key_id), \
              version = ?8, revision = revision + 1, updated_at = ?9 \
              WHERE tenant_id = ?1 AND namespace = ?2 AND name = ?3 AND revision = ?4";
    DELETE = "DELETE FROM secrets WHERE tenant_id = ?1 AND namespace = ?2 AND name = ?3";
    SEALED_WITH_OTHERS = "SELECT ", secret_columns!(), " FROM secrets \
            WHERE key_id <> ?1 AND (tenant_id, namespace, name) > (?2, ?3, ?4) \
            ORDER BY tenant_id, namespace, name LIMIT ?5";
    RESEAL = "UPDATE secrets SET sealed = ?5, key_id = ?6 \
              WHERE tenant_id = ?1 AND namespace = ?2 AND name = ?3 AND revision = ?4";
}

fn secret_row(row: &Row<'_>) -> rusqlite::Result<SecretRow> {
    Ok(SecretRow {
        tenant: row.get(0)?,
        namespace: row.get(1)?,
        name: row.get(2)?,
        data: row.get(3)?,
        sealed: row.get(4)?,
        key_id: row.get(5)?,
        version: row.get(6)?,
        revision: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

/// Secrets in `nova.db`.
pub(super) struct SqliteSecrets(pub(super) Arc<File>);

#[async_trait]
impl Secrets for SqliteSecrets {
    async fn create(&self, scope: &Scope, secret: &Secret, value: &SealedValue) -> FaultResult<()> {
        let (scope, secret, value) = (scope.clone(), secret.clone(), value.clone());
        self.0
            .write("secrets.create", move |connection| {
                let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
                let count = one(connection, COUNT, params![tenant, namespace], |row| row.get::<_, i64>(0))?;
                if count.unwrap_or(0) >= i64::from(SECRETS_PER_NAMESPACE) {
                    return Err(too_many_secrets().into());
                }
                let values = params![
                    tenant,
                    namespace,
                    secret.name.as_str(),
                    document(&SecretData::of(&secret))?,
                    value.bytes,
                    value.key_id,
                    secret.version,
                    to_i64(secret.revision),
                    secret.created_at.as_micros(),
                    secret.updated_at.as_micros(),
                ];
                match execute(connection, INSERT, values) {
                    Err(error) if is_taken(&error) => Err(secret_taken(&secret.name).into()),
                    other => other.map(drop),
                }
            })
            .await
    }

    async fn get(&self, scope: &Scope, name: &SecretName) -> FaultResult<StoredSecret> {
        let (scope, name) = (scope.clone(), name.clone());
        self.0.read("secrets.get", move |connection| get(connection, &scope, &name)).await
    }

    async fn find(&self, scope: &Scope, names: &[SecretName]) -> FaultResult<Vec<StoredSecret>> {
        let (scope, names) = (scope.clone(), serde_json::to_string(names).unwrap_or_default());
        self.0
            .read("secrets.find", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str(), names];
                let rows = many(connection, FIND, key, secret_row)?;
                rows.into_iter().map(SecretRow::into_stored).collect()
            })
            .await
    }

    async fn list(&self, scope: &Scope, names: &Names, page: &PageRequest) -> FaultResult<Page<Secret>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        let (scope, page, names) = (scope.clone(), page.clone(), globs(names));
        self.0
            .read("secrets.list", move |connection| {
                let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
                let key = params![tenant, namespace, after, page.fetch(), names];
                let rows = many(connection, LIST, key, secret_row)?;
                let items: StoreResult<Vec<_>> =
                    rows.into_iter().map(|row| row.into_stored().map(|stored| stored.secret)).collect();
                Ok(Page::of(&page, items?, |item: &Secret| [item.name.to_string()]))
            })
            .await
    }

    async fn update(
        &self,
        scope: &Scope,
        secret: &Secret,
        value: Option<&SealedValue>,
    ) -> FaultResult<Secret> {
        let (scope, secret, value) = (scope.clone(), secret.clone(), value.cloned());
        self.0
            .write("secrets.update", move |connection| {
                let values = params![
                    scope.tenant.as_str(),
                    scope.namespace.as_str(),
                    secret.name.as_str(),
                    to_i64(secret.revision),
                    document(&SecretData::of(&secret))?,
                    value.as_ref().map(|value| &value.bytes),
                    value.as_ref().map(|value| &value.key_id),
                    secret.version,
                    secret.updated_at.as_micros(),
                ];
                if execute(connection, UPDATE, values)? == 1 {
                    return Ok(Secret { revision: secret.revision + 1, ..secret });
                }
                get(connection, &scope, &secret.name)?;
                Err(secret_changed(&secret.name).into())
            })
            .await
    }

    async fn delete(&self, scope: &Scope, name: &SecretName) -> FaultResult<()> {
        let (scope, name) = (scope.clone(), name.clone());
        self.0
            .write("secrets.delete", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str(), name.as_str()];
                match execute(connection, DELETE, key)? {
                    0 => Err(no_such_secret(&name).into()),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn sealed_with_others(
        &self,
        _: &System,
        key_id: &str,
        page: &PageRequest,
    ) -> FaultResult<Page<StoredSecret>> {
        let [tenant, namespace, name] = page.keys::<3>()?.unwrap_or_default();
        let (key_id, page) = (key_id.to_owned(), page.clone());
        self.0
            .read("secrets.sealed_with_others", move |connection| {
                let key = params![key_id, tenant, namespace, name, page.fetch()];
                let rows = many(connection, SEALED_WITH_OTHERS, key, secret_row)?;
                let items = rows.into_iter().map(SecretRow::into_stored).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, StoredSecret::cursor))
            })
            .await
    }

    async fn reseal(&self, _: &System, secret: &Secret, value: &SealedValue) -> FaultResult<bool> {
        let (secret, value) = (secret.clone(), value.clone());
        self.0
            .write("secrets.reseal", move |connection| {
                let values = params![
                    secret.scope.tenant.as_str(),
                    secret.scope.namespace.as_str(),
                    secret.name.as_str(),
                    to_i64(secret.revision),
                    value.bytes,
                    value.key_id,
                ];
                Ok(execute(connection, RESEAL, values)? == 1)
            })
            .await
    }
}

fn get(connection: &Connection, scope: &Scope, name: &SecretName) -> StoreResult<StoredSecret> {
    let key = params![scope.tenant.as_str(), scope.namespace.as_str(), name.as_str()];
    let row = one(connection, GET, key, secret_row)?;
    row.ok_or_else(|| no_such_secret(name))?.into_stored()
}
