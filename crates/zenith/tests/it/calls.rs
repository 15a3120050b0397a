//! Calls over HTTP.

use std::time::Duration;

use bytes::Bytes;
use nova_domain::call::{FunctionError, FunctionErrorKind, PAYLOAD_IN_MAX, PAYLOAD_OUT_MAX, Qualifier};
use nova_domain::{Code, Fault};
use serde_json::json;

use crate::support::{Script, Server, value_error};

#[tokio::test]
async fn a_call_answers_with_the_output_byte_for_byte() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Output(Bytes::from_static(b"{\"b\": 1.10, \"a\":\n[]}")));
    let reply = server.post("/functions/f/invoke", "{\"x\":1}").await;
    let answer = reply.good(200);
    assert!(String::from_utf8_lossy(&reply.body).contains("\"output\":{\"b\": 1.10, \"a\":\n[]},"));
    assert_eq!(answer["request_id"], reply.header("x-request-id"));
    assert_eq!(
        (&answer["error"], &answer["cold_start"], &answer["version"]),
        (&json!(null), &json!(true), &json!(1))
    );
    assert!(answer["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0));
    assert_eq!(reply.header("nova-failed-by"), "");
    assert_eq!(server.invoker.last_call().payload, "{\"x\":1}");
}

#[tokio::test]
async fn a_functions_own_error_is_an_answer() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Error(value_error()));
    let reply = server.post("/functions/f/invoke", "{}").await;
    let answer = reply.good(200);
    assert_eq!(reply.header("nova-failed-by"), "function");
    assert_eq!(answer["output"], json!(null));
    assert_eq!(
        answer["error"],
        json!({"kind": "error", "type": "ValueError", "message": "no \"good\"", "stack": ["main.py:3"]})
    );
}

#[tokio::test]
async fn an_output_over_the_limit_is_refused_with_the_limit() {
    let server = Server::start().await;
    server.create("f").await;
    let mut error = value_error();
    error.kind = FunctionErrorKind::BadResponse;
    error.error_type = FunctionError::RESPONSE_TOO_LARGE.to_owned();
    server.invoker.next(Script::Error(error));
    let problem = server.post("/functions/f/invoke", "{}").await.problem(413, "response_too_large");
    let limit = PAYLOAD_OUT_MAX.to_string();
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains(&limit)), "{problem}");
}

#[tokio::test]
async fn what_the_platform_could_not_do_is_a_problem() {
    let server = Server::start().await;
    server.create("f").await;
    let fault = Fault::new(Code::QueueFull, "1000 calls wait for function `f` already; try again later")
        .with_retry_after(Duration::from_millis(1500));
    server.invoker.next(Script::Fault(fault));
    let reply = server.post("/functions/f/invoke", "{}").await;
    assert_eq!(reply.problem(429, "queue_full")["retryable"], true);
    assert_eq!(reply.header("retry-after"), "2");
    server.post("/functions/nobody/invoke", "{}").await.problem(404, "not_found");
    server.post("/functions/bad%20name/invoke", "{}").await.problem(400, "invalid_argument");
    let secret = Fault::internal("password=hunter2");
    server.invoker.next(Script::Fault(secret));
    let reply = server.post("/functions/f/invoke", "{}").await;
    reply.problem(500, "internal");
    assert!(!String::from_utf8_lossy(&reply.body).contains("hunter2"));
}

#[tokio::test]
async fn an_executor_that_panics_is_a_problem_and_the_next_call_works() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Panic);
    server.post("/functions/f/invoke", "{}").await.problem(500, "internal");
    server.post("/functions/f/invoke", "{}").await.good(200);
}

#[tokio::test]
async fn events_are_any_json_and_nothing_else() {
    let server = Server::start().await;
    server.create("f").await;
    for (event, passed) in
        [("", "{}"), ("  \n", "{}"), ("null", "null"), ("[1, 2]", "[1, 2]"), ("\"é\"", "\"é\"")]
    {
        server.post("/functions/f/invoke", event).await.good(200);
        assert_eq!(server.invoker.last_call().payload, passed);
    }
    let problem = server.post("/functions/f/invoke", "{\"a\":1,}").await.problem(400, "invalid_argument");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("line 1 column 8")), "{problem}");
    server.post("/functions/f/invoke", "{} {}").await.problem(400, "invalid_argument");
    server.post("/functions/f/invoke", &b"\"\xff\""[..]).await.problem(400, "invalid_argument");
    let calls = server.invoker.calls.lock().expect("not poisoned").len();
    assert_eq!(calls, 5, "a bad event calls nothing");
}

#[tokio::test]
async fn an_event_over_the_limit_is_refused_with_the_limit_and_one_at_it_is_not() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Output(Bytes::from_static(b"1")));
    let at = format!("\"{}\"", "x".repeat(PAYLOAD_IN_MAX - 2));
    server.post("/functions/f/invoke", at).await.good(200);
    let over = format!("\"{}\"", "x".repeat(PAYLOAD_IN_MAX - 1));
    let problem = server.post("/functions/f/invoke", over.clone()).await.problem(413, "payload_too_large");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("6 MiB")), "{problem}");
    // The same without an announced length.
    let pieces: Vec<Result<Bytes, std::io::Error>> =
        over.as_bytes().chunks(64 * 1024).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    server.post("/functions/f/invoke", body).await.problem(413, "payload_too_large");
}

#[tokio::test]
async fn headers_of_a_call_reach_the_executor() {
    let server = Server::start().await;
    server.create("f").await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = server
        .request("POST", "/functions/f/invoke?qualifier=v1")
        .header("x-nova-timeout-ms", "2500")
        .header("x-nova-call-chain", "a, b")
        .header("x-nova-call-depth", "2")
        .header("x-request-id", "mine-1")
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .header("tracestate", "v=1")
        .header("x-nova-namespace", "default");
    let reply = server.send(request).await;
    let answer = reply.good(200);
    let call = server.invoker.last_call();
    assert_eq!(call.deadline, Some(Duration::from_millis(2500)));
    let chain: Vec<_> = call.chain.0.iter().map(|name| name.as_str()).collect();
    assert_eq!(chain, ["a", "b"]);
    assert_eq!(call.target.qualifier, Qualifier::Number(1));
    let parent = call.trace.traceparent.expect("always there");
    assert!(parent.contains(trace) && !parent.contains("00f067aa0ba902b7"), "{parent}");
    assert_eq!(call.trace.tracestate.as_deref(), Some("v=1"));
    assert_eq!(reply.header("traceparent"), parent);
    assert_eq!(reply.header("x-request-id"), "mine-1");
    assert_ne!(answer["request_id"], "mine-1", "two requests may carry the same id, two runs may not");
    for (header, value, status, code) in [
        ("x-nova-timeout-ms", "soon", 400, "invalid_argument"),
        ("x-nova-timeout-ms", "0", 400, "invalid_argument"),
        ("x-nova-call-chain", "a,,b", 400, "invalid_argument"),
        ("x-nova-call-depth", "33", 508, "loop_detected"),
        ("x-nova-qualifier", "no.alias", 400, "invalid_argument"),
    ] {
        let request = server.request("POST", "/functions/f/invoke").header(header, value);
        server.send(request).await.problem(status, code);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_call() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Hang);
    let request = server.request("POST", "/functions/f/invoke").body("{}");
    let caller = tokio::spawn(request.send());
    server.invoker.began.notified().await;
    caller.abort();
    tokio::time::timeout(Duration::from_secs(10), server.invoker.cancelled.notified())
        .await
        .expect("the call is cancelled");
}
