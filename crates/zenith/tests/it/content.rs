//! The content listener: who gets in, what a function is told, and what its answer may say.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use nova_domain::call::{CallSource, FunctionError, FunctionErrorKind};
use nova_domain::{Code, Fault, Scope, TenantName};
use serde_json::{Value, json};

use crate::support::{Event, Reply, Script, Server, value_error};

/// A function `f` that is offered so.
async fn offered(http: &str) -> Server {
    let server = Server::outside().await;
    server.create("f").await;
    set(&server, json!({"http": http})).await;
    server
}

async fn set(server: &Server, patch: Value) {
    server.send_json("PATCH", "/functions/f", &patch).await.good(200);
}

fn answers(server: &Server, value: Value) {
    server.invoker.next(Script::Output(Bytes::from(value.to_string())));
}

fn event(server: &Server) -> Value {
    serde_json::from_slice(&server.invoker.last_call().payload).expect("JSON")
}

async fn visit(server: &Server, method: &str, path: &str) -> Reply {
    server.send(server.visit(method, path)).await
}

#[tokio::test]
async fn what_is_not_offered_is_answered_like_what_does_not_exist() {
    let server = Server::start().await;
    server.create("f").await;
    let shape = async |path: &str| {
        let mut problem = visit(&server, "GET", path).await.problem(404, "not_found");
        let fields = problem.as_object_mut().expect("an object");
        fields.remove("request_id");
        fields.remove("instance");
        problem.to_string().replace(path, "PATH")
    };
    let off = shape("/fn/f").await;
    for other in [
        "/fn/nobody",
        "/fn/@acme/prod/f",
        "/fn/@default/staging/f",
        "/",
        "/fn/",
        "/functions",
        "/ui/",
        "/fn/a.b",
    ] {
        assert_eq!(shape(other).await, off, "{other}");
    }
    assert!(server.invoker.calls.lock().expect("fine").is_empty());
    set(&server, json!({"http": "public"})).await;
    assert_eq!(visit(&server, "GET", "/fn/f").await.status, 200);
    set(&server, json!({"http": null})).await;
    assert_eq!(shape("/fn/f").await, off);
}

#[tokio::test]
async fn offering_a_function_makes_no_version_and_is_shown() {
    let server = offered("key").await;
    let view = server.get("/functions/f").await.good(200);
    assert_eq!(
        (&view["http"], &view["version"], &view["latest_version"]),
        (&json!("key"), &json!(1), &json!(1))
    );
    let create =
        json!({"name": "g", "runtime": "python", "handler": "main.handler", "code": "x", "http": "public"});
    assert_eq!(server.send_json("POST", "/functions", &create).await.good(201)["http"], "public");
    let bad = server.send_json("PATCH", "/functions/f", &json!({"http": "open"})).await;
    bad.problem(400, "invalid_argument");
    let url = server.get("/functions/g/url").await.good(200);
    assert_eq!(url["url"], format!("http://127.0.0.1:{}/fn/g", server.content.port()));
    assert_eq!(visit(&server, "GET", "/fn/g").await.status, 200);
}

