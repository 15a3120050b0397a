//! Wraps an [`Invoker`]: whatever comes of a call is recorded, also when its caller left.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt as _;
use nova_domain::call::{Call, EventStream, Outcome};
use nova_domain::fault::{Fault, FaultResult};
use nova_domain::ports::{Catalog, Invoker};
use nova_domain::time::Clock;
use opentelemetry_sdk::trace::SdkTracer;

use crate::measure::Meter;
use crate::record::{Begun, Shared};
use crate::sink::Sink;
use crate::stream::Recorded;
use crate::trace::CallTracer;

/// An invoker that records what came of each call. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<dyn Invoker>,
    shared: Arc<Shared>,
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
        let task = self.shared.sink.tasks().spawn(async move {
            let begun = Begun::now(&mut call, &shared);
            let result = AssertUnwindSafe(inner.invoke(call)).catch_unwind().await;
            let result = result.unwrap_or_else(|panic| Err(panicked(&*panic)));
            match &result {
                Ok(outcome) => {
                    let output = outcome.result.as_ref().ok();
                    let size = output.map_or(0, |bytes| bytes.len() as u64);
                    shared.record_outcome(begun, outcome, size, output);
                }
                Err(fault) => shared.record_fault(begun, fault, 0).await,
            }
            result
        });
        let result = task.await.unwrap_or_else(|error| Err(ended_early(error)));
        guard.disarm();
        result
    }

    async fn invoke_stream(&self, mut call: Call) -> FaultResult<EventStream> {
        // As above; a stream that nobody waits for any more is dropped by the task, and
        // records itself then.
        let guard = call.cancel.clone().drop_guard();
        let (inner, shared) = (self.inner.clone(), self.shared.clone());
        let task = self.shared.sink.tasks().spawn(async move {
            let begun = Begun::now(&mut call, &shared);
            let started = AssertUnwindSafe(inner.invoke_stream(call)).catch_unwind().await;
            match started.unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(events) => Ok(Recorded::new(events, begun, shared)),
                Err(fault) => {
                    shared.record_fault(begun, &fault, 0).await;
                    Err(fault)
                }
            }
        });
        let started = task.await.unwrap_or_else(|error| Err(ended_early(error)));
        guard.disarm();
        Ok(Box::pin(started?))
    }
}

fn ended_early(error: tokio::task::JoinError) -> Fault {
    Fault::internal("a call's task ended early").with_source(error)
}

/// The fault of a call whose invoker panicked.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Fault {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Fault::internal(format!("the invoker panicked: {}", text.unwrap_or("(no text)")))
}
