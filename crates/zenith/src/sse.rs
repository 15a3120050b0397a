//! Server-sent events as a body: one event at a time, pulled only as fast as the client
//! reads, with a heartbeat while nothing happens, so that a client that went is noticed.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::Stream;
use http::{HeaderName, HeaderValue, header};
use tokio::time::{Instant, Sleep};

/// How long nothing may be sent.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A stream of frames with comments in its silences.
struct Beating<S> {
    frames: Pin<Box<S>>,
    silence: Pin<Box<Sleep>>,
}

impl<S: Stream<Item = Bytes>> Stream for Beating<S> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = match self.frames.as_mut().poll_next(context) {
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(frame)) => frame,
            Poll::Pending => match self.silence.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => Bytes::from_static(b":\n\n"),
            },
        };
        self.silence.as_mut().reset(Instant::now() + HEARTBEAT);
        Poll::Ready(Some(Ok(frame)))
    }
}

/// An answer whose body is the frames, each of them one or more whole events.
pub(crate) fn response(frames: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let frames = Beating { frames: Box::pin(frames), silence: Box::pin(tokio::time::sleep(HEARTBEAT)) };
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies of the nginx family hold back what they pass on otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// One event. `data` must be one line, which JSON without line breaks is.
pub(crate) fn event(name: &str, id: Option<&str>, data: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(data.len() + name.len() + 32);
    if let Some(id) = id {
        frame.extend_from_slice(b"id: ");
        frame.extend_from_slice(id.as_bytes());
        frame.push(b'\n');
    }
    if !name.is_empty() {
        frame.extend_from_slice(b"event: ");
        frame.extend_from_slice(name.as_bytes());
        frame.push(b'\n');
    }
    frame.extend_from_slice(b"data: ");
    let start = frame.len();
    frame.extend_from_slice(data);
    // Line breaks in JSON stand between values only, where a space means the same.
    for byte in &mut frame[start..] {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    frame.extend_from_slice(b"\n\n");
    frame.into()
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_with_heartbeats() {
        let frames = futures::stream::once(async {
            tokio::time::sleep(HEARTBEAT * 2 + Duration::from_secs(1)).await;
            event("", None, b"1")
        });
        let body = response(frames).into_body().into_data_stream();
        let pieces: Vec<_> = body.map(|piece| piece.expect("no fault")).collect().await;
        assert_eq!(pieces, [&b":\n\n"[..], b":\n\n", b"data: 1\n\n"]);
    }

    #[test]
    fn an_event_is_one_line_per_field() {
        let frame = event("done", Some("7"), b"{\"a\":\r\n1}");
        assert_eq!(frame, &b"id: 7\nevent: done\ndata: {\"a\":  1}\n\n"[..]);
    }
}
