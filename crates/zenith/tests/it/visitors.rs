//! Visitors of the content listener: pages of other origins, how many requests are taken, and who is
//! believed to have sent them.

use bytes::Bytes;
use nova_domain::network::IpNetwork;
use nova_zenith::{ServeSettings, TrustedProxies};
use serde_json::{Value, json};

use crate::support::{Reply, Script, Server};

const APP: &str = "https://app.example";

/// A function `f` with an address, and more said of it.
async fn offered(server: &Server, more: Value) {
    server.create("f").await;
    set(server, more).await;
}

async fn set(server: &Server, patch: Value) -> Value {
    server.send_json("PATCH", "/functions/f", &patch).await.good(200)
}

fn event(server: &Server) -> Value {
    serde_json::from_slice(&server.invoker.last_call().payload).expect("JSON")
}

fn calls(server: &Server) -> usize {
    server.invoker.calls.lock().expect("fine").len()
}

/// A request of a page.
async fn of_page(server: &Server, method: &str, origin: &str, more: &[(&str, &str)]) -> Reply {
    let mut request = server.visit(method, "/fn/f").header("origin", origin);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    server.send(request).await
}

async fn preflight(server: &Server, origin: &str, method: &str, headers: &str) -> Reply {
    let asked = [("access-control-request-method", method), ("access-control-request-headers", headers)];
    of_page(server, "OPTIONS", origin, &asked).await
}

fn varies_by_origin(reply: &Reply) -> bool {
    let mut values = reply.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.to_ascii_lowercase().contains("origin"))
}

