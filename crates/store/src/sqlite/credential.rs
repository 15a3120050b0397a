//! Credentials on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::access::{Binding, Credential, CredentialKind, Subject};
use nova_domain::{CredentialId, Digest, FaultResult, TenantName, Timestamp};
use rusqlite::{Row, params};

use super::file::File;
use super::query::{execute, many, one};
use super::role::insert_binding;
use crate::System;
use crate::access_rows::{CredentialRow, SERVER, sealed_cursor, sealed_row, tenant_column};
use crate::error::StoreResult;
use crate::page::{Page, PageRequest};
use crate::repo::credential::no_such_credential;
use crate::repo::{Credentials, SealedValue};
use crate::rows::document;
use crate::statement::statements;

/// Columns of a credential, in the order of [`credential_row`].
macro_rules! credential_columns {
    () => {
        "c.id, c.kind, c.tenant_id, c.owner, c.name, c.prefix, c.created_at, c.expires_at, c.last_used_at, c.note"
    };
}

statements! {
    INSERT = "INSERT INTO credentials (id, kind, hash, tenant_id, owner, name, prefix, created_at, expires_at, \
              last_used_at, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    BY_HASH = "SELECT ", credential_columns!(), " FROM credentials c WHERE c.hash = ?1";
    GET = "SELECT ", credential_columns!(), " FROM credentials c WHERE c.id = ?1";
    LIST = "SELECT ", credential_columns!(), " FROM credentials c \
            WHERE c.tenant_id = ?1 AND c.kind = ?2 AND c.id > ?3 ORDER BY c.id LIMIT ?4";
    LIST_OF = "SELECT ", credential_columns!(), " FROM credentials c \
               WHERE c.owner = ?1 AND c.kind = ?2 AND c.id > ?3 ORDER BY c.id LIMIT ?4";
    DELETE = "DELETE FROM credentials WHERE id = ?1";
    DELETE_BINDINGS = "DELETE FROM bindings WHERE subject = ?1";
    DELETE_OF = "DELETE FROM credentials WHERE owner = ?1 AND kind = ?2 AND id <> ?3";
    TOUCH = "UPDATE credentials SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE id = ?1";
    PRUNE = "DELETE FROM credentials WHERE id IN (SELECT id FROM credentials WHERE expires_at IS NOT NULL \
             AND expires_at < CASE kind WHEN 'key' THEN ?2 ELSE ?1 END AND expires_at < max(?1, ?2) LIMIT 1000)";
    INSERT_SECRET = "INSERT INTO credential_secrets (credential_id, sealed, key_id) VALUES (?1, ?2, ?3)";
    SEALED = "SELECT sealed, key_id FROM credential_secrets WHERE credential_id = ?1";
    SEALED_WITH_OTHERS = "SELECT credential_id, sealed, key_id FROM credential_secrets \
            WHERE key_id <> ?1 AND credential_id > ?2 ORDER BY credential_id LIMIT ?3";
    RESEAL = "UPDATE credential_secrets SET sealed = ?2, key_id = ?3 WHERE credential_id = ?1";
    ANY_SERVER_KEY = "SELECT 1 FROM credentials WHERE tenant_id = ?1 AND kind = 'key' LIMIT 1";
}

fn credential_row(row: &Row<'_>) -> rusqlite::Result<CredentialRow> {
    Ok(CredentialRow {
        id: row.get(0)?,
        kind: row.get(1)?,
        tenant: row.get(2)?,
        owner: row.get(3)?,
        name: row.get(4)?,
        prefix: row.get(5)?,
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
        last_used_at: row.get(8)?,
        note: row.get(9)?,
    })
}

/// Credentials in `nova.db`.
pub(super) struct SqliteCredentials(pub(super) Arc<File>);

impl SqliteCredentials {
    async fn insert(
        &self,
        credential: &Credential,
        hash: &Digest,
        bindings: &[Binding],
        sealed: Option<SealedValue>,
    ) -> FaultResult<()> {
        let (new, hash, bindings) = (credential.clone(), hash.to_string(), bindings.to_vec());
        self.0
            .write("credentials.create", move |connection| {
                let values = params![
                    new.id.as_str(),
                    new.kind.as_str(),
                    hash,
                    tenant_column(new.tenant.as_ref()),
                    new.owner.to_string(),
                    new.name,
                    new.prefix,
                    new.created_at.as_micros(),
                    new.expires_at.map(Timestamp::as_micros),
                    new.last_used_at.map(Timestamp::as_micros),
                    document(&new.note)?
                ];
                execute(connection, INSERT, values)?;
                if let Some(sealed) = sealed {
                    execute(
                        connection,
                        INSERT_SECRET,
                        params![new.id.as_str(), sealed.bytes, sealed.key_id],
                    )?;
                }
                bindings.iter().try_for_each(|binding| insert_binding(connection, binding))
            })
            .await
    }

