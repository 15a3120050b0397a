//! Columns of `jobs`.

use nova_domain::call::{AliasPick, CallChain, FunctionRef, Qualifier, TraceContext};
use nova_domain::job::{Attempt, DeadReason, Job, JobCaller, JobOrder, JobStatus, RetrySettings};
use nova_domain::{AliasName, FunctionId, FunctionName, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{checked, document, read_document, scope, to_i64, to_u64};
use crate::error::{StoreError, StoreResult};

/// The part of a job that no query looks into.
#[derive(Serialize, Deserialize)]
struct JobData {
    version: Picked,
    retry: RetrySettings,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chain: Vec<FunctionName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracestate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller: Option<JobCaller>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_context: Option<String>,
    payload_size: u64,
    attempt: u32,
    postponed: u32,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<DeadReason>,
    attempts: Vec<Attempt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

/// Which version is called, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Picked {
    Active,
    Latest,
    Number(u32),
    Alias { name: AliasName, point: Option<u64> },
}

impl Picked {
    fn of(qualifier: &Qualifier) -> Self {
        match qualifier {
            Qualifier::Active => Self::Active,
            Qualifier::Latest => Self::Latest,
            Qualifier::Number(number) => Self::Number(*number),
            Qualifier::Alias(pick) => Self::Alias { name: pick.name.clone(), point: pick.point },
        }
    }

    fn into_qualifier(self) -> Qualifier {
        match self {
            Self::Active => Qualifier::Active,
            Self::Latest => Qualifier::Latest,
            Self::Number(number) => Qualifier::Number(number),
            Self::Alias { name, point } => Qualifier::Alias(AliasPick { name, point }),
        }
    }
}

impl JobData {
    fn of(job: &Job) -> Self {
        let order = &job.order;
        Self {
            version: Picked::of(&order.target.qualifier),
            retry: order.retry.clone(),
            chain: order.chain.0.clone(),
            traceparent: order.trace.traceparent.clone(),
            tracestate: order.trace.tracestate.clone(),
            caller: order.caller.clone(),
            client_context: order.client_context.clone(),
            payload_size: order.payload_size,
            attempt: job.attempt,
            postponed: job.postponed,
            since: job.since,
            reason: job.reason,
            attempts: job.attempts.clone(),
            output: job.output.clone(),
        }
    }
}

/// Columns of `jobs`.
pub(crate) struct JobRow {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) namespace: String,
    pub(crate) function_id: String,
    pub(crate) function: String,
    pub(crate) status: String,
    pub(crate) due_at: Option<i64>,
    pub(crate) fence: i64,
    pub(crate) created_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) data: String,
}

impl JobRow {
    pub(crate) fn of(job: &Job) -> StoreResult<Self> {
        let order = &job.order;
        Ok(Self {
            id: order.id.to_string(),
            tenant: order.scope.tenant.to_string(),
            namespace: order.scope.namespace.to_string(),
            function_id: order.function.to_string(),
            function: order.target.name.to_string(),
            status: job.status.as_str().to_owned(),
            due_at: job.due_at.map(Timestamp::as_micros),
            fence: to_i64(job.fence),
            created_at: order.created_at.as_micros(),
            ended_at: job.ended_at.map(Timestamp::as_micros),
            idempotency_key: order.idempotency_key.clone(),
            data: document(&JobData::of(job))?,
        })
    }

    pub(crate) fn into_job(self) -> StoreResult<Job> {
        let data: JobData = read_document("job", &self.data)?;
        Ok(Job {
            order: JobOrder {
                id: checked("job id", JobId::new(self.id))?,
                scope: scope(self.tenant, self.namespace)?,
                function: checked("function id", FunctionId::new(self.function_id))?,
                target: FunctionRef {
                    name: checked("function name", FunctionName::new(self.function))?,
                    qualifier: data.version.into_qualifier(),
                },
                retry: data.retry,
                chain: CallChain(data.chain),
                trace: TraceContext { traceparent: data.traceparent, tracestate: data.tracestate },
                caller: data.caller,
                client_context: data.client_context,
                idempotency_key: self.idempotency_key,
                payload_size: data.payload_size,
                created_at: Timestamp::from_micros(self.created_at),
            },
            status: JobStatus::parse(&self.status)
                .ok_or_else(|| StoreError::unreadable("job status", &self.status))?,
            attempt: data.attempt,
            postponed: data.postponed,
            since: data.since,
            due_at: self.due_at.map(Timestamp::from_micros),
            fence: to_u64(self.fence),
            ended_at: self.ended_at.map(Timestamp::from_micros),
            reason: data.reason,
            attempts: data.attempts,
            output: data.output,
        })
    }
}
