//! What holds for every request.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::Server;

async fn raw(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    answer
}

#[tokio::test]
async fn request_ids_are_kept_or_made() {
    let server = Server::start().await;
    let mine = server.request("GET", "/health/live").header("x-request-id", "abc-1.2_3");
    assert_eq!(server.send(mine).await.header("x-request-id"), "abc-1.2_3");
    for bad in ["a b", "a\"b", ""] {
        let request = server.request("GET", "/health/live").header("x-request-id", bad);
        assert_eq!(server.send(request).await.header("x-request-id").len(), 26, "{bad:?}");
    }
    let (one, two) = (server.get("/health/live").await, server.get("/health/live").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    assert_eq!(one.header("traceparent").len(), 55);
}

#[tokio::test]
async fn foreign_hosts_and_pages_are_kept_out() {
    let server = Server::start().await;
    let port = server.address.port();
    let get = |host: &str, more: &str| {
        format!("GET /functions HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n")
    };
    for (request, good) in [
        (get(&format!("127.0.0.1:{port}"), ""), true),
        (get(&format!("localhost:{port}"), &format!("Origin: http://localhost:{port}\r\n")), true),
        (get("evil.example", ""), false),
        (get(&format!("evil.example:{port}"), ""), false),
        (get("127.0.0.1:1", ""), false),
        (get(&format!("127.0.0.1:{port}"), "Origin: http://evil.example\r\n"), false),
        (get(&format!("127.0.0.1:{port}"), "Origin: null\r\n"), false),
        (
            format!(
                "GET http://evil.example/functions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
            ),
            false,
        ),
    ] {
        let answer = raw(&server, &request).await;
        let status = if good { "HTTP/1.1 200" } else { "HTTP/1.1 403" };
        assert!(answer.starts_with(status), "{request}\n{answer}");
        assert_eq!(answer.contains("\"code\":\"permission_denied\""), !good);
    }
}

#[tokio::test]
async fn heads_and_unknown_methods_are_answered() {
    let server = Server::start().await;
    let head = server.send(server.request("HEAD", "/functions")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    server.send(server.request("BREW", "/functions")).await.problem(405, "method_not_allowed");
    server.send(server.request("OPTIONS", "/functions")).await.problem(405, "method_not_allowed");
    server.get("/v2/functions").await.problem(404, "not_found");
    server.get("/v1/v1/functions").await.problem(404, "not_found");
}
