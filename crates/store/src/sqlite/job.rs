//! Jobs on SQLite: one writer, so a claim needs no locks.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use nova_domain::job::{Ended, Job, JobWithPayload};
use nova_domain::{FaultResult, JobId, NamespaceName, Scope, TenantName, Timestamp};
use rusqlite::{Connection, Row, named_params, params};

use super::file::File;
use super::forget::forget;
use super::query::{execute, globs, is_taken, many, one};
use crate::System;
use crate::error::{StoreError, StoreResult};
use crate::page::{Page, PageRequest};
use crate::repo::job::{
    AcceptedJob, Claim, Claimed, JobFilter, Jobs, Waiting, check_claim, no_such_job, page_of, replay, settle,
};
use crate::repo::run::check_prune;
use crate::rows::{JobRow, to_i64, to_u64};
use crate::statement::statements;

/// Columns of a job, in the order of [`job_row`].
macro_rules! job_columns {
    () => {
        "id, tenant_id, namespace, function_id, function, status, due_at, fence, created_at, ended_at, \
         idempotency_key, data"
    };
}

macro_rules! job_conditions {
    () => {
        "(created_at, id) < (:before, :before_id) \
         AND (:names IS NULL OR EXISTS (SELECT 1 FROM json_each(:names) WHERE function GLOB value)) "
    };
}

statements! {
    INSERT = "INSERT INTO jobs (", job_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    INSERT_PAYLOAD = "INSERT INTO job_payloads (job_id, payload) VALUES (?1, ?2)";
    BY_KEY = "SELECT ", job_columns!(), ", payload FROM jobs JOIN job_payloads ON job_id = id \
              WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 AND idempotency_key = ?4";
    GET = "SELECT ", job_columns!(), ", payload FROM jobs JOIN job_payloads ON job_id = id \
           WHERE id = ?3 AND tenant_id = ?1 AND namespace = ?2";
    STATE = "SELECT ", job_columns!(), " FROM jobs WHERE id = ?1";
    STATE_OF = "SELECT ", job_columns!(), " FROM jobs WHERE id = ?3 AND tenant_id = ?1 AND namespace = ?2";
    LIST = "SELECT ", job_columns!(), " FROM jobs INDEXED BY jobs_by_scope \
            WHERE tenant_id = :tenant AND namespace = :namespace AND ", job_conditions!(),
            "ORDER BY created_at DESC, id DESC LIMIT :limit";
    LIST_OF_STATUS = "SELECT ", job_columns!(), " FROM jobs INDEXED BY jobs_by_status \
            WHERE tenant_id = :tenant AND namespace = :namespace AND status = :status AND ", job_conditions!(),
            "ORDER BY created_at DESC, id DESC LIMIT :limit";
    LIST_OF_FUNCTION = "SELECT ", job_columns!(), " FROM jobs INDEXED BY jobs_by_function \
            WHERE tenant_id = :tenant AND namespace = :namespace AND function_id = :function \
            AND (:status IS NULL OR status = :status) AND ", job_conditions!(),
            "ORDER BY created_at DESC, id DESC LIMIT :limit";
    DUE = "SELECT ", job_columns!(), ", payload FROM jobs INDEXED BY jobs_due JOIN job_payloads ON job_id = id \
           WHERE due_at <= ?1 AND function_id NOT IN (SELECT value FROM json_each(?2)) ORDER BY due_at LIMIT ?3";
    UPDATE = "UPDATE jobs SET status = ?2, due_at = ?3, fence = ?4, ended_at = ?5, data = ?6 WHERE id = ?1";
    RENEW = "UPDATE jobs SET due_at = ?3 WHERE id = ?1 AND fence = ?2 AND status = 'running'";
    DELETE = "DELETE FROM jobs WHERE id = ?1";
    OPEN = "SELECT count(*) FROM (SELECT 1 FROM jobs INDEXED BY jobs_open \
            WHERE tenant_id = ?1 AND due_at IS NOT NULL LIMIT ?2)";
    WAITING = "SELECT count(*), min(due_at) FROM jobs INDEXED BY jobs_due WHERE due_at <= ?1";
    PRUNE = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs INDEXED BY jobs_ended \
             WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2)";
    FORGET = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs INDEXED BY jobs_by_scope \
              WHERE tenant_id = ?1 AND (?2 IS NULL OR namespace = ?2) LIMIT ?3)";
}

fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: row.get(0)?,
        tenant: row.get(1)?,
        namespace: row.get(2)?,
        function_id: row.get(3)?,
        function: row.get(4)?,
        status: row.get(5)?,
        due_at: row.get(6)?,
        fence: row.get(7)?,
        created_at: row.get(8)?,
        ended_at: row.get(9)?,
        idempotency_key: row.get(10)?,
        data: row.get(11)?,
    })
}