#[tokio::test]
async fn what_browsers_ask_is_answered_without_calling_the_function() {
    let server = Server::outside().await;
    let cors = json!({"origins": [APP, "http://localhost:5173"], "methods": ["put", "GET"],
                      "headers": ["X-Mine"], "max_age_s": 60});
    // No credentials come with such a question, so whoever may call it is not asked.
    for access in ["public", "key", "signed"] {
        if access == "public" {
            offered(&server, json!({"http": access, "http_cors": cors})).await;
        } else {
            set(&server, json!({"http": access})).await;
        }
        let reply = preflight(&server, APP, "PUT", "x-mine").await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{access}");
        for (name, value) in [
            ("access-control-allow-origin", APP),
            ("access-control-allow-methods", "PUT, GET"),
            ("access-control-allow-headers", "x-mine"),
            ("access-control-max-age", "60"),
            ("access-control-allow-credentials", ""),
        ] {
            assert_eq!(reply.header(name), value, "{access} {name}");
        }
        assert!(varies_by_origin(&reply));
        let refused = preflight(&server, "https://evil.example", "PUT", "x-mine").await;
        let problem = refused.problem(403, "permission_denied");
        assert!(problem["detail"].as_str().expect("text").contains("https://evil.example"), "{problem}");
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
    assert_eq!(calls(&server), 0);
    // Without such a rule the question is the function's own, and off is off.
    set(&server, json!({"http": "public", "http_cors": null})).await;
    assert_eq!(preflight(&server, APP, "PUT", "x-mine").await.status, 200);
    assert_eq!(event(&server)["method"], "OPTIONS");
    set(&server, json!({"http": "off", "http_cors": cors})).await;
    preflight(&server, APP, "PUT", "x-mine").await.problem(404, "not_found");
}

#[tokio::test]
async fn pages_of_named_origins_may_read_every_answer_and_others_none() {
    let server = Server::outside().await;
    let cors = json!({"origins": [APP], "credentials": true, "expose_headers": ["x-mine"]});
    offered(&server, json!({"http": "public", "http_cors": cors})).await;
    let says = || {
        let answer = json!({"statusCode": 200, "body": "x", "headers": {
            "access-control-allow-origin": "*", "access-control-allow-credentials": "true",
            "access-control-expose-headers": "*", "x-mine": "1", "vary": "accept"}});
        server.invoker.next(Script::Output(Bytes::from(answer.to_string())));
    };
    says();
    let reply = of_page(&server, "GET", APP, &[]).await;
    let allowed = |reply: &Reply| {
        let of = |name: &str| reply.header(name).to_owned();
        [
            of("access-control-allow-origin"),
            of("access-control-allow-credentials"),
            of("access-control-expose-headers"),
        ]
    };
    assert_eq!(allowed(&reply), [APP, "true", "x-mine"]);
    assert_eq!(reply.headers.get_all("access-control-allow-origin").iter().count(), 1);
    assert_eq!(reply.header("x-mine"), "1");
    assert!(varies_by_origin(&reply), "{:?}", reply.headers);
    for foreign in ["https://evil.example", "http://app.example", "null", "https://app.example.evil"] {
        says();
        let reply = of_page(&server, "GET", foreign, &[]).await;
        assert_eq!((reply.status, allowed(&reply)), (200, ["", "", ""].map(str::to_owned)), "{foreign}");
        assert!(varies_by_origin(&reply));
    }
    says();
    let twice = of_page(&server, "GET", APP, &[("origin", "https://evil.example")]).await;
    assert_eq!(allowed(&twice)[0], "");
    // What goes wrong can be read too.
    server.invoker.next(Script::Error(crate::support::value_error()));
    let failed = of_page(&server, "GET", APP, &[]).await;
    failed.problem(502, "function_failed");
    assert_eq!(allowed(&failed)[0], APP);
    set(&server, json!({"http": "key"})).await;
    let refused = of_page(&server, "GET", APP, &[]).await;
    refused.problem(401, "unauthenticated");
    assert_eq!(allowed(&refused)[0], APP);
    // Any origin is told as that, and needs no answer of its own in caches.
    set(&server, json!({"http": "public", "http_cors": {"origins": ["*"]}})).await;
    let reply = of_page(&server, "GET", "https://anywhere.example", &[]).await;
    assert_eq!((allowed(&reply)[0].as_str(), varies_by_origin(&reply)), ("*", false));
    let reply = preflight(&server, "https://anywhere.example", "DELETE", "x-any").await;
    assert_eq!(reply.header("access-control-allow-methods"), "DELETE", "any method, unless some are named");
    assert_eq!(reply.header("access-control-allow-headers"), "", "no header, unless some are named");
}

#[tokio::test]
async fn rules_of_an_address_are_shown_and_make_no_version_and_bad_ones_are_refused() {
    let server = Server::outside().await;
    let cors = json!({"origins": ["https://App.example/"]});
    let create = json!({"name": "f", "runtime": "python", "handler": "main.handler", "code": "x",
                        "http": "public", "http_cors": cors, "http_rate": 7});
    let made = server.send_json("POST", "/functions", &create).await.good(201);
    let whole = json!({"origins": [APP], "methods": ["*"], "headers": [], "expose_headers": [],
                       "credentials": false, "max_age_s": 600});
    assert_eq!(
        (&made["http_cors"], &made["http_rate"], &made["http_client_rate"]),
        (&whole, &json!(7), &Value::Null)
    );
    for (bad, named) in [
        (json!({"http_cors": {"origins": ["*"], "credentials": true}}), "http_cors.origins"),
        (json!({"http_cors": {"origins": []}}), "http_cors.origins"),
        (json!({"http_cors": {}}), "http_cors.origins"),
        (json!({"http_cors": {"origins": ["app.example"]}}), "http_cors.origins"),
        (json!({"http_cors": {"origins": ["*"], "methods": ["TRACE"]}}), "http_cors.methods"),
        (json!({"http_cors": {"origins": ["*"], "headers": ["a b"]}}), "http_cors.headers"),
        (json!({"http_cors": {"origins": ["*"], "max_age_s": 86_401}}), "http_cors.max_age_s"),
        (json!({"http_cors": {"origins": ["*"], "max_age": 1}}), "max_age"),
        (json!({"http_rate": 1_000_001}), "http_rate"),
        (json!({"http_client_rate": 4_000_000}), "http_client_rate"),
    ] {
        let refused = server.send_json("PATCH", "/functions/f", &bad).await;
        let problem = refused.problem(400, "invalid_argument").to_string();
        assert!(problem.contains(named), "{bad}: {problem}");
        let mut create = create.clone();
        create["name"] = json!("g");
        for (name, value) in bad.as_object().expect("an object") {
            create[name] = value.clone();
        }
        server.send_json("POST", "/functions", &create).await.problem(400, "invalid_argument");
    }
    let view = set(&server, json!({"http_rate": null, "http_client_rate": 0})).await;
    assert_eq!(
        (&view["http_rate"], &view["http_client_rate"], &view["version"]),
        (&Value::Null, &json!(0), &json!(1))
    );
    assert_eq!(view["http_cors"], whole, "what is not named stays");
    assert_eq!(set(&server, json!({"http_cors": null})).await["http_cors"], Value::Null);
}

#[tokio::test]
async fn only_who_may_share_a_function_opens_its_address_and_who_may_change_it_closes_it() {
    let server = Server::guarded().await;
    let root = server.access.first_key().await.expect("made").expect("the first").secret;
    let ask = async |key: &str, method: &str, path: &str, body: Value| {
        server.send(server.request(method, path).bearer_auth(key).json(&body)).await
    };
    let made =
        ask(&root, "POST", "/keys", json!({"name": "o", "roles": [{"role": "operator"}]})).await.good(201);
    let operator = made["secret"].as_str().expect("a key").to_owned();
    let create = |name: &str, http: &str| json!({"name": name, "runtime": "python", "handler": "main.handler", "code": "x", "http": http});
    let refused = ask(&operator, "POST", "/functions", create("f", "public")).await;
    let problem = refused.problem(403, "permission_denied").to_string();
    assert!(problem.contains("function:share") && problem.contains("http"), "{problem}");
    ask(&operator, "POST", "/functions", create("f", "off")).await.good(201);
    for access in ["public", "key", "signed"] {
        ask(&operator, "PATCH", "/functions/f", json!({"http": access}))
            .await
            .problem(403, "permission_denied");
    }
    ask(&root, "PATCH", "/functions/f", json!({"http": "public"})).await.good(200);
    let again = json!({"http": "public", "description": "deployed again", "http_rate": 5});
    assert_eq!(ask(&operator, "PATCH", "/functions/f", again).await.good(200)["http"], "public");
    ask(&operator, "PATCH", "/functions/f", json!({"http": "key"})).await.problem(403, "permission_denied");
    assert_eq!(
        ask(&operator, "PATCH", "/functions/f", json!({"http": "off"})).await.good(200)["http"],
        "off"
    );
}

/// Sends until one is refused; how many were let in.
async fn let_in(mut ask: impl AsyncFnMut() -> Reply, most: usize) -> usize {
    for count in 0..most {
        let reply = ask().await;
        if reply.status == 429 {
            reply.problem(429, "resource_exhausted");
            assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
            return count;
        }
        assert_eq!(reply.status, 200);
    }
    most
}

fn proxied() -> ServeSettings {
    let ours = IpNetwork::parse("127.0.0.0/8").expect("one").expect("valid");
    ServeSettings { proxies: TrustedProxies::new(vec![ours]), ..ServeSettings::default() }
}

async fn from(server: &Server, forwarded: &str) -> Reply {
    server.send(server.visit("GET", "/fn/f").header("x-forwarded-for", forwarded)).await
}

#[tokio::test]
async fn a_function_takes_as_many_requests_as_it_says_and_one_client_of_them_no_more_than_its_part() {
    let server = Server::with(proxied()).await;
    // As said by nobody: any number, because this server says so.
    offered(&server, json!({"http": "public"})).await;
    let ask = async |client: &str| from(&server, client).await;
    assert_eq!(let_in(async || ask("192.0.2.1").await, 40).await, 40);
    set(&server, json!({"http_client_rate": 2})).await;
    let count = let_in(async || ask("192.0.2.1").await, 200).await;
    assert!((2..200).contains(&count), "{count}");
    // Whoever is refused takes nothing from the others; of IPv6 the network counts.
    let mut last = 0;
    let of_one_network = async || {
        last += 1;
        ask(&format!("2001:db8::{last}")).await
    };
    let count = let_in(of_one_network, 200).await;
    assert!((2..200).contains(&count), "{count}");
    assert_eq!(ask("2001:db8:1::1").await.status, 200);
    set(&server, json!({"http_client_rate": 0, "http_rate": 3})).await;
    let before = calls(&server);
    let count = let_in(async || ask("192.0.2.1").await, 200).await;
    assert!((3..200).contains(&count), "{count}");
    assert_eq!(calls(&server) - before, count, "what is refused calls nothing");
    // 0 is any number.
    set(&server, json!({"http_rate": 0})).await;
    assert_eq!(let_in(async || ask("192.0.2.1").await, 60).await, 60);
}

#[tokio::test]
async fn who_shows_a_key_is_counted_for_the_function_only() {
    let server = Server::outside().await;
    offered(&server, json!({"http": "key", "http_client_rate": 1, "http_rate": 3})).await;
    let key = {
        let made =
            server.send_json("POST", "/keys", &json!({"name": "k", "roles": [{"role": "invoker"}]})).await;
        made.good(201)["secret"].as_str().expect("a key").to_owned()
    };
    // Nobody without one takes from what those have who may call.
    for _ in 0..60 {
        server.send(server.visit("GET", "/fn/f")).await.problem(401, "unauthenticated");
    }
    let ask = async || server.send(server.visit("GET", "/fn/f").bearer_auth(&key)).await;
    let count = let_in(ask, 200).await;
    assert!((3..200).contains(&count), "{count}");
}

#[tokio::test]
async fn a_function_is_told_its_client_by_trusted_proxies_and_by_nobody_else() {
    let claims = [
        ("x-forwarded-for", "6.6.6.6, 192.0.2.7, 127.0.0.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "apps.example:444"),
        ("x-real-ip", "6.6.6.6"),
        ("forwarded", "for=6.6.6.6"),
    ];
    for (server, trusted) in [(Server::start().await, false), (Server::with(proxied()).await, true)] {
        offered(&server, json!({"http": "public"})).await;
        let mut request = server.visit("GET", "/fn/f");
        for (name, value) in claims {
            request = request.header(name, value);
        }
        assert_eq!(server.send(request).await.status, 200);
        let event = event(&server);
        let (client, scheme) = if trusted { ("192.0.2.7", "https") } else { ("127.0.0.1", "http") };
        assert_eq!(event["sourceIp"], client);
        assert_eq!(event["requestContext"]["http"]["sourceIp"], client);
        assert_eq!(event["headers"]["x-forwarded-for"], client);
        assert_eq!(event["headers"]["x-forwarded-proto"], scheme);
        let domain = if trusted { "apps.example" } else { "127.0.0.1" };
        assert_eq!(event["requestContext"]["domainName"], domain);
        let text = event.to_string();
        assert_eq!(text.contains("6.6.6.6"), trusted, "what others wrote is dropped: {text}");
    }
}
