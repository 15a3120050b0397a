//! Who changed what. An entry is written by the store in the transaction of the change itself,
//! and linked to the entry before it by its hash.

use serde_json::Value;

use crate::fault::{Fault, FaultResult};
use crate::name::{NamespaceName, TenantName};
use crate::time::Timestamp;

/// Which chain of entries: each tenant has one, and the server has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Chain {
    /// Tenants, users, sessions, keys and roles of the server, its settings.
    Server,
    Tenant(TenantName),
}

impl Chain {
    /// How storage names the server's chain; no tenant can be called so.
    pub const SERVER: &str = "*";

    /// The chain of a tenant, or (`None`) of the server.
    pub fn of(tenant: Option<&TenantName>) -> Self {
        tenant.map_or(Self::Server, |tenant| Self::Tenant(tenant.clone()))
    }

    /// The name in storage.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Server => Self::SERVER,
            Self::Tenant(tenant) => tenant.as_str(),
        }
    }

    /// The chain of that name in storage.
    pub fn parse(text: &str) -> FaultResult<Self> {
        if text == Self::SERVER { Ok(Self::Server) } else { TenantName::new(text).map(Self::Tenant) }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($variant,)* }

        impl $name {
            /// Every one there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the API and in storage.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one of that name.
            pub fn parse(text: &str) -> FaultResult<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|known| known.as_str()).collect();
                    let shown: String = text.chars().take(40).collect();
                    Fault::invalid(format!("{shown:?} is not known; use one of {}", known.join(", ")))
                })
            }
        }
    };
}

words! {
    /// What kind of caller did it.
    ActorKind {
        User => "user",
        Service => "service",
        Key => "key",
        Token => "token",
        Dev => "dev",
        Anonymous => "anonymous",
        System => "system",
    }
}

words! {
    /// What came of it.
    AuditOutcome {
        Done => "done",
        Refused => "refused",
        Failed => "failed",
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    /// Empty for those that have none.
    pub id: String,
    /// For people: an address, a name of a key.
    pub name: String,
    /// The key or session that was shown.
    pub credential: Option<String>,
}

impl Actor {
    /// The server itself: a build that ended, a first key, a command on the server's own machine.
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: String::new(), name: "nova".to_owned(), credential: None }
    }

    /// Somebody who showed nothing that is known.
    pub fn anonymous() -> Self {
        Self { kind: ActorKind::Anonymous, id: String::new(), name: String::new(), credential: None }
    }
}

/// A thing by kind and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    pub kind: String,
    pub name: String,
}

impl Resource {
    /// The thing of that kind and name.
    pub fn new(kind: &str, name: impl ToString) -> Self {
        Self { kind: kind.to_owned(), name: name.to_string() }
    }
}

/// What is known of a request, whatever it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub actor: Actor,
    /// Where the request came from.
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// What the caller needed: `function:update`.
    pub action: String,
    /// The endpoint: `update_function`.
    pub operation: String,
    pub chain: Chain,
    pub namespace: Option<NamespaceName>,
    /// What the path names.
    pub resource: Resource,
}

/// What a change is about. Nothing in it is secret: values of secrets and of environment
/// variables, passwords and keys never get here, and code only as its digest.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub chain: Chain,
    pub namespace: Option<NamespaceName>,
    pub resource: Resource,
    /// As it was; `None` if it is new.
    pub before: Option<Value>,
    /// As it is; `None` if it is gone.
    pub after: Option<Value>,
    /// Dotted paths of what differs, also of values that are not shown.
    pub changed: Vec<String>,
    /// Who did it, where the request alone does not tell: somebody who signs in.
    pub actor: Option<Actor>,
}

impl Change {
    /// A change of a thing, with nothing said of before and after.
    pub fn of(chain: Chain, resource: Resource) -> Self {
        Self { chain, namespace: None, resource, before: None, after: None, changed: Vec::new(), actor: None }
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub chain: Chain,
    /// Counts the entries of the chain, from 1, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub actor: Actor,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub action: String,
    pub operation: String,
    pub namespace: Option<String>,
    pub resource: Resource,
    pub outcome: AuditOutcome,
    /// Code of the fault, if it was not done.
    pub error: Option<String>,
    pub changed: Vec<String>,
    /// JSON text.
    pub before: Option<String>,
    pub after: Option<String>,
    /// Hash of the entry before, hex; of the first one 64 zeros.
    pub previous: String,
    /// SHA-256 over all of the above, hex.
    pub hash: String,
}

/// An entry by place and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub seq: u64,
    pub hash: String,
}

/// What a look through a chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    pub chain: Chain,
    /// Entries that were looked at.
    pub entries: u64,
    /// The last entry, if all is well: to be kept elsewhere and compared next time.
    pub head: Option<Head>,
    pub broken: Option<Broken>,
}

/// The first place where a chain is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub seq: u64,
    pub why: String,
}

/// Which entries are wanted. The default is all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Id or name of who did it.
    pub actor: Option<String>,
    /// Permission or endpoint.
    pub action: Option<String>,
    pub resource_kind: Option<String>,
    pub resource_name: Option<String>,
    pub outcome: Option<AuditOutcome>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}
