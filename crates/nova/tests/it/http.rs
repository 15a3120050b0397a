//! Bad input over plain HTTP: a clear problem document, and the server goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::server::shared;

fn problem(method: &str, path: &str, headers: &[&str], body: &[u8]) -> (u16, serde_json::Value) {
    let (status, text) = shared().request(method, path, headers, body);
    let value: serde_json::Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{method} {path}: {status} is no JSON: {text:?}"));
    assert_eq!(value["status"], status, "{value}");
    assert!(value["code"].is_string() && value["request_id"].is_string(), "{value}");
    (status, value)
}

const JSON: &str = "Content-Type: application/json";

#[test]
fn bad_requests_get_a_problem_document_that_says_what_and_where() {
    let cases: &[(&str, &str, &[u8], u16, &str)] = &[
        ("POST", "/functions", b"{\"name\": \"x\", \"runtime\": \"cobol\", \"code\": \"1\"}", 400, "cobol"),
        ("POST", "/functions", b"{\"name\": \"a b\", \"runtime\": \"python\", \"code\": \"1\"}", 400, "name"),
        (
            "POST",
            "/functions",
            b"{\"name\": \"x\", \"runtime\": \"python\", \"code\": \"1\", \"memory_mb\": 3}",
            400,
            "memory_mb",
        ),
        (
            "POST",
            "/functions",
            b"{\"name\": \"x\", \"runtime\": \"python\", \"code\": \"1\", \"memry\": 3}",
            400,
            "memry",
        ),
        ("POST", "/functions", b"{\"name\": ", 400, "line 1 column"),
        ("POST", "/functions/none/invoke", b"{}", 404, "none"),
        ("GET", "/functions/none", b"", 404, "none"),
        ("GET", "/nowhere", b"", 404, ""),
        ("PUT", "/functions", b"", 405, ""),
        ("GET", "/runs/none", b"", 404, ""),
        ("GET", "/functions?limit=0", b"", 400, "limit"),
    ];
    for (method, path, body, expected, word) in cases {
        let (status, value) = problem(method, path, &[JSON], body);
        assert_eq!(status, *expected, "{method} {path}: {value}");
        assert!(value.to_string().contains(word), "{method} {path}: {value}");
    }
}

#[test]
fn an_event_over_the_limit_is_refused_with_the_limit_in_the_text() {
    shared().create(
        "echo-limit",
        "python",
        Some("main.handler"),
        "def handler(e, c):\n    return len(str(e))\n",
        "",
    );
    let body = format!("\"{}\"", "x".repeat(6 * 1024 * 1024));
    let (status, value) = problem("POST", "/functions/echo-limit/invoke", &[JSON], body.as_bytes());
    assert_eq!(status, 413);
    assert!(
        value["detail"].as_str().unwrap().contains("6291456")
            || value["detail"].as_str().unwrap().contains("6 MiB"),
        "{value}"
    );
    let body = format!("\"{}\"", "x".repeat(6 * 1024 * 1024 - 2));
    let (status, text) = shared().post("/functions/echo-limit/invoke", &body);
    assert_eq!(status, 200, "{text}");
}

#[test]
fn an_answer_over_the_limit_is_refused_with_the_limit_in_the_text() {
    shared().create(
        "big-answer",
        "python",
        Some("main.handler"),
        "def handler(e, c):\n    return 'x' * (7 << 20)\n",
        "",
    );
    let (status, value) = problem("POST", "/functions/big-answer/invoke", &[JSON], b"{}");
    assert_eq!(status, 413, "{value}");
    assert!(value["detail"].as_str().unwrap().contains("6291456"), "{value}");
}

#[test]
fn invalid_utf8_and_invalid_json_are_refused_before_user_code_runs() {
    shared().create("echo-utf8", "python", Some("main.handler"), "def handler(e, c):\n    return e\n", "");
    for body in [&b"\"\xff\xfe\""[..], b"{a}", b"{} {}"] {
        assert_eq!(problem("POST", "/functions/echo-utf8/invoke", &[JSON], body).0, 400);
    }
    assert_eq!(shared().invoke("echo-utf8", "").1["output"], serde_json::json!({}));
}

#[test]
fn a_body_that_stops_half_way_harms_nobody() {
    let mut stream = TcpStream::connect(&shared().address).unwrap();
    write!(
        stream,
        "POST /functions HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"na",
        shared().address
    )
    .unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.contains(" 400 "), "{answer}");
    assert_eq!(shared().get("/health/live").0, 200);
}

#[test]
fn pages_of_other_sites_and_other_host_names_are_refused_in_dev() {
    let (status, _) = problem("GET", "/functions", &["Origin: https://evil.example"], b"");
    assert_eq!(status, 403);
    let mut stream = TcpStream::connect(&shared().address).unwrap();
    write!(stream, "GET /functions HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn health_metrics_openapi_and_docs_answer() {
    for (path, word) in [
        ("/health", "\"status\""),
        ("/health/live", "ok"),
        ("/health/ready", "ok"),
        ("/health/startup", "ok"),
        ("/openapi.json", "\"openapi\":\"3.1"),
        ("/v1/functions", "\"items\""),
    ] {
        let (status, text) = shared().get(path);
        assert_eq!(status, 200, "{path}: {text}");
        assert!(text.replace(": ", ":").contains(&word.replace(": ", ":")), "{path}: {text:.300}");
    }
    shared().create("counted", "python", Some("main.handler"), "def handler(e, c):\n    return 1\n", "");
    assert_eq!(shared().invoke("counted", "{}").0, 200);
    let (_, text) = shared().get("/metrics");
    for name in [
        "nova_invocations_total{",
        "nova_invocation_duration_seconds_bucket{",
        "nova_cold_starts_total{",
        "nova_queue_wait_seconds_bucket{",
        "nova_init_duration_seconds_bucket{",
        "nova_storage_query_duration_seconds_bucket{",
        "nova_http_request_duration_seconds_bucket{",
    ] {
        assert!(text.contains(name), "{name} is not in:\n{text}");
    }
}

#[test]
fn calls_in_a_circle_are_refused() {
    shared().create("circle", "python", Some("main.handler"), "def handler(e, c):\n    return 1\n", "");
    let (status, value) =
        problem("POST", "/functions/circle/invoke", &[JSON, "X-Nova-Call-Chain: circle,other"], b"{}");
    assert_eq!((status, value["code"].as_str()), (508, Some("loop_detected")), "{value}");
}
