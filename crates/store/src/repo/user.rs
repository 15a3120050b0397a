//! People, their memberships, and service accounts.

use async_trait::async_trait;
use nova_domain::access::{Membership, ServiceAccount, User};
use nova_domain::{Code, Digest, Fault, FaultResult, ServiceId, ServiceName, TenantName, Timestamp, UserId};

use crate::System;
use crate::page::{Page, PageRequest};

/// A membership with the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub membership: Membership,
    pub user: User,
}

/// What of a user changes; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    pub name: Option<String>,
    /// Argon2id string.
    pub password: Option<String>,
    pub superadmin: Option<bool>,
    pub disabled: Option<bool>,
    pub subject: Option<(String, String)>,
}

/// What accepting an invitation stores, in one transaction.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Hash of the invitation's secret, which is used up.
    pub invitation: Digest,
    /// Stored if there is no user with this address yet.
    pub user: User,
    pub password: Option<String>,
    pub membership: Option<Membership>,
}

/// Users, memberships, service accounts.
#[async_trait]
pub trait Users: Send + Sync {
    /// Stores a new user. `AlreadyExists` if the address or the linked identity is taken.
    async fn create(&self, system: &System, user: &User, password: Option<&str>) -> FaultResult<()>;

    /// That user, or `NotFound`.
    async fn get(&self, system: &System, id: &UserId) -> FaultResult<User>;

    /// The user of that address with the password's Argon2id string.
    async fn by_email(&self, system: &System, email: &str) -> FaultResult<Option<(User, Option<String>)>>;

    /// The user that is linked with this identity.
    async fn by_subject(&self, system: &System, issuer: &str, subject: &str) -> FaultResult<Option<User>>;

    /// Every user, sorted by address.
    async fn list(&self, system: &System, page: &PageRequest) -> FaultResult<Page<User>>;

    /// Changes a user; `NotFound` if there is none.
    async fn update(&self, system: &System, id: &UserId, change: &UserChange) -> FaultResult<User>;

    /// Deletes a user with memberships, bindings and credentials.
    async fn delete(&self, system: &System, id: &UserId) -> FaultResult<()>;

    /// Uses up an invitation and stores what it brings. `NotFound` if the invitation is gone
    /// or too old; nothing is stored then. A membership that is there already stays as it is.
    async fn accept(&self, system: &System, accepted: &Accepted, now: Timestamp) -> FaultResult<User>;

    /// Makes somebody a member, or changes what the member is.
    async fn set_member(&self, system: &System, membership: &Membership) -> FaultResult<()>;

    /// Ends a membership and the bindings of that user in the tenant. `NotFound` if there is none.
    async fn remove_member(&self, system: &System, tenant: &TenantName, user: &UserId) -> FaultResult<()>;

    /// Memberships of a user, sorted by tenant; at most 1000.
    async fn memberships(&self, system: &System, user: &UserId) -> FaultResult<Vec<Membership>>;

    /// Members of a tenant, sorted by user id.
    async fn members(
        &self,
        system: &System,
        tenant: &TenantName,
        page: &PageRequest,
    ) -> FaultResult<Page<Member>>;

    /// Stores a new service account. `AlreadyExists` if the name is taken in its tenant.
    async fn create_service(&self, account: &ServiceAccount) -> FaultResult<()>;

    /// That service account of a tenant, or `NotFound`.
    async fn get_service(&self, tenant: &TenantName, name: &ServiceName) -> FaultResult<ServiceAccount>;

    /// The service account of that id, of whatever tenant.
    async fn service_by_id(&self, system: &System, id: &ServiceId) -> FaultResult<Option<ServiceAccount>>;

    /// Service accounts of a tenant, sorted by name.
    async fn list_services(
        &self,
        tenant: &TenantName,
        page: &PageRequest,
    ) -> FaultResult<Page<ServiceAccount>>;

    /// Deletes a service account with its bindings and keys; `NotFound` if there is none.
    async fn delete_service(&self, tenant: &TenantName, name: &ServiceName) -> FaultResult<ServiceAccount>;
}

pub(crate) fn no_such_user(id: &UserId) -> Fault {
    Fault::not_found("user", id)
}

pub(crate) fn no_such_member(id: &UserId) -> Fault {
    Fault::not_found("member", id)
}

pub(crate) fn no_such_service(name: &ServiceName) -> Fault {
    Fault::not_found("service account", name)
}

pub(crate) fn no_such_invitation() -> Fault {
    Fault::new(Code::NotFound, "this invitation does not exist, was used or is too old; ask for a new one")
}

pub(crate) fn identity_taken() -> Fault {
    Fault::new(Code::AlreadyExists, "another user is linked with this identity already")
}