#[tokio::test]
async fn a_function_is_told_the_whole_request() {
    let server = offered("public").await;
    let request = server
        .visit("PUT", "/fn/f/a%20b/c?x=1&y=a%26b&x=2")
        .header("content-type", "text/plain")
        .header("x-many", "1")
        .header("x-many", "2")
        .header("cookie", "a=1; nova_session=secret; b=2")
        .header("authorization", "Bearer mine")
        .header("user-agent", "tester")
        .header("nova-version", "77")
        .header("x-nova-tenant", "acme")
        .body("hello");
    let reply = server.send(request).await;
    assert_eq!(reply.status, 200);
    let call = server.invoker.last_call();
    assert_eq!((call.source, call.scope.to_string()), (CallSource::Http, "default/default".to_owned()));
    let event = event(&server);
    for (field, value) in [
        ("version", json!("2.0")),
        ("method", json!("PUT")),
        ("path", json!("/a b/c")),
        ("rawPath", json!("/a%20b/c")),
        ("rawQueryString", json!("x=1&y=a%26b&x=2")),
        ("basePath", json!("/fn/f")),
        ("query", json!({"x": ["1", "2"], "y": ["a&b"]})),
        ("queryStringParameters", json!({"x": "1,2", "y": "a&b"})),
        ("cookies", json!(["a=1", "b=2"])),
        ("body", json!("hello")),
        ("isBase64Encoded", json!(false)),
        ("sourceIp", json!("127.0.0.1")),
        ("requestId", json!(call.id.as_str())),
    ] {
        assert_eq!(event[field], value, "{field}");
    }
    assert_eq!(event["headers"]["x-many"], "1, 2");
    assert_eq!(event["multiValueHeaders"]["x-many"], json!(["1", "2"]));
    assert_eq!(event["headers"]["authorization"], "Bearer mine");
    assert_eq!(event["headers"]["host"], server.content.to_string());
    for gone in ["cookie", "nova-version", "x-nova-tenant", "connection"] {
        assert_eq!(event["headers"][gone], Value::Null, "{gone}");
    }
    let http = &event["requestContext"]["http"];
    assert_eq!(
        (&http["method"], &http["path"], &http["userAgent"]),
        (&json!("PUT"), &json!("/a%20b/c"), &json!("tester"))
    );
    assert!(!String::from_utf8_lossy(&call.payload).contains("secret"), "the session reaches no function");
    server
        .send(server.visit("POST", "/fn/f").header("content-type", "image/png").body(&b"\xff\x00"[..]))
        .await;
    let event = crate::content::event(&server);
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"], &event["path"]),
        (&json!("/wA="), &json!(true), &json!("/"))
    );
}

#[tokio::test]
async fn keys_of_nova_never_reach_a_function() {
    let server = offered("public").await;
    for (name, value) in
        [("authorization", "Bearer nova_abc"), ("x-api-key", "nova_abc"), ("nova-key", "nova_abc")]
    {
        server.send(server.visit("GET", "/fn/f").header(name, value)).await;
        let text = server.invoker.last_call().payload;
        assert!(!String::from_utf8_lossy(&text).contains("nova_abc"), "{name}");
    }
}

#[tokio::test]
async fn an_answer_says_status_headers_cookies_and_body() {
    let server = offered("public").await;
    answers(
        &server,
        json!({"statusCode": 418, "headers": {"x-tea": "green", "nova-version": "9", "clear-site-data": "\"*\""},
               "cookies": ["a=1", "nova_session=evil; Path=/"], "body": "/wA=", "isBase64Encoded": true}),
    );
    let reply = visit(&server, "GET", "/fn/f").await;
    assert_eq!((reply.status, reply.header("x-tea"), &reply.body[..]), (418, "green", &b"\xff\x00"[..]));
    assert_eq!((reply.header("nova-version"), reply.header("clear-site-data")), ("1", ""));
    assert_eq!(reply.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1"]);
    assert_eq!((reply.header("x-content-type-options"), reply.header("content-length")), ("nosniff", "2"));
    assert!(!reply.header("x-request-id").is_empty());
    answers(&server, json!({"plain": [1, 2]}));
    let reply = visit(&server, "GET", "/fn/f").await;
    assert_eq!((reply.header("content-type"), reply.json()), ("application/json", json!({"plain": [1, 2]})));
    // HEAD and OPTIONS are the function's, and HEAD has no body.
    answers(&server, json!({"statusCode": 200, "body": "long"}));
    let reply = visit(&server, "HEAD", "/fn/f").await;
    assert_eq!((reply.status, reply.header("content-length"), reply.body.len()), (200, "4", 0));
    answers(&server, json!({"statusCode": 204, "headers": {"access-control-allow-origin": "*"}}));
    let reply = visit(&server, "OPTIONS", "/fn/f").await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, "*"));
    assert_eq!(crate::content::event(&server)["method"], "OPTIONS");
}

