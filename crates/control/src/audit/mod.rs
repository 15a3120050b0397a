//! Who changed what: how changes are told, and how the log is read.
//!
//! The store appends an entry in the transaction of every write. Here is what the entry says:
//! each write of this crate is wrapped in [`about`] with what it changes. What is shown of a
//! thing is listed field by field in [`shown`], so that a new field is hidden until somebody
//! decides otherwise.

mod change;
pub(crate) mod shown;

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use nova_domain::access::{Principal, Subject};
use nova_domain::audit::{
    Actor, ActorKind, AuditFilter, AuditOutcome, Chain, Change, Entry, Head, Verification,
};
use nova_domain::{Code, CredentialId, Fault, FaultResult};
use nova_store::{Page, PageRequest, Store};

pub use nova_store::audit::within;

pub(crate) use change::{changed, created, deleted};
pub(crate) use nova_store::audit::about;

/// The audit log. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    store: Store,
    refusals: Arc<DefaultDirectRateLimiter>,
}

/// Refusals that are written down in a minute; somebody with a key could fill the disk with more.
const REFUSALS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(600).expect("not zero");

impl Audit {
    /// The log of this store.
    pub fn new(store: Store) -> Self {
        let refusals = RateLimiter::direct(Quota::per_minute(REFUSALS_PER_MINUTE));
        Self { store, refusals: Arc::new(refusals) }
    }

    /// Entries of a chain, newest first.
    pub async fn list(
        &self,
        caller: &Principal,
        chain: &Chain,
        mut filter: AuditFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<Entry>> {
        if let Some(since) = self.visible_since(caller, chain).await? {
            filter.since = Some(filter.since.map_or(since, |asked| asked.max(since)));
        }
        self.store.audit().list(chain, &filter, page).await
    }

    /// One entry.
    pub async fn get(&self, caller: &Principal, chain: &Chain, seq: u64) -> FaultResult<Entry> {
        let entry = self.store.audit().get(chain, seq).await?;
        match self.visible_since(caller, chain).await? {
            Some(since) if entry.at < since => Err(Fault::not_found("audit entry", seq)),
            _ => Ok(entry),
        }
    }

    /// Goes along the whole chain. `anchor`: an entry that was the last one at an earlier look.
    pub async fn verify(&self, chain: &Chain, anchor: Option<Head>) -> FaultResult<Verification> {
        let found = self.store.audit().verify(chain, anchor).await?;
        if let Some(broken) = &found.broken {
            metrics::counter!("nova_audit_broken_total").increment(1);
            tracing::error!(chain = chain.as_str(), seq = broken.seq, why = %broken.why, "the audit log was tampered with");
        }
        Ok(found)
    }

    /// Notes that somebody who is known was not allowed to change something.
    pub async fn refused(&self, code: Code) {
        if self.refusals.check().is_ok() {
            note(&self.store, None, AuditOutcome::Refused, code).await;
        } else {
            metrics::counter!("nova_audit_refusals_dropped_total").increment(1);
        }
    }

    /// A tenant that was deleted leaves its log behind. Whoever has a tenant of the same name
    /// later sees only what came since it was made; an administrator of the server sees all.
    async fn visible_since(
        &self,
        caller: &Principal,
        chain: &Chain,
    ) -> FaultResult<Option<nova_domain::Timestamp>> {
        match chain {
            Chain::Tenant(tenant) if !caller.is_superadmin() => {
                Ok(Some(self.store.tenants().get(tenant).await?.created_at))
            }
            _ => Ok(None),
        }
    }
}

/// A subject as an entry names it.
pub fn actor(subject: &Subject, name: &str, credential: Option<&CredentialId>) -> Actor {
    let (kind, id) = match subject {
        Subject::User(id) => (ActorKind::User, id.as_str()),
        Subject::Service(id) => (ActorKind::Service, id.as_str()),
        Subject::Key(id) => (ActorKind::Key, id.as_str()),
        Subject::Token(text) => (ActorKind::Token, text.as_str()),
        Subject::Dev => (ActorKind::Dev, ""),
    };
    let credential = credential.map(ToString::to_string);
    Actor { kind, id: id.to_owned(), name: name.to_owned(), credential }
}

/// Appends an entry of something that was not done. What is refused stays refused if that fails.
pub(crate) async fn note(store: &Store, change: Option<&Change>, outcome: AuditOutcome, code: Code) {
    if let Err(fault) = store.audit().note(change, outcome, Some(code)).await {
        tracing::error!(error = %fault.log_line(), "a refusal could not be written to the audit log");
    }
}
