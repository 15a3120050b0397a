//! Columns of `secrets`.

use nova_domain::secret::{Grant, Secret};
use nova_domain::{SecretName, Timestamp};
use serde::{Deserialize, Serialize};

use super::{checked, read_document, scope, to_u32, to_u64};
use crate::error::StoreResult;
use crate::repo::{SealedValue, StoredSecret};

/// The part of a secret that no query looks into.
#[derive(Serialize, Deserialize)]
pub(crate) struct SecretData {
    description: String,
    functions: Vec<Grant>,
}

impl SecretData {
    pub(crate) fn of(secret: &Secret) -> Self {
        Self { description: secret.description.clone(), functions: secret.functions.clone() }
    }
}

/// Columns of `secrets`.
pub(crate) struct SecretRow {
    pub(crate) tenant: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) key_id: String,
    pub(crate) version: i64,
    pub(crate) revision: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl SecretRow {
    pub(crate) fn into_stored(self) -> StoreResult<StoredSecret> {
        let data: SecretData = read_document("secret", &self.data)?;
        let secret = Secret {
            scope: scope(self.tenant, self.namespace)?,
            name: checked("secret name", SecretName::new(self.name))?,
            description: data.description,
            functions: data.functions,
            version: to_u32("secret version", self.version)?,
            revision: to_u64(self.revision),
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        };
        Ok(StoredSecret { secret, value: SealedValue { bytes: self.sealed, key_id: self.key_id } })
    }
}

impl StoredSecret {
    /// Its place in a list over all scopes.
    pub(crate) fn cursor(&self) -> [String; 3] {
        let Secret { scope, name, .. } = &self.secret;
        [scope.tenant.to_string(), scope.namespace.to_string(), name.to_string()]
    }
}
