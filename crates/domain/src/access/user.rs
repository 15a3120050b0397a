//! People and service accounts.

use serde::{Deserialize, Serialize};

use super::permission::PermissionSet;
use super::role;
use crate::fault::{Fault, FaultResult};
use crate::id::{ServiceId, UserId};
use crate::name::{ServiceName, TenantName};
use crate::time::Timestamp;

/// Longest e-mail address, bytes.
pub const EMAIL_MAX: usize = 254;

/// A person. Passwords are kept beside, and only as Argon2id strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// Lower case; unique.
    pub email: String,
    pub name: String,
    /// Administrator of the whole server.
    pub superadmin: bool,
    /// May not sign in, and its credentials open nothing.
    pub disabled: bool,
    /// `issuer` and `sub` of an identity provider, if linked.
    pub subject: Option<(String, String)>,
    pub created_at: Timestamp,
}

/// The form in which addresses are stored and compared.
pub fn email(text: &str) -> FaultResult<String> {
    let text = text.trim().to_lowercase();
    let ok = text.len() <= EMAIL_MAX
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        })
        && text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    if ok {
        Ok(text)
    } else {
        Err(Fault::invalid("this is no e-mail address").with_field("email", "write it like ada@example.com"))
    }
}

/// What a member is in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    Owner,
    Admin,
    Member,
}

impl MemberRole {
    /// All, highest first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Admin, Self::Member];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> FaultResult<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Fault::invalid("a member is `owner`, `admin` or `member`"))
    }

    /// What it allows. A member looks; more comes by bindings.
    pub const fn permissions(self) -> PermissionSet {
        match self {
            Self::Owner => role::OWNER,
            Self::Admin => role::ADMIN,
            Self::Member => role::VIEWER,
        }
    }
}

/// A user in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub tenant: TenantName,
    pub user: UserId,
    pub role: MemberRole,
    pub created_at: Timestamp,
}

/// A program of a tenant that has keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    pub id: ServiceId,
    pub tenant: TenantName,
    pub name: ServiceName,
    pub description: String,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case_and_odd_ones_refused() {
        assert_eq!(email(" Ada@Example.COM ").expect("valid"), "ada@example.com");
        for bad in ["", "ada", "@x", "a@", "a@b@c", "a b@c", "a\0@c", "a@.c"] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
    }
}
