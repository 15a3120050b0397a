//! Jobs on PostgreSQL: claims pass by what others hold (`SKIP LOCKED`).

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use nova_domain::job::{Ended, Job, JobWithPayload};
use nova_domain::{FaultResult, JobId, NamespaceName, Scope, TenantName, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::ENGINE;
use super::database::{Access, Database, Params, Write, likes};
use super::forget::forget;
use crate::System;
use crate::error::{StoreError, StoreResult};
use crate::observe::observed;
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
        "id, jobs.tenant_id, namespace, function_id, function, status, due_at, fence, created_at, ended_at, \
         idempotency_key, data"
    };
}

macro_rules! job_conditions {
    () => {
        "(created_at, id) < ($3, $4) AND ($5::text[] IS NULL OR function LIKE ANY ($5)) \
         ORDER BY created_at DESC, id DESC LIMIT $6"
    };
}

statements! {
    INSERT = "INSERT INTO jobs (id, tenant_id, namespace, function_id, function, status, due_at, fence, created_at, \
              ended_at, idempotency_key, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
              ON CONFLICT (tenant_id, namespace, function_id, idempotency_key) WHERE idempotency_key IS NOT NULL \
              DO NOTHING";
    INSERT_PAYLOAD = "INSERT INTO job_payloads (job_id, tenant_id, payload) VALUES ($1, $2, $3)";
    BY_KEY = "SELECT ", job_columns!(), ", payload FROM jobs JOIN job_payloads ON job_id = id \
              WHERE jobs.tenant_id = $1 AND namespace = $2 AND function_id = $3 AND idempotency_key = $4";
    GET = "SELECT ", job_columns!(), ", payload FROM jobs JOIN job_payloads ON job_id = id \
           WHERE id = $3 AND jobs.tenant_id = $1 AND namespace = $2";
    STATE = "SELECT ", job_columns!(), " FROM jobs WHERE id = $1 FOR UPDATE";
    STATE_OF = "SELECT ", job_columns!(), " FROM jobs WHERE id = $3 AND tenant_id = $1 AND namespace = $2 FOR UPDATE";
    LIST = "SELECT ", job_columns!(), " FROM jobs WHERE tenant_id = $1 AND namespace = $2 AND ", job_conditions!();
    LIST_OF_STATUS = "SELECT ", job_columns!(), " FROM jobs \
            WHERE tenant_id = $1 AND namespace = $2 AND status = $7 AND ", job_conditions!();
    LIST_OF_FUNCTION = "SELECT ", job_columns!(), " FROM jobs \
            WHERE tenant_id = $1 AND namespace = $2 AND function_id = $8 AND ($7::text IS NULL OR status = $7) AND ",
            job_conditions!();
    DUE = "SELECT ", job_columns!(), ", payload FROM jobs JOIN job_payloads ON job_id = id \
           WHERE due_at <= $1 AND function_id <> ALL ($2::text[]) ORDER BY due_at LIMIT $3 \
           FOR UPDATE OF jobs SKIP LOCKED";
    UPDATE = "UPDATE jobs SET status = change.status, due_at = change.due_at, fence = change.fence, \
              ended_at = change.ended_at, data = change.data \
              FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[]) \
                  AS change (id, status, due_at, fence, ended_at, data) WHERE jobs.id = change.id";
    RENEW = "UPDATE jobs SET due_at = $3 FROM unnest($1::text[], $2::bigint[]) AS held (id, fence) \
             WHERE jobs.id = held.id AND jobs.fence = held.fence AND status = 'running' RETURNING jobs.id, jobs.fence";
    DELETE = "DELETE FROM jobs WHERE id = $1";
    OPEN = "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE tenant_id = $1 AND due_at IS NOT NULL LIMIT $2) AS found";
    WAITING = "SELECT count(*), min(due_at) FROM jobs WHERE due_at <= $1";
    PRUNE = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)";
    FORGET = "DELETE FROM jobs WHERE id IN \
              (SELECT id FROM jobs WHERE tenant_id = $1 AND ($2::text IS NULL OR namespace = $2) LIMIT $3)";
}

