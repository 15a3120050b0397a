//! Credentials on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::{Binding, Credential, CredentialKind, Subject};
use nova_domain::{CredentialId, Digest, FaultResult, TenantName, Timestamp};
use tokio_postgres::Row;

use super::ENGINE;
use super::database::{Access, Database, Write};
use super::role::insert_binding;
use crate::System;
use crate::access_rows::{CredentialRow, SERVER, sealed_cursor, sealed_row, tenant_column};
use crate::error::StoreResult;
use crate::observe::observed;
use crate::page::{Page, PageRequest};
use crate::repo::credential::no_such_credential;
use crate::repo::{Credentials, SealedValue};
use crate::rows::document;
use crate::statement::{Statement, statements};

/// Columns of a credential, in the order of [`credential_row`].
macro_rules! credential_columns {
    () => {
        "c.id, c.kind, c.tenant_id, c.owner, c.name, c.prefix, c.created_at, c.expires_at, c.last_used_at, c.note"
    };
}

statements! {
    INSERT = "INSERT INTO credentials (id, kind, hash, tenant_id, owner, name, prefix, created_at, expires_at, \
              last_used_at, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    BY_HASH = "SELECT ", credential_columns!(), " FROM credentials c WHERE c.hash = $1";
    GET = "SELECT ", credential_columns!(), " FROM credentials c WHERE c.id = $1";
    LIST = "SELECT ", credential_columns!(), " FROM credentials c \
            WHERE c.tenant_id = $1 AND c.kind = $2 AND c.id > $3 ORDER BY c.id LIMIT $4";
    LIST_OF = "SELECT ", credential_columns!(), " FROM credentials c \
               WHERE c.owner = $1 AND c.kind = $2 AND c.id > $3 ORDER BY c.id LIMIT $4";
    DELETE = "DELETE FROM credentials WHERE id = $1";
    DELETE_BINDINGS = "DELETE FROM bindings WHERE subject = $1";
    DELETE_OF = "DELETE FROM credentials WHERE owner = $1 AND kind = $2 AND id <> $3";
    TOUCH = "UPDATE credentials SET last_used_at = greatest(coalesce(last_used_at, 0), $2) WHERE id = $1";
    PRUNE = "DELETE FROM credentials WHERE id IN (SELECT id FROM credentials WHERE expires_at IS NOT NULL \
             AND expires_at < CASE kind WHEN 'key' THEN $2::bigint ELSE $1::bigint END LIMIT 1000)";
    INSERT_SECRET = "INSERT INTO credential_secrets (credential_id, sealed, key_id) VALUES ($1, $2, $3)";
    SEALED = "SELECT sealed, key_id FROM credential_secrets WHERE credential_id = $1";
    SEALED_WITH_OTHERS = "SELECT credential_id, sealed, key_id FROM credential_secrets \
            WHERE key_id <> $1 AND credential_id > $2 ORDER BY credential_id LIMIT $3";
    RESEAL = "UPDATE credential_secrets SET sealed = $2, key_id = $3 WHERE credential_id = $1";
    ANY_SERVER_KEY = "SELECT 1 FROM credentials WHERE tenant_id = $1 AND kind = 'key' LIMIT 1";
}

fn credential_row(row: &Row) -> StoreResult<Credential> {
    CredentialRow {
        id: row.try_get(0)?,
        kind: row.try_get(1)?,
        tenant: row.try_get(2)?,
        owner: row.try_get(3)?,
        name: row.try_get(4)?,
        prefix: row.try_get(5)?,
        created_at: row.try_get(6)?,
        expires_at: row.try_get(7)?,
        last_used_at: row.try_get(8)?,
        note: row.try_get(9)?,
    }
    .into_credential()
}

/// Credentials in PostgreSQL.
pub(super) struct PostgresCredentials(pub(super) Arc<Database>);

impl PostgresCredentials {
    async fn insert(
        &self,
        new: &Credential,
        hash: &Digest,
        bindings: &[Binding],
        sealed: Option<&SealedValue>,
    ) -> FaultResult<()> {
        observed(ENGINE, "credentials.create", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            write
                .execute(
                    INSERT,
                    &[
                        &new.id.as_str(),
                        &new.kind.as_str(),
                        &hash.to_string(),
                        &tenant_column(new.tenant.as_ref()),
                        &new.owner.to_string(),
                        &new.name,
                        &new.prefix,
                        &new.created_at.as_micros(),
                        &new.expires_at.map(Timestamp::as_micros),
                        &new.last_used_at.map(Timestamp::as_micros),
                        &document(&new.note)?,
                    ],
                )
                .await?;
            if let Some(sealed) = sealed {
                write.execute(INSERT_SECRET, &[&new.id.as_str(), &sealed.bytes, &sealed.key_id]).await?;
            }
            for binding in bindings {
                insert_binding(&write, binding).await?;
            }
            write.commit().await
        })
        .await
    }

    async fn page(
        &self,
        op: &'static str,
        statement: Statement,
        first: &str,
        kind: CredentialKind,
        page: &PageRequest,
    ) -> FaultResult<Page<Credential>> {
        let after = page.keys::<1>()?.map(|[id]| id).unwrap_or_default();
        observed(ENGINE, op, async {
            let rows = self
                .0
                .read(Access::System, statement, &[&first, &kind.as_str(), &after, &page.fetch()])
                .await?;
            let items = rows.iter().map(credential_row).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Credential| [item.id.to_string()]))
        })
        .await
    }
}

