//! What an endpoint asks for.

use std::fmt;

use crate::fault::{Fault, FaultResult};

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident => $text:literal,)*) => {
        /// One thing that a caller may be allowed to do. The text form is part of the API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Permission { $($(#[$doc])* $variant,)* }

        impl Permission {
            /// Every permission there is.
            pub const ALL: &'static [Permission] = &[$(Permission::$variant,)*];

            /// `noun:verb`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Permission::$variant => $text,)* }
            }
        }
    };
}

permissions! {
    /// What every signed-in caller may: see who it is, end its own session.
    SelfRead => "self:read",
    FunctionCreate => "function:create",
    FunctionRead => "function:read",
    FunctionUpdate => "function:update",
    FunctionDelete => "function:delete",
    FunctionInvoke => "function:invoke",
    /// Say who may invoke a function.
    FunctionShare => "function:share",
    /// Runs and log lines.
    LogRead => "log:read",
    RuntimeRead => "runtime:read",
    /// Metrics of the whole server.
    MetricsRead => "metrics:read",
    TenantRead => "tenant:read",
    TenantCreate => "tenant:create",
    TenantDelete => "tenant:delete",
    NamespaceRead => "namespace:read",
    NamespaceCreate => "namespace:create",
    NamespaceDelete => "namespace:delete",
    MemberRead => "member:read",
    /// Invite, change and remove members.
    MemberManage => "member:manage",
    /// Change owners of a tenant.
    OwnerManage => "owner:manage",
    UserRead => "user:read",
    /// Users of the whole server.
    UserManage => "user:manage",
    ServiceAccountRead => "service_account:read",
    ServiceAccountManage => "service_account:manage",
    KeyRead => "key:read",
    KeyManage => "key:manage",
    RoleRead => "role:read",
    /// Custom roles and bindings.
    RoleManage => "role:manage",
    AuditRead => "audit:read",
    QuotaRead => "quota:read",
    QuotaManage => "quota:manage",
    SecretRead => "secret:read",
    SecretManage => "secret:manage",
    /// Isolation, settings and state of the whole server.
    SystemRead => "system:read",
    /// What concerns the whole server, such as its master key.
    SystemManage => "system:manage",
}

impl Permission {
    /// The permission of that text.
    pub fn parse(text: &str) -> FaultResult<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            Fault::invalid(format!("{shown:?} is not a permission; docs/access.md lists them"))
        })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// Every permission.
    pub const fn all() -> Self {
        Self::of(Permission::ALL)
    }

    /// These.
    pub const fn of(list: &[Permission]) -> Self {
        let (mut bits, mut index) = (0u64, 0);
        while index < list.len() {
            bits |= 1 << (list[index] as u8);
            index += 1;
        }
        Self(bits)
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `permission` is among them.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << (permission as u8)) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::EMPTY, |set, one| set.with(Self::of(&[one])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_has_room_for_every_permission_and_texts_are_unique() {
        assert!(Permission::ALL.len() <= 64);
        assert_eq!(PermissionSet::all().iter().count(), Permission::ALL.len());
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()).expect("its own text"), *permission);
        }
        assert!(Permission::parse("function:*").is_err());
    }

    #[test]
    fn sets_add_and_take_away() {
        let some = PermissionSet::of(&[Permission::KeyRead, Permission::LogRead]);
        assert!(some.has(Permission::KeyRead) && !some.has(Permission::KeyManage));
        assert_eq!(some.without(PermissionSet::of(&[Permission::LogRead])).iter().count(), 1);
        assert!(some.without(PermissionSet::all()).is_empty());
    }
}
