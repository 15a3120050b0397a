//! How entries hang together, and the walk that checks it.

use nova_domain::audit::{Broken, Chain, Entry, Head, Verification};
use sha2::{Digest as _, Sha256};

use crate::repo::audit::WALK_PAGE;
use crate::rows::{AuditRow, to_u64};

/// The hash before the first entry.
pub(crate) fn genesis() -> String {
    "0".repeat(64)
}

/// The hash of an entry. Every field goes in with its length before it, in a fixed order, so
/// that no two entries have the same bytes; absent fields are told apart from empty ones.
pub(crate) fn seal(entry: &Entry) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"nova audit 1\n");
    let mut put = |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        None => hasher.update(u64::MAX.to_be_bytes()),
    };
    put(Some(entry.chain.as_str().as_bytes()));
    put(Some(&entry.seq.to_be_bytes()));
    put(Some(&entry.at.as_micros().to_be_bytes()));
    put(Some(entry.actor.kind.as_str().as_bytes()));
    put(Some(entry.actor.id.as_bytes()));
    put(Some(entry.actor.name.as_bytes()));
    put(entry.actor.credential.as_deref().map(str::as_bytes));
    put(entry.address.as_deref().map(str::as_bytes));
    put(entry.request_id.as_deref().map(str::as_bytes));
    put(Some(entry.action.as_bytes()));
    put(Some(entry.operation.as_bytes()));
    put(entry.namespace.as_deref().map(str::as_bytes));
    put(Some(entry.resource.kind.as_bytes()));
    put(Some(entry.resource.name.as_bytes()));
    put(Some(entry.outcome.as_str().as_bytes()));
    put(entry.error.as_deref().map(str::as_bytes));
    put(Some(&(entry.changed.len() as u64).to_be_bytes()));
    for path in &entry.changed {
        put(Some(path.as_bytes()));
    }
    put(entry.before.as_deref().map(str::as_bytes));
    put(entry.after.as_deref().map(str::as_bytes));
    put(Some(entry.previous.as_bytes()));
    hex::encode(hasher.finalize())
}

/// A walk along a chain from its first entry.
pub(crate) struct Walk {
    chain: Chain,
    seq: u64,
    hash: String,
    anchor: Option<Head>,
    broken: Option<Broken>,
}

impl Walk {
    /// Before the first entry. `anchor` is an entry that was there at an earlier look.
    pub(crate) fn new(chain: Chain, anchor: Option<Head>) -> Self {
        Self { chain, seq: 0, hash: genesis(), anchor, broken: None }
    }

    fn complain(&mut self, seq: u64, why: impl Into<String>) {
        self.broken = Some(Broken { seq, why: why.into() });
    }

    /// Looks at the next entry that is there; `false` if it is not worth going on.
    fn step(&mut self, entry: &Entry) -> bool {
        let next = self.seq + 1;
        if entry.seq != next {
            self.complain(next, format!("entry {next} is missing; after it comes {}", entry.seq));
        } else if entry.previous != self.hash {
            self.complain(next, "it does not follow the entry before it: one of both was replaced");
        } else if seal(entry) != entry.hash {
            self.complain(next, "its content is not what was written");
        } else if self.anchor.as_ref().is_some_and(|anchor| anchor.seq == next && anchor.hash != entry.hash) {
            self.complain(next, "it is not the entry that the anchor names: the log was written anew");
        }
        if self.broken.is_none() {
            (self.seq, self.hash) = (next, entry.hash.clone());
        }
        self.broken.is_none()
    }

    /// Where to go on.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Looks at the next rows; `false` at the end. `head` was read before the walk began.
    pub(crate) fn page(&mut self, rows: Vec<AuditRow>, head: Option<&Head>) -> bool {
        let full = rows.len() as i64 == WALK_PAGE;
        for row in rows {
            let seq = to_u64(row.seq);
            let on = match row.into_entry() {
                Ok(entry) => self.step(&entry),
                Err(error) => {
                    self.complain(seq, format!("it cannot be read: {error}"));
                    false
                }
            };
            self.compare(head);
            if !on || self.broken.is_some() {
                return false;
            }
        }
        full
    }

    /// What was found, once there are no more entries. `head` is what is stored beside them: `before`
    /// the walk, so that more of them may have come since, and after it.
    pub(crate) fn end(mut self, before: Option<&Head>, after: Option<&Head>) -> Verification {
        if self.broken.is_none() {
            let shown = after.map_or(0, |head| head.seq);
            match before {
                _ if after.is_none() && self.seq > 0 => {
                    self.complain(self.seq, "the record of the chain's last entry is missing");
                }
                _ if shown < self.seq => {
                    let why =
                        format!("the record of the chain's last entry names entry {shown}, which is not it");
                    self.complain(shown + 1, why);
                }
                Some(head) if head.seq > self.seq => {
                    let why = format!("it and what follows are missing; the last entry was {}", head.seq);
                    self.complain(self.seq + 1, why);
                }
                _ => {}
            }
        }
        if let (None, Some(anchor)) = (&self.broken, &self.anchor)
            && anchor.seq > self.seq
        {
            let why = format!("it and what follows are missing; the anchor names entry {}", anchor.seq);
            self.complain(self.seq + 1, why);
        }
        let last = (self.broken.is_none() && self.seq > 0).then_some(Head { seq: self.seq, hash: self.hash });
        Verification { chain: self.chain, entries: self.seq, head: last, broken: self.broken }
    }

    /// Complains if the stored head is another than the entry at its place.
    fn compare(&mut self, head: Option<&Head>) {
        if self.broken.is_none()
            && let Some(head) = head
            && head.seq == self.seq
            && head.hash != self.hash
        {
            let seq = self.seq;
            self.complain(seq, "the record of the chain's last entry names another entry");
        }
    }
}
