//! What a handler leaves of a request's body.
//!
//! A request can be answered before its body was read: without a key, say. Over HTTP/1 hyper reads
//! what is left or closes the connection. Over HTTP/2 it resets the stream, and a client that is
//! still sending may take that for the answer (curl: error 92). So what is left is read and thrown
//! away, within bounds.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;

/// Bytes that are read of what is left; whoever sends more is reset.
const LEFT_MAX: usize = 8 << 20;
/// How long that may take.
const TIME_MAX: Duration = Duration::from_secs(10);

/// A body whose rest is read when it is dropped, if it came over HTTP/2.
#[derive(Debug)]
pub(crate) struct Incoming<B = hyper::body::Incoming>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    /// `None`: it was read to its end, or it failed.
    body: Option<B>,
    reads_rest: bool,
}

/// The request with such a body.
pub(crate) fn watched<B: Body<Data = Bytes> + Send + Unpin + 'static>(
    request: Request<B>,
) -> Request<Incoming<B>> {
    let reads_rest = request.version() == Version::HTTP_2;
    request.map(|body| Incoming { body: Some(body), reads_rest })
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Body for Incoming<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = std::task::ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Drop for Incoming<B> {
    fn drop(&mut self) {
        let (Some(body), true) = (self.body.take(), self.reads_rest) else { return };
        if body.is_end_stream() {
            return;
        }
        // Without a runtime the connection is gone too.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(tokio::time::timeout(TIME_MAX, read_rest(body)));
        }
    }
}

async fn read_rest<B: Body<Data = Bytes> + Unpin>(mut body: B) {
    let mut left = LEFT_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let size = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(size) else { return };
        left = rest;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::{StreamExt as _, stream};
    use http_body_util::StreamBody;
    use tokio::sync::Notify;

    use super::*;

    /// A body of `frames` MiB that counts what is read of it, and says when it is gone.
    fn body(
        frames: usize,
        read: Arc<AtomicUsize>,
        gone: Arc<Notify>,
    ) -> impl Body<Data = Bytes, Error = std::io::Error> + Send + Unpin {
        struct Gone(Arc<Notify>);
        impl Drop for Gone {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let gone = Gone(gone);
        StreamBody::new(
            stream::iter(0..frames)
                .map(move |_| {
                    let _ = &gone;
                    read.fetch_add(1, Ordering::Relaxed);
                    Ok(Frame::data(Bytes::from_static(&[0; 1 << 20])))
                })
                .boxed(),
        )
    }

    async fn read_of(version: Version, frames: usize) -> usize {
        let (read, gone) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let request = Request::builder().version(version).body(body(frames, read.clone(), gone.clone()));
        drop(watched(request.expect("valid")));
        gone.notified().await;
        read.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn what_is_left_of_a_body_is_read_over_http_2_and_bounded() {
        assert_eq!(read_of(Version::HTTP_2, 3).await, 3);
        assert_eq!(read_of(Version::HTTP_2, 1000).await, 9);
        assert_eq!(read_of(Version::HTTP_11, 3).await, 0);
    }
}
