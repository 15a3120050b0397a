//! Secrets that stand for somebody: keys, sessions, invitations. Of the secret itself only
//! its SHA-256 is kept, which is enough because it is 256 random bits.

use serde::{Deserialize, Serialize};

use super::binding::Subject;
use super::principal::CallerFunction;
use super::user::MemberRole;
use crate::id::CredentialId;
use crate::name::TenantName;
use crate::time::Timestamp;

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    Key,
    /// What the cookie of a browser holds.
    Session,
    /// A link that makes its bearer a member.
    Invitation,
}

impl CredentialKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Key, Self::Session, Self::Invitation];

    /// The name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Session => "session",
            Self::Invitation => "invitation",
        }
    }

    /// How its secrets begin, so that people and scanners know one when they see it.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Key => "nova_",
            Self::Session => "novas_",
            Self::Invitation => "novai_",
        }
    }
}

/// A key, session or invitation, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    pub kind: CredentialKind,
    /// Whose it is; `None`: of the server (admin keys, sessions).
    pub tenant: Option<TenantName>,
    /// Who acts by it. A key that stands for itself names itself.
    pub owner: Subject,
    pub name: String,
    /// The first characters of the secret, to tell keys apart.
    pub prefix: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Written some time after the fact.
    pub last_used_at: Option<Timestamp>,
    /// JSON document of the kind: [`SessionNote`], [`Invitation`], or `null`.
    pub note: serde_json::Value,
}

impl Credential {
    /// Whether it opens nothing any more.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// What is known of a key beside its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNote {
    /// Whether it is a pair of access key id and secret, with which requests are signed as AWS's
    /// clients do. The id is the prefix.
    #[serde(default)]
    pub pair: bool,
    /// The function that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<CallerFunction>,
}

impl KeyNote {
    /// The note of a key; one without is an ordinary key.
    pub fn of(key: &Credential) -> Self {
        serde_json::from_value(key.note.clone()).unwrap_or_default()
    }
}

/// Where a session was begun.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionNote {
    pub address: String,
    pub agent: String,
    /// How: `password`, `key` or the name of an identity provider.
    pub by: String,
    /// The key that was used, whose end is the session's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<CredentialId>,
}

/// What an invitation is to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub email: String,
    /// `None`: only to have an account (with `superadmin`, one over the server).
    pub role: Option<MemberRole>,
    #[serde(default)]
    pub superadmin: bool,
}
