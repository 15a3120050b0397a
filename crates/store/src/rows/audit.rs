//! Columns of the audit log.

use nova_domain::Timestamp;
use nova_domain::audit::{Actor, ActorKind, AuditOutcome, Chain, Entry, Resource};

use super::{checked, to_u64};
use crate::error::{StoreError, StoreResult};

/// Columns of `audit_entries`, in the order of the table.
pub(crate) struct AuditRow {
    pub(crate) chain: String,
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) actor: (String, String, String),
    pub(crate) credential: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) action: String,
    pub(crate) operation: String,
    pub(crate) namespace: Option<String>,
    pub(crate) resource: (String, String),
    pub(crate) outcome: String,
    pub(crate) error: Option<String>,
    pub(crate) changed: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) previous: String,
    pub(crate) hash: String,
}

impl AuditRow {
    /// The entry. A row that cannot be read was not written by Nova: the walk says where.
    pub(crate) fn into_entry(self) -> StoreResult<Entry> {
        let (kind, id, name) = self.actor;
        let (resource, called) = self.resource;
        Ok(Entry {
            chain: checked("audit entry", Chain::parse(&self.chain))?,
            seq: to_u64(self.seq),
            at: Timestamp::from_micros(self.at),
            actor: Actor {
                kind: checked("audit entry", ActorKind::parse(&kind))?,
                id,
                name,
                credential: self.credential,
            },
            address: self.address,
            request_id: self.request_id,
            action: self.action,
            operation: self.operation,
            namespace: self.namespace,
            resource: Resource { kind: resource, name: called },
            outcome: checked("audit entry", AuditOutcome::parse(&self.outcome))?,
            error: self.error,
            changed: serde_json::from_str(&self.changed)
                .map_err(|error| StoreError::unreadable("audit entry", error))?,
            before: self.before,
            after: self.after,
            previous: self.previous,
            hash: self.hash,
        })
    }
}

/// The list of changed paths as it is stored.
pub(crate) fn paths(changed: &[String]) -> String {
    serde_json::Value::from(changed.to_vec()).to_string()
}
