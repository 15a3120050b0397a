//! Jobs: calls that wait in the queue.

use nova_domain::Timestamp;
use nova_domain::call::Qualifier;
use nova_domain::job::{Attempt, DeadReason, Job, JobStatus, JobWithPayload, RetrySettings};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::invoke::CallError;
use crate::schema;

/// Body of `POST /functions/{name}/invoke-async`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InvokeAsync {
    /// The event, at most 1 MiB; `{}` if absent.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(schema_with = schema::any, required = false)]
    pub payload: Option<Box<RawValue>>,
    /// Attempts in all, 1 to 20; default 3. One that did not reach the function does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Wait after the first failure, milliseconds, at most an hour; doubled with each further one. Default 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_base_ms: Option<u64>,
    /// Longest wait, milliseconds, at most a day; default 60000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_max_ms: Option<u64>,
    /// Age at which no further attempt is begun, seconds, at most a week; default 21600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_s: Option<u64>,
    /// Orders of the function with the same key are one, as long as the job is kept. Also the header
    /// `Idempotency-Key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// `null` is an event, and an answer, too.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

impl InvokeAsync {
    /// What it says of attempts, over the defaults.
    pub fn retry(&self) -> RetrySettings {
        let default = RetrySettings::default();
        let base = self.backoff_base_ms.unwrap_or(default.backoff_base_ms);
        RetrySettings {
            max_attempts: self.max_attempts.unwrap_or(default.max_attempts),
            backoff_base_ms: base,
            // Who names only a long first wait means it.
            backoff_max_ms: self.backoff_max_ms.unwrap_or(default.backoff_max_ms.max(base)),
            max_age_s: self.max_age_s.unwrap_or(default.max_age_s),
        }
    }
}

/// A piece of queued work.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobView {
    pub id: String,
    pub function: String,
    /// Which version is called: a number, `$LATEST`, an alias, or `active`.
    pub qualifier: String,
    #[schema(schema_with = schema::job_status)]
    pub status: JobStatus,
    /// Why it is dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::dead_reason, required = false)]
    pub reason: Option<DeadReason>,
    /// Attempts that count, since it was accepted or retried.
    pub attempt: u32,
    pub max_attempts: u32,
    pub backoff_base_ms: u64,
    pub backoff_max_ms: u64,
    pub max_age_s: u64,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
    /// When the next attempt is due, while it is queued.
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub next_attempt_at: Option<Timestamp>,
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub ended_at: Option<Timestamp>,
    /// The newest attempts, at most 20, oldest first.
    pub attempts: Vec<AttemptView>,
    /// Why the last attempt that failed did.
    pub last_error: Option<CallError>,
    /// Size of the event, bytes.
    pub payload_size: u64,
    /// The event; not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(schema_with = schema::any, required = false)]
    pub payload: Option<Box<RawValue>>,
    /// What the function returned; absent until then, and if it is larger than 16 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(schema_with = schema::any, required = false)]
    pub output: Option<Box<RawValue>>,
    /// Who ordered it: `user:ID`, `key:ID`, ..
    pub caller: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// One attempt.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AttemptView {
    /// Id of its run, if it got so far.
    pub run_id: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub began_at: Timestamp,
    #[serde(with = "crate::time::rfc3339::option")]
    #[schema(schema_with = schema::optional_time)]
    pub ended_at: Option<Timestamp>,
    pub error: Option<CallError>,
    /// Whether it does not count, because it did not reach the function.
    pub postponed: bool,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            run_id: attempt.run.into(),
            began_at: attempt.began_at,
            ended_at: attempt.ended_at,
            error: attempt.error.map(CallError::from),
            postponed: attempt.postponed,
        }
    }
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        let queued = job.status == JobStatus::Queued;
        let last_error = job.last_error().cloned().map(CallError::from);
        let order = job.order;
        Self {
            id: order.id.into(),
            function: order.target.name.into(),
            qualifier: match order.target.qualifier {
                Qualifier::Active => "active".to_owned(),
                Qualifier::Latest => "$LATEST".to_owned(),
                Qualifier::Number(number) => number.to_string(),
                Qualifier::Alias(pick) => pick.name.into(),
            },
            status: job.status,
            reason: job.reason,
            attempt: job.attempt,
            max_attempts: order.retry.max_attempts,
            backoff_base_ms: order.retry.backoff_base_ms,
            backoff_max_ms: order.retry.backoff_max_ms,
            max_age_s: order.retry.max_age_s,
            created_at: order.created_at,
            next_attempt_at: job.due_at.filter(|_| queued),
            ended_at: job.ended_at,
            attempts: job.attempts.into_iter().map(AttemptView::from).collect(),
            last_error,
            payload_size: order.payload_size,
            payload: None,
            output: job.output.and_then(|text| RawValue::from_string(text).ok()),
            caller: order.caller.map(|caller| caller.subject),
            idempotency_key: order.idempotency_key,
        }
    }
}

impl From<JobWithPayload> for JobView {
    fn from(JobWithPayload { job, payload }: JobWithPayload) -> Self {
        let text = String::from_utf8(payload.into()).ok();
        Self { payload: text.and_then(|text| RawValue::from_string(text).ok()), ..Self::from(job) }
    }
}
