//! From how a call ended to what the caller is told. Out of memory, timeout, crash, exit
//! code and signal are told apart here.

use bytes::Bytes;
use nova_agent::protocol::{GuestError, GuestErrorKind};
use nova_domain::call::{Call, FunctionError, FunctionErrorKind, Outcome, PAYLOAD_OUT_MAX, cancelled};
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::log::LogLine;
use nova_domain::run::Usage;

use super::Placed;
use super::run::{End, Left};
use crate::backend::SandboxUsage;
use crate::sandbox::Answer;

pub(super) async fn from_end(call: &Call, placed: &Placed, end: End) -> FaultResult<Outcome> {
    match end {
        End::Answered(answer) => {
            let result = match answer.error {
                None if answer.output.len() > PAYLOAD_OUT_MAX => Err(too_large(answer.output.len())),
                None if answer.output.is_empty() => Ok(Bytes::from_static(b"null")),
                None => Ok(answer.output),
                Some(error) if error.kind == GuestErrorKind::Cancelled => {
                    let answer = Box::new(Answer { error: Some(error), ..*answer });
                    return Err(left(call, placed, Left::Answered(answer)));
                }
                Some(error) if error.kind == GuestErrorKind::Protocol => {
                    placed.lease.sandbox().taint();
                    return Err(Fault::new(
                        Code::SandboxLost,
                        "the sandbox could not take the call; call again",
                    )
                    .with_source(error.message));
                }
                Some(error) => Err(function_error(placed, error).await),
            };
            let logs = lines(placed, answer.logs);
            let mut outcome = outcome(placed, result, answer.exec_us, logs, answer.logs_dropped);
            outcome.usage.queue_us += answer.queued_us;
            Ok(outcome)
        }
        End::Overdue => {
            let timeout_s = placed.snapshot.spec.limits.timeout_s;
            let error = FunctionError {
                kind: FunctionErrorKind::Timeout,
                error_type: "Timeout".to_owned(),
                message: format!("the call took longer than {timeout_s} s and its sandbox was ended"),
                stack: Vec::new(),
                exit_code: None,
                signal: None,
            };
            let exec_us = u64::from(timeout_s) * 1_000_000;
            Ok(outcome(placed, Err(error), exec_us, placed.lease.sandbox().take_init_logs(), 0))
        }
        End::Lost(error) => {
            let sandbox = placed.lease.sandbox();
            sandbox.taint();
            // The agent itself may have been the victim at the memory limit.
            if let Some(usage) = sandbox.ran_out_of_memory().await {
                let error = out_of_memory(placed, usage);
                return Ok(outcome(placed, Err(error), 0, sandbox.take_init_logs(), 0));
            }
            let setup = sandbox.exit().await.and_then(|exit| exit.setup_error).unwrap_or_default();
            Err(Fault::new(
                Code::SandboxLost,
                "the sandbox ended during the call; user code may have run in part",
            )
            .with_source(format!("sandbox {} of call {}: {error} {setup}", sandbox.id, call.id)))
        }
        End::Cancelled(how) => Err(left(call, placed, how)),
    }
}

/// Tells what a call used and printed whose caller is not there to hear it.
fn left(call: &Call, placed: &Placed, how: Left) -> Fault {
    let fault = cancelled();
    let sandbox = placed.lease.sandbox();
    let Some(listener) = sandbox.listener() else { return fault };
    let answer = match how {
        Left::Unbegun => return fault,
        Left::Answered(answer) => *answer,
        Left::Lost(exec_us) => Answer { exec_us, ..Answer::default() },
    };
    let error = FunctionError::of_fault(&fault);
    let mut outcome =
        outcome(placed, Err(error), answer.exec_us, lines(placed, answer.logs), answer.logs_dropped);
    outcome.usage.queue_us += answer.queued_us;
    listener.left(&call.id, outcome);
    fault
}

/// What was printed while code was loaded, and by the call.
fn lines(placed: &Placed, mut printed: Vec<LogLine>) -> Vec<LogLine> {
    let sandbox = placed.lease.sandbox();
    let mut logs = sandbox.take_init_logs();
    sandbox.mask().lines(&mut printed);
    logs.extend(printed);
    logs
}

fn too_large(size: usize) -> FunctionError {
    FunctionError {
        kind: FunctionErrorKind::BadResponse,
        error_type: FunctionError::RESPONSE_TOO_LARGE.to_owned(),
        message: format!(
            "the response is {size} bytes; a synchronous call gives at most {PAYLOAD_OUT_MAX}: stream it instead"
        ),
        stack: Vec::new(),
        exit_code: None,
        signal: None,
    }
}

async fn function_error(placed: &Placed, error: GuestError) -> FunctionError {
    // SIGKILL from nobody of ours is the kernel at the memory limit; its counter says so.
    if error.signal == Some(libc::SIGKILL)
        && let Some(usage) = placed.lease.sandbox().ran_out_of_memory().await
    {
        return out_of_memory(placed, usage);
    }
    let kind = match error.kind {
        GuestErrorKind::Init => FunctionErrorKind::Init,
        GuestErrorKind::Timeout => FunctionErrorKind::Timeout,
        GuestErrorKind::Exit => FunctionErrorKind::Exit,
        GuestErrorKind::Crash => FunctionErrorKind::Crash,
        GuestErrorKind::BadResponse => FunctionErrorKind::BadResponse,
        GuestErrorKind::Error
        | GuestErrorKind::Cancelled
        | GuestErrorKind::Protocol
        | GuestErrorKind::NotBegun => FunctionErrorKind::Error,
    };
    let mut told = FunctionError {
        kind,
        error_type: error.error_type,
        message: error.message,
        stack: error.stack,
        exit_code: error.exit_code,
        signal: error.signal,
    };
    placed.lease.sandbox().mask().error(&mut told);
    told
}

fn out_of_memory(placed: &Placed, usage: SandboxUsage) -> FunctionError {
    let limit = placed.snapshot.spec.limits.memory_mb;
    let used = usage.memory_peak >> 20;
    FunctionError {
        kind: FunctionErrorKind::OutOfMemory,
        error_type: "OutOfMemory".to_owned(),
        message: format!("the memory limit was reached ({used} of {limit} MB used): raise memory_mb"),
        stack: Vec::new(),
        exit_code: None,
        signal: Some(libc::SIGKILL),
    }
}

fn outcome(
    placed: &Placed,
    result: Result<Bytes, FunctionError>,
    exec_us: u64,
    logs: Vec<LogLine>,
    logs_dropped: u64,
) -> Outcome {
    let sandbox = placed.lease.sandbox();
    let cold_start = placed.lease.cold;
    Outcome {
        function: placed.snapshot.clone(),
        result,
        usage: Usage {
            queue_us: placed.queue_us,
            init_us: if cold_start { sandbox.init_us() } else { 0 },
            exec_us,
            cold_start,
            memory_peak: sandbox.memory_peak(),
        },
        logs,
        logs_dropped,
    }
}
