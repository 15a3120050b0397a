//! Answers that functions stream.
//!
//! If the stream begins with a JSON object that has `statusCode`, that is the head of the answer (as in
//! AWS's response streaming, where eight NUL bytes follow it); what comes after is the body. Without
//! it the answer is 200 and everything is the body. A function that wrote nothing is answered by what
//! it returned.

use axum::body::Body;
use axum::response::Response;
use bytes::{Buf as _, Bytes, BytesMut};
use futures::{Stream, StreamExt as _};
use http::StatusCode;
use nova_domain::Fault;
use nova_domain::call::{EventStream, StreamEvent};
use serde_json::Value;

use super::answer::{self, Head, bad};
use super::{Content, Visit, versioned};
use crate::refused::Refused;

/// Longest head, bytes. A body that comes in the head counts too.
const HEAD_MAX: usize = 64 * 1024;
/// What AWS's runtimes send between head and body.
const DELIMITER: [u8; 8] = [0; 8];

/// Waits for the head; the body goes on as the client reads it, so a slow client slows the function.
pub(super) async fn answer(
    content: &Content,
    visit: &Visit,
    mut events: EventStream,
) -> Result<Response, Refused> {
    let mut begin = BytesMut::new();
    loop {
        match events.next().await {
            Some(StreamEvent::Chunk(bytes)) => {
                begin.extend_from_slice(&bytes);
                match begins(&begin) {
                    Begin::Unclear if begin.len() > HEAD_MAX => return Ok(plain(begin, events)),
                    Begin::Unclear => {}
                    Begin::Body => return Ok(plain(begin, events)),
                    Begin::Head(head, length) => {
                        begin.advance(length);
                        return Ok(with_head(head?, begin, events));
                    }
                }
            }
            Some(StreamEvent::Done(outcome)) => {
                let version = outcome.function.version;
                return Ok(match outcome.result {
                    Err(error) => versioned(content.failed(&error, visit), version),
                    Ok(result) if begin.is_empty() => versioned(answer::of_result(&result)?, version),
                    Ok(_) => versioned(plain(begin, Box::pin(futures::stream::empty())), version),
                });
            }
            Some(StreamEvent::Failed(fault)) => return Err(content.mild(fault).into()),
            None => return Err(Fault::internal("a stream ended without saying how").into()),
        }
    }
}

/// How a stream begins.
enum Begin {
    /// More must come to tell.
    Unclear,
    Body,
    /// With the head, and how long it is.
    Head(Result<Head, Fault>, usize),
}

fn begins(bytes: &[u8]) -> Begin {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Begin::Unclear,
        Some(b'{') => {}
        Some(_) => return Begin::Body,
    }
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => match Head::of(&value) {
            Some(head) => Begin::Head(head, values.byte_offset()),
            None => Begin::Body,
        },
        Some(Err(error)) if error.is_eof() => Begin::Unclear,
        _ => Begin::Body,
    }
}

fn plain(begin: BytesMut, events: EventStream) -> Response {
    let mut head = Head { status: StatusCode::OK, headers: http::HeaderMap::new(), body: None };
    head.set_type(type_of(&begin));
    head.response(Body::from_stream(rest(begin.freeze(), events)))
}

fn with_head(mut head: Head, begin: BytesMut, events: EventStream) -> Response {
    let first = head.body.take().unwrap_or_default();
    if !head.has_type() {
        head.set_type(if begin.is_empty() { "application/octet-stream" } else { type_of(&begin) });
    }
    let body =
        futures::stream::once(async move { Ok(first) }).chain(undelimited(rest(begin.freeze(), events)));
    let body = body.filter(|piece| {
        let empty = matches!(piece, Ok(bytes) if bytes.is_empty());
        async move { !empty }
    });
    head.response(Body::from_stream(body))
}

/// Text if it can be; in neither case something that a browser runs.
fn type_of(bytes: &[u8]) -> &'static str {
    // A character may be cut at the end.
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_some() => "application/octet-stream",
        _ if bytes.contains(&0) => "application/octet-stream",
        _ => "text/plain; charset=utf-8",
    }
}

