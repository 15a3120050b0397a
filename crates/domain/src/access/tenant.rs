//! Tenants and their namespaces.

use crate::name::{NamespaceName, TenantName};
use crate::time::Timestamp;

/// Who things belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub name: TenantName,
    pub description: String,
    pub created_at: Timestamp,
}

/// A partition of a tenant; environments such as staging are namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    pub tenant: TenantName,
    pub name: NamespaceName,
    pub description: String,
    pub created_at: Timestamp,
}
