//! The invoke endpoint of AWS, with requests as its clients send them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use nova_domain::call::{FunctionErrorKind, Qualifier};
use nova_domain::{Code, Fault};
use serde_json::json;

use crate::support::{Reply, Script, Server, value_error};

const PATH: &str = "/2015-03-31/functions/f/invocations";

/// An error with its status and AWS's name for it.
fn refused(reply: &Reply, status: u16, name: &str) -> String {
    assert_eq!(reply.status, status, "{:?}", reply.body);
    assert_eq!(reply.header("x-amzn-errortype"), name, "{:?}", reply.body);
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(!reply.header("x-amzn-requestid").is_empty());
    let body = reply.json();
    assert_eq!(body["Message"], body["message"]);
    assert_eq!(body["Type"], if status < 500 { "User" } else { "Service" });
    body["message"].as_str().expect("text").to_owned()
}

#[tokio::test]
async fn a_call_answers_with_nothing_but_the_output() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Output(Bytes::from_static(b"{\"b\": 1.10}")));
    let context = STANDARD.encode("{\"custom\": {\"a\": 1}}");
    let request = server.request("POST", PATH).header("x-amz-client-context", context).body("{\"x\": 1}");
    let reply = server.send(request).await;
    assert_eq!((reply.status, &reply.body[..]), (200, &b"{\"b\": 1.10}"[..]));
    assert_eq!(reply.header("x-amz-executed-version"), "1");
    assert_eq!(reply.header("x-amzn-requestid"), reply.header("x-request-id"));
    assert_eq!((reply.header("x-amz-function-error"), reply.header("x-amz-log-result")), ("", ""));
    let call = server.invoker.last_call();
    assert_eq!(call.payload, "{\"x\": 1}");
    assert_eq!(call.client_context.as_deref(), Some("{\"custom\": {\"a\": 1}}"));
    for path in [
        "/2015-03-31/functions/f:1/invocations",
        "/2015-03-31/functions/f/invocations?Qualifier=1",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af:1/invocations",
    ] {
        assert_eq!(server.post(path, "").await.status, 200, "{path}");
        assert_eq!(server.invoker.last_call().target.qualifier, Qualifier::Number(1), "{path}");
        assert_eq!(server.invoker.last_call().payload, "{}");
    }
}

#[tokio::test]
async fn a_functions_error_has_the_form_of_aws_and_the_log_is_its_end() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Error(value_error()));
    let reply = server.post(PATH, "{}").await;
    assert_eq!((reply.status, reply.header("x-amz-function-error")), (200, "Unhandled"));
    let body = reply.json();
    assert_eq!(body["errorType"], "ValueError");
    assert_eq!(body["errorMessage"], "no \"good\"");
    assert_eq!(body["stackTrace"], json!(["main.py:3"]));
    assert_eq!(body["requestId"], reply.header("x-amzn-requestid"));
    for (kind, name) in [
        (FunctionErrorKind::Timeout, "Sandbox.Timedout"),
        (FunctionErrorKind::OutOfMemory, "Runtime.OutOfMemory"),
        (FunctionErrorKind::Exit, "Runtime.ExitError"),
    ] {
        let mut error = value_error();
        error.kind = kind;
        server.invoker.next(Script::Error(error));
        assert_eq!(server.post(PATH, "{}").await.json()["errorType"], name);
    }
    let long = "\u{e9}".repeat(3000);
    server.invoker.next(Script::Logs(vec![long.leak(), "the last"]));
    let request = server.request("POST", PATH).header("x-amz-log-type", "Tail").body("{}");
    let reply = server.send(request).await;
    let log = STANDARD.decode(reply.header("x-amz-log-result")).expect("base64");
    let log = String::from_utf8(log).expect("cut between characters");
    assert!(log.len() <= 4096 && log.len() > 4090, "{}", log.len());
    let id = reply.header("x-amzn-requestid");
    assert!(
        log.contains(&format!("\nthe last\nEND RequestId: {id}\nREPORT RequestId: {id}\tDuration: 1.50 ms"))
    );
}

