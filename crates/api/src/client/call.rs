//! Calling functions.

use std::pin::Pin;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use reqwest::{Method, RequestBuilder};

use super::sse::{Event, events};
use super::{Client, ClientError};
use crate::headers;
use crate::v1::{InvokeAnswer, Problem, StreamDone};

/// How a call is made.
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    /// Version number, `$LATEST` or an alias; the active version without.
    pub qualifier: Option<String>,
    /// Calls of an alias with the same key run the same version.
    pub sticky_key: Option<String>,
    /// How long to wait in all, milliseconds.
    pub timeout_ms: Option<u64>,
    /// W3C trace context to go on with.
    pub traceparent: Option<String>,
}

/// One thing of a streaming call; `Done` is the last.
#[derive(Debug, Clone)]
pub enum StreamItem {
    /// Bytes that the function wrote.
    Chunk(Bytes),
    /// The end, with the function's own error if it had one.
    Done(Box<StreamDone>),
}

/// The items of a streaming call. Dropping it cancels the call.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<StreamItem, ClientError>> + Send>>;

impl Client {
    /// Calls a function with `event` (JSON text) and waits. The function's own failure is
    /// in the answer's `error`.
    pub async fn invoke(
        &self,
        name: &str,
        event: impl Into<Bytes>,
        options: &CallOptions,
    ) -> Result<InvokeAnswer, ClientError> {
        self.fetch(self.call(name, "invoke", event.into(), options)).await
    }

    /// Calls a function and returns its output as it comes.
    pub async fn invoke_stream(
        &self,
        name: &str,
        event: impl Into<Bytes>,
        options: &CallOptions,
    ) -> Result<EventStream, ClientError> {
        let response = self.send(self.call(name, "invoke-stream", event.into(), options)).await?;
        let items = events(response, self.base.clone()).map(|event| event.and_then(item_of));
        Ok(Box::pin(with_end(items)))
    }

    pub(super) fn call(&self, name: &str, door: &str, event: Bytes, options: &CallOptions) -> RequestBuilder {
        let mut request = self
            .request(Method::POST, &["functions", name, door])
            .header("content-type", "application/json")
            .body(event);
        if let Some(qualifier) = &options.qualifier {
            request = request.query(&[("qualifier", qualifier)]);
        }
        if let Some(key) = &options.sticky_key {
            request = request.header(headers::STICKY_KEY, key);
        }
        if let Some(timeout) = options.timeout_ms {
            request = request.header(headers::TIMEOUT_MS, timeout);
        }
        if let Some(traceparent) = &options.traceparent {
            request = request.header(headers::TRACEPARENT, traceparent);
        }
        request
    }
}

fn item_of(event: Event) -> Result<StreamItem, ClientError> {
    match event.name.as_str() {
        "" => STANDARD
            .decode(event.data)
            .map(|bytes| StreamItem::Chunk(bytes.into()))
            .map_err(|_| ClientError::BadStream("a chunk is not base64")),
        "done" => serde_json::from_str(&event.data)
            .map(|done| StreamItem::Done(Box::new(done)))
            .map_err(ClientError::BadAnswer),
        "error" => match serde_json::from_str::<Problem>(&event.data) {
            Ok(problem) => Err(ClientError::Problem(Box::new(problem))),
            Err(error) => Err(ClientError::BadAnswer(error)),
        },
        _ => Err(ClientError::BadStream("an event of an unknown kind")),
    }
}

/// Ends after the first error or `Done`; an end without either is an error, so that a cut
/// stream is never taken for a whole one.
fn with_end(
    items: impl Stream<Item = Result<StreamItem, ClientError>> + Send,
) -> impl Stream<Item = Result<StreamItem, ClientError>> + Send {
    futures::stream::unfold((Box::pin(items), false), |(mut items, ended)| async move {
        if ended {
            return None;
        }
        let item =
            items.next().await.unwrap_or(Err(ClientError::BadStream("it ended before its last event")));
        let last = !matches!(item, Ok(StreamItem::Chunk(_)));
        Some((item, (items, last)))
    })
}
