//! Who changed what.

use nova_domain::Timestamp;
use nova_domain::audit::{Entry, Verification};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::schema;

/// Who did it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditActor {
    /// `user`, `service`, `key`, `token`, `dev`, `anonymous` (nobody known) or `system` (the server).
    pub kind: String,
    /// Empty for `dev`, `anonymous` and `system`.
    pub id: String,
    /// Address of a user, name of a key or service account, as it was then.
    pub name: String,
    /// Id of the key or session that was shown.
    pub credential: Option<String>,
}

/// What was changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditResource {
    /// `function`, `secret`, `key`, `role`, ..
    pub kind: String,
    /// Its name or id; empty where there is none.
    pub name: String,
}

/// One entry of the audit log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// Counts the entries of the tenant (or of the server), from 1, without gaps.
    pub seq: u64,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub at: Timestamp,
    /// Null: an entry of the server itself.
    pub tenant: Option<String>,
    pub namespace: Option<String>,
    pub actor: AuditActor,
    /// The permission that it needed, such as `function:update`.
    pub action: String,
    /// The endpoint (`update_function`), or what the server did by itself.
    pub operation: String,
    pub resource: AuditResource,
    /// `done`, `refused` (not allowed) or `failed` (a sign-in).
    pub outcome: String,
    /// Code of the problem, if it was not done.
    pub error: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// Dotted paths of what differs, also of values that are not shown.
    pub changed: Vec<String>,
    /// As it was, without secrets; null if it is new.
    #[schema(schema_with = schema::any)]
    pub before: Option<Box<RawValue>>,
    /// As it is, without secrets; null if it is gone.
    #[schema(schema_with = schema::any)]
    pub after: Option<Box<RawValue>>,
    /// SHA-256 of the entry and `previous`, hex.
    pub hash: String,
    /// `hash` of the entry before; 64 zeros for the first one.
    pub previous: String,
}

impl From<Entry> for AuditView {
    fn from(entry: Entry) -> Self {
        let raw = |text: String| RawValue::from_string(text).ok();
        Self {
            seq: entry.seq,
            at: entry.at,
            tenant: tenant_of(&entry.chain),
            namespace: entry.namespace,
            actor: AuditActor {
                kind: entry.actor.kind.as_str().to_owned(),
                id: entry.actor.id,
                name: entry.actor.name,
                credential: entry.actor.credential,
            },
            action: entry.action,
            operation: entry.operation,
            resource: AuditResource { kind: entry.resource.kind, name: entry.resource.name },
            outcome: entry.outcome.as_str().to_owned(),
            error: entry.error,
            address: entry.address,
            request_id: entry.request_id,
            changed: entry.changed,
            before: entry.before.and_then(raw),
            after: entry.after.and_then(raw),
            hash: entry.hash,
            previous: entry.previous,
        }
    }
}

fn tenant_of(chain: &nova_domain::audit::Chain) -> Option<String> {
    match chain {
        nova_domain::audit::Chain::Server => None,
        nova_domain::audit::Chain::Tenant(tenant) => Some(tenant.to_string()),
    }
}

/// The first entry that is not what was written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditBroken {
    pub seq: u64,
    /// What is wrong with it.
    pub why: String,
}

/// What a look through the audit log found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditVerification {
    /// Null: the log of the server itself.
    pub tenant: Option<String>,
    /// Whether every entry is there and is what was written.
    pub intact: bool,
    /// Entries that were looked at.
    pub entries: u64,
    /// The last entry; keep both values elsewhere and give them as `anchor_seq` and `anchor_hash` next time.
    pub head_seq: Option<u64>,
    pub head_hash: Option<String>,
    pub broken: Option<AuditBroken>,
}

impl From<Verification> for AuditVerification {
    fn from(found: Verification) -> Self {
        let (head_seq, head_hash) = found.head.map(|head| (head.seq, head.hash)).unzip();
        Self {
            tenant: tenant_of(&found.chain),
            intact: found.broken.is_none(),
            entries: found.entries,
            head_seq,
            head_hash,
            broken: found.broken.map(|broken| AuditBroken { seq: broken.seq, why: broken.why }),
        }
    }
}