fn job_row(row: &Row) -> StoreResult<JobRow> {
    Ok(JobRow {
        id: row.try_get(0)?,
        tenant: row.try_get(1)?,
        namespace: row.try_get(2)?,
        function_id: row.try_get(3)?,
        function: row.try_get(4)?,
        status: row.try_get(5)?,
        due_at: row.try_get(6)?,
        fence: row.try_get(7)?,
        created_at: row.try_get(8)?,
        ended_at: row.try_get(9)?,
        idempotency_key: row.try_get(10)?,
        data: row.try_get(11)?,
    })
}

fn with_payload(row: &Row) -> StoreResult<JobWithPayload> {
    let payload: String = row.try_get(12)?;
    Ok(JobWithPayload { job: job_row(row)?.into_job()?, payload: Bytes::from(payload) })
}

/// Jobs in PostgreSQL.
pub(super) struct PostgresJobs(pub(super) Arc<Database>);

#[async_trait]
impl Jobs for PostgresJobs {
    async fn accept(&self, order: &JobWithPayload) -> FaultResult<AcceptedJob> {
        observed(ENGINE, "jobs.accept", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(&order.job.order.scope)).await?;
            let accepted = accept(&write, order).await?;
            write.commit_plain().await?;
            Ok(accepted)
        })
        .await
    }

    async fn get(&self, scope: &Scope, id: &JobId) -> FaultResult<JobWithPayload> {
        observed(ENGINE, "jobs.get", async {
            let key: Params<'_> = &[&scope.tenant.as_str(), &scope.namespace.as_str(), &id.as_str()];
            let rows = self.0.read(Access::Tenant(scope), GET, key).await?;
            with_payload(rows.first().ok_or_else(|| no_such_job(id))?)
        })
        .await
    }

    async fn list(&self, scope: &Scope, filter: &JobFilter, page: &PageRequest) -> FaultResult<Page<Job>> {
        let before = page.before()?;
        observed(ENGINE, "jobs.list", async {
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let (names, limit) = (likes(&filter.names), page.fetch());
            let status = filter.status.map(|status| status.as_str());
            let function = filter.function.as_ref().map(|id| id.as_str());
            let key: [&(dyn ToSql + Sync); 8] =
                [&tenant, &namespace, &before.0, &before.1, &names, &limit, &status, &function];
            let (statement, values) = match (function, status) {
                (Some(_), _) => (LIST_OF_FUNCTION, 8),
                (None, Some(_)) => (LIST_OF_STATUS, 7),
                (None, None) => (LIST, 6),
            };
            let rows = self.0.read(Access::Tenant(scope), statement, &key[..values]).await?;
            let jobs = rows.iter().map(|row| job_row(row)?.into_job()).collect::<StoreResult<_>>()?;
            Ok(page_of(page, jobs))
        })
        .await
    }

    async fn retry(&self, scope: &Scope, id: &JobId, now: Timestamp) -> FaultResult<Job> {
        observed(ENGINE, "jobs.retry", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            let mut job = state_of(&write, scope, id).await?;
            job.retry(now)?;
            update(&write, std::slice::from_ref(&job)).await?;
            write.commit_plain().await?;
            Ok(job)
        })
        .await
    }

    async fn delete(&self, scope: &Scope, id: &JobId) -> FaultResult<()> {
        observed(ENGINE, "jobs.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            state_of(&write, scope, id).await?.check_deletable()?;
            write.execute(DELETE, &[&id.as_str()]).await?;
            write.commit_plain().await
        })
        .await
    }

    async fn claim(&self, _: &System, claim: Claim) -> FaultResult<Claimed> {
        check_claim(&claim)?;
        observed(ENGINE, "jobs.claim", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let busy: Vec<_> = claim.busy.iter().map(|id| id.as_str()).collect();
            let limit = to_i64(claim.slots.len() as u64);
            let rows = write.query(DUE, &[&claim.now.as_micros(), &busy, &limit]).await?;
            if rows.is_empty() {
                return Ok(Claimed::default());
            }
            let due = rows.iter().map(with_payload).collect::<StoreResult<_>>()?;
            let claimed = settle(&claim, due);
            let jobs: Vec<_> =
                claimed.begun.iter().map(|begun| &begun.job).chain(&claimed.settled).cloned().collect();
            update(&write, &jobs).await?;
            write.commit_plain().await?;
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
        observed(ENGINE, "jobs.renew", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let ids: Vec<_> = held.iter().map(|(id, _)| id.as_str()).collect();
            let fences: Vec<_> = held.iter().map(|(_, fence)| to_i64(*fence)).collect();
            let rows = write.query(RENEW, &[&ids, &fences, &lease.as_micros()]).await?;
            let kept = rows
                .iter()
                .map(|row| Ok((JobId::new(row.try_get::<_, String>(0)?)?, to_u64(row.try_get(1)?))))
                .collect::<StoreResult<_>>()?;
            write.commit_plain().await?;
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
        observed(ENGINE, "jobs.finish", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let row = write.one(STATE, &[&id.as_str()]).await?.ok_or_else(|| no_such_job(id))?;
            let mut job = job_row(&row)?.into_job()?;
            job.finish(now, fence, ended, chance)?;
            update(&write, std::slice::from_ref(&job)).await?;
            write.commit_plain().await?;
            Ok(job)
        })
        .await
    }

    async fn open(&self, _: &System, tenant: &TenantName, most: u32) -> FaultResult<u64> {
        observed(ENGINE, "jobs.open", async {
            let key: Params<'_> = &[&tenant.as_str(), &i64::from(most)];
            let rows = self.0.read(Access::Of(tenant), OPEN, key).await?;
            Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map_or(0, to_u64))
        })
        .await
    }

    async fn waiting(&self, _: &System, now: Timestamp) -> FaultResult<Waiting> {
        observed(ENGINE, "jobs.waiting", async {
            let rows = self.0.read(Access::System, WAITING, &[&now.as_micros()]).await?;
            let row = rows.first().ok_or_else(|| StoreError::unreadable("count of jobs", "no row"))?;
            let oldest: Option<i64> = row.try_get(1)?;
            Ok(Waiting { due: to_u64(row.try_get(0)?), oldest_due: oldest.map(Timestamp::from_micros) })
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
        observed(ENGINE, "jobs.prune", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::System).await?;
            let gone = write.execute(PRUNE, &[&ended_before.as_micros(), &i64::from(max_jobs)]).await?;
            write.commit_plain().await?;
            Ok(gone)
        })
        .await
    }
}

