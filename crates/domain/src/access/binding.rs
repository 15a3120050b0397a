//! Roles given to somebody.

use std::fmt;

use super::pattern::Pattern;
use crate::fault::{Code, Fault, FaultResult};
use crate::id::{BindingId, CredentialId, ServiceId, UserId};
use crate::name::{RoleName, TenantName};
use crate::time::Timestamp;

/// Whom a role can be given to, and who does things.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    User(UserId),
    Service(ServiceId),
    /// A key that stands for itself.
    Key(CredentialId),
    /// The bearer of a token of an issuer that the settings name: `issuer#sub`.
    Token(String),
    /// Whoever reaches a server that runs with `--dev` without a credential.
    Dev,
}

impl Subject {
    /// Reads what [`Display`](fmt::Display) writes.
    pub fn read(text: &str) -> FaultResult<Self> {
        match text.split_once(':') {
            Some(("token", of)) => Ok(Self::Token(of.to_owned())),
            None if text == "dev" => Ok(Self::Dev),
            _ => Self::parse(text),
        }
    }

    /// Reads `user:ID`, `service:ID` or `key:ID`: those that a role can be bound to.
    pub fn parse(text: &str) -> FaultResult<Self> {
        match text.split_once(':') {
            Some(("user", id)) => Ok(Self::User(UserId::new(id)?)),
            Some(("service", id)) => Ok(Self::Service(ServiceId::new(id)?)),
            Some(("key", id)) => Ok(Self::Key(CredentialId::new(id)?)),
            _ => Err(Fault::new(Code::InvalidArgument, "a subject is `user:ID`, `service:ID` or `key:ID`")),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Service(id) => write!(f, "service:{id}"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Token(text) => write!(f, "token:{text}"),
            Self::Dev => f.write_str("dev"),
        }
    }
}

/// A role that a subject has, in a tenant (`None`: in all, and over the server).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub id: BindingId,
    pub tenant: Option<TenantName>,
    pub subject: Subject,
    pub role: RoleName,
    pub namespaces: Pattern,
    pub resources: Pattern,
    pub created_at: Timestamp,
}
