//! Jobs: the queue.

use async_trait::async_trait;
use bytes::Bytes;
use nova_domain::access::Names;
use nova_domain::call::{FunctionRef, Qualifier};
use nova_domain::job::{Ended, Job, JobStatus, JobWithPayload};
use nova_domain::{
    Code, Fault, FaultResult, FunctionId, JobId, NamespaceName, RunId, Scope, TenantName, Timestamp,
};

use crate::System;
use crate::page::{Page, PageRequest};

/// Which jobs of a namespace are wanted. The default is all.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Of functions that were called so when the job was accepted.
    pub names: Names,
    pub function: Option<FunctionId>,
    pub status: Option<JobStatus>,
}

/// An order that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedJob {
    pub job: Job,
    /// Whether it had been taken before, under the same idempotency key.
    pub replayed: bool,
}

/// One attempt that may be begun.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The id that its run gets.
    pub run: RunId,
    /// 0 to 1: spreads the wait, if the job has to.
    pub chance: f64,
}

/// What somebody who has time asks for.
#[derive(Debug, Clone)]
pub struct Claim {
    pub now: Timestamp,
    /// Until when the attempts are theirs, unless they renew it.
    pub lease: Timestamp,
    /// At most so many jobs, 1 to 256.
    pub slots: Vec<Slot>,
    /// Functions of which no more are wanted now.
    pub busy: Vec<FunctionId>,
}

/// What a claim gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claimed {
    /// Attempts that are begun: to be carried out and [finished](Jobs::finish).
    pub begun: Vec<JobWithPayload>,
    /// Jobs that were due and were not begun: too old, or their server had gone away.
    pub settled: Vec<Job>,
}

/// How much is due and not begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub due: u64,
    pub oldest_due: Option<Timestamp>,
}

/// Jobs of a namespace, and for the system the queue of all.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Takes an order; it is on disk when this returns. With an idempotency key that a kept job of the
    /// same function has, that job is returned, or `Conflict` if event or version differ.
    async fn accept(&self, job: &JobWithPayload) -> FaultResult<AcceptedJob>;

    /// That job with its event, or `NotFound`.
    async fn get(&self, scope: &Scope, id: &JobId) -> FaultResult<JobWithPayload>;

    /// Jobs without their events, newest first.
    async fn list(&self, scope: &Scope, filter: &JobFilter, page: &PageRequest) -> FaultResult<Page<Job>>;

    /// Gives a dead job its attempts again. `Conflict` if it is not dead.
    async fn retry(&self, scope: &Scope, id: &JobId, now: Timestamp) -> FaultResult<Job>;

    /// Deletes a job that is not running (`Conflict`).
    async fn delete(&self, scope: &Scope, id: &JobId) -> FaultResult<()>;

    /// Begins attempts of the jobs that are due, the longest due first. No two callers get the same one.
    async fn claim(&self, system: &System, claim: Claim) -> FaultResult<Claimed>;

    /// Moves the end of these leases (job and fence) to `lease`; returns those that were still theirs.
    async fn renew(
        &self,
        system: &System,
        held: &[(JobId, u64)],
        lease: Timestamp,
    ) -> FaultResult<Vec<(JobId, u64)>>;

    /// Stores what came of an attempt; see [`Job::finish`]. `NotFound` if the job is gone.
    async fn finish(
        &self,
        system: &System,
        id: &JobId,
        fence: u64,
        now: Timestamp,
        ended: Ended,
        chance: f64,
    ) -> FaultResult<Job>;

    /// Jobs of a tenant that wait or run; counted up to `most`.
    async fn open(&self, system: &System, tenant: &TenantName, most: u32) -> FaultResult<u64>;

    /// What is due and not begun, of all tenants.
    async fn waiting(&self, system: &System, now: Timestamp) -> FaultResult<Waiting>;

    /// Deletes up to `max_jobs` (1..=10,000) of the jobs that ended before; returns how many.
    async fn prune(&self, system: &System, ended_before: Timestamp, max_jobs: u32) -> FaultResult<u64>;

    /// Deletes up to `most` (1..=10,000) jobs of a tenant, or of one of its namespaces, that is gone;
    /// returns how many. Call again while it returns `most`.
    async fn forget(
        &self,
        system: &System,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        most: u32,
    ) -> FaultResult<u64>;
}

/// Most jobs of one claim.
pub(crate) const CLAIM_MAX: usize = 256;

pub(crate) fn check_claim(claim: &Claim) -> FaultResult<()> {
    if (1..=CLAIM_MAX).contains(&claim.slots.len()) {
        return Ok(());
    }
    Err(Fault::internal("a claim takes 1 to 256 jobs"))
}

/// The page of jobs that were found.
pub(crate) fn page_of(page: &PageRequest, jobs: Vec<Job>) -> Page<Job> {
    Page::of(page, jobs, |job: &Job| [job.order.created_at.as_micros().to_string(), job.order.id.to_string()])
}

pub(crate) fn no_such_job(id: &JobId) -> Fault {
    Fault::not_found("job", id)
}

/// The job that was taken before under the key of `order`, if it is the same order.
pub(crate) fn replay(order: &JobWithPayload, found: Job, payload: &Bytes) -> FaultResult<AcceptedJob> {
    if !same_target(&found.order.target, &order.job.order.target) || *payload != order.payload {
        return Err(Fault::new(
            Code::Conflict,
            format!(
                "job `{}` was accepted under the same idempotency key with another event or version; \
                 use another key",
                found.order.id
            ),
        )
        .with_field("idempotency_key", "used before for something else"));
    }
    Ok(AcceptedJob { job: found, replayed: true })
}

/// Whether two orders call the same. Which version of an alias it is was drawn anew for each.
fn same_target(one: &FunctionRef, two: &FunctionRef) -> bool {
    let named = match (&one.qualifier, &two.qualifier) {
        (Qualifier::Alias(one), Qualifier::Alias(two)) => one.name == two.name,
        (one, two) => one == two,
    };
    named && one.name == two.name
}

/// Tries each job that is due; what is begun gets the next slot.
pub(crate) fn settle(claim: &Claim, due: Vec<JobWithPayload>) -> Claimed {
    let mut claimed = Claimed::default();
    for (JobWithPayload { mut job, payload }, slot) in due.into_iter().zip(&claim.slots) {
        if job.claim(claim.now, claim.lease, slot.run.clone(), slot.chance) {
            claimed.begun.push(JobWithPayload { job, payload });
        } else {
            claimed.settled.push(job);
        }
    }
    claimed
}
