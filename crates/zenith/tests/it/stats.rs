//! Numbers over time, and the report about the server.

use std::sync::Arc;

use futures::FutureExt as _;
use nova_api::v1::{IsolationView, SystemView};
use serde_json::{Value, json};

use crate::support::{Script, Server, value_error};

#[tokio::test]
async fn stats_count_runs_in_a_series_and_tell_what_fails() {
    let server = Server::start().await;
    server.create("f").await;
    server.create("g").await;
    for _ in 0..2 {
        server.invoker.next(Script::Error(value_error()));
        server.post("/functions/f/invoke", "{}").await.good(200);
    }
    server.post("/functions/f/invoke", "{}").await.good(200);
    server.invoker.next(Script::Error(value_error()));
    let last = server.post("/functions/g/invoke", "{}").await.good(200);
    server.sink.flush().await;

    let stats = server.get("/stats?since=10m&buckets=4").await.good(200);
    assert_eq!((&stats["totals"]["calls"], &stats["totals"]["failed"]), (&json!(4), &json!(3)));
    assert!(stats["totals"]["p95_ms"].is_number());
    let series = stats["series"].as_array().expect("a list");
    let calls: Vec<_> = series.iter().map(|point| point["numbers"]["calls"].as_u64()).collect();
    assert_eq!(calls, [Some(0), Some(0), Some(0), Some(4)]);
    assert!(series[0]["numbers"]["p50_ms"].is_null());

    let failing = stats["failing"].as_array().expect("a list");
    let shown =
        |group: &Value| (group["function"].clone(), group["count"].clone(), group["recovered"].clone());
    assert_eq!(
        failing.iter().map(shown).collect::<Vec<_>>(),
        [(json!("g"), json!(1), json!(false)), (json!("f"), json!(2), json!(true))],
        "the latest first; f has succeeded since"
    );
    assert_eq!(
        (&failing[0]["error_type"], &failing[0]["last_run"]),
        (&json!("ValueError"), &last["request_id"])
    );
    assert_ne!(failing[1]["first_run"], failing[1]["last_run"]);

    let one = server.get("/stats?function=g").await.good(200);
    assert_eq!((&one["totals"]["calls"], one["series"].as_array().map(Vec::len)), (&json!(1), Some(48)));
}

#[tokio::test]
async fn stats_of_no_runs_are_zeroes_and_bad_windows_are_refused() {
    let server = Server::start().await;
    let stats = server.get("/stats").await.good(200);
    assert_eq!((&stats["totals"]["calls"], &stats["failing"]), (&json!(0), &json!([])));
    for path in [
        "/stats?since=soon",
        "/stats?buckets=0",
        "/stats?buckets=121",
        "/stats?since=32d",
        "/stats?since=1h&until=2h",
        "/stats?function=a%20b",
    ] {
        server.get(path).await.problem(400, "invalid_argument");
    }
    server.get("/stats?function=nobody").await.problem(404, "not_found");
}

#[tokio::test]
async fn the_server_reports_about_itself() {
    let server = Server::start().await;
    let bare = server.get("/system").await.good(200);
    assert_eq!((&bare["version"], &bare["isolation"]), (&json!("1.2.3"), &json!([])));
    server.app.set_system(Arc::new(|| {
        let layer = IsolationView { name: "limits".into(), active: false, detail: "no cgroups".into() };
        async move { SystemView { isolation: vec![layer], ..SystemView::default() } }.boxed()
    }));
    assert_eq!(server.get("/system").await.good(200)["isolation"][0]["detail"], "no cgroups");
}

#[tokio::test]
async fn browsers_are_led_to_the_console_and_its_addresses_are_pages() {
    let server = Server::start().await;
    for path in ["/", "/ui", "/ui/", "/ui/functions/hello/logs?q=x"] {
        let page = server.send(server.request("GET", path).header("accept", "text/html,*/*;q=0.8")).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
    server.get("/ui/assets/gone-00000000.js").await.problem(404, "not_found");
    // A page of elsewhere gets nothing, the console's files included.
    let foreign = server.request("GET", "/ui/").header("origin", "http://evil.example");
    server.send(foreign).await.problem(403, "permission_denied");
}
