//! Run records over HTTP.

use serde_json::json;

use crate::support::{Script, Server, value_error};

#[tokio::test]
async fn runs_are_listed_filtered_and_shown() {
    let server = Server::start().await;
    server.create("f").await;
    server.create("g").await;
    let first = server.post("/functions/f/invoke", "{\"n\":1}").await.good(200);
    server.invoker.next(Script::Error(value_error()));
    server.post("/functions/f/invoke", "{}").await.good(200);
    server.post("/functions/g/invoke", "{}").await.good(200);
    server.sink.flush().await;
    let count = |list: serde_json::Value| list["items"].as_array().expect("a list").len();
    assert_eq!(count(server.get("/runs").await.good(200)), 3);
    assert_eq!(count(server.get("/functions/f/runs").await.good(200)), 2);
    assert_eq!(count(server.get("/runs?function=g").await.good(200)), 1);
    let failed = server.get("/runs?status=failed&since=1h&source=api&error=valueERROR").await.good(200);
    assert_eq!((count(failed.clone()), &failed["items"][0]["error"]["type"]), (1, &json!("ValueError")));
    assert_eq!(count(server.get("/runs?until=1h").await.good(200)), 0);
    let id = first["request_id"].as_str().expect("an id");
    let run = server.get(&format!("/runs/{id}")).await.good(200);
    assert_eq!(
        (&run["id"], &run["function"], &run["status"]),
        (&json!(id), &json!("f"), &json!("succeeded"))
    );
    assert_eq!(
        (&run["input"], &run["output"], &run["exec_ms"]),
        (&json!({"n": 1}), &json!({"n": 1}), &json!(1.5))
    );
    assert!(run["trace_id"].as_str().is_some_and(|id| id.len() == 32));
    let page = server.get("/runs?limit=2").await.good(200);
    let cursor = page["next_cursor"].as_str().expect("one more page");
    assert_eq!(count(server.get(&format!("/runs?limit=2&cursor={cursor}")).await.good(200)), 1);
}

#[tokio::test]
async fn bad_questions_about_runs_are_refused() {
    let server = Server::start().await;
    for path in
        ["/runs?status=odd", "/runs?source=odd", "/runs?since=soon", "/runs?function=a%20b", "/runs?limit=0"]
    {
        server.get(path).await.problem(400, "invalid_argument");
    }
    for path in [
        "/runs/unknown",
        "/runs/%20",
        "/runs/unknown/logs",
        "/runs?function=nobody",
        "/functions/nobody/runs",
    ] {
        server.get(path).await.problem(404, "not_found");
    }
}
