//! Users, members, invitations, service accounts, roles, sessions.

use nova_domain::Timestamp;
use nova_domain::access::{
    Binding, Credential, Invitation, MemberRole, PermissionSet, Role, ServiceAccount, SessionNote, User,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::permission_texts;
use crate::schema;

/// Somebody to be invited.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInvitation {
    pub email: String,
    /// What they will be in the tenant: `owner`, `admin` or `member` (if absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Only an account on the server, no membership.
    #[serde(default)]
    pub server: bool,
    /// An administrator of the whole server.
    #[serde(default)]
    pub superadmin: bool,
}

/// An invitation that was not accepted yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InvitationView {
    pub id: String,
    pub email: String,
    pub tenant: Option<String>,
    pub role: Option<String>,
    pub superadmin: bool,
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub expires_at: Option<Timestamp>,
}

impl InvitationView {
    /// The view of an invitation.
    pub fn new(invitation: Credential, to: Invitation) -> Self {
        Self {
            id: invitation.id.into(),
            email: to.email,
            tenant: invitation.tenant.map(String::from),
            role: to.role.map(|role| role.as_str().to_owned()),
            superadmin: to.superadmin,
            expires_at: invitation.expires_at,
        }
    }
}

/// An invitation that was just made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedInvitation {
    pub invitation: InvitationView,
    /// Shown this one time only.
    pub secret: String,
    /// Path of the page where it is accepted; put the server's address before it.
    pub path: String,
}

/// Accepting an invitation.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    pub secret: String,
    #[serde(default)]
    pub name: String,
    /// A new password; for somebody who has an account already, theirs.
    pub password: String,
}

/// A new password for the caller.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    pub old: String,
    pub new: String,
}

/// A person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    pub id: String,
    pub email: String,
    pub name: String,
    pub superadmin: bool,
    pub disabled: bool,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.into(),
            email: user.email,
            name: user.name,
            superadmin: user.superadmin,
            disabled: user.disabled,
            created_at: user.created_at,
        }
    }
}

/// What of a user changes; absent fields stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchUser {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superadmin: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A member of a tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MemberView {
    pub user: String,
    pub email: String,
    pub name: String,
    /// `owner`, `admin` or `member`.
    pub role: String,
    pub disabled: bool,
}

impl MemberView {
    /// The view of a member.
    pub fn new(user: User, role: MemberRole) -> Self {
        Self {
            user: user.id.into(),
            email: user.email,
            name: user.name,
            role: role.as_str().to_owned(),
            disabled: user.disabled,
        }
    }
}

/// What a member shall be.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMember {
    /// `owner`, `admin` or `member`.
    pub role: String,
}

/// A service account to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateServiceAccount {
    pub name: String,
    #[serde(default)]
    pub description: String,
}

/// A service account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ServiceAccountView {
    pub id: String,
    pub name: String,
    /// What roles are given to: `service:ID`.
    pub subject: String,
    pub description: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
}

impl From<ServiceAccount> for ServiceAccountView {
    fn from(account: ServiceAccount) -> Self {
        Self {
            subject: format!("service:{}", account.id),
            id: account.id.into(),
            name: account.name.into(),
            description: account.description,
            created_at: account.created_at,
        }
    }
}

/// A role to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRole {
    pub name: String,
    #[serde(default)]
    pub description: String,
    pub permissions: Vec<String>,
}

/// What a role shall be.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutRole {
    #[serde(default)]
    pub description: String,
    pub permissions: Vec<String>,
}

/// A role.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoleView {
    pub name: String,
    pub description: String,
    pub permissions: Vec<String>,
    pub built_in: bool,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            name: role.name.into(),
            description: role.description,
            permissions: permission_texts(role.permissions.iter()),
            built_in: false,
        }
    }
}

impl RoleView {
    /// The view of a built-in role.
    pub fn built_in(name: &str, permissions: PermissionSet, about: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: about.to_owned(),
            permissions: permission_texts(permissions.iter()),
            built_in: true,
        }
    }
}

/// A role to be given to somebody.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateBinding {
    /// `user:ID`, `service:ID` or `key:ID`.
    pub subject: String,
    pub role: String,
    /// Pattern; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<String>,
    /// Pattern of names of functions; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<String>,
    /// Over the whole server instead of the tenant.
    #[serde(default)]
    pub server: bool,
}

/// A role given to somebody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BindingView {
    pub id: String,
    pub subject: String,
    pub role: String,
    /// Absent: over the whole server.
    pub tenant: Option<String>,
    pub namespaces: String,
    pub resources: String,
}

impl From<Binding> for BindingView {
    fn from(binding: Binding) -> Self {
        Self {
            id: binding.id.into(),
            subject: binding.subject.to_string(),
            role: binding.role.into(),
            tenant: binding.tenant.map(String::from),
            namespaces: binding.namespaces.into(),
            resources: binding.resources.into(),
        }
    }
}

/// A session of the caller.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    pub id: String,
    /// The session of this request.
    pub current: bool,
    /// Where it was begun.
    pub address: String,
    pub agent: String,
    /// `password`, `key`, or the name of an identity provider.
    pub by: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub expires_at: Option<Timestamp>,
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub last_used_at: Option<Timestamp>,
}

impl SessionView {
    /// The view of a session.
    pub fn new(session: Credential, current: bool) -> Self {
        let note: SessionNote = serde_json::from_value(session.note).unwrap_or_default();
        Self {
            id: session.id.into(),
            current,
            address: note.address,
            agent: note.agent,
            by: note.by,
            created_at: session.created_at,
            expires_at: session.expires_at,
            last_used_at: session.last_used_at,
        }
    }
}