fn with_payload(row: &Row<'_>) -> rusqlite::Result<(JobRow, String)> {
    Ok((job_row(row)?, row.get(12)?))
}

fn job((row, payload): (JobRow, String)) -> StoreResult<JobWithPayload> {
    Ok(JobWithPayload { job: row.into_job()?, payload: Bytes::from(payload) })
}

/// Jobs in `work.db`.
pub(super) struct SqliteJobs(pub(super) Arc<File>);

#[async_trait]
impl Jobs for SqliteJobs {
    async fn accept(&self, order: &JobWithPayload) -> FaultResult<AcceptedJob> {
        let order = order.clone();
        self.0.write("jobs.accept", move |connection| accept(connection, order)).await
    }

    async fn get(&self, scope: &Scope, id: &JobId) -> FaultResult<JobWithPayload> {
        let (scope, id) = (scope.clone(), id.clone());
        self.0
            .read("jobs.get", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str(), id.as_str()];
                job(one(connection, GET, key, with_payload)?.ok_or_else(|| no_such_job(&id))?)
            })
            .await
    }

    async fn list(&self, scope: &Scope, filter: &JobFilter, page: &PageRequest) -> FaultResult<Page<Job>> {
        let before = page.before()?;
        let (scope, filter, page) = (scope.clone(), filter.clone(), page.clone());
        self.0
            .read("jobs.list", move |connection| {
                let rows = list(connection, &scope, &filter, &before, page.fetch())?;
                let jobs = rows.into_iter().map(JobRow::into_job).collect::<StoreResult<_>>()?;
                Ok(page_of(&page, jobs))
            })
            .await
    }

    async fn retry(&self, scope: &Scope, id: &JobId, now: Timestamp) -> FaultResult<Job> {
        let (scope, id) = (scope.clone(), id.clone());
        self.0
            .write("jobs.retry", move |connection| {
                let mut job = state_of(connection, &scope, &id)?;
                job.retry(now)?;
                update(connection, &job)?;
                Ok(job)
            })
            .await
    }

    async fn delete(&self, scope: &Scope, id: &JobId) -> FaultResult<()> {
        let (scope, id) = (scope.clone(), id.clone());
        self.0
            .write("jobs.delete", move |connection| {
                state_of(connection, &scope, &id)?.check_deletable()?;
                execute(connection, DELETE, params![id.as_str()]).map(drop)
            })
            .await
    }

    async fn claim(&self, _: &System, claim: Claim) -> FaultResult<Claimed> {
        check_claim(&claim)?;
        // Looking takes no writer: most times nothing is due.
        let (now, busy) = (claim.now.as_micros(), busy(&claim));
        let any = self
            .0
            .read("jobs.due", {
                let busy = busy.clone();
                move |connection| Ok(one(connection, DUE, params![now, busy, 1], |_| Ok(()))?.is_some())
            })
            .await?;
        if !any {
            return Ok(Claimed::default());
        }
        self.0
            .write("jobs.claim", move |connection| {
                let limit = to_i64(claim.slots.len() as u64);
                let rows = many(connection, DUE, params![now, busy, limit], with_payload)?;
                let due = rows.into_iter().map(job).collect::<StoreResult<_>>()?;
                let claimed = settle(&claim, due);
                for job in claimed.begun.iter().map(|begun| &begun.job).chain(&claimed.settled) {
                    update(connection, job)?;
                }
                Ok(claimed)
            })
            .await
    }

    async fn renew(
        &self,
        _: &System,
        held: &[(JobId, u64)],
        lease: Timestamp,
    ) -> FaultResult<Vec<(JobId, u64)>> {
        let held = held.to_vec();
        self.0
            .write("jobs.renew", move |connection| {
                let mut kept = Vec::with_capacity(held.len());
                for (id, fence) in held {
                    let key = params![id.as_str(), to_i64(fence), lease.as_micros()];
                    if execute(connection, RENEW, key)? == 1 {
                        kept.push((id, fence));
                    }
                }
                Ok(kept)
            })
            .await
    }

    async fn finish(
        &self,
        _: &System,
        id: &JobId,
        fence: u64,
        now: Timestamp,
        ended: Ended,
        chance: f64,
    ) -> FaultResult<Job> {
        let id = id.clone();
        self.0
            .write("jobs.finish", move |connection| {
                let row = one(connection, STATE, params![id.as_str()], job_row)?;
                let mut job = row.ok_or_else(|| no_such_job(&id))?.into_job()?;
                job.finish(now, fence, ended, chance)?;
                update(connection, &job)?;
                Ok(job)
            })
            .await
    }

    async fn open(&self, _: &System, tenant: &TenantName, most: u32) -> FaultResult<u64> {
        let tenant = tenant.clone();
        self.0
            .read("jobs.open", move |connection| {
                let count = one(connection, OPEN, params![tenant.as_str(), most], |row| row.get(0))?;
                Ok(to_u64(count.unwrap_or(0)))
            })
            .await
    }

    async fn waiting(&self, _: &System, now: Timestamp) -> FaultResult<Waiting> {
        self.0
            .read("jobs.waiting", move |connection| {
                let row = one(connection, WAITING, params![now.as_micros()], |row| {
                    Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?))
                })?;
                let (due, oldest) = row.unwrap_or((0, None));
                Ok(Waiting { due: to_u64(due), oldest_due: oldest.map(Timestamp::from_micros) })
            })
            .await
    }

    async fn forget(
        &self,
        _: &System,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        most: u32,
    ) -> FaultResult<u64> {
        forget(&self.0, "jobs.forget", FORGET, tenant, namespace, most).await
    }

    async fn prune(&self, _: &System, ended_before: Timestamp, max_jobs: u32) -> FaultResult<u64> {
        check_prune(max_jobs)?;
        self.0
            .write("jobs.prune", move |connection| {
                let gone = execute(connection, PRUNE, params![ended_before.as_micros(), max_jobs])?;
                Ok(gone as u64)
            })
            .await
    }
}