/// The body: what was read already, then every chunk. A function that fails in the middle breaks the
/// answer off, so that nobody takes it for whole.
fn rest(begin: Bytes, events: EventStream) -> impl Stream<Item = Result<Bytes, Fault>> + Send {
    let chunks = futures::stream::unfold(Some(events), |events| async move {
        let mut events = events?;
        match events.next().await {
            Some(StreamEvent::Chunk(bytes)) => Some((Ok(bytes), Some(events))),
            Some(StreamEvent::Done(outcome)) => {
                let error = outcome.result.err()?;
                tracing::debug!(target: "nova_access", error = %error.message, "the function failed in the middle of its answer");
                Some((Err(bad("it was broken off")), None))
            }
            Some(StreamEvent::Failed(fault)) => Some((Err(fault), None)),
            None => None,
        }
    });
    futures::stream::once(async move { Ok(begin) }).chain(chunks)
}

/// Leaves out the eight NUL bytes at the beginning, if they are there, however they are cut.
fn undelimited(
    pieces: impl Stream<Item = Result<Bytes, Fault>> + Send,
) -> impl Stream<Item = Result<Bytes, Fault>> + Send {
    // `Some`: what may still become the delimiter.
    futures::stream::unfold((Box::pin(pieces), Some(BytesMut::new())), |(mut pieces, mut held)| async move {
        loop {
            let piece = pieces.next().await;
            let Some(mut begin) = held.take() else { return piece.map(|piece| (piece, (pieces, None))) };
            match piece {
                Some(Ok(bytes)) => begin.extend_from_slice(&bytes),
                Some(Err(fault)) => return Some((Err(fault), (pieces, None))),
                None if begin.is_empty() => return None,
                None => return Some((Ok(begin.freeze()), (pieces, None))),
            }
            if begin.starts_with(&DELIMITER) {
                begin.advance(DELIMITER.len());
            } else if DELIMITER.starts_with(&begin) {
                held = Some(begin);
                continue;
            }
            return Some((Ok(begin.freeze()), (pieces, None)));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn without(pieces: &[&'static [u8]]) -> Vec<u8> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
        let out: Vec<_> = undelimited(futures::stream::iter(pieces)).collect().await;
        out.into_iter().flat_map(|piece| piece.expect("fine").to_vec()).collect()
    }

    #[tokio::test]
    async fn only_the_whole_delimiter_at_the_beginning_is_left_out() {
        assert_eq!(without(&[b"\0\0\0\0\0\0\0\0body"]).await, b"body");
        assert_eq!(without(&[b"", b"\0\0\0", b"\0\0\0\0\0", b"body"]).await, b"body");
        assert_eq!(without(&[b"\0\0\x01\0"]).await, b"\0\0\x01\0", "an icon begins so");
        assert_eq!(without(&[b"\0\0", b"\0"]).await, b"\0\0\0");
        assert_eq!(without(&[b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x"]).await, b"\0\0\0\0\0\0\0\0x");
        assert_eq!(without(&[]).await, b"");
    }

    #[test]
    fn a_head_is_an_object_with_a_status_at_the_beginning() {
        let head = |text: &str| match begins(text.as_bytes()) {
            Begin::Head(head, length) => Some((head.expect("good").status.as_u16(), length)),
            _ => None,
        };
        assert_eq!(head(r#" {"statusCode":404}rest"#), Some((404, 19)));
        assert!(matches!(begins(b"{\"statusCode\":4"), Begin::Unclear));
        assert!(matches!(begins(b"  "), Begin::Unclear));
        for body in ["text", "{\"a\":1}\n{\"statusCode\":200}", "{broken", "[1]", "\0"] {
            assert!(matches!(begins(body.as_bytes()), Begin::Body), "{body}");
        }
        assert!(matches!(begins(b"{\"statusCode\":7}"), Begin::Head(Err(_), _)));
    }

    #[test]
    fn what_has_no_type_is_nothing_that_a_browser_runs() {
        assert_eq!(type_of(b"<script>"), "text/plain; charset=utf-8");
        assert_eq!(type_of("h\u{e9}".as_bytes().split_last().expect("some").1), "text/plain; charset=utf-8");
        assert_eq!(type_of(b"\xff\xd8"), "application/octet-stream");
        assert_eq!(type_of(b"a\0b"), "application/octet-stream");
    }
}
