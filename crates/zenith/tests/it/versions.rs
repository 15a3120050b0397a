//! Versions over HTTP.

use serde_json::json;

use crate::support::{Server, next};

async fn two_versions() -> Server {
    let server = Server::start().await;
    server.create("f").await;
    let body = json!({"code": "v2"});
    server.send_json("PUT", "/functions/f/code", &body).await.good(200);
    server
}

#[tokio::test]
async fn versions_are_listed_shown_compared_and_activated() {
    let server = two_versions().await;
    let list = server.get("/functions/f/versions").await.good(200);
    assert_eq!((&list["items"][0]["version"], &list["items"][0]["active"]), (&json!(2), &json!(true)));
    assert_eq!((&list["items"][1]["version"], &list["items"][1]["active"]), (&json!(1), &json!(false)));
    let one = server.get("/functions/f/versions/1").await.good(200);
    assert_eq!((&one["function"], &one["code_size"]), (&json!("f"), &json!(2)));
    let diff = server.get("/functions/f/versions/1/diff/2").await.good(200);
    let fields: Vec<_> =
        diff["changes"].as_array().expect("a list").iter().map(|change| &change["field"]).collect();
    assert_eq!(fields, ["code", "files/main.py"]);
    let back = server.post("/functions/f/versions/1/activate", "").await.good(200);
    assert_eq!(
        (&back["version"], &back["latest_version"], &back["revision"]),
        (&json!(1), &json!(2), &json!(3))
    );
    assert_eq!(server.post("/functions/f/invoke", "{}").await.good(200)["version"], 1);
    assert_eq!(server.post("/functions/f/invoke?qualifier=2", "{}").await.good(200)["version"], 2);
    assert_eq!(server.post("/functions/f/invoke?qualifier=$LATEST", "{}").await.good(200)["version"], 2);
    let header = server.request("POST", "/functions/f/invoke").header("x-nova-qualifier", "2");
    assert_eq!(server.send(header).await.good(200)["version"], 2);
}

#[tokio::test]
async fn versions_that_do_not_exist_or_cannot_run_are_refused() {
    let server = two_versions().await;
    server.get("/functions/f/versions/9").await.problem(404, "not_found");
    server.get("/functions/f/versions/0").await.problem(400, "invalid_argument");
    server.get("/functions/f/versions/x").await.problem(400, "invalid_argument");
    server.get("/functions/f/versions/1/diff/9").await.problem(404, "not_found");
    server.post("/functions/f/versions/9/activate", "").await.problem(404, "not_found");
    let stale = server.request("POST", "/functions/f/versions/1/activate").header("if-match", "\"1\"");
    server.send(stale).await.problem(409, "conflict");
    server.post("/functions/f/invoke?qualifier=9", "{}").await.problem(404, "not_found");
    let go = json!({"name": "g", "runtime": "go", "code": "package main"});
    server.send_json("POST", "/functions", &go).await.good(201);
    server.sandboxes.failures.lock().expect("not poisoned").push_back("broken");
    server.send_json("PUT", "/functions/g/code", &json!({"code": "package x"})).await.good(200);
    server.post("/functions/g/versions/2/activate", "").await.problem(409, "conflict");
}

#[tokio::test]
async fn the_log_of_a_build_goes_on_after_the_event_that_was_seen_last() {
    let server = Server::start().await;
    let lines = server.sandboxes.next_build();
    let go = json!({"name": "g", "runtime": "go", "code": "package main"}).to_string();
    let made = tokio::spawn(server.request("POST", "/functions").body(go).send());
    for text in ["one", "two"] {
        // The second goes in when the first was taken: the build runs.
        lines.send(text).await.expect("the build goes on");
    }
    let follow = async |last: &str| {
        let request = server.request("GET", "/functions/g/versions/1/build/log?follow=true");
        let request = if last.is_empty() { request } else { request.header("last-event-id", last) };
        request.send().await.expect("an answer").bytes_stream()
    };
    let id_of = |event: &str, text: &str| {
        assert!(event.contains(&format!("\"text\":\"{text}\"")), "{event}");
        event.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned()
    };
    let mut events = follow("").await;
    let first = id_of(&next(&mut events).await, "one");
    let second = id_of(&next(&mut events).await, "two");
    id_of(&next(&mut follow(&first).await).await, "two");
    let mut at_end = follow(&second).await;
    lines.send("three").await.expect("the build goes on");
    id_of(&next(&mut at_end).await, "three");
    // A place in the log of another build: this one's from its beginning.
    id_of(&next(&mut follow("1-2").await).await, "one");
    for bad in ["x", "1-", "-2"] {
        let request = server.request("GET", "/functions/g/versions/1/build/log?follow=true");
        server.send(request.header("last-event-id", bad)).await.problem(400, "invalid_argument");
    }
    drop(lines);
    assert_eq!(made.await.expect("no panic").expect("an answer").status(), 201);
    let done = next(&mut at_end).await;
    assert!(done.starts_with("event: done") && done.contains("\"success\""), "{done}");
    // It has ended: what is stored, whatever was seen.
    assert!(next(&mut follow(&second).await).await.starts_with("event: done"));
}