#[tokio::test]
async fn failures_are_told_by_status_and_their_details_in_dev_only() {
    let details = |reply: &Reply| String::from_utf8_lossy(&reply.body).contains("ValueError");
    for (server, shown) in [(offered("public").await, false), (dev().await, true)] {
        server.invoker.next(Script::Error(value_error()));
        let request = server.visit("GET", "/fn/f").header("x-request-id", "of-the-client");
        let reply = server.send(request).await;
        let problem = reply.problem(502, "function_failed");
        let run = server.invoker.last_call().id;
        let named = problem["detail"].as_str().expect("text").contains(run.as_str());
        assert_eq!(named, !shown, "who sees no details is told where they are: {problem}");
        assert_eq!((details(&reply), reply.header("nova-failed-by")), (shown, "function"));
        assert_eq!(reply.header("cache-control"), "no-store");
        let timeout = FunctionError { kind: FunctionErrorKind::Timeout, ..value_error() };
        server.invoker.next(Script::Error(timeout));
        visit(&server, "GET", "/fn/f").await.problem(504, "function_timeout");
        answers(&server, json!({"statusCode": 200, "headers": "none"}));
        visit(&server, "GET", "/fn/f").await.problem(502, "bad_answer");
        let fault = Fault::new(Code::SecretUnavailable, "it refers to secret `db`");
        server.invoker.next(Script::Fault(fault));
        let reply = visit(&server, "GET", "/fn/f").await;
        let status = if shown { 409 } else { 503 };
        assert_eq!((reply.status, String::from_utf8_lossy(&reply.body).contains("`db`")), (status, shown));
        server.invoker.next(Script::Fault(
            Fault::new(Code::QueueFull, "too many").with_retry_after(Duration::from_secs(2)),
        ));
        assert_eq!(visit(&server, "GET", "/fn/f").await.header("retry-after"), "2");
        server.invoker.next(Script::Panic);
        visit(&server, "GET", "/fn/f").await.problem(500, "internal");
    }
}

async fn dev() -> Server {
    let server = Server::start().await;
    server.create("f").await;
    set(&server, json!({"http": "public"})).await;
    server
}

#[tokio::test]
async fn requests_that_cannot_be_are_refused_before_the_function_runs() {
    let server = offered("public").await;
    let upgrade = server
        .visit("GET", "/fn/f")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-key", "x");
    let problem = server.send(upgrade).await.problem(400, "invalid_argument");
    assert!(problem["detail"].as_str().expect("text").contains("WebSocket"));
    visit(&server, "TRACE", "/fn/f").await.problem(405, "method_not_allowed");
    let large = server.visit("POST", "/fn/f").body(vec![b' '; 6 * 1024 * 1024 + 1]);
    server.send(large).await.problem(413, "payload_too_large");
    // A binary body grows in the event.
    let large =
        server.visit("POST", "/fn/f").header("content-type", "image/png").body(vec![0u8; 5 * 1024 * 1024]);
    server.send(large).await.problem(413, "payload_too_large");
    assert!(server.invoker.calls.lock().expect("fine").is_empty());
}

#[tokio::test]
async fn with_dev_only_names_of_this_machine_are_answered_to() {
    let server = dev().await;
    let rebound =
        server.visit("GET", "/fn/f").header("host", format!("evil.example:{}", server.content.port()));
    server.send(rebound).await.problem(403, "permission_denied");
    let control = server.visit("GET", "/fn/f").header("host", server.address.to_string());
    server.send(control).await.problem(403, "permission_denied");
    let foreign = server.visit("GET", "/fn/f").header("origin", "http://evil.example");
    assert_eq!(server.send(foreign).await.status, 200, "a function says itself who may read it");
}

async fn key(server: &Server, tenant: &str, role: &str) -> String {
    server.key(Some(tenant), role, ["*", "*"], None).await.secret
}

#[tokio::test]
async fn a_key_that_may_invoke_opens_a_function_for_keys_and_no_other_does() {
    let server = offered("key").await;
    server.access.create_tenant(TenantName::new("acme").expect("valid"), String::new()).await.expect("made");
    let good = key(&server, "default", "invoker").await;
    let reply = visit(&server, "GET", "/fn/f").await;
    reply.problem(401, "unauthenticated");
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"nova\"");
    for request in [
        server.visit("GET", "/fn/f").bearer_auth("nova_wrong"),
        server.visit("GET", "/fn/f").header("nova-key", "x"),
        server.visit("GET", "/fn/f").header("cookie", format!("nova_session={good}")),
    ] {
        server.send(request).await.problem(401, "unauthenticated");
    }
    for other in [key(&server, "default", "viewer").await, key(&server, "acme", "owner").await] {
        let request = server.visit("GET", "/fn/f").bearer_auth(other);
        server.send(request).await.problem(403, "permission_denied");
    }
    assert!(server.invoker.calls.lock().expect("fine").is_empty());
    for request in [
        server.visit("GET", "/fn/f").bearer_auth(&good),
        server.visit("GET", "/fn/f").header("nova-key", &good),
    ] {
        assert_eq!(server.send(request).await.status, 200);
        assert!(!String::from_utf8_lossy(&server.invoker.last_call().payload).contains(&good));
    }
}

