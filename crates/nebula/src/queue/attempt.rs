//! One attempt: the call, and what is stored of it.

use std::sync::Arc;
use std::time::Duration;

use nova_domain::call::{Call, CallSource, FunctionError};
use nova_domain::job::{Ended, Job, JobStatus, JobWithPayload};
use nova_domain::ports::Invoker;
use nova_domain::{Code, Fault, FaultResult, FunctionName, RunId};
use tokio_util::sync::CancellationToken;

use super::Inner;

/// How often storing a result is tried, and how long it is waited in between. After that the lease runs
/// out, and the attempt is made again.
const STORE_TRIES: u32 = 5;
const STORE_WAIT: Duration = Duration::from_millis(200);

impl Inner {
    /// Makes the attempt that was claimed and stores what came of it.
    pub(super) async fn attempt(
        &self,
        invoker: &Arc<dyn Invoker>,
        claimed: JobWithPayload,
        cancel: CancellationToken,
    ) {
        let (id, fence) = (claimed.job.order.id.clone(), claimed.job.fence);
        let waited = self.clock.now().micros_since(claimed.job.since);
        if claimed.job.fence == 1 {
            metrics::histogram!("nova_job_wait_seconds").record(waited.max(0) as f64 / 1e6);
        }
        let result = match self.call_of(claimed, cancel).await {
            Ok(call) => invoker.invoke(call).await,
            Err(fault) => Err(fault),
        };
        let ended = match &result {
            // Nobody but this node cancels a job's call.
            Err(fault) if fault.code() == Code::Cancelled => {
                Ended::Postponed { error: FunctionError::of_fault(&stopped()), retry_after: None }
            }
            result => Ended::of(result),
        };
        metrics::counter!("nova_job_attempts_total", "outcome" => outcome(&ended)).increment(1);
        for tried in 1..=STORE_TRIES {
            let (now, chance) = (self.clock.now(), fastrand::f64());
            match self.store.jobs().finish(&self.system, &id, fence, now, ended.clone(), chance).await {
                Ok(job) => return tell(&job),
                Err(fault) if fault.code().retryable() && tried < STORE_TRIES => {
                    tokio::time::sleep(STORE_WAIT * tried).await;
                }
                Err(fault) => {
                    tracing::warn!(job = %id, error = %fault.log_line(), "the result of an attempt was not stored");
                    return;
                }
            }
        }
    }

    async fn call_of(&self, claimed: JobWithPayload, cancel: CancellationToken) -> FaultResult<Call> {
        let JobWithPayload { job, payload } = claimed;
        let run = self.run_of(&job);
        let order = job.order;
        // A function that was deleted and made anew is another one: the event was not meant for it.
        let snapshot = self.catalog.resolve(&order.scope, &order.target).await?;
        if snapshot.function.id != order.function {
            return Err(gone(&order.target.name));
        }
        let caller = order.caller.map(|caller| caller.principal(&order.scope)).transpose()?;
        Ok(Call {
            id: run,
            scope: order.scope,
            target: order.target,
            payload,
            source: CallSource::Queue,
            chain: order.chain,
            trace: order.trace,
            deadline: None,
            cancel,
            caller: caller.map(Arc::new),
            client_context: order.client_context.map(Arc::from),
        })
    }

    /// The id that the attempt got when it was claimed.
    fn run_of(&self, job: &Job) -> RunId {
        job.attempts.last().map_or_else(|| self.ids.run(), |attempt| attempt.run.clone())
    }
}

/// What is said of a job whose function is another one by now.
fn gone(function: &FunctionName) -> Fault {
    Fault::new(Code::NotFound, format!("the function `{function}` that the job was accepted for was deleted"))
}

fn stopped() -> Fault {
    Fault::new(Code::Cancelled, "the server that made this attempt was stopped, or lost its lease")
}

fn outcome(ended: &Ended) -> &'static str {
    match ended {
        Ended::Succeeded { .. } => "succeeded",
        Ended::Failed(_) => "failed",
        Ended::Postponed { .. } => "postponed",
        Ended::Refused(_) => "refused",
    }
}

/// Says in log and metrics what became of a job.
pub(super) fn tell(job: &Job) {
    let (id, scope, function) = (&job.order.id, &job.order.scope, &job.order.target.name);
    // Not the message: what functions say is not for the server's log.
    let (attempt, error) = (job.attempt, job.last_error().map(|error| error.error_type.as_str()));
    match (job.status, job.reason) {
        (JobStatus::Dead, Some(reason)) => {
            let reason = reason.as_str();
            metrics::counter!("nova_jobs_ended_total", "status" => "dead", "reason" => reason).increment(1);
            tracing::warn!(job = %id, %scope, %function, attempt, reason, error, "a job is dead");
        }
        (JobStatus::Succeeded, _) => {
            metrics::counter!("nova_jobs_ended_total", "status" => "succeeded", "reason" => "").increment(1);
            tracing::debug!(job = %id, %scope, %function, attempt, "a job succeeded");
        }
        _ => tracing::info!(job = %id, %scope, %function, attempt, error, "a job is tried again later"),
    }
}
