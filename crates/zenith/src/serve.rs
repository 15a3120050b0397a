//! Listening: accept, bound, and drain at the end.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::response::Response;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use nova_domain::FaultResult;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::content::Content;
use crate::edge::Edge;
use crate::edge::proxies::{Peer, TrustedProxies};
use crate::leftover::{self, Incoming};
use crate::tls::Tls;

/// Bounds of a listener.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// Connections at once; more wait in the kernel's queue. Default 10,000.
    pub max_connections: usize,
    /// How long the head of a request may take to arrive, also the first on a connection, and how
    /// long a connection may be idle between requests. Default 10 s.
    pub header_timeout: Duration,
    /// How long requests may still take once the server stops. Default 30 s.
    pub drain: Duration,
    /// The certificate; none: without TLS.
    pub tls: Option<Tls>,
    /// Proxies that say who their clients are; none by default.
    pub proxies: TrustedProxies,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            header_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(30),
            tls: None,
            proxies: TrustedProxies::default(),
        }
    }
}

/// Serves HTTP/1.1 and HTTP/2, with TLS if there is a certificate, on `listener` until `stop`
/// fires, then takes no more connections, lets requests end for `settings.drain`, and cuts off
/// what is left. Fails only if the application cannot be put together.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stop: CancellationToken,
    settings: ServeSettings,
) -> FaultResult<()> {
    let edge = Edge::new(app.clone())?;
    listen(listener, app, edge, stop, settings).await;
    Ok(())
}

/// Serves what users wrote, in the same way on a listener of its own.
pub async fn serve_content(
    listener: TcpListener,
    app: App,
    stop: CancellationToken,
    settings: ServeSettings,
) {
    let content = Content::new(app.clone());
    listen(listener, app, content, stop, settings).await;
}

/// What answers the requests of a listener.
trait Handler: Clone + Send + Sync + 'static {
    fn answer(&self, request: http::Request<Incoming>, peer: Peer) -> impl Future<Output = Response> + Send;
}

impl Handler for Edge {
    async fn answer(&self, request: http::Request<Incoming>, peer: Peer) -> Response {
        self.handle(request, peer).await
    }
}

impl Handler for Content {
    async fn answer(&self, request: http::Request<Incoming>, peer: Peer) -> Response {
        self.handle(request, peer).await
    }
}

async fn listen(
    listener: TcpListener,
    app: App,
    handler: impl Handler,
    stop: CancellationToken,
    settings: ServeSettings,
) {
    let (connections, cut) = (TaskTracker::new(), CancellationToken::new());
    let room = Arc::new(Semaphore::new(settings.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
    let builder = Arc::new(http(&settings));
    loop {
        let (stream, permit) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let connection = Connection {
            handler: handler.clone(),
            builder: builder.clone(),
            stop: stop.clone(),
            cut: cut.clone(),
            first: settings.header_timeout,
            tls: settings.tls.clone(),
            proxies: settings.proxies.clone(),
        };
        connections.spawn(async move {
            connection.run(stream).await;
            drop(permit);
        });
    }
    app.mark_stopping();
    drop(listener);
    connections.close();
    if tokio::time::timeout(settings.drain, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests did not end in time and are cut off");
        cut.cancel();
        connections.wait().await;
    }
}

fn http(settings: &ServeSettings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(100)
        .max_buf_size(128 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .max_header_list_size(64 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed; without a permit the count is off by one, no more.
    let permit = room.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                // Out of descriptors, usually: others must end before there is one.
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

struct Connection<H> {
    handler: H,
    builder: Arc<Builder<TokioExecutor>>,
    stop: CancellationToken,
    cut: CancellationToken,
    /// How long the first request may take to arrive: before the protocol is known, hyper has
    /// no bound of its own.
    first: Duration,
    tls: Option<Tls>,
    proxies: TrustedProxies,
}

impl<H: Handler> Connection<H> {
    async fn run(self, stream: TcpStream) {
        // Answers are written whole; waiting for more would only make them late.
        let _ = stream.set_nodelay(true);
        let other_end = stream.peer_addr().ok().map(|address| address.ip());
        let Some(tls) = &self.tls else { return self.speak(stream, other_end).await };
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(self.first, tls.accept(stream)) => shaken,
            () = self.cut.cancelled() => return,
        };
        match shaken {
            // The state of a connection with TLS is large; few are made, and each stays for long.
            Ok(Ok(stream)) => Box::pin(self.speak(stream, other_end)).await,
            Ok(Err(error)) => {
                metrics::counter!("nova_tls_handshakes_failed_total").increment(1);
                tracing::debug!(%error, "no TLS connection");
            }
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static, other_end: Option<IpAddr>) {
        let begun = Arc::new(AtomicBool::new(false));
        let service = {
            let (handler, begun) = (self.handler, begun.clone());
            let (proxies, tls) = (self.proxies, self.tls.is_some());
            service_fn(move |request: http::Request<hyper::body::Incoming>| {
                begun.store(true, Ordering::Relaxed);
                let handler = handler.clone();
                let peer = proxies.peer(other_end, tls, request.headers());
                async move { Ok::<_, Infallible>(handler.answer(leftover::watched(request), peer).await) }
            })
        };
        let served = self.builder.serve_connection(TokioIo::new(stream), service);
        let mut served = std::pin::pin!(served);
        let first = tokio::time::sleep(self.first);
        let mut first = std::pin::pin!(first);
        let (mut waits, mut draining) = (true, false);
        loop {
            tokio::select! {
                result = served.as_mut() => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "connection ended");
                    }
                    return;
                }
                () = self.stop.cancelled(), if !draining => {
                    draining = true;
                    served.as_mut().graceful_shutdown();
                }
                () = self.cut.cancelled() => return,
                () = first.as_mut(), if waits => {
                    waits = false;
                    if !begun.load(Ordering::Relaxed) {
                        tracing::debug!("connection without a request");
                        return;
                    }
                }
            }
        }
    }
}
