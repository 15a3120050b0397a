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

#[tokio::test]
async fn a_handler_that_panics_is_a_problem_and_its_connection_goes_on() {
    let server = Server::start().await;
    server.health.lock().expect("not poisoned").insert("panic".to_owned(), Ok(()));
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    let get =
        |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{more}\r\n", server.address);
    stream.write_all(get("/health", "").as_bytes()).await.expect("sends");
    stream.write_all(get("/health/live", "Connection: close\r\n").as_bytes()).await.expect("sends");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.expect("text");
    assert!(answers.starts_with("HTTP/1.1 500") && answers.contains("\"code\":\"internal\""), "{answers}");
    assert!(!answers.contains("as scripted"), "a caller learns nothing of the cause: {answers}");
    assert!(answers.contains("HTTP/1.1 200"), "the next request on the connection is answered: {answers}");
}
