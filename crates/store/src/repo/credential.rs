//! Keys, sessions and invitations.

use async_trait::async_trait;
use nova_domain::access::{Binding, Credential, CredentialKind, Subject};
use nova_domain::{CredentialId, Digest, Fault, FaultResult, TenantName, Timestamp};

use crate::System;
use crate::page::{Page, PageRequest};
use crate::repo::SealedValue;

/// Credentials. The secret never gets here: only its SHA-256.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// Stores a new credential and the roles that are bound to it, in one transaction.
    async fn create(
        &self,
        system: &System,
        credential: &Credential,
        hash: &Digest,
        bindings: &[Binding],
    ) -> FaultResult<()>;

    /// The credential of that secret, also when it is too old.
    async fn by_hash(&self, system: &System, hash: &Digest) -> FaultResult<Option<Credential>>;

    /// That credential, or `NotFound`.
    async fn get(&self, system: &System, id: &CredentialId) -> FaultResult<Credential>;

    /// Credentials of a kind, sorted by id: of a tenant, or of the server (`None`).
    async fn list(
        &self,
        system: &System,
        tenant: Option<&TenantName>,
        kind: CredentialKind,
        page: &PageRequest,
    ) -> FaultResult<Page<Credential>>;

    /// Credentials of a kind that let `owner` act, sorted by id.
    async fn list_of(
        &self,
        system: &System,
        owner: &Subject,
        kind: CredentialKind,
        page: &PageRequest,
    ) -> FaultResult<Page<Credential>>;

    /// Deletes a credential, the roles bound to it, and the sessions of a key that stands for
    /// itself. `NotFound` if there is none.
    async fn delete(&self, system: &System, id: &CredentialId) -> FaultResult<()>;

    /// Deletes every credential of a kind that lets `owner` act, but not `except`; how many.
    async fn delete_of(
        &self,
        system: &System,
        owner: &Subject,
        kind: CredentialKind,
        except: Option<&CredentialId>,
    ) -> FaultResult<u64>;

    /// Notes when credentials were used last; never moves a time back.
    async fn touch(&self, system: &System, used: &[(CredentialId, Timestamp)]) -> FaultResult<()>;

    /// Deletes sessions and invitations that ended before `before`, and keys too if they ended
    /// before `keys_before`; at most 1000 at once; how many.
    async fn prune(&self, system: &System, before: Timestamp, keys_before: Timestamp) -> FaultResult<u64>;

    /// As [`Self::create`], with a secret that signatures are checked with.
    async fn create_pair(
        &self,
        system: &System,
        credential: &Credential,
        hash: &Digest,
        bindings: &[Binding],
        sealed: &SealedValue,
    ) -> FaultResult<()>;

    /// The sealed secret of a key pair; `None` if it has none or is gone.
    async fn sealed(&self, system: &System, id: &CredentialId) -> FaultResult<Option<SealedValue>>;

    /// Sealed secrets that are not sealed with the master key `key_id`, sorted by credential.
    async fn sealed_with_others(
        &self,
        system: &System,
        key_id: &str,
        page: &PageRequest,
    ) -> FaultResult<Page<(CredentialId, SealedValue)>>;

    /// Puts the same secret in its place, sealed with another key; `false` if it is gone.
    async fn reseal(&self, system: &System, id: &CredentialId, value: &SealedValue) -> FaultResult<bool>;

    /// Whether there is a key of the server itself: the first start makes one.
    async fn any_server_key(&self, system: &System) -> FaultResult<bool>;
}

pub(crate) fn no_such_credential(id: &CredentialId) -> Fault {
    Fault::not_found("key or session", id)
}