#[async_trait]
impl Credentials for PostgresCredentials {
    async fn create(
        &self,
        _: &System,
        credential: &Credential,
        hash: &Digest,
        bindings: &[Binding],
    ) -> FaultResult<()> {
        self.insert(credential, hash, bindings, None).await
    }

    async fn create_pair(
        &self,
        _: &System,
        credential: &Credential,
        hash: &Digest,
        bindings: &[Binding],
        sealed: &SealedValue,
    ) -> FaultResult<()> {
        self.insert(credential, hash, bindings, Some(sealed)).await
    }

    async fn sealed(&self, _: &System, id: &CredentialId) -> FaultResult<Option<SealedValue>> {
        observed(ENGINE, "credentials.sealed", async {
            let rows = self.0.read(Access::System, SEALED, &[&id.as_str()]).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            Ok(Some(SealedValue { bytes: row.try_get(0)?, key_id: row.try_get(1)? }))
        })
        .await
    }

    async fn sealed_with_others(
        &self,
        _: &System,
        key_id: &str,
        page: &PageRequest,
    ) -> FaultResult<Page<(CredentialId, SealedValue)>> {
        let after = page.keys::<1>()?.map(|[id]| id).unwrap_or_default();
        observed(ENGINE, "credentials.sealed_with_others", async {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&key_id, &after, &page.fetch()];
            let rows = self.0.read(Access::System, SEALED_WITH_OTHERS, &key).await?;
            let item = |row: &Row| {
                let value = SealedValue { bytes: row.try_get(1)?, key_id: row.try_get(2)? };
                sealed_row((row.try_get(0)?, value))
            };
            let items = rows.iter().map(item).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, sealed_cursor))
        })
        .await
    }

    async fn reseal(&self, _: &System, id: &CredentialId, value: &SealedValue) -> FaultResult<bool> {
        observed(ENGINE, "credentials.reseal", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let changed = write.execute(RESEAL, &[&id.as_str(), &value.bytes, &value.key_id]).await?;
            write.commit().await?;
            Ok(changed == 1)
        })
        .await
    }

    async fn by_hash(&self, _: &System, hash: &Digest) -> FaultResult<Option<Credential>> {
        observed(ENGINE, "credentials.by_hash", async {
            let rows = self.0.read(Access::System, BY_HASH, &[&hash.to_string()]).await?;
            rows.first().map(credential_row).transpose()
        })
        .await
    }

    async fn get(&self, _: &System, id: &CredentialId) -> FaultResult<Credential> {
        observed(ENGINE, "credentials.get", async {
            let rows = self.0.read(Access::System, GET, &[&id.as_str()]).await?;
            credential_row(rows.first().ok_or_else(|| no_such_credential(id))?)
        })
        .await
    }

    async fn list(
        &self,
        _: &System,
        tenant: Option<&TenantName>,
        kind: CredentialKind,
        page: &PageRequest,
    ) -> FaultResult<Page<Credential>> {
        self.page("credentials.list", LIST, tenant_column(tenant), kind, page).await
    }

    async fn list_of(
        &self,
        _: &System,
        owner: &Subject,
        kind: CredentialKind,
        page: &PageRequest,
    ) -> FaultResult<Page<Credential>> {
        self.page("credentials.list_of", LIST_OF, &owner.to_string(), kind, page).await
    }

    async fn delete(&self, _: &System, id: &CredentialId) -> FaultResult<()> {
        observed(ENGINE, "credentials.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            if write.execute(DELETE, &[&id.as_str()]).await? == 0 {
                return Err(no_such_credential(id).into());
            }
            let subject = Subject::Key(id.clone()).to_string();
            write.execute(DELETE_BINDINGS, &[&subject]).await?;
            write.execute(DELETE_OF, &[&subject, &CredentialKind::Session.as_str(), &""]).await?;
            write.commit().await
        })
        .await
    }

    async fn delete_of(
        &self,
        _: &System,
        owner: &Subject,
        kind: CredentialKind,
        except: Option<&CredentialId>,
    ) -> FaultResult<u64> {
        let except = except.map_or("", CredentialId::as_str);
        observed(ENGINE, "credentials.delete_of", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let gone = write.execute(DELETE_OF, &[&owner.to_string(), &kind.as_str(), &except]).await?;
            write.commit().await?;
            Ok(gone)
        })
        .await
    }

    async fn touch(&self, _: &System, used: &[(CredentialId, Timestamp)]) -> FaultResult<()> {
        observed(ENGINE, "credentials.touch", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            for (id, at) in used {
                write.execute(TOUCH, &[&id.as_str(), &at.as_micros()]).await?;
            }
            write.commit().await
        })
        .await
    }

    async fn prune(&self, _: &System, before: Timestamp, keys_before: Timestamp) -> FaultResult<u64> {
        observed(ENGINE, "credentials.prune", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let gone = write.execute(PRUNE, &[&before.as_micros(), &keys_before.as_micros()]).await?;
            write.commit().await?;
            Ok(gone)
        })
        .await
    }

    async fn any_server_key(&self, _: &System) -> FaultResult<bool> {
        observed(ENGINE, "credentials.any_server_key", async {
            Ok(!self.0.read(Access::System, ANY_SERVER_KEY, &[&SERVER]).await?.is_empty())
        })
        .await
    }
}