async fn signed(server: &Server, body: Value) -> String {
    let made = server.send_json("POST", "/functions/f/url", &body).await.good(200);
    let url = made["url"].as_str().expect("a URL");
    url.strip_prefix(&format!("http://127.0.0.1:{}", server.content.port())).expect("ours").to_owned()
}

#[tokio::test]
async fn a_signed_address_is_good_for_what_was_signed_until_it_expires_or_is_ended() {
    let server = offered("signed").await;
    visit(&server, "GET", "/fn/f").await.problem(403, "permission_denied");
    let path = signed(&server, json!({"path": "/report?id=5"})).await;
    let reply = visit(&server, "GET", &path).await;
    assert_eq!((reply.status, reply.header("referrer-policy")), (200, "no-referrer"));
    let event = event(&server);
    assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/report"), &json!("id=5")));
    assert!(!event.to_string().contains("nova-signature"));
    assert_eq!(visit(&server, "HEAD", &path).await.status, 200);
    for bad in [
        path.replace("id=5", "id=6"),
        path.replace("/report", "/other"),
        format!("{path}&more=1"),
        path.replace("nova-expires=", "nova-expires=9"),
        path.replace("/fn/f/", "/fn/f//"),
        format!("{path}A"),
    ] {
        visit(&server, "GET", &bad).await.problem(403, "permission_denied");
    }
    visit(&server, "POST", &path).await.problem(403, "permission_denied");
    let post = signed(&server, json!({"method": "post"})).await;
    assert_eq!(visit(&server, "POST", &post).await.status, 200);
    let short = signed(&server, json!({"expires_s": 1})).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let problem = visit(&server, "GET", &short).await.problem(403, "permission_denied");
    assert!(problem["detail"].as_str().expect("text").contains("expired"));
    // Off and on again ends all that were given out.
    set(&server, json!({"http": "off"})).await;
    visit(&server, "GET", &path).await.problem(404, "not_found");
    set(&server, json!({"http": "signed"})).await;
    visit(&server, "GET", &path).await.problem(403, "permission_denied");
    for bad in [
        json!({"expires_s": 0}),
        json!({"path": "x"}),
        json!({"path": "/a?nova-key=1"}),
        json!({"method": "TRACE"}),
        json!({"path": "/a b"}),
    ] {
        server.send_json("POST", "/functions/f/url", &bad).await.problem(400, "invalid_argument");
    }
    set(&server, json!({"http": "public"})).await;
    server.send_json("POST", "/functions/f/url", &json!({})).await.problem(409, "conflict");
}

