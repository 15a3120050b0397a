//! The audit log from below: every write of configuration appends an entry in its own
//! transaction, so that neither is there without the other.
//!
//! What the entry says comes along the task, not through the repositories: the edge says who
//! asks ([`within`]), control says what changes ([`about`]), and the engines ask [`draft`] when
//! they write. So a write that nobody thought of has an entry too, with what is known of the
//! request. What is no change by anybody is named in [`BOOKKEEPING`].

mod chain;

use std::future::Future;
use std::sync::Arc;

use nova_domain::audit::{Actor, AuditOutcome, Chain, Change, Entry, Origin, Resource};
use nova_domain::{Code, Timestamp};

pub(crate) use chain::{Walk, genesis, seal};

/// Operations of the store that change nothing that somebody declared: use and end of
/// credentials, how far a build is, values sealed with another key, windows of quotas.
const BOOKKEEPING: &[&str] = &[
    "credentials.touch",
    "credentials.prune",
    "versions.set_build",
    "secrets.reseal",
    "quotas.lease",
    "runs.insert_batch",
    "runs.prune",
    "runs.shrink",
    "ping",
];

/// Largest JSON of `before` or `after`, bytes; what is larger is told by size and digest.
const DOCUMENT_MAX: usize = 64 * 1024;

tokio::task_local! {
    static ORIGIN: Arc<Origin>;
    static CHANGE: Arc<Change>;
    static OPERATION: &'static str;
}

/// Runs `work` on behalf of a request.
pub async fn within<T>(origin: Origin, work: impl Future<Output = T>) -> T {
    ORIGIN.scope(Arc::new(origin), work).await
}

/// Runs a write of the store that is this change.
pub async fn about<T>(change: Change, work: impl Future<Output = T>) -> T {
    CHANGE.scope(Arc::new(change), work).await
}

/// Runs an operation of an engine, which its transactions ask for by [`draft`].
pub(crate) async fn operating<T>(op: &'static str, work: impl Future<Output = T>) -> T {
    OPERATION.scope(op, work).await
}

/// An entry before it has its place in a chain.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) chain: Chain,
    entry: Entry,
}

/// The entry of the write that goes on; `None` if it has none.
pub(crate) fn draft() -> Option<Draft> {
    OPERATION.try_with(|op| draft_of(op)).ok().flatten()
}

/// The entry of a write by its name.
pub(crate) fn draft_of(op: &str) -> Option<Draft> {
    if BOOKKEEPING.contains(&op) {
        return None;
    }
    let origin = ORIGIN.try_with(Arc::clone).ok();
    let change = CHANGE.try_with(Arc::clone).ok();
    Some(Draft::new(op, origin.as_deref(), change.as_deref(), AuditOutcome::Done, None))
}

/// The entry of something that changed nothing in the store.
pub(crate) fn draft_of_note(change: Option<&Change>, outcome: AuditOutcome, code: Option<Code>) -> Draft {
    let origin = ORIGIN.try_with(Arc::clone).ok();
    Draft::new("audit.note", origin.as_deref(), change, outcome, code)
}

impl Draft {
    fn new(
        op: &str,
        origin: Option<&Origin>,
        change: Option<&Change>,
        outcome: AuditOutcome,
        error: Option<Code>,
    ) -> Self {
        let chain = match (change, origin) {
            (Some(change), _) => change.chain.clone(),
            (None, Some(origin)) => origin.chain.clone(),
            (None, None) => Chain::Server,
        };
        let actor = change
            .and_then(|change| change.actor.clone())
            .or_else(|| origin.map(|origin| origin.actor.clone()))
            .unwrap_or_else(Actor::system);
        let resource = match (change, origin) {
            (Some(change), _) => change.resource.clone(),
            (None, Some(origin)) => origin.resource.clone(),
            // `users.create` is about users.
            (None, None) => Resource::new(op.split('.').next().unwrap_or_default(), ""),
        };
        let namespace = match change {
            Some(change) => change.namespace.as_ref(),
            None => origin.and_then(|origin| origin.namespace.as_ref()),
        };
        let json = |value: &Option<serde_json::Value>| value.as_ref().map(document);
        let entry = Entry {
            chain: chain.clone(),
            seq: 0,
            at: Timestamp::from_micros(0),
            actor: Actor {
                kind: actor.kind,
                id: text(&actor.id),
                name: text(&actor.name),
                credential: actor.credential.as_deref().map(text),
            },
            address: origin.and_then(|origin| origin.address.clone()),
            request_id: origin.and_then(|origin| origin.request_id.clone()),
            action: origin.map_or_else(|| op.to_owned(), |origin| origin.action.clone()),
            operation: origin.map_or_else(|| op.to_owned(), |origin| origin.operation.clone()),
            namespace: namespace.map(ToString::to_string),
            resource: Resource { kind: text(&resource.kind), name: text(&resource.name) },
            outcome,
            error: error.map(|code| code.as_str().to_owned()),
            changed: change.map(|change| change.changed.clone()).unwrap_or_default(),
            before: change.and_then(|change| json(&change.before)),
            after: change.and_then(|change| json(&change.after)),
            previous: String::new(),
            hash: String::new(),
        };
        Self { chain, entry }
    }

    /// The entry at its place behind `seq` and `hash`.
    pub(crate) fn place(&self, seq: u64, hash: &str) -> Entry {
        let mut entry = Entry {
            chain: self.chain.clone(),
            seq: seq + 1,
            at: now(),
            previous: hash.to_owned(),
            ..self.entry.clone()
        };
        entry.hash = seal(&entry);
        entry
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Short, and without NUL, which PostgreSQL does not take.
fn text(text: &str) -> String {
    text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c }).take(300).collect()
}

fn document(value: &serde_json::Value) -> String {
    use sha2::Digest as _;
    let text = value.to_string();
    if text.len() <= DOCUMENT_MAX {
        return text;
    }
    let digest = hex::encode(sha2::Sha256::digest(text.as_bytes()));
    serde_json::json!({"too_large": true, "bytes": text.len(), "sha256": digest}).to_string()
}
