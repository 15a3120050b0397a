//! Custom roles, and roles given to somebody.

use async_trait::async_trait;
use nova_domain::access::{Binding, PermissionSet, Role, Subject};
use nova_domain::{BindingId, Code, Fault, FaultResult, RoleName, TenantName};

use crate::System;
use crate::page::{Page, PageRequest};

/// A binding with what its role allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundRole {
    pub binding: Binding,
    /// Of a custom role; `None` if there is none of that name.
    pub custom: Option<PermissionSet>,
}

/// Roles and bindings.
#[async_trait]
pub trait Roles: Send + Sync {
    /// Stores a new custom role. `AlreadyExists` if the name is taken in its tenant.
    async fn create(&self, role: &Role) -> FaultResult<()>;

    /// That custom role, or `NotFound`.
    async fn get(&self, tenant: &TenantName, name: &RoleName) -> FaultResult<Role>;

    /// Custom roles of a tenant, sorted by name.
    async fn list(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Role>>;

    /// Changes description and permissions of a custom role; `NotFound` if there is none.
    async fn update(&self, role: &Role) -> FaultResult<()>;

    /// Deletes a custom role. `Conflict` while it is bound; `NotFound` if there is none.
    async fn delete(&self, tenant: &TenantName, name: &RoleName) -> FaultResult<()>;

    /// Gives a role to somebody.
    async fn bind(&self, system: &System, binding: &Binding) -> FaultResult<()>;

    /// Bindings of a tenant, or of the server (`None`), sorted by id.
    async fn bindings(
        &self,
        system: &System,
        tenant: Option<&TenantName>,
        page: &PageRequest,
    ) -> FaultResult<Page<Binding>>;

    /// Takes a role away again. `NotFound` if there is no such binding in that tenant.
    async fn unbind(
        &self,
        system: &System,
        tenant: Option<&TenantName>,
        id: &BindingId,
    ) -> FaultResult<Binding>;

    /// Every role that `subject` has, in all tenants; at most 1000.
    async fn roles_of(&self, system: &System, subject: &Subject) -> FaultResult<Vec<BoundRole>>;
}

pub(crate) fn no_such_role(name: &RoleName) -> Fault {
    Fault::not_found("role", name)
}

pub(crate) fn no_such_binding(id: &BindingId) -> Fault {
    Fault::not_found("binding", id)
}

pub(crate) fn still_bound(name: &RoleName) -> Fault {
    Fault::new(Code::Conflict, format!("role `{name}` is still given to somebody; take it away first"))
}
