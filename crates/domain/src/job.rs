//! Jobs: calls that wait in a queue until they have succeeded, or until it is sure that they do not.
//!
//! ```text
//!            claim                 finish
//!   queued ---------> running ---------------> succeeded
//!     ^  |               |
//!     |  | too old       | failed, attempts left: back to queued, after a while
//!     |  v               | failed, none left; refused
//!     |  dead <----------+
//!     +---- retry by hand
//! ```
//!
//! All of it is decided here, by values that are passed in; the store only keeps what comes of it. At
//! least once: an attempt whose server went away counts as one, and is made again.

mod caller;
mod retry;

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::call::{CallChain, FunctionError, FunctionErrorKind, FunctionRef, Outcome, TraceContext};
use crate::fault::{Code, Fault, FaultResult};
use crate::id::{FunctionId, JobId, RunId};
use crate::name::Scope;
use crate::run::RUN_BODY_MAX;
use crate::time::Timestamp;

pub use caller::JobCaller;
pub use retry::RetrySettings;

/// Largest event of a job, bytes.
pub const JOB_PAYLOAD_MAX: usize = 1024 * 1024;
/// Attempts that a job remembers: the newest.
pub const ATTEMPTS_KEPT: usize = 20;
/// Characters of an attempt's error that a job keeps.
pub const ERROR_KEPT: usize = 2_000;
/// Longest idempotency key, bytes.
pub const IDEMPOTENCY_KEY_MAX: usize = 256;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// It waits for its first or next attempt.
    Queued,
    /// An attempt is under way.
    Running,
    Succeeded,
    /// A dead letter: no attempt is made any more, unless somebody retries it.
    Dead,
}

impl JobStatus {
    /// Every status there is.
    pub const ALL: &'static [Self] = &[Self::Queued, Self::Running, Self::Succeeded, Self::Dead];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
        }
    }

    /// The status of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text)
    }
}

/// Why no more attempts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadReason {
    /// The last of its attempts failed too.
    AttemptsUsedUp,
    /// It became older than it may.
    Expired,
    /// Nova may not or cannot carry it out, and would not the next time: the function is gone, for example.
    Refused,
}

impl DeadReason {
    /// Every reason there is.
    pub const ALL: &'static [Self] = &[Self::AttemptsUsedUp, Self::Expired, Self::Refused];

    /// The name in the API and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AttemptsUsedUp => "attempts_used_up",
            Self::Expired => "expired",
            Self::Refused => "refused",
        }
    }
}

/// One attempt: a run with this id, if it got so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub run: RunId,
    pub began_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<FunctionError>,
    /// Whether it does not count, because it did not reach the function.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub postponed: bool,
}

/// What a job asks for; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobOrder {
    pub id: JobId,
    pub scope: Scope,
    /// The function that bore the name when the job was accepted: another of that name is not called.
    pub function: FunctionId,
    pub target: FunctionRef,
    pub retry: RetrySettings,
    pub chain: CallChain,
    pub trace: TraceContext,
    /// Who ordered it; `None`: the server itself.
    pub caller: Option<JobCaller>,
    /// JSON that an AWS client sends along.
    pub client_context: Option<String>,
    /// Orders of the same function with the same key are one.
    pub idempotency_key: Option<String>,
    pub payload_size: u64,
    pub created_at: Timestamp,
}

/// A piece of queued work, without its event.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub order: JobOrder,
    pub status: JobStatus,
    /// Attempts that count, since it was accepted or retried.
    pub attempt: u32,
    /// Attempts in a row that did not reach the function.
    pub postponed: u32,
    /// Since when its age counts: accepted, or retried by hand.
    pub since: Timestamp,
    /// Queued: when the next attempt is due. Running: when its lease is over.
    pub due_at: Option<Timestamp>,
    /// Grows with each attempt: what an attempt learns counts only while it is the newest.
    pub fence: u64,
    pub ended_at: Option<Timestamp>,
    pub reason: Option<DeadReason>,
    /// The newest attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// The function's answer, if it is at most [`RUN_BODY_MAX`] bytes.
    pub output: Option<String>,
}