fn accept(connection: &Connection, order: JobWithPayload) -> StoreResult<AcceptedJob> {
    let row = JobRow::of(&order.job)?;
    let values = params![
        row.id,
        row.tenant,
        row.namespace,
        row.function_id,
        row.function,
        row.status,
        row.due_at,
        row.fence,
        row.created_at,
        row.ended_at,
        row.idempotency_key,
        row.data,
    ];
    match execute(connection, INSERT, values) {
        Ok(_) => {}
        Err(error) if is_taken(&error) && row.idempotency_key.is_some() => {
            let key = params![row.tenant, row.namespace, row.function_id, row.idempotency_key];
            let found = one(connection, BY_KEY, key, with_payload)?.ok_or(error)?;
            let found = job(found)?;
            return Ok(replay(&order, found.job, &found.payload)?);
        }
        Err(error) => return Err(error),
    }
    let text = std::str::from_utf8(&order.payload).map_err(|error| StoreError::unreadable("event", error))?;
    execute(connection, INSERT_PAYLOAD, params![row.id, text])?;
    Ok(AcceptedJob { job: order.job, replayed: false })
}

/// The functions that a claim leaves out, as a list that a statement reads.
fn busy(claim: &Claim) -> String {
    let ids: Vec<_> = claim.busy.iter().map(|id| id.as_str()).collect();
    serde_json::Value::from(ids).to_string()
}

fn state_of(connection: &Connection, scope: &Scope, id: &JobId) -> StoreResult<Job> {
    let key = params![scope.tenant.as_str(), scope.namespace.as_str(), id.as_str()];
    one(connection, STATE_OF, key, job_row)?.ok_or_else(|| no_such_job(id))?.into_job()
}

fn update(connection: &Connection, job: &Job) -> StoreResult<()> {
    let row = JobRow::of(job)?;
    let values = params![row.id, row.status, row.due_at, row.fence, row.ended_at, row.data];
    execute(connection, UPDATE, values).map(drop)
}

fn list(
    connection: &Connection,
    scope: &Scope,
    filter: &JobFilter,
    before: &(i64, String),
    limit: i64,
) -> StoreResult<Vec<JobRow>> {
    let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
    let names = globs(&filter.names);
    let status = filter.status.map(|status| status.as_str());
    match (&filter.function, status) {
        (Some(function), _) => many(
            connection,
            LIST_OF_FUNCTION,
            named_params! {
                ":tenant": tenant, ":namespace": namespace, ":function": function.as_str(), ":status": status,
                ":before": before.0, ":before_id": before.1, ":names": names, ":limit": limit,
            },
            job_row,
        ),
        (None, Some(status)) => many(
            connection,
            LIST_OF_STATUS,
            named_params! {
                ":tenant": tenant, ":namespace": namespace, ":status": status,
                ":before": before.0, ":before_id": before.1, ":names": names, ":limit": limit,
            },
            job_row,
        ),
        (None, None) => many(
            connection,
            LIST,
            named_params! {
                ":tenant": tenant, ":namespace": namespace,
                ":before": before.0, ":before_id": before.1, ":names": names, ":limit": limit,
            },
            job_row,
        ),
    }
}
