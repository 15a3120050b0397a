//! Streaming calls over HTTP.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use nova_domain::{Code, Fault};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Event, Server};

async fn open(server: &Server) -> impl futures::Stream<Item = Bytes> + Unpin + use<> {
    let response = server
        .request("POST", "/functions/f/invoke-stream")
        .header("content-type", "application/json")
        .body("{\"prompt\":\"x\"}")
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Box::pin(response.bytes_stream().map(|piece| piece.expect("no break")))
}

async fn piece(stream: &mut (impl futures::Stream<Item = Bytes> + Unpin)) -> String {
    let piece = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("in time");
    String::from_utf8(piece.expect("more").into()).expect("text")
}

#[tokio::test]
async fn every_chunk_arrives_before_the_next_is_written() {
    let server = Server::start().await;
    server.create("f").await;
    let function = server.invoker.next_stream();
    let mut stream = open(&server).await;
    for (written, read) in [(&b"Hello"[..], "data: SGVsbG8=\n\n"), (b"\x00\xff\n", "data: AP8K\n\n")] {
        function.send(Event::Chunk(written)).await.expect("read");
        assert_eq!(piece(&mut stream).await, read);
    }
    function.send(Event::Done("{\"a\":\n1}")).await.expect("read");
    let done = piece(&mut stream).await;
    let data = done
        .strip_prefix("event: done\ndata: ")
        .and_then(|data| data.strip_suffix("\n\n"))
        .expect("one event");
    let done: Value = serde_json::from_str(data).expect("JSON in one line");
    assert_eq!(
        (&done["output"], &done["error"], &done["version"]),
        (&json!({"a": 1}), &json!(null), &json!(1))
    );
    drop(function);
    assert!(stream.next().await.is_none(), "nothing comes after the end");
}

#[tokio::test]
async fn a_fault_in_the_middle_is_the_last_event() {
    let server = Server::start().await;
    server.create("f").await;
    let function = server.invoker.next_stream();
    let mut stream = open(&server).await;
    function.send(Event::Chunk(b"a")).await.expect("read");
    piece(&mut stream).await;
    let fault = Fault::new(Code::SandboxLost, "the sandbox ended in the middle of the call");
    function.send(Event::Failed(fault)).await.expect("read");
    let event = piece(&mut stream).await;
    let data = event.strip_prefix("event: error\ndata: ").expect("an error event");
    let problem: Value = serde_json::from_str(data.trim()).expect("a problem document");
    assert_eq!((&problem["code"], &problem["retryable"]), (&json!("sandbox_lost"), &json!(true)));
}

#[tokio::test]
async fn a_stream_that_cannot_begin_is_a_problem() {
    let server = Server::start().await;
    server.create("f").await;
    server.post("/functions/f/invoke-stream", "{}").await.problem(503, "unavailable");
    server.post("/functions/nobody/invoke-stream", "{}").await.problem(404, "not_found");
    server.post("/functions/f/invoke-stream", "{").await.problem(400, "invalid_argument");
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_stream() {
    let server = Server::start().await;
    server.create("f").await;
    let function = server.invoker.next_stream();
    let mut stream = open(&server).await;
    function.send(Event::Chunk(b"a")).await.expect("read");
    piece(&mut stream).await;
    drop(stream);
    tokio::time::timeout(Duration::from_secs(10), function.closed()).await.expect("the events are dropped");
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_the_function() {
    const CHUNK: usize = 256 * 1024;
    const MOST: usize = 1000;
    let server = Server::start().await;
    server.create("f").await;
    let function = server.invoker.next_stream();
    let mut client = TcpStream::connect(server.address).await.expect("connects");
    let head = format!(
        "POST /functions/f/invoke-stream HTTP/1.1\r\nHost: {}\r\nContent-Length: 2\r\n\r\n{{}}",
        server.address
    );
    client.write_all(head.as_bytes()).await.expect("sends");
    let mut status = [0; 12];
    client.read_exact(&mut status).await.expect("reads");
    assert_eq!(&status, b"HTTP/1.1 200");
    // The client reads no more: after what the buffers between hold, nobody asks for a chunk.
    let mut sent = 0;
    while tokio::time::timeout(Duration::from_millis(500), function.send(Event::Large(CHUNK))).await.is_ok() {
        sent += 1;
        assert!(sent < MOST, "256 MB went somewhere");
    }
    // It reads again, and the function goes on.
    let reader = tokio::spawn(async move { tokio::io::copy(&mut client, &mut tokio::io::sink()).await });
    tokio::time::timeout(Duration::from_secs(10), function.send(Event::Large(CHUNK)))
        .await
        .expect("in time")
        .expect("still read");
    reader.abort();
}