async fn accept(write: &Write<'_>, order: &JobWithPayload) -> StoreResult<AcceptedJob> {
    let row = JobRow::of(&order.job)?;
    let values: Params<'_> = &[
        &row.id,
        &row.tenant,
        &row.namespace,
        &row.function_id,
        &row.function,
        &row.status,
        &row.due_at,
        &row.fence,
        &row.created_at,
        &row.ended_at,
        &row.idempotency_key,
        &row.data,
    ];
    if write.execute(INSERT, values).await? == 0 {
        let key: Params<'_> = &[&row.tenant, &row.namespace, &row.function_id, &row.idempotency_key];
        let found = write.one(BY_KEY, key).await?;
        // The other one was deleted in this moment.
        let found = found.ok_or_else(|| {
            nova_domain::Fault::new(
                nova_domain::Code::Conflict,
                "a job with the same idempotency key came and went meanwhile; repeat the request",
            )
        })?;
        let found = with_payload(&found)?;
        return Ok(replay(order, found.job, &found.payload)?);
    }
    let text = std::str::from_utf8(&order.payload).map_err(|error| StoreError::unreadable("event", error))?;
    write.execute(INSERT_PAYLOAD, &[&row.id, &row.tenant, &text]).await?;
    Ok(AcceptedJob { job: order.job.clone(), replayed: false })
}

async fn state_of(write: &Write<'_>, scope: &Scope, id: &JobId) -> StoreResult<Job> {
    let key: Params<'_> = &[&scope.tenant.as_str(), &scope.namespace.as_str(), &id.as_str()];
    let row = write.one(STATE_OF, key).await?.ok_or_else(|| no_such_job(id))?;
    job_row(&row)?.into_job()
}

/// Stores the state of jobs whose rows are locked.
async fn update(write: &Write<'_>, jobs: &[Job]) -> StoreResult<()> {
    let rows = jobs.iter().map(JobRow::of).collect::<StoreResult<Vec<_>>>()?;
    /// One column of the rows.
    macro_rules! column {
        ($field:ident) => {
            rows.iter().map(|row| &row.$field).collect::<Vec<_>>()
        };
    }
    let values: Params<'_> = &[
        &column!(id),
        &column!(status),
        &column!(due_at),
        &column!(fence),
        &column!(ended_at),
        &column!(data),
    ];
    write.execute(UPDATE, values).await.map(drop)
}
