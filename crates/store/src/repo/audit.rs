//! The audit log. Entries are appended by the engines themselves, with each write.

use async_trait::async_trait;
use nova_domain::audit::{AuditFilter, AuditOutcome, Chain, Change, Entry, Head, Verification};
use nova_domain::{Code, Fault, FaultResult};

use crate::System;
use crate::page::{Page, PageRequest};

/// Who changed what.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Entries of a chain, newest first.
    async fn list(&self, chain: &Chain, filter: &AuditFilter, page: &PageRequest)
    -> FaultResult<Page<Entry>>;

    /// That entry, or `NotFound`.
    async fn get(&self, chain: &Chain, seq: u64) -> FaultResult<Entry>;

    /// Goes along the whole chain and compares. `anchor` is an entry that was its last one at an
    /// earlier look: somebody who may write to the database can write a whole chain anew, and
    /// only what is kept elsewhere tells.
    async fn verify(&self, chain: &Chain, anchor: Option<Head>) -> FaultResult<Verification>;

    /// Every chain that there is, also those of tenants that are gone.
    async fn chains(&self, system: &System) -> FaultResult<Vec<Chain>>;

    /// Appends an entry of something that changed nothing here: a refusal, or a change elsewhere, as
    /// of a file. Its transaction has nothing else.
    async fn note(
        &self,
        change: Option<&Change>,
        outcome: AuditOutcome,
        code: Option<Code>,
    ) -> FaultResult<()>;
}

/// Entries that a walk reads at once.
pub(crate) const WALK_PAGE: i64 = 500;

pub(crate) fn no_such_entry(seq: u64) -> Fault {
    Fault::not_found("audit entry", seq)
}
