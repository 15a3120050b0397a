//! Secrets on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::Names;
use nova_domain::secret::{SECRETS_PER_NAMESPACE, Secret};
use nova_domain::{FaultResult, Scope, SecretName};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::ENGINE;
use super::database::{Access, Database, Write, likes, violates};
use crate::System;
use crate::error::StoreResult;
use crate::observe::observed;
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
    /// One after the other, so that the count holds until the row is in.
    LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('secrets ' || $1::text || '/' || $2::text, 0))";
    COUNT = "SELECT count(*) FROM secrets WHERE tenant_id = $1 AND namespace = $2";
    INSERT = "INSERT INTO secrets (", secret_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    GET = "SELECT ", secret_columns!(), " FROM secrets WHERE tenant_id = $1 AND namespace = $2 AND name = $3";
    FIND = "SELECT ", secret_columns!(), " FROM secrets \
            WHERE tenant_id = $1 AND namespace = $2 AND name = ANY($3)";
    LIST = "SELECT ", secret_columns!(), " FROM secrets \
            WHERE tenant_id = $1 AND namespace = $2 AND name > $3 \
              AND ($5::text[] IS NULL OR name LIKE ANY ($5)) ORDER BY name LIMIT $4";
    UPDATE = "UPDATE secrets SET data = $5, sealed = coalesce($6, sealed), key_id = coalesce($7, key_id), \
              version = $8, revision = revision + 1, updated_at = $9 \
              WHERE tenant_id = $1 AND namespace = $2 AND name = $3 AND revision = $4";
    DELETE = "DELETE FROM secrets WHERE tenant_id = $1 AND namespace = $2 AND name = $3";
    SEALED_WITH_OTHERS = "SELECT ", secret_columns!(), " FROM secrets \
            WHERE key_id <> $1 AND (tenant_id, namespace, name) > ($2, $3, $4) \
            ORDER BY tenant_id, namespace, name LIMIT $5";
    RESEAL = "UPDATE secrets SET sealed = $5, key_id = $6 \
              WHERE tenant_id = $1 AND namespace = $2 AND name = $3 AND revision = $4";
}

fn secret_row(row: &Row) -> StoreResult<SecretRow> {
    Ok(SecretRow {
        tenant: row.try_get(0)?,
        namespace: row.try_get(1)?,
        name: row.try_get(2)?,
        data: row.try_get(3)?,
        sealed: row.try_get(4)?,
        key_id: row.try_get(5)?,
        version: row.try_get(6)?,
        revision: row.try_get(7)?,
        created_at: row.try_get(8)?,
        updated_at: row.try_get(9)?,
    })
}

fn stored(row: &Row) -> StoreResult<StoredSecret> {
    secret_row(row)?.into_stored()
}

/// Secrets in PostgreSQL.
pub(super) struct PostgresSecrets(pub(super) Arc<Database>);

#[async_trait]
impl Secrets for PostgresSecrets {
    async fn create(&self, scope: &Scope, secret: &Secret, value: &SealedValue) -> FaultResult<()> {
        observed(ENGINE, "secrets.create", async {
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            write.query(LOCK, &[&tenant, &namespace]).await?;
            let count: i64 = match write.one(COUNT, &[&tenant, &namespace]).await? {
                Some(row) => row.try_get(0)?,
                None => 0,
            };
            if count >= i64::from(SECRETS_PER_NAMESPACE) {
                return Err(too_many_secrets().into());
            }
            let inserted = write
                .execute(
                    INSERT,
                    &[
                        &tenant,
                        &namespace,
                        &secret.name.as_str(),
                        &document(&SecretData::of(secret))?,
                        &value.bytes,
                        &value.key_id,
                        &i64::from(secret.version),
                        &to_i64(secret.revision),
                        &secret.created_at.as_micros(),
                        &secret.updated_at.as_micros(),
                    ],
                )
                .await;
            match inserted {
                Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => {
                    Err(secret_taken(&secret.name).into())
                }
                Err(error) => Err(error),
                Ok(_) => write.commit().await,
            }
        })
        .await
    }

