//! Connections that behave badly, and the end of the server.

use std::time::{Duration, Instant};

use nova_zenith::ServeSettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Script, Server};

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.expect("connects")
}

/// Reads to the end of the connection, which must come soon.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut bytes)).await;
    read.expect("the connection ends").ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn quick() -> ServeSettings {
    ServeSettings {
        header_timeout: Duration::from_millis(200),
        drain: Duration::from_millis(300),
        ..ServeSettings::default()
    }
}

#[tokio::test]
async fn a_body_that_stops_half_way_is_refused_and_calls_nothing() {
    let server = Server::start().await;
    server.create("f").await;
    let mut stream = connect(&server).await;
    let head = format!(
        "POST /functions/f/invoke HTTP/1.1\r\nHost: {}\r\nContent-Length: 100\r\n\r\n{{\"a\":",
        server.address
    );
    stream.write_all(head.as_bytes()).await.expect("sends");
    stream.shutdown().await.expect("closes its side");
    let answer = rest(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(server.invoker.calls.lock().expect("not poisoned").is_empty());
    server.post("/functions/f/invoke", "{}").await.good(200);
}

#[tokio::test]
async fn a_head_that_never_ends_costs_the_connection() {
    let server = Server::with(quick()).await;
    for part in ["", "GE", "GET /health/live HTTP/1.1\r\nHo"] {
        let mut stream = connect(&server).await;
        stream.write_all(part.as_bytes()).await.expect("sends");
        let began = Instant::now();
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{part:?}: {answer}");
        assert!(began.elapsed() >= Duration::from_millis(150), "{part:?}");
    }
}

#[tokio::test]
async fn garbage_is_answered_with_a_refusal_and_others_go_on() {
    let server = Server::start().await;
    for garbage in ["\x16\x03\x01\x02\x00\x01\x00", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\nx\r\n\r\n"] {
        let mut stream = connect(&server).await;
        stream.write_all(garbage.as_bytes()).await.expect("sends");
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{garbage:?}: {answer}");
    }
    server.get("/health/live").await.good(200);
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let server = Server::start().await;
    let many = "X-A: b\r\n".repeat(200);
    let mut stream = connect(&server).await;
    let request = format!("GET /health/live HTTP/1.1\r\nHost: {}\r\n{many}\r\n", server.address);
    stream.write_all(request.as_bytes()).await.expect("sends");
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn connections_over_the_bound_wait_for_room() {
    let server = Server::with(ServeSettings { max_connections: 1, ..ServeSettings::default() }).await;
    let first = connect(&server).await;
    let mut second = connect(&server).await;
    let request =
        format!("GET /health/live HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
    second.write_all(request.as_bytes()).await.expect("sends");
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(200), second.read(&mut byte)).await;
    assert!(early.is_err(), "the second waits");
    drop(first);
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn http_2_without_tls_is_spoken() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;
    // The preface and an empty SETTINGS frame; the server answers with its own.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("sends");
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.expect("a frame");
    assert_eq!(head[3], 4, "it is SETTINGS");
}

#[tokio::test]
async fn a_stopping_server_ends_what_runs_and_takes_nothing_new() {
    let server = Server::start().await;
    server.create("f").await;
    let stream = server.invoker.next_stream();
    let request = server.request("POST", "/functions/f/invoke-stream").body("{}");
    let response = request.send().await.expect("begins");
    server.stop.cancel();
    let served = server.served.lock().expect("not poisoned").take().expect("runs");
    // The call that runs is let to its end ..
    stream.send(crate::support::Event::Chunk(b"late")).await.expect("still read");
    stream.send(crate::support::Event::Done("1")).await.expect("still read");
    drop(stream);
    let body = response.text().await.expect("whole");
    assert!(body.contains("event: done"), "{body}");
    served.await.expect("no panic").expect("no fault");
    // .. and nobody gets in any more.
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off() {
    let server = Server::with(quick()).await;
    server.create("f").await;
    server.invoker.next(Script::Hang);
    let caller = tokio::spawn(server.request("POST", "/functions/f/invoke").body("{}").send());
    server.invoker.began.notified().await;
    let began = Instant::now();
    server.stop.cancel();
    let served = server.served.lock().expect("not poisoned").take().expect("runs");
    served.await.expect("no panic").expect("no fault");
    assert!(began.elapsed() >= Duration::from_millis(250));
    assert!(caller.await.expect("no panic").is_err(), "the caller sees a broken connection");
    tokio::time::timeout(Duration::from_secs(5), server.invoker.cancelled.notified())
        .await
        .expect("cancelled");
}
