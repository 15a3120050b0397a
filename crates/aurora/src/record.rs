//! What is known of a call, before and after, and how that becomes a run record.

use std::sync::Arc;

use bytes::Bytes;
use nova_domain::call::{Call, CallSource, FunctionError, FunctionRef, FunctionSnapshot, Outcome, cancelled};
use nova_domain::fault::{Code, Fault};
use nova_domain::log::LogLine;
use nova_domain::ports::Catalog;
use nova_domain::run::{RUN_BODY_MAX, Run, RunStatus, Usage};
use nova_domain::time::{Clock, Timestamp};
use nova_domain::{RunId, Scope};
use nova_store::repo::run::RunRecord;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::live::LiveRun;
use crate::measure::Meter;
use crate::sink::Sink;
use crate::trace::{CallSpan, CallTracer, trace_id};

/// What every recorded call needs.
pub(crate) struct Shared {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) sink: Sink,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) meter: Meter,
    pub(crate) tracer: Option<CallTracer>,
}

/// What is known of a call before it runs.
pub(crate) struct Begun {
    at: Timestamp,
    /// The clock on the wall may jump; durations are taken from this one.
    since: Instant,
    input_size: u64,
    input: Option<String>,
    trace_id: Option<String>,
    span: Option<CallSpan>,
    id: RunId,
    scope: Scope,
    target: FunctionRef,
    source: CallSource,
    pub(crate) cancel: CancellationToken,
    live: LiveRun,
}

impl Begun {
    pub(crate) fn now(call: &mut Call, shared: &Shared) -> Self {
        let span = shared.tracer.as_ref().map(|tracer| tracer.begin(call));
        let payload = &call.payload;
        Self {
            at: shared.clock.now(),
            since: Instant::now(),
            input_size: payload.len() as u64,
            input: body_text(payload),
            trace_id: call.trace.traceparent.as_deref().and_then(trace_id),
            span,
            id: call.id.clone(),
            scope: call.scope.clone(),
            target: call.target.clone(),
            source: call.source,
            cancel: call.cancel.clone(),
            live: shared.sink.live().begin(&call.id),
        }
    }
}

/// A body that is small enough to be kept.
fn body_text(bytes: &Bytes) -> Option<String> {
    if bytes.len() > RUN_BODY_MAX {
        return None;
    }
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// The result of a run, for its record.
struct Ended<'a> {
    status: RunStatus,
    usage: Usage,
    error: Option<FunctionError>,
    output_size: u64,
    output: Option<&'a Bytes>,
    logs: Vec<LogLine>,
    logs_dropped: u64,
}

impl Shared {
    /// Records what the function did, or failed to do.
    pub(crate) fn record_outcome(
        &self,
        begun: Begun,
        outcome: &Outcome,
        output_size: u64,
        output: Option<&Bytes>,
    ) {
        let printed = begun.live.end().lines;
        let error = outcome.result.as_ref().err().cloned();
        let status = if error.is_some() { RunStatus::Failed } else { RunStatus::Succeeded };
        let ended = Ended {
            status,
            usage: outcome.usage,
            error,
            output_size,
            output,
            logs: if printed.len() > outcome.logs.len() { printed } else { outcome.logs.clone() },
            logs_dropped: outcome.logs_dropped,
        };
        self.record(begun, &outcome.function, ended);
    }

    /// Records a call whose caller left and that ended nevertheless: what it used and printed counts.
    pub(crate) fn record_cancelled(&self, begun: Begun, outcome: Outcome, output_size: u64) {
        let printed = begun.live.end().lines;
        self.record_left(begun, outcome, output_size, printed);
    }

    fn record_left(&self, begun: Begun, outcome: Outcome, output_size: u64, printed: Vec<LogLine>) {
        let ended = Ended {
            status: RunStatus::Cancelled,
            usage: outcome.usage,
            error: Some(outcome.result.err().unwrap_or_else(|| FunctionError::of_fault(&cancelled()))),
            output_size,
            output: None,
            logs: if printed.len() > outcome.logs.len() { printed } else { outcome.logs },
            logs_dropped: outcome.logs_dropped,
        };
        self.record(begun, &outcome.function, ended);
    }

    /// Records what the platform could not do, if it is known which function was meant. Of a call
    /// that was cancelled, `output_size` bytes had gone out before.
    pub(crate) async fn record_fault(&self, begun: Begun, fault: &Fault, output_size: u64) {
        let status = match fault.code() {
            Code::Cancelled => RunStatus::Cancelled,
            // The request was wrong, or nothing of that name exists: nothing ran.
            Code::InvalidArgument
            | Code::NotFound
            | Code::NotReady
            | Code::PermissionDenied
            | Code::PayloadTooLarge
            | Code::LoopDetected => {
                return;
            }
            _ => RunStatus::PlatformError,
        };
        let known = begun.live.end();
        if let (RunStatus::Cancelled, Some(outcome)) = (status, known.left) {
            return self.record_left(begun, outcome, output_size, known.lines);
        }
        let Ok(snapshot) = self.catalog.resolve(&begun.scope, &begun.target).await else { return };
        let ended = Ended {
            status,
            usage: Usage::default(),
            error: Some(FunctionError::of_fault(fault)),
            output_size,
            output: None,
            // What it printed before the platform failed it.
            logs: known.lines,
            logs_dropped: 0,
        };
        self.record(begun, &snapshot, ended);
    }

    fn record(&self, begun: Begun, snapshot: &FunctionSnapshot, ended: Ended<'_>) {
        let run = Run {
            id: begun.id,
            scope: begun.scope,
            function_id: snapshot.function.id.clone(),
            function: snapshot.function.name.clone(),
            version: snapshot.version,
            source: begun.source,
            status: ended.status,
            started_at: begun.at,
            duration_us: begun.since.elapsed().as_micros() as u64,
            usage: ended.usage,
            input_size: begun.input_size,
            output_size: ended.output_size,
            input: begun.input,
            output: ended.output.and_then(body_text),
            error: ended.error,
            trace_id: begun.trace_id,
            logs_dropped: ended.logs_dropped,
        };
        if let (Some(tracer), Some(span)) = (&self.tracer, begun.span) {
            tracer.end(span, &run, snapshot.spec.runtime.runtime.as_str());
        }
        self.meter.count(&run, snapshot.spec.runtime.runtime.as_str());
        self.sink.record(RunRecord { run, lines: ended.logs });
    }
}