/// A job with its event.
#[derive(Debug, Clone, PartialEq)]
pub struct JobWithPayload {
    pub job: Job,
    /// JSON text.
    pub payload: Bytes,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// The function answered.
    Succeeded { output: Option<String> },
    /// The function failed, or may have run in part.
    Failed(FunctionError),
    /// It did not reach the function now; later it may.
    Postponed { error: FunctionError, retry_after: Option<Duration> },
    /// It cannot reach the function, and will not later.
    Refused(FunctionError),
}

impl Ended {
    /// What the answer of an invoker means for a job.
    pub fn of(result: &FaultResult<Outcome>) -> Self {
        let fault = match result {
            Ok(outcome) => {
                return match &outcome.result {
                    Ok(output) => Self::Succeeded { output: kept(output) },
                    Err(error) => Self::Failed(error.clone()),
                };
            }
            Err(fault) => fault,
        };
        let error = FunctionError::of_fault(fault);
        match fault.code() {
            // User code may have run in part, or nobody knows.
            Code::SandboxLost | Code::Internal => Self::Failed(error),
            // Both may pass: by themselves, on another server, or when somebody has installed what is missing.
            Code::Conflict | Code::MissingOnHost => Self::Postponed { error, retry_after: None },
            code if code.retryable() => Self::Postponed { error, retry_after: fault.retry_after() },
            _ => Self::Refused(error),
        }
    }
}

fn kept(output: &Bytes) -> Option<String> {
    let small = Some(output).filter(|bytes| bytes.len() <= RUN_BODY_MAX)?;
    String::from_utf8(small.to_vec()).ok()
}

impl Job {
    /// A job that is due at once.
    pub fn new(order: JobOrder) -> Self {
        let since = order.created_at;
        Self {
            order,
            status: JobStatus::Queued,
            attempt: 0,
            postponed: 0,
            since,
            due_at: Some(since),
            fence: 0,
            ended_at: None,
            reason: None,
            attempts: Vec::new(),
            output: None,
        }
    }

    /// Why the last attempt that failed did.
    pub fn last_error(&self) -> Option<&FunctionError> {
        self.attempts.iter().rev().find_map(|attempt| attempt.error.as_ref())
    }

    /// Looks at a job that is due: begins the attempt `run`, with a lease until `lease`, if one is to be
    /// made now (`true`). What waited for too long, or ran on a server that does not renew its lease any
    /// more, gets another state instead. `chance` (0 to 1) spreads the waiting times.
    pub fn claim(&mut self, now: Timestamp, lease: Timestamp, run: RunId, chance: f64) -> bool {
        if self.due_at.is_none_or(|due| due > now) {
            return false;
        }
        if self.status == JobStatus::Running {
            let lost = lost();
            self.end_attempt(now, Some(lost), false);
            self.after_failure(now, chance);
            return false;
        }
        if now.micros_since(self.since) > self.order.retry.max_age_micros() {
            self.die(now, DeadReason::Expired);
            return false;
        }
        self.status = JobStatus::Running;
        self.attempt += 1;
        self.fence += 1;
        self.due_at = Some(lease);
        if self.attempts.len() == ATTEMPTS_KEPT {
            self.attempts.remove(0);
        }
        self.attempts.push(Attempt { run, began_at: now, ended_at: None, error: None, postponed: false });
        true
    }

