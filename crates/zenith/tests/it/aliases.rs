//! Aliases and rollouts over HTTP.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Reply, Server};

/// A function with three versions.
async fn server() -> Server {
    let server = Server::start().await;
    server.create("f").await;
    for code in ["v2", "v3"] {
        server.send_json("PATCH", "/functions/f", &json!({"code": code})).await.good(200);
    }
    server
}

async fn made(server: &Server, body: Value) -> Value {
    server.send_json("POST", "/functions/f/aliases", &body).await.good(201)
}

async fn act(server: &Server, path: &str, body: Value) -> Reply {
    server.send_json("POST", &format!("/functions/f/aliases/live/{path}"), &body).await
}

fn weights(view: &Value) -> BTreeMap<u64, u64> {
    let all = view["weights"].as_array().expect("a list").iter();
    all.map(|one| (one["version"].as_u64().expect("n"), one["weight"].as_u64().expect("n"))).collect()
}

#[tokio::test]
async fn an_alias_is_made_shown_changed_and_deleted() {
    let server = server().await;
    let view =
        made(&server, json!({"name": "live", "version": 1, "weights": {"2": 10}, "description": "d"})).await;
    assert_eq!((&view["version"], weights(&view)), (&json!(1), [(1, 90), (2, 10)].into()));
    made(&server, json!({"name": "beta", "version": 3})).await;
    let list = server.get("/functions/f/aliases").await.good(200);
    let names: Vec<_> =
        list["items"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, [json!("beta"), json!("live")]);
    let patched =
        server.send_json("PATCH", "/functions/f/aliases/live", &json!({"weights": {"v3": 50}})).await;
    assert_eq!(patched.header("etag"), "\"2\"");
    let view = patched.good(200);
    assert_eq!(weights(&view), [(1, 50), (3, 50)].into());
    assert_eq!(weights(&view["history"][0]), [(1, 90), (2, 10)].into());
    let stale = server.request("PATCH", "/functions/f/aliases/live").header("if-match", "\"1\"");
    server.send(stale.json(&json!({"version": 2}))).await.problem(409, "conflict");
    server
        .send_json("DELETE", "/functions/f/aliases/live", &json!({}))
        .await
        .status
        .eq(&204)
        .then_some(())
        .expect("gone");
    server.get("/functions/f/aliases/live").await.problem(404, "not_found");
    server.get("/functions/f/aliases/no%20name").await.problem(404, "not_found");
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_field() {
    let server = server().await;
    made(&server, json!({"name": "live", "version": 1})).await;
    for (body, field) in [
        (json!({"name": "v7", "version": 1}), "name"),
        (json!({"name": "latest", "version": 1}), "name"),
        (json!({"name": "x", "version": 9}), "version"),
        (json!({"name": "x", "version": 1, "weights": {"9": 5}}), "version"),
        (json!({"name": "x", "version": 1, "weights": {"2": 101}}), "weights"),
        (json!({"name": "x", "version": 1, "weights": {"2": 60, "3": 60}}), "weights"),
        (json!({"name": "x", "version": 1, "weights": {"two": 60}}), "weights"),
        (json!({"name": "x", "version": 1, "weight": 3}), "weight"),
    ] {
        let problem =
            server.send_json("POST", "/functions/f/aliases", &body).await.problem(400, "invalid_argument");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    server
        .send_json("POST", "/functions/f/aliases", &json!({"name": "live", "version": 2}))
        .await
        .problem(409, "already_exists");
    server
        .send_json("POST", "/functions/none/aliases", &json!({"name": "a", "version": 1}))
        .await
        .problem(404, "not_found");
    act(&server, "rollout", json!({"version": 2, "steps": [50, 20]})).await.problem(400, "invalid_argument");
    act(&server, "rollout", json!({"version": 2, "max_error_percent": 101}))
        .await
        .problem(400, "invalid_argument");
    act(&server, "rollout", json!({"version": 9})).await.problem(400, "invalid_argument");
    act(&server, "promote", json!({})).await.problem(409, "conflict");
    act(&server, "rollback", json!({})).await.problem(409, "conflict");
    act(&server, "rollout/pause", json!({})).await.problem(409, "conflict");
    server.get("/functions/f/aliases/live/rollout").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_version_that_cannot_run_gets_no_calls() {
    let server = Server::start().await;
    let create = json!({"name": "f", "runtime": "go", "code": "package main"});
    server.send_json("POST", "/functions", &create).await.good(201);
    server.sandboxes.failures.lock().expect("fine").push_back("no such thing");
    server.send_json("PATCH", "/functions/f", &json!({"code": "broken"})).await.good(200);
    let body = json!({"name": "live", "version": 1, "weights": {"2": 10}});
    server.send_json("POST", "/functions/f/aliases", &body).await.problem(409, "conflict");
    made(&server, json!({"name": "live", "version": 1})).await;
}

#[tokio::test]
async fn calls_run_the_versions_of_the_alias_and_the_answer_says_which() {
    let server = server().await;
    made(&server, json!({"name": "live", "version": 1, "weights": {"2": 30}})).await;
    let call = async |qualifier: &str, key: Option<&str>| {
        let mut request =
            server.request("POST", &format!("/functions/f/invoke?qualifier={qualifier}")).body("{}");
        if let Some(key) = key {
            request = request.header("nova-sticky-key", key);
        }
        server.send(request).await.good(200)["version"].as_u64().expect("a number")
    };
    let mut counts = BTreeMap::new();
    for _ in 0..200 {
        *counts.entry(call("live", None).await).or_insert(0) += 1;
    }
    assert!(counts[&2] > 25 && counts[&1] > 90 && counts.len() == 2, "{counts:?}");
    // The same key stays while its version's weight does not shrink.
    let mut stay = BTreeMap::new();
    for user in 0..40 {
        stay.insert(user, call("live", Some(&format!("u{user}"))).await);
    }
    server.send_json("PATCH", "/functions/f/aliases/live", &json!({"weights": {"2": 60}})).await.good(200);
    for (user, version) in &stay {
        let now = call("live", Some(&format!("u{user}"))).await;
        assert!(*version == 1 || now == 2, "user {user} was moved back from 2 to {now}");
        assert_eq!(now, call("live", Some(&format!("u{user}"))).await);
    }
    let long = server
        .request("POST", "/functions/f/invoke?qualifier=live")
        .header("nova-sticky-key", "x".repeat(257));
    server.send(long.body("{}")).await.problem(400, "invalid_argument");
    server.post("/functions/f/invoke?qualifier=nobody", "{}").await.problem(404, "not_found");
    // A change is seen by the next call, and what reads takes the alias's own version.
    act(&server, "promote", json!({"version": 3})).await.good(200);
    assert_eq!(call("live", Some("u1")).await, 3);
    assert_eq!(server.get("/functions/f/code?qualifier=live").await.good(200)["version"], 3);
    let back = act(&server, "rollback", json!({})).await.good(200);
    assert_eq!(weights(&back), [(1, 40), (2, 60)].into());
}

#[tokio::test]
async fn a_rollout_is_started_paused_resumed_and_aborted() {
    let server = server().await;
    made(&server, json!({"name": "live", "version": 1})).await;
    let started = act(&server, "rollout", json!({"version": 2, "steps": [10, 100], "interval_s": 3600}))
        .await
        .good(201);
    assert_eq!(weights(&started), [(1, 90), (2, 10)].into());
    let rollout = server.get("/functions/f/aliases/live/rollout").await.good(200);
    assert_eq!(
        (
            &rollout["status"],
            &rollout["step"],
            &rollout["weight"],
            &rollout["from_version"],
            &rollout["max_error_percent"]
        ),
        (&json!("running"), &json!(1), &json!(10), &json!(1), &json!(1.0))
    );
    for (method, path, body) in [
        ("PATCH", "/functions/f/aliases/live", json!({"version": 3})),
        ("POST", "/functions/f/aliases/live/promote", json!({})),
        ("POST", "/functions/f/aliases/live/rollback", json!({})),
        ("POST", "/functions/f/aliases/live/rollout", json!({"version": 3})),
        ("DELETE", "/functions/f/aliases/live", json!({})),
    ] {
        server.send_json(method, path, &body).await.problem(409, "conflict");
    }
    server
        .send_json("PATCH", "/functions/f/aliases/live", &json!({"description": "may change"}))
        .await
        .good(200);
    assert_eq!(act(&server, "rollout/pause", json!({})).await.good(200)["rollout"]["status"], "paused");
    assert_eq!(act(&server, "rollout/resume", json!({})).await.good(200)["rollout"]["status"], "running");
    let aborted = act(&server, "rollout/abort", json!({})).await.good(200);
    assert_eq!((&aborted["rollout"]["status"], weights(&aborted)), (&json!("aborted"), [(1, 100)].into()));
}
