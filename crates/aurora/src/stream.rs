//! The events of a streaming call, recorded at its end or when its caller leaves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use nova_domain::call::{EventStream, Outcome, StreamEvent, cancelled};
use nova_domain::fault::Fault;
use tokio::runtime::Handle;

use crate::record::{Begun, Shared};
use crate::recorder::panicked;

/// How long a cancelled call may take to say what it used and printed.
const END_WAIT: Duration = Duration::from_secs(3);

/// Passes events on and keeps count of them.
pub(crate) struct Recorded {
    events: Option<EventStream>,
    /// Taken when the call is recorded.
    begun: Option<Begun>,
    /// Bytes passed on.
    size: u64,
    shared: Arc<Shared>,
    // The stream may be dropped on a thread without a runtime.
    runtime: Handle,
}

impl Recorded {
    /// Must be called within a tokio runtime.
    pub(crate) fn new(events: EventStream, begun: Begun, shared: Arc<Shared>) -> Self {
        Self { events: Some(events), begun: Some(begun), size: 0, shared, runtime: Handle::current() }
    }

    /// Records the call if `event` is its last.
    fn note(&mut self, event: &StreamEvent) {
        match event {
            StreamEvent::Chunk(bytes) => self.size += bytes.len() as u64,
            StreamEvent::Done(outcome) => {
                let Some(begun) = self.begun.take() else { return };
                let output = outcome.result.as_ref().ok().filter(|_| self.size == 0);
                // A call that may stream and did not has its result.
                let whole =
                    output.filter(|bytes| bytes.as_ref() != b"null").map_or(0, |bytes| bytes.len() as u64);
                self.shared.record_outcome(begun, outcome, self.size.max(whole), output);
            }
            StreamEvent::Failed(fault) => {
                let Some(begun) = self.begun.take() else { return };
                let fault = Fault::new(fault.code(), fault.message());
                let (shared, size) = (self.shared.clone(), self.size);
                let task = async move { shared.record_fault(begun, &fault, size).await };
                self.shared.sink.tasks().spawn_on(task, &self.runtime);
            }
        }
    }
}

impl Stream for Recorded {
    type Item = StreamEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<StreamEvent>> {
        let this = &mut *self;
        let Some(events) = &mut this.events else { return Poll::Ready(None) };
        let event = match catch_unwind(AssertUnwindSafe(|| events.as_mut().poll_next(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Some(event))) => event,
            Ok(Poll::Ready(None)) => {
                this.events = None;
                if this.begun.is_none() {
                    return Poll::Ready(None);
                }
                StreamEvent::Failed(Fault::internal("a stream ended without saying how"))
            }
            Err(panic) => {
                this.events = None;
                StreamEvent::Failed(panicked(&*panic))
            }
        };
        this.note(&event);
        Poll::Ready(Some(event))
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let (Some(begun), Some(events)) = (self.begun.take(), self.events.take()) else { return };
        begun.cancel.cancel();
        let (shared, size) = (self.shared.clone(), self.size);
        let task = async move {
            let end = AssertUnwindSafe(tokio::time::timeout(END_WAIT, outcome_of(events)));
            match futures::FutureExt::catch_unwind(end).await {
                Ok(Ok(Some(outcome))) => shared.record_cancelled(begun, *outcome, size),
                // It did not say, or not in time; dropping the events ends it for good.
                _ => shared.record_fault(begun, &cancelled(), size).await,
            }
        };
        self.shared.sink.tasks().spawn_on(task, &self.runtime);
    }
}

/// Reads on to the end of a call; what it still writes is for nobody.
async fn outcome_of(mut events: EventStream) -> Option<Box<Outcome>> {
    while let Some(event) = events.next().await {
        match event {
            StreamEvent::Chunk(_) => {}
            StreamEvent::Done(outcome) => return Some(outcome),
            StreamEvent::Failed(_) => return None,
        }
    }
    None
}