    /// Takes what came of the attempt with that fence. `Conflict` if it is not the newest, or over.
    pub fn finish(&mut self, now: Timestamp, fence: u64, ended: Ended, chance: f64) -> FaultResult<()> {
        if self.status != JobStatus::Running || self.fence != fence {
            return Err(Fault::new(
                Code::Conflict,
                format!("the attempt of job `{}` is over: its lease ran out before it ended", self.order.id),
            ));
        }
        match ended {
            Ended::Succeeded { output } => {
                self.end_attempt(now, None, false);
                self.output = output;
                self.end(now, JobStatus::Succeeded);
            }
            Ended::Failed(error) => {
                self.end_attempt(now, Some(error), false);
                self.after_failure(now, chance);
            }
            Ended::Postponed { error, retry_after } => {
                self.end_attempt(now, Some(error), true);
                self.attempt = self.attempt.saturating_sub(1);
                self.postponed = self.postponed.saturating_add(1);
                let wait = self.order.retry.backoff(self.postponed, chance);
                self.wait(now, wait.max(retry_after.unwrap_or_default()));
            }
            Ended::Refused(error) => {
                self.end_attempt(now, Some(error), false);
                self.die(now, DeadReason::Refused);
            }
        }
        Ok(())
    }

    /// Gives a dead letter its attempts again, the first at once. `Conflict` if it is none.
    pub fn retry(&mut self, now: Timestamp) -> FaultResult<()> {
        if self.status != JobStatus::Dead {
            return Err(Fault::new(
                Code::Conflict,
                format!(
                    "job `{}` is {}; only a dead one can be retried",
                    self.order.id,
                    self.status.as_str()
                ),
            ));
        }
        self.status = JobStatus::Queued;
        (self.attempt, self.postponed) = (0, 0);
        (self.since, self.due_at) = (now, Some(now));
        (self.ended_at, self.reason) = (None, None);
        Ok(())
    }

    /// `Conflict` while an attempt is under way.
    pub fn check_deletable(&self) -> FaultResult<()> {
        if self.status == JobStatus::Running {
            return Err(Fault::new(
                Code::Conflict,
                format!("job `{}` is running; delete it when the attempt is over", self.order.id),
            ));
        }
        Ok(())
    }

    fn after_failure(&mut self, now: Timestamp, chance: f64) {
        self.postponed = 0;
        if self.attempt >= self.order.retry.max_attempts {
            self.die(now, DeadReason::AttemptsUsedUp);
        } else {
            self.wait(now, self.order.retry.backoff(self.attempt, chance));
        }
    }

    fn wait(&mut self, now: Timestamp, wait: Duration) {
        self.status = JobStatus::Queued;
        let next = now.plus_micros(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        // When it is too old by then, somebody is to say so as soon as it is.
        let too_old = self.since.plus_micros(self.order.retry.max_age_micros()).plus_micros(1);
        self.due_at = Some(next.min(too_old.max(now)));
    }

    fn die(&mut self, now: Timestamp, reason: DeadReason) {
        self.reason = Some(reason);
        self.end(now, JobStatus::Dead);
    }

    fn end(&mut self, now: Timestamp, status: JobStatus) {
        self.status = status;
        self.due_at = None;
        self.ended_at = Some(now);
    }

    fn end_attempt(&mut self, now: Timestamp, error: Option<FunctionError>, postponed: bool) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.ended_at = Some(now);
            attempt.error = error.map(brief);
            attempt.postponed = postponed;
        }
    }
}

/// What a job keeps of an error; the run has the rest.
fn brief(error: FunctionError) -> FunctionError {
    let message = error.message.chars().take(ERROR_KEPT).collect();
    FunctionError { message, stack: Vec::new(), ..error }
}

/// What is said of an attempt whose server went away.
fn lost() -> FunctionError {
    FunctionError {
        kind: FunctionErrorKind::Error,
        error_type: "attempt_lost".to_owned(),
        message: "the server that made this attempt went away before it told what came of it".to_owned(),
        stack: Vec::new(),
        exit_code: None,
        signal: None,
    }
}

/// Checks a key under which orders count as one.
pub fn check_idempotency_key(key: &str) -> FaultResult<()> {
    let rule = format!("1 to {IDEMPOTENCY_KEY_MAX} printable ASCII characters");
    if (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| (0x20..0x7f).contains(&byte))
    {
        return Ok(());
    }
    Err(Fault::invalid(format!("an idempotency key is {rule}")).with_field("idempotency_key", rule))
}

#[cfg(test)]
mod tests;
