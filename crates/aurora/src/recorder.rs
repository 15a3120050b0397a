//! Wraps an [`Invoker`]: whatever comes of a call is recorded, also when its caller left.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use nova_domain::call::{Call, EventStream, FunctionError, FunctionSnapshot, Outcome, StreamEvent};
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::log::LogLine;
use nova_domain::ports::{Catalog, Invoker};
use nova_domain::run::{RUN_BODY_MAX, Run, RunStatus, Usage};
use nova_domain::time::{Clock, Timestamp};
use nova_store::repo::run::RunRecord;
use opentelemetry_sdk::trace::SdkTracer;

use crate::measure::Meter;
use crate::sink::Sink;
use crate::trace::{CallSpan, CallTracer};

/// An invoker that records what came of each call. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<dyn Invoker>,
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Arc<dyn Catalog>,
    sink: Sink,
    clock: Arc<dyn Clock>,
    meter: Meter,
    tracer: Option<CallTracer>,
}

impl Recorder {
    /// Wraps `inner`. `catalog` tells the function of a call that the platform could not
    /// carry out; with a `tracer` each call is a trace, or goes on with its caller's.
    pub fn new(
        inner: Arc<dyn Invoker>,
        catalog: Arc<dyn Catalog>,
        sink: Sink,
        clock: Arc<dyn Clock>,
        tracer: Option<SdkTracer>,
    ) -> Self {
        let tracer = tracer.map(CallTracer::new);
        Self { inner, shared: Arc::new(Shared { catalog, sink, clock, meter: Meter::default(), tracer }) }
    }
}

#[async_trait]
impl Invoker for Recorder {
    async fn invoke(&self, mut call: Call) -> FaultResult<Outcome> {
        // A caller who goes away drops this future: the guard cancels the call, the task
        // sees it to its end and records it.
        let guard = call.cancel.clone().drop_guard();
        let (inner, shared) = (self.inner.clone(), self.shared.clone());
        let task = tokio::spawn(async move {
            let begun = Begun::now(&mut call, &shared);
            let result = inner.invoke(call).await;
            match &result {
                Ok(outcome) => {
                    let output = outcome.result.as_ref().ok();
                    shared.record_outcome(
                        begun,
                        outcome,
                        output.map_or(0, |bytes| bytes.len() as u64),
                        output,
                    );
                }
                Err(fault) => shared.record_fault(begun, fault).await,
            }
            result
        });
        let result = match task.await {
            Ok(result) => result,
            Err(error) => Err(Fault::internal("a call's task ended early").with_source(error)),
        };
        guard.disarm();
        result
    }

    async fn invoke_stream(&self, mut call: Call) -> FaultResult<EventStream> {
        let begun = Begun::now(&mut call, &self.shared);
        match self.inner.invoke_stream(call).await {
            Ok(events) => Ok(Box::pin(Recorded {
                events: Some(events),
                begun: Some(begun),
                size: 0,
                shared: self.shared.clone(),
            })),
            Err(fault) => {
                self.shared.record_fault(begun, &fault).await;
                Err(fault)
            }
        }
    }
}

/// What is known of a call before it runs.
struct Begun {
    at: Timestamp,
    input_size: u64,
    input: Option<String>,
    trace_id: Option<String>,
    span: Option<CallSpan>,
    call: Call,
}

impl Begun {
    fn now(call: &mut Call, shared: &Shared) -> Self {
        let span = shared.tracer.as_ref().map(|tracer| tracer.begin(call));
        let payload = &call.payload;
        Self {
            at: shared.clock.now(),
            input_size: payload.len() as u64,
            input: body_text(payload),
            // version-traceid-parentid-flags
            trace_id: call
                .trace
                .traceparent
                .as_deref()
                .and_then(|text| text.split('-').nth(1))
                .filter(|id| id.len() == 32)
                .map(str::to_owned),
            span,
            call: Call { payload: Bytes::new(), ..call.clone() },
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
    fn record_outcome(&self, begun: Begun, outcome: &Outcome, output_size: u64, output: Option<&Bytes>) {
        let error = outcome.result.as_ref().err().cloned();
        let status = if error.is_some() { RunStatus::Failed } else { RunStatus::Succeeded };
        let ended = Ended {
            status,
            usage: outcome.usage,
            error,
            output_size,
            output,
            logs: outcome.logs.clone(),
            logs_dropped: outcome.logs_dropped,
        };
        self.record(begun, &outcome.function, ended);
    }

    /// Records what the platform could not do, if it is known which function was meant.
    async fn record_fault(&self, begun: Begun, fault: &Fault) {
        let status = match fault.code() {
            Code::Cancelled => RunStatus::Cancelled,
            // The request was wrong, or nothing of that name exists: nothing ran.
            Code::InvalidArgument
            | Code::NotFound
            | Code::NotReady
            | Code::PayloadTooLarge
            | Code::LoopDetected => {
                return;
            }
            _ => RunStatus::PlatformError,
        };
        let Ok(snapshot) = self.catalog.resolve(&begun.call.scope, &begun.call.target).await else { return };
        let error = FunctionError {
            kind: nova_domain::call::FunctionErrorKind::Error,
            error_type: fault.code().as_str().to_owned(),
            message: fault.message().to_owned(),
            stack: Vec::new(),
            exit_code: None,
            signal: None,
        };
        let ended = Ended {
            status,
            usage: Usage::default(),
            error: Some(error),
            output_size: 0,
            output: None,
            logs: Vec::new(),
            logs_dropped: 0,
        };
        self.record(begun, &snapshot, ended);
    }

    fn record(&self, begun: Begun, snapshot: &FunctionSnapshot, ended: Ended<'_>) {
        let run = Run {
            id: begun.call.id,
            scope: begun.call.scope,
            function_id: snapshot.function.id.clone(),
            function: snapshot.function.name.clone(),
            version: snapshot.version,
            source: begun.call.source,
            status: ended.status,
            started_at: begun.at,
            duration_us: self.clock.now().micros_since(begun.at).max(0) as u64,
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

/// The events of a streaming call, recorded at its end or when it is dropped.
struct Recorded {
    events: Option<EventStream>,
    begun: Option<Begun>,
    size: u64,
    shared: Arc<Shared>,
}

impl Stream for Recorded {
    type Item = StreamEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<StreamEvent>> {
        let this = &mut *self;
        let Some(events) = &mut this.events else { return Poll::Ready(None) };
        let polled = events.as_mut().poll_next(context);
        match &polled {
            Poll::Ready(Some(StreamEvent::Chunk(bytes))) => this.size += bytes.len() as u64,
            Poll::Ready(Some(StreamEvent::Done(outcome))) => {
                if let Some(begun) = this.begun.take() {
                    let output = outcome.result.as_ref().ok();
                    this.shared.record_outcome(begun, outcome, this.size, output.filter(|_| this.size == 0));
                }
            }
            Poll::Ready(Some(StreamEvent::Failed(fault))) => {
                if let Some(begun) = this.begun.take() {
                    let fault = Fault::new(fault.code(), fault.message());
                    let shared = this.shared.clone();
                    tokio::spawn(async move { shared.record_fault(begun, &fault).await });
                }
            }
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        // Dropping the events cancels the call.
        self.events = None;
        let Some(begun) = self.begun.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let shared = self.shared.clone();
        runtime.spawn(async move {
            let fault = Fault::new(Code::Cancelled, "the caller went away and the call was ended");
            shared.record_fault(begun, &fault).await;
        });
    }
}