#[tokio::test]
async fn requests_run_the_alias_that_is_named_and_it_cannot_go() {
    let server = offered("public").await;
    server.send_json("PATCH", "/functions/f", &json!({"code": "v2"})).await.good(200);
    set(&server, json!({"http_alias": null})).await;
    let refused = server.send_json("PATCH", "/functions/f", &json!({"http_alias": "live"})).await;
    refused.problem(400, "invalid_argument");
    server.send_json("POST", "/functions/f/aliases", &json!({"name": "live", "version": 1})).await.good(201);
    set(&server, json!({"http_alias": "live"})).await;
    assert_eq!(visit(&server, "GET", "/fn/f").await.header("nova-version"), "1");
    let problem =
        server.send_json("DELETE", "/functions/f/aliases/live", &json!({})).await.problem(409, "conflict");
    assert!(problem["detail"].as_str().expect("text").contains("http_alias"));
    let weights = json!({"version": 1, "weights": {"2": 50}});
    server.send_json("PATCH", "/functions/f/aliases/live", &weights).await.good(200);
    let mut seen = std::collections::BTreeSet::new();
    for user in 0..30 {
        let ask = async || {
            let request = server.visit("GET", "/fn/f").header("nova-sticky-key", format!("u{user}"));
            server.send(request).await.header("nova-version").to_owned()
        };
        let version = ask().await;
        assert_eq!(ask().await, version, "the same key runs the same version");
        seen.insert(version);
    }
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn functions_of_other_scopes_have_addresses_of_their_own() {
    let server = Server::start().await;
    let body =
        json!({"name": "f", "runtime": "python", "handler": "main.handler", "code": "x", "http": "public"});
    let request = server
        .request("POST", "/functions")
        .header("x-nova-tenant", "acme")
        .header("x-nova-namespace", "prod");
    server.send(request.json(&body)).await.good(201);
    assert_eq!(visit(&server, "GET", "/fn/@acme/prod/f/x").await.status, 200);
    assert_eq!(server.invoker.last_call().scope.to_string(), "acme/prod");
    assert_eq!(crate::content::event(&server)["basePath"], "/fn/@acme/prod/f");
    visit(&server, "GET", "/fn/f").await.problem(404, "not_found");
    assert_ne!(server.invoker.last_call().scope, Scope::default_scope());
}

#[tokio::test]
async fn a_streamed_answer_begins_with_its_head_and_arrives_as_it_is_written() {
    let server = offered("public").await;
    let function = server.invoker.next_stream();
    let asked = tokio::spawn(server.visit("GET", "/fn/f").send());
    function
        .send(Event::Chunk(br#"{"statusCode": 203, "headers": {"content-type": "te"#))
        .await
        .expect("read");
    function.send(Event::Chunk(br#"xt/x"}, "cookies": ["a=1", "nova_session=x"]}"#)).await.expect("read");
    let response = asked.await.expect("no panic").expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (203, &"text/x".parse().expect("a value"))
    );
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 1);
    let mut body = response.bytes_stream();
    function.send(Event::Chunk(&[0; 8])).await.expect("read");
    for part in [&b"first"[..], b"second"] {
        function.send(Event::Chunk(part)).await.expect("read");
        assert_eq!(body.next().await.expect("more").expect("fine"), part);
    }
    function.send(Event::Done("null")).await.expect("read");
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn a_stream_without_head_is_200_and_one_that_breaks_is_broken_off() {
    let server = offered("public").await;
    let function = server.invoker.next_stream();
    let asked = tokio::spawn(server.visit("GET", "/fn/f").send());
    function.send(Event::Chunk(b"<b>token")).await.expect("read");
    let response = asked.await.expect("no panic").expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/plain; charset=utf-8".parse().expect("a value"))
    );
    function.send(Event::Failed(Fault::new(Code::SandboxLost, "gone"))).await.expect("read");
    assert!(response.bytes().await.is_err(), "nobody takes it for whole");
    // Before anything was sent it is a problem like any other.
    let function = server.invoker.next_stream();
    let asked = tokio::spawn(server.visit("GET", "/fn/f").send());
    function.send(Event::Failed(Fault::new(Code::SandboxLost, "the sandbox is gone"))).await.expect("read");
    assert_eq!(asked.await.expect("no panic").expect("an answer").status(), 502);
}

#[tokio::test]
async fn a_slow_reader_makes_the_function_wait_and_one_that_leaves_ends_it() {
    let server = offered("public").await;
    let function = server.invoker.next_stream();
    let asked = tokio::spawn(server.visit("GET", "/fn/f").send());
    function.send(Event::Chunk(b"begin")).await.expect("read");
    let response = asked.await.expect("no panic").expect("an answer");
    let mut written = 0;
    while let Ok(Ok(())) =
        tokio::time::timeout(Duration::from_secs(2), function.send(Event::Large(1 << 20))).await
    {
        written += 1;
        assert!(written < 64, "it may write without end although nobody reads");
    }
    drop(response);
    let left = tokio::time::timeout(Duration::from_secs(10), function.closed()).await;
    left.expect("the call ends when its reader leaves");
}
