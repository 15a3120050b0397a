//! Running a placed call to its end.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use nova_agent::protocol::{Exec, GuestErrorKind};
use nova_domain::RunId;
use nova_domain::call::{Call, CallSource, Outcome, cancelled};
use nova_domain::fault::{Code, Fault, FaultResult};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use super::{Placed, outcome};
use crate::Settings;
use crate::sandbox::{Answer, SandboxError};

/// How a call in a sandbox ended, seen from outside.
pub(super) enum End {
    Answered(Box<Answer>),
    /// The sandbox ended or broke the protocol.
    Lost(SandboxError),
    /// The agent did not keep its own time limit.
    Overdue,
    /// The caller left.
    Cancelled(Left),
}

/// What became of a call that its caller left.
pub(super) enum Left {
    Answered(Box<Answer>),
    /// It did not end in time, or its sandbox ended: how long it ran, microseconds.
    Lost(u64),
    /// It had not begun.
    Unbegun,
}

/// What came of a placed call.
pub(super) enum Ran {
    Ended(Outcome),
    /// Something else came in its way before it began: it may run elsewhere.
    TakenBack,
    /// The runtime of its sandbox ended before it took the call: it may run elsewhere.
    NotBegun,
}

/// Runs the call; chunks of a streaming call go to `stream` as they come.
pub(super) async fn run(
    settings: &Settings,
    call: &Call,
    placed: Placed,
    stream: Option<mpsc::Sender<Bytes>>,
) -> FaultResult<Ran> {
    let sandbox = placed.lease.sandbox();
    let input: &RawValue = serde_json::from_slice(&call.payload)
        .map_err(|error| Fault::invalid(format!("the event is not JSON: {error}")))?;
    let timeout = Duration::from_secs(u64::from(placed.snapshot.spec.limits.timeout_s));
    // A caller's own deadline shortens the time, never the function's limit.
    let timeout = call.deadline.map_or(timeout, |wait| {
        timeout.min(wait.saturating_sub(Duration::from_micros(placed.queue_us)).max(Duration::from_millis(1)))
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline_ms = (now + timeout).as_secs_f64() * 1000.0;
    let mut exec = Exec::new(call.id.as_str(), input, deadline_ms, timeout.as_millis() as u64);
    exec.stream = stream.is_some();
    // An HTTP answer is one value unless the function streams it.
    exec.whole = exec.stream && call.source == CallSource::Http;
    exec.traceparent = call.trace.traceparent.as_deref().map(Into::into);
    exec.client_context = call.client_context.as_deref().map(Into::into);
    exec.tracestate = call.trace.tracestate.as_deref().map(Into::into);
    let pending = match sandbox.exec(&exec, stream) {
        Ok(pending) => pending,
        Err(SandboxError::TooLarge) => {
            return Err(Fault::new(Code::PayloadTooLarge, "the event does not fit into a frame of 8 MiB"));
        }
        Err(SandboxError::TakenBack) => return taken_back(call),
        Err(error) => {
            sandbox.taint();
            return outcome::from_end(call, &placed, End::Lost(error)).await.map(Ran::Ended);
        }
    };
    let mut running = Running {
        placed: Some(placed),
        answer: Some(pending.answer),
        id: call.id.clone(),
        grace: settings.timeout_grace,
    };
    let (Some(placed), Some(answer)) = (&running.placed, &mut running.answer) else {
        return Err(Fault::internal("a call that begins has a place"));
    };
    let sandbox = placed.lease.sandbox();
    let begun = Instant::now();
    let end = tokio::select! {
        biased;
        answered = &mut *answer => ended(answered),
        () = call.cancel.cancelled() => {
            // The agent ends the call; until it says so the place stays taken.
            sandbox.cancel(call.id.as_str());
            let waited = tokio::time::timeout(settings.timeout_grace, answer).await;
            if !has_ended(&waited) {
                sandbox.taint();
            }
            End::Cancelled(match waited {
                Ok(Ok(Ok(answer))) => Left::Answered(Box::new(answer)),
                Ok(Ok(Err(SandboxError::TakenBack))) => Left::Unbegun,
                _ => Left::Lost(begun.elapsed().as_micros() as u64),
            })
        }
        () = tokio::time::sleep(timeout + settings.timeout_grace) => {
            sandbox.taint();
            End::Overdue
        }
    };
    running.answer = None;
    let Some(placed) = running.placed.take() else {
        return Err(Fault::internal("a call that ended had a place"));
    };
    if matches!(end, End::Lost(SandboxError::TakenBack)) {
        return taken_back(call);
    }
    if let End::Answered(answer) = &end
        && answer.error.as_ref().is_some_and(|error| error.kind == GuestErrorKind::NotBegun)
    {
        placed.lease.sandbox().taint();
        return if call.cancel.is_cancelled() { Err(cancelled()) } else { Ok(Ran::NotBegun) };
    }
    outcome::from_end(call, &placed, end).await.map(Ran::Ended)
}

fn taken_back(call: &Call) -> FaultResult<Ran> {
    if call.cancel.is_cancelled() { Err(cancelled()) } else { Ok(Ran::TakenBack) }
}

/// Whether a call that was cancelled is over in its sandbox, or never began there.
fn has_ended<T>(
    waited: &Result<Result<Result<Answer, SandboxError>, T>, tokio::time::error::Elapsed>,
) -> bool {
    matches!(waited, Ok(Ok(Ok(_) | Err(SandboxError::TakenBack))))
}

/// A call in a sandbox. If the one who waits for it is dropped, the call is cancelled and
/// its place stays taken until it has ended: the next call must not find it there.
struct Running {
    placed: Option<Placed>,
    answer: Option<AnswerReceiver>,
    id: RunId,
    grace: Duration,
}

impl Drop for Running {
    fn drop(&mut self) {
        let (Some(placed), Some(answer)) = (self.placed.take(), self.answer.take()) else { return };
        let sandbox = placed.lease.sandbox();
        sandbox.cancel(self.id.as_str());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            sandbox.taint();
            return;
        };
        let grace = self.grace;
        runtime.spawn(async move {
            if !has_ended(&tokio::time::timeout(grace, answer).await) {
                placed.lease.sandbox().taint();
            }
        });
    }
}

type AnswerReceiver = oneshot::Receiver<Result<Answer, SandboxError>>;

fn ended(answered: Result<Result<Answer, SandboxError>, oneshot::error::RecvError>) -> End {
    match answered {
        Ok(Ok(answer)) => End::Answered(Box::new(answer)),
        Ok(Err(error)) => End::Lost(error),
        Err(_) => End::Lost(SandboxError::Ended),
    }
}