#[tokio::test]
async fn a_dry_run_tells_whether_the_call_would_go_and_calls_nothing() {
    let server = Server::start().await;
    server.create("f").await;
    let ask = async |path: &str, kind: &str| {
        server.send(server.request("POST", path).header("x-amz-invocation-type", kind).body("{}")).await
    };
    assert_eq!(ask(PATH, "DryRun").await.status, 204);
    let missing = ask("/2015-03-31/functions/g/invocations", "DryRun").await;
    refused(&missing, 404, "ResourceNotFoundException");
    let missing = ask("/2015-03-31/functions/f:9/invocations", "DryRun").await;
    refused(&missing, 404, "ResourceNotFoundException");
    refused(&ask(PATH, "Sometimes").await, 400, "InvalidParameterValueException");
    assert!(server.invoker.calls.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn refusals_have_the_names_that_clients_of_aws_know() {
    let server = Server::start().await;
    server.create("f").await;
    refused(&server.post(PATH, "{").await, 400, "InvalidRequestContentException");
    let large = vec![b' '; nova_domain::call::PAYLOAD_IN_MAX + 1];
    refused(&server.post(PATH, large).await, 413, "RequestTooLargeException");
    let twice = "/2015-03-31/functions/f:1/invocations?Qualifier=2";
    refused(&server.post(twice, "{}").await, 400, "InvalidParameterValueException");
    refused(
        &server.post("/2015-03-31/functions/a:b:c/invocations", "{}").await,
        400,
        "InvalidParameterValueException",
    );
    refused(&server.get(PATH).await, 405, "UnknownOperationException");
    refused(&server.post("/2015-03-31/layers", "{}").await, 404, "ResourceNotFoundException");
    for context in ["%", "W10=", &"A".repeat(4000)] {
        let request = server.request("POST", PATH).header("x-amz-client-context", context).body("{}");
        refused(&server.send(request).await, 400, "InvalidRequestContentException");
    }
    for (code, status, name) in [
        (Code::QueueFull, 429, "TooManyRequestsException"),
        (Code::QueueTimeout, 429, "TooManyRequestsException"),
        (Code::NotReady, 409, "ResourceConflictException"),
        (Code::LoopDetected, 400, "RecursiveInvocationException"),
        (Code::SandboxLost, 502, "ServiceException"),
        (Code::Internal, 500, "ServiceException"),
    ] {
        let fault = Fault::new(code, "as scripted").with_retry_after(std::time::Duration::from_millis(1500));
        server.invoker.next(Script::Fault(fault));
        let reply = server.post(PATH, "{}").await;
        refused(&reply, status, name);
        assert_eq!(reply.header("retry-after"), "2");
    }
}

#[tokio::test]
async fn without_dev_only_known_callers_call_and_names_in_any_form_are_the_same_resource() {
    let server = Server::guarded().await;
    refused(&server.post(PATH, "{}").await, 403, "MissingAuthenticationTokenException");
    let signed = "AWS4-HMAC-SHA256 Credential=NOVAAAAAAAAAAAAAAAAA/20150830/us-east-1/lambda/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=00";
    let request = server.request("POST", PATH).header("authorization", signed).body("{}");
    refused(&server.send(request).await, 403, "IncompleteSignatureException");
    let signed = signed.replace("Signature=00", &format!("Signature={}", "0".repeat(64)));
    let ask = async |time: &str| {
        let request =
            server.request("POST", PATH).header("authorization", &signed).header("x-amz-date", time);
        server.send(request.body("{}")).await
    };
    refused(&ask("20150830T123600Z").await, 403, "InvalidSignatureException");
    // Elsewhere a signature is no way to say who one is.
    let request = server.request("GET", "/functions").header("authorization", &signed);
    server.send(request).await.problem(401, "unauthenticated");
}
