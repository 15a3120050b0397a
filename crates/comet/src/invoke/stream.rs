//! Streaming calls: chunks as they come, with back-pressure from the reader to user code.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use nova_domain::call::{Call, EventStream, Outcome, StreamEvent};
use nova_domain::fault::{Code, Fault, FaultResult};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::run::Ran;
use super::{Held, Placed, RETRIES, not_begun, run};
use crate::Comet;
use crate::pool::Ask;

/// Chunks that may wait for a slow reader before the function is made to wait.
const CHUNKS_AHEAD: usize = 16;

/// Runs the call in a task of its own and returns its events.
pub(super) fn start(
    comet: Comet,
    mut call: Call,
    placed: Placed,
    arrived: Instant,
    ask: Ask,
    held: Held,
) -> EventStream {
    let (chunk_sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
    let (end_sender, end) = oneshot::channel();
    // Dropping the stream cancels the call.
    let cancel: CancellationToken = call.cancel.child_token();
    call.cancel = cancel.clone();
    tokio::spawn(async move {
        let outcome = run_one(&comet, &call, placed, chunk_sender, arrived, ask, held).await;
        let _ = end_sender.send(outcome);
    });
    Box::pin(Events { chunks, chunks_done: false, end: Some(end), _cancel: cancel.drop_guard() })
}

/// Runs the call where it can begin.
async fn run_one(
    comet: &Comet,
    call: &Call,
    mut placed: Placed,
    chunks: mpsc::Sender<Bytes>,
    arrived: Instant,
    ask: Ask,
    mut held: Held,
) -> FaultResult<Outcome> {
    for _ in 0..RETRIES {
        match run::run(&comet.inner.settings, call, placed, Some(chunks.clone())).await? {
            Ran::Ended(outcome) => return Ok(outcome),
            // Nothing of it was sent.
            Ran::NotBegun => placed = comet.place(call, arrived, ask, &mut held).await?,
            // A stream has its sandbox alone, which ended in this moment.
            Ran::TakenBack => return Err(not_begun()),
        }
    }
    Err(not_begun())
}

struct Events {
    chunks: mpsc::Receiver<Bytes>,
    chunks_done: bool,
    end: Option<oneshot::Receiver<FaultResult<Outcome>>>,
    _cancel: DropGuard,
}

impl Stream for Events {
    type Item = StreamEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<StreamEvent>> {
        if !self.chunks_done {
            match self.chunks.poll_recv(context) {
                Poll::Ready(Some(chunk)) => return Poll::Ready(Some(StreamEvent::Chunk(chunk))),
                Poll::Ready(None) => self.chunks_done = true,
                Poll::Pending => return Poll::Pending,
            }
        }
        let Some(end) = &mut self.end else { return Poll::Ready(None) };
        match Pin::new(end).poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(ended) => {
                self.end = None;
                let event = match ended {
                    Ok(Ok(outcome)) => StreamEvent::Done(Box::new(outcome)),
                    Ok(Err(fault)) => StreamEvent::Failed(fault),
                    Err(_) => StreamEvent::Failed(Fault::new(Code::Unavailable, "the server is stopping")),
                };
                Poll::Ready(Some(event))
            }
        }
    }
}
