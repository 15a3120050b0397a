//! Logs over HTTP.

use std::time::Duration;

use futures::StreamExt as _;
use nova_api::client::LogQuery;
use serde_json::{Value, json};

use crate::support::{Script, Server};

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
