//! Logs over HTTP.

use std::time::Duration;

use futures::StreamExt as _;
use nova_api::client::LogQuery;
use nova_domain::log::{LogLine, LogStream};
use serde_json::{Value, json};

use crate::support::{Script, Server, next};

async fn say(server: &Server, lines: &[&'static str]) -> String {
    server.invoker.next(Script::Logs(lines.to_vec()));
    let answer = server.post("/functions/f/invoke", "{}").await.good(200);
    server.sink.flush().await;
    answer["request_id"].as_str().expect("an id").to_owned()
}

fn texts(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("a list").iter().filter_map(|line| line["text"].as_str()).collect()
}

#[tokio::test]
async fn logs_are_shown_by_tail_run_and_time() {
    let server = Server::start().await;
    server.create("f").await;
    let first = say(&server, &["one", "two"]).await;
    say(&server, &["three"]).await;
    let get = async |query: &str| server.get(&format!("/functions/f/logs{query}")).await.good(200);
    assert_eq!(texts(&get("").await), ["one", "two", "three"]);
    assert_eq!(texts(&get("?tail=2").await), ["two", "three"]);
    assert_eq!(texts(&get(&format!("?request_id={first}")).await), ["one", "two"]);
    assert_eq!(texts(&get("?since=1h").await), ["one", "two", "three"]);
    let later = nova_api::time::format(crate::support::now().plus_micros(60_000_000));
    assert_eq!(texts(&get(&format!("?since={later}")).await), [""; 0]);
    let all = get("?since=1h&limit=1").await;
    assert_eq!(texts(&all), ["one"]);
    let cursor = all["next_cursor"].as_str().expect("more");
    assert_eq!(texts(&get(&format!("?cursor={cursor}")).await), ["two", "three"]);
    let of_run = server.get(&format!("/runs/{first}/logs?limit=1")).await.good(200);
    assert_eq!(texts(&of_run), ["one"]);
    assert_eq!(
        (&of_run["items"][0]["stream"], &of_run["items"][0]["request_id"]),
        (&json!("stdout"), &json!(first))
    );
}

#[tokio::test]
async fn bad_questions_about_logs_are_refused() {
    let server = Server::start().await;
    server.create("f").await;
    for query in
        ["tail=x", "tail=1001", "since=soon", "cursor=x", "follow=maybe", "request_id=%20", "limit=0"]
    {
        server.get(&format!("/functions/f/logs?{query}")).await.problem(400, "invalid_argument");
    }
    server.get("/functions/nobody/logs").await.problem(404, "not_found");
    server.get("/functions/nobody/logs?follow=true").await.problem(404, "not_found");
    let request = server.request("GET", "/functions/f/logs?follow=true").header("last-event-id", "x");
    server.send(request).await.problem(400, "invalid_argument");
}

#[tokio::test]
async fn a_follower_gets_history_and_what_comes_and_resumes_without_loss() {
    let server = Server::start().await;
    server.create("f").await;
    say(&server, &["old", "older"]).await;
    let client = server.client();
    let query = LogQuery { tail: Some(1), ..LogQuery::default() };
    let mut lines = client.follow_logs("f", &query).await.expect("follows");
    let next = async |lines: &mut nova_api::client::LineStream| {
        let line = tokio::time::timeout(Duration::from_secs(10), lines.next()).await.expect("in time");
        line.expect("goes on").expect("no error")
    };
    assert_eq!(next(&mut lines).await.text, "older");
    say(&server, &["new"]).await;
    let new = next(&mut lines).await;
    assert_eq!(new.text, "new");
    drop(lines);
    say(&server, &["missed"]).await;
    let request = server.request("GET", "/functions/f/logs?follow=true").header("last-event-id", &new.cursor);
    let mut events = request.send().await.expect("an answer").bytes_stream();
    let event = events.next().await.expect("more").expect("no break");
    let event = String::from_utf8(event.into()).expect("text");
    assert!(event.starts_with("id: ") && event.contains("\"text\":\"missed\""), "{event}");
}

#[tokio::test]
async fn a_line_of_a_running_call_is_heard_while_it_runs_and_once() {
    let server = Server::start().await;
    server.create("f").await;
    let follow = |last: &str| {
        let request = server.request("GET", "/functions/f/logs?follow=true&tail=0");
        let request = if last.is_empty() { request } else { request.header("last-event-id", last) };
        async { request.send().await.expect("an answer").bytes_stream() }
    };
    let mut events = follow("").await;
    server.invoker.next(Script::Hang);
    let caller = tokio::spawn(server.request("POST", "/functions/f/invoke").body("{}").send());
    server.invoker.began.notified().await;
    let call = server.invoker.last_call();
    let catalog = server.invoker.catalog.get().expect("set at the start");
    let function = catalog.resolve(&call.scope, &call.target).await.expect("is there").function.id.clone();
    let print = |text: &str| {
        let at = crate::support::now();
        let line = LogLine { at, stream: LogStream::Stdout, text: text.to_owned() };
        server.sink.signals().printed(&call.id, &function, vec![line]);
    };
    let id_of = |event: &str, text: &str| {
        assert!(event.contains(&format!("\"text\":\"{text}\"")), "{event}");
        let id = event.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned();
        assert!(event.contains(&format!("\"cursor\":\"{id}\"")), "{event}");
        id
    };
    print("one");
    let first = id_of(&next(&mut events).await, "one");
    print("two");
    let second = id_of(&next(&mut events).await, "two");
    // One that reconnects while the call runs.
    id_of(&next(&mut follow(&first).await).await, "two");
    // The caller leaves: what was printed is kept, and heard by nobody again.
    caller.abort();
    server.invoker.cancelled.notified().await;
    server.sink.flush().await;
    let kept = server.get(&format!("/runs/{}/logs", call.id)).await.good(200);
    assert_eq!(texts(&kept), ["one", "two"]);
    let mut resumed = follow(&first).await;
    id_of(&next(&mut resumed).await, "two");
    let mut at_end = follow(&second).await;
    say(&server, &["three"]).await;
    for events in [&mut events, &mut resumed, &mut at_end] {
        id_of(&next(events).await, "three");
    }
    // As a cursor of a page it is as good as that of the last stored line before it.
    let page = server.get(&format!("/functions/f/logs?cursor={second}")).await.good(200);
    assert_eq!(texts(&page), ["one", "two", "three"]);
}