    async fn page(
        &self,
        op: &'static str,
        statement: crate::statement::Statement,
        first: String,
        kind: CredentialKind,
        page: &PageRequest,
    ) -> FaultResult<Page<Credential>> {
        let after = page.keys::<1>()?.map(|[id]| id).unwrap_or_default();
        let page = page.clone();
        self.0
            .read(op, move |connection| {
                let key = params![first, kind.as_str(), after, page.fetch()];
                let rows = many(connection, statement, key, credential_row)?;
                let items =
                    rows.into_iter().map(CredentialRow::into_credential).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Credential| [item.id.to_string()]))
            })
            .await
    }
}

#[async_trait]
impl Credentials for SqliteCredentials {
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
        self.insert(credential, hash, bindings, Some(sealed.clone())).await
    }

    async fn sealed(&self, _: &System, id: &CredentialId) -> FaultResult<Option<SealedValue>> {
        let id = id.clone();
        self.0
            .read("credentials.sealed", move |connection| {
                one(connection, SEALED, [id.as_str()], |row| {
                    Ok(SealedValue { bytes: row.get(0)?, key_id: row.get(1)? })
                })
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
        let (key_id, page) = (key_id.to_owned(), page.clone());
        self.0
            .read("credentials.sealed_with_others", move |connection| {
                let key = params![key_id, after, page.fetch()];
                let rows = many(connection, SEALED_WITH_OTHERS, key, |row| {
                    Ok((row.get::<_, String>(0)?, SealedValue { bytes: row.get(1)?, key_id: row.get(2)? }))
                })?;
                let items = rows.into_iter().map(sealed_row).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, sealed_cursor))
            })
            .await
    }

    async fn reseal(&self, _: &System, id: &CredentialId, value: &SealedValue) -> FaultResult<bool> {
        let (id, value) = (id.clone(), value.clone());
        self.0
            .write("credentials.reseal", move |connection| {
                Ok(execute(connection, RESEAL, params![id.as_str(), value.bytes, value.key_id])? == 1)
            })
            .await
    }

    async fn by_hash(&self, _: &System, hash: &Digest) -> FaultResult<Option<Credential>> {
        let hash = hash.to_string();
        self.0
            .read("credentials.by_hash", move |connection| {
                one(connection, BY_HASH, [hash.as_str()], credential_row)?
                    .map(CredentialRow::into_credential)
                    .transpose()
            })
            .await
    }

    async fn get(&self, _: &System, id: &CredentialId) -> FaultResult<Credential> {
        let id = id.clone();
        self.0
            .read("credentials.get", move |connection| {
                let row = one(connection, GET, [id.as_str()], credential_row)?;
                row.ok_or_else(|| no_such_credential(&id))?.into_credential()
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
        self.page("credentials.list", LIST, tenant_column(tenant).to_owned(), kind, page).await
    }

    async fn list_of(
        &self,
        _: &System,
        owner: &Subject,
        kind: CredentialKind,
        page: &PageRequest,
    ) -> FaultResult<Page<Credential>> {
        self.page("credentials.list_of", LIST_OF, owner.to_string(), kind, page).await
    }

    async fn delete(&self, _: &System, id: &CredentialId) -> FaultResult<()> {
        let id = id.clone();
        self.0
            .write("credentials.delete", move |connection| {
                if execute(connection, DELETE, [id.as_str()])? == 0 {
                    return Err(no_such_credential(&id).into());
                }
                let subject = Subject::Key(id).to_string();
                execute(connection, DELETE_BINDINGS, [subject.as_str()])?;
                execute(connection, DELETE_OF, params![subject, CredentialKind::Session.as_str(), ""])?;
                Ok(())
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
        let (owner, except) = (owner.to_string(), except.map(ToString::to_string).unwrap_or_default());
        self.0
            .write("credentials.delete_of", move |connection| {
                Ok(execute(connection, DELETE_OF, params![owner, kind.as_str(), except])? as u64)
            })
            .await
    }

    async fn touch(&self, _: &System, used: &[(CredentialId, Timestamp)]) -> FaultResult<()> {
        let used = used.to_vec();
        self.0
            .write("credentials.touch", move |connection| {
                for (id, at) in used {
                    execute(connection, TOUCH, params![id.as_str(), at.as_micros()])?;
                }
                Ok(())
            })
            .await
    }

    async fn prune(&self, _: &System, before: Timestamp, keys_before: Timestamp) -> FaultResult<u64> {
        self.0
            .write("credentials.prune", move |connection| {
                Ok(execute(connection, PRUNE, params![before.as_micros(), keys_before.as_micros()])? as u64)
            })
            .await
    }

    async fn any_server_key(&self, _: &System) -> FaultResult<bool> {
        self.0
            .read("credentials.any_server_key", move |connection| {
                Ok(one(connection, ANY_SERVER_KEY, [SERVER], |_| Ok(()))?.is_some())
            })
            .await
    }
}
