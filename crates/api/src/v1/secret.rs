//! Secrets. Values go in and never come out.

use std::fmt;

use nova_domain::Timestamp;
use nova_domain::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::patch::Patch;
use crate::schema;

/// A value on its way in. Does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// A new secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSecret {
    /// A letter or digit, then up to 127 of letters, digits, `.`, `_` or `-`.
    pub name: String,
    /// 1 to 32768 bytes without NUL. Write-only.
    #[schema(value_type = String, write_only)]
    pub value: SecretText,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Functions that may have it: names, or beginnings of names such as `api-*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
}

/// What is to change of a secret.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchSecret {
    /// A new value; sandboxes with the old one get no more calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, write_only)]
    pub value: Option<SecretText>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>)]
    pub description: Patch<String>,
    /// All functions that may have it from now on; null: none.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Vec<String>>)]
    pub functions: Patch<Vec<String>>,
    /// Functions that may have it as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant: Vec<String>,
    /// Grants that are taken back, as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoke: Vec<String>,
}

/// What is known of a secret beside its value.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SecretView {
    pub name: String,
    pub description: String,
    /// Functions that may have it.
    pub functions: Vec<String>,
    /// Counts its values, from 1.
    pub version: u32,
    /// Grows with every change; also the `ETag`.
    pub revision: u64,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub updated_at: Timestamp,
}

impl From<Secret> for SecretView {
    fn from(secret: Secret) -> Self {
        Self {
            name: secret.name.into(),
            description: secret.description,
            functions: secret.functions.into_iter().map(String::from).collect(),
            version: secret.version,
            revision: secret.revision,
            created_at: secret.created_at,
            updated_at: secret.updated_at,
        }
    }
}

/// What a rotation of the master key did.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyRotation {
    /// Names the key that seals now.
    pub key_id: String,
    /// Secrets that were sealed again.
    pub resealed: u64,
    /// Secrets that no key of the server opens; their old keys are kept.
    pub unreadable: u64,
}
