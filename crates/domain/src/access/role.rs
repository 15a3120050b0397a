//! Named sets of permissions.

use serde::{Deserialize, Serialize};

use super::permission::{Permission, PermissionSet};
use crate::fault::{Code, Fault, FaultResult};
use crate::name::{RoleName, TenantName};
use crate::time::Timestamp;

use Permission::{
    AuditRead, FunctionCreate, FunctionDelete, FunctionInvoke, FunctionRead, FunctionShare, FunctionUpdate,
    KeyManage, KeyRead, LogRead, MemberManage, MemberRead, NamespaceCreate, NamespaceDelete, NamespaceRead,
    OwnerManage, QuotaRead, RoleManage, RoleRead, RuntimeRead, SecretManage, SecretRead, SelfRead,
    ServiceAccountManage, ServiceAccountRead, TenantDelete, TenantRead,
};

/// What every known caller may, wherever.
pub const ANYBODY: PermissionSet = PermissionSet::of(&[SelfRead, RuntimeRead]);
/// Call functions, nothing else.
pub const INVOKER: PermissionSet = PermissionSet::of(&[FunctionInvoke]);
/// Look at everything but secrets.
pub const VIEWER: PermissionSet =
    PermissionSet::of(&[FunctionRead, LogRead, TenantRead, NamespaceRead, QuotaRead]);
/// Work with functions.
pub const OPERATOR: PermissionSet = VIEWER.with(INVOKER).with(PermissionSet::of(&[
    FunctionCreate,
    FunctionUpdate,
    FunctionDelete,
    SecretRead,
]));
/// Everything in a tenant but the tenant itself and its owners.
pub const ADMIN: PermissionSet = OPERATOR.with(PermissionSet::of(&[
    FunctionShare,
    NamespaceCreate,
    NamespaceDelete,
    MemberRead,
    MemberManage,
    ServiceAccountRead,
    ServiceAccountManage,
    KeyRead,
    KeyManage,
    RoleRead,
    RoleManage,
    AuditRead,
    SecretManage,
]));
/// Everything in a tenant.
pub const OWNER: PermissionSet = ADMIN.with(PermissionSet::of(&[TenantDelete, OwnerManage]));

/// Name of the built-in role that an administrator of the whole server has.
pub const SUPERADMIN: &str = "superadmin";

/// The roles that every tenant has, with what they are for.
pub const BUILT_IN: &[(&str, PermissionSet, &str)] = &[
    ("owner", OWNER, "Everything in a tenant, its deletion too."),
    ("admin", ADMIN, "Everything in a tenant but its deletion and its owners."),
    ("operator", OPERATOR, "Create, change, delete and call functions; see runs and logs."),
    ("viewer", VIEWER, "See functions, runs and logs."),
    ("invoker", INVOKER, "Call functions."),
];

/// The permissions of a built-in role.
pub fn built_in(name: &str) -> Option<PermissionSet> {
    if name == SUPERADMIN {
        return Some(PermissionSet::all());
    }
    BUILT_IN.iter().find(|(known, ..)| *known == name).map(|(_, permissions, _)| *permissions)
}

/// A role that a tenant made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub tenant: TenantName,
    pub name: RoleName,
    pub description: String,
    pub permissions: PermissionSet,
    pub created_at: Timestamp,
}

impl Role {
    /// Checks that a tenant may have this role: a free name, and nothing that is about the server.
    pub fn check(&self) -> FaultResult<()> {
        if built_in(self.name.as_str()).is_some() {
            return Err(Fault::new(
                Code::AlreadyExists,
                format!("role `{}` is built in; choose another name", self.name),
            ));
        }
        let beyond = self.permissions.without(OWNER).without(ANYBODY);
        match beyond.iter().next() {
            None => Ok(()),
            Some(permission) => Err(Fault::invalid(format!(
                "permission `{permission}` is about the whole server; no role of a tenant can have it"
            ))),
        }
    }
}

/// Permissions as they are stored: their texts.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct PermissionList(pub Vec<String>);

impl From<PermissionSet> for PermissionList {
    fn from(set: PermissionSet) -> Self {
        Self(set.iter().map(|permission| permission.as_str().to_owned()).collect())
    }
}

impl PermissionList {
    /// Reads texts of a caller; one that is unknown is refused.
    pub fn checked(&self) -> FaultResult<PermissionSet> {
        self.0.iter().map(|text| Permission::parse(text)).collect()
    }

    /// Reads texts of the database; one that this program does not know grants nothing.
    pub fn known(&self) -> PermissionSet {
        self.0.iter().filter_map(|text| Permission::parse(text).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_more_than_the_one_below_and_none_reaches_the_server() {
        for (less, more) in [(INVOKER, OPERATOR), (VIEWER, OPERATOR), (OPERATOR, ADMIN), (ADMIN, OWNER)] {
            assert!(less.without(more).is_empty() && !more.without(less).is_empty());
        }
        for permission in [Permission::TenantCreate, Permission::UserManage, Permission::MetricsRead] {
            assert!(!OWNER.has(permission), "{permission}");
        }
        assert!(!VIEWER.has(KeyRead) && !VIEWER.has(SecretRead) && !OPERATOR.has(KeyManage));
    }
}
