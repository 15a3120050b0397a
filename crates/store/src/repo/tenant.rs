//! Tenants and their namespaces.

use async_trait::async_trait;
use nova_domain::access::{Namespace, Tenant};
use nova_domain::{Code, Fault, FaultResult, NamespaceName, Scope, TenantName};

use crate::System;
use crate::page::{Page, PageRequest};

/// Tenants, and namespaces within them. A function can be created only in a namespace that is here.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// Stores a new tenant with its namespace `default`. `AlreadyExists` if the name is taken.
    async fn create(&self, system: &System, tenant: &Tenant) -> FaultResult<()>;

    /// The tenant of that name, or `NotFound`.
    async fn get(&self, tenant: &TenantName) -> FaultResult<Tenant>;

    /// Every tenant, sorted by name.
    async fn list(&self, system: &System, page: &PageRequest) -> FaultResult<Page<Tenant>>;

    /// Deletes a tenant with its namespaces, memberships, service accounts, credentials, roles
    /// and bindings. `Conflict` while it has functions; `NotFound` if there is none.
    async fn delete(&self, system: &System, tenant: &TenantName) -> FaultResult<()>;

    /// Stores a new namespace. `AlreadyExists`, or `NotFound` if there is no such tenant.
    async fn create_namespace(&self, namespace: &Namespace) -> FaultResult<()>;

    /// That namespace, or `NotFound`.
    async fn get_namespace(&self, scope: &Scope) -> FaultResult<Namespace>;

    /// Namespaces of a tenant, sorted by name.
    async fn list_namespaces(&self, tenant: &TenantName, page: &PageRequest) -> FaultResult<Page<Namespace>>;

    /// Deletes a namespace. `Conflict` while it has functions; `NotFound` if there is none.
    async fn delete_namespace(&self, scope: &Scope) -> FaultResult<()>;
}

pub(crate) fn no_such_tenant(tenant: &TenantName) -> Fault {
    Fault::not_found("tenant", tenant)
}

pub(crate) fn no_such_namespace(tenant: &TenantName, name: &NamespaceName) -> Fault {
    Fault::new(
        Code::NotFound,
        format!(
            "tenant `{tenant}` has no namespace `{name}`; create it first (`nova namespace create {name}`)"
        ),
    )
}

pub(crate) fn taken(what: &str, name: impl std::fmt::Display) -> Fault {
    Fault::new(Code::AlreadyExists, format!("a {what} called `{name}` exists already; choose another name"))
}

pub(crate) fn not_empty(what: &str, name: impl std::fmt::Display) -> Fault {
    Fault::new(Code::Conflict, format!("{what} `{name}` still has functions; delete those first"))
}