    async fn get(&self, scope: &Scope, name: &SecretName) -> FaultResult<StoredSecret> {
        observed(ENGINE, "secrets.get", self.stored(scope, name)).await
    }

    async fn find(&self, scope: &Scope, names: &[SecretName]) -> FaultResult<Vec<StoredSecret>> {
        observed(ENGINE, "secrets.find", async {
            let names: Vec<&str> = names.iter().map(SecretName::as_str).collect();
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let rows = self.0.read(Access::Tenant(scope), FIND, &[&tenant, &namespace, &names]).await?;
            rows.iter().map(stored).collect()
        })
        .await
    }

    async fn list(&self, scope: &Scope, names: &Names, page: &PageRequest) -> FaultResult<Page<Secret>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        observed(ENGINE, "secrets.list", async {
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                [&tenant, &namespace, &after, &page.fetch(), &likes(names)];
            let rows = self.0.read(Access::Tenant(scope), LIST, &key).await?;
            let items: StoreResult<Vec<_>> =
                rows.iter().map(|row| stored(row).map(|stored| stored.secret)).collect();
            Ok(Page::of(page, items?, |item: &Secret| [item.name.to_string()]))
        })
        .await
    }

    async fn update(
        &self,
        scope: &Scope,
        secret: &Secret,
        value: Option<&SealedValue>,
    ) -> FaultResult<Secret> {
        observed(ENGINE, "secrets.update", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            let changed = write
                .execute(
                    UPDATE,
                    &[
                        &scope.tenant.as_str(),
                        &scope.namespace.as_str(),
                        &secret.name.as_str(),
                        &to_i64(secret.revision),
                        &document(&SecretData::of(secret))?,
                        &value.map(|value| &value.bytes),
                        &value.map(|value| &value.key_id),
                        &i64::from(secret.version),
                        &secret.updated_at.as_micros(),
                    ],
                )
                .await?;
            if changed == 1 {
                write.commit().await?;
                return Ok(Secret { revision: secret.revision + 1, ..secret.clone() });
            }
            drop(write);
            drop(client);
            self.stored(scope, &secret.name).await?;
            Err(secret_changed(&secret.name).into())
        })
        .await
    }

    async fn delete(&self, scope: &Scope, name: &SecretName) -> FaultResult<()> {
        observed(ENGINE, "secrets.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &name.as_str()];
            if write.execute(DELETE, &key).await? == 0 {
                return Err(no_such_secret(name).into());
            }
            write.commit().await
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
        observed(ENGINE, "secrets.sealed_with_others", async {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                [&key_id, &tenant, &namespace, &name, &page.fetch()];
            let rows = self.0.read(Access::System, SEALED_WITH_OTHERS, &key).await?;
            let items = rows.iter().map(stored).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, StoredSecret::cursor))
        })
        .await
    }

    async fn reseal(&self, _: &System, secret: &Secret, value: &SealedValue) -> FaultResult<bool> {
        observed(ENGINE, "secrets.reseal", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let changed = write
                .execute(
                    RESEAL,
                    &[
                        &secret.scope.tenant.as_str(),
                        &secret.scope.namespace.as_str(),
                        &secret.name.as_str(),
                        &to_i64(secret.revision),
                        &value.bytes,
                        &value.key_id,
                    ],
                )
                .await?;
            write.commit().await?;
            Ok(changed == 1)
        })
        .await
    }
}

impl PostgresSecrets {
    async fn stored(&self, scope: &Scope, name: &SecretName) -> StoreResult<StoredSecret> {
        let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&scope.tenant.as_str(), &scope.namespace.as_str(), &name.as_str()];
        let rows = self.0.read(Access::Tenant(scope), GET, &key).await?;
        rows.first().map(stored).ok_or_else(|| no_such_secret(name))?
    }
}
