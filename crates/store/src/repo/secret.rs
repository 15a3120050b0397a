//! Secrets: metadata and sealed values. No value is ever here in clear.

use async_trait::async_trait;
use nova_domain::access::Names;
use nova_domain::secret::{SECRETS_PER_NAMESPACE, Secret};
use nova_domain::{Code, Fault, FaultResult, Scope, SecretName};

use crate::System;
use crate::page::{Page, PageRequest};

/// A sealed value and the key that sealed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    pub bytes: Vec<u8>,
    /// Names the master key.
    pub key_id: String,
}

/// A secret as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    pub secret: Secret,
    pub value: SealedValue,
}

/// Secrets of a namespace.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Stores a new one. `AlreadyExists` if the name is taken, `ResourceExhausted` if the namespace
    /// has [`SECRETS_PER_NAMESPACE`] already.
    async fn create(&self, scope: &Scope, secret: &Secret, value: &SealedValue) -> FaultResult<()>;

    /// That secret, or `NotFound`.
    async fn get(&self, scope: &Scope, name: &SecretName) -> FaultResult<StoredSecret>;

    /// Those of `names` that exist, in no order.
    async fn find(&self, scope: &Scope, names: &[SecretName]) -> FaultResult<Vec<StoredSecret>>;

    /// Those of `names`, sorted by name.
    async fn list(&self, scope: &Scope, names: &Names, page: &PageRequest) -> FaultResult<Page<Secret>>;

    /// Stores the new state of a secret, and a new value if given. `secret.revision` is the revision
    /// that was read; what is stored and returned has one more. `Conflict` if the stored revision
    /// is another, `NotFound` if it is gone.
    async fn update(
        &self,
        scope: &Scope,
        secret: &Secret,
        value: Option<&SealedValue>,
    ) -> FaultResult<Secret>;

    /// Deletes it. `NotFound` if there is none.
    async fn delete(&self, scope: &Scope, name: &SecretName) -> FaultResult<()>;

    /// Secrets of all scopes that are not sealed with the master key `key_id`.
    async fn sealed_with_others(
        &self,
        system: &System,
        key_id: &str,
        page: &PageRequest,
    ) -> FaultResult<Page<StoredSecret>>;

    /// Puts the same value in its place, sealed with another key: revision and version stay.
    /// `false` if it was changed meanwhile or is gone.
    async fn reseal(&self, system: &System, secret: &Secret, value: &SealedValue) -> FaultResult<bool>;
}

pub(crate) fn no_such_secret(name: &SecretName) -> Fault {
    Fault::not_found("secret", name)
}

pub(crate) fn secret_taken(name: &SecretName) -> Fault {
    Fault::new(
        Code::AlreadyExists,
        format!("a secret called `{name}` exists already; set its new value with: nova secret set {name}"),
    )
}

pub(crate) fn secret_changed(name: &SecretName) -> Fault {
    Fault::new(
        Code::Conflict,
        format!(
            "secret `{name}` was changed by somebody else meanwhile; read it again and repeat the change"
        ),
    )
}

pub(crate) fn too_many_secrets() -> Fault {
    Fault::new(
        Code::ResourceExhausted,
        format!("the namespace has {SECRETS_PER_NAMESPACE} secrets, which is the limit; delete one first"),
    )
}
