//! Queued calls: `invoke-async`, `/async-invocations` and AWS's `Event`.

use nova_domain::job::JOB_PAYLOAD_MAX;
use nova_domain::{Code, Fault};
use serde_json::{Value, json};

use crate::support::{Script, Server, value_error};

const ASYNC: &str = "/functions/f/invoke-async";

/// Makes the attempts that are due.
async fn work(server: &Server) -> usize {
    let begun = server.worker.claim().await.expect("claims");
    server.worker.idle().await;
    begun
}

async fn order(server: &Server, body: Value) -> Value {
    server.send_json("POST", ASYNC, &body).await.good(202)
}

fn id(job: &Value) -> &str {
    job["id"].as_str().expect("an id")
}

async fn show(server: &Server, job: &Value) -> Value {
    server.get(&format!("/async-invocations/{}", id(job))).await.good(200)
}

#[tokio::test]
async fn a_queued_call_is_accepted_at_once_made_later_and_found_at_its_location() {
    let server = Server::start().await;
    server.create("f").await;
    let reply = server.send_json("POST", ASYNC, &json!({"payload": {"n": 1}})).await;
    let job = reply.good(202);
    assert_eq!(
        (&job["status"], &job["attempt"], &job["function"]),
        (&json!("queued"), &json!(0), &json!("f"))
    );
    assert_eq!((&job["max_attempts"], &job["payload_size"]), (&json!(3), &json!(7)));
    assert!(job.get("payload").is_none() && !job["next_attempt_at"].is_null(), "{job}");
    assert!(server.invoker.calls.lock().expect("not poisoned").is_empty());
    let location = reply.header("location").to_owned();
    assert_eq!(location, format!("/v1/async-invocations/{}", id(&job)));

    assert_eq!(work(&server).await, 1);
    let done = server.get(&location).await.good(200);
    assert_eq!(
        (&done["status"], &done["payload"], &done["output"]),
        (&json!("succeeded"), &json!({"n": 1}), &json!({"n": 1}))
    );
    assert!(done["next_attempt_at"].is_null() && !done["ended_at"].is_null(), "{done}");
    assert_eq!(done["caller"], "dev");
    server.sink.flush().await;
    let run = done["attempts"][0]["run_id"].as_str().expect("an id");
    let run = server.get(&format!("/runs/{run}")).await.good(200);
    assert_eq!((&run["source"], &run["status"]), (&json!("queue"), &json!("succeeded")));
    assert_eq!(server.get("/runs?source=queue").await.good(200)["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_body_without_an_event_means_an_empty_one_and_null_means_null() {
    let server = Server::start().await;
    server.create("f").await;
    server.send(server.request("POST", ASYNC)).await.good(202);
    for (body, event) in
        [(json!({}), "{}"), (json!({"payload": null}), "null"), (json!({"payload": [1, "ä"]}), "[1,\"ä\"]")]
    {
        let job = order(&server, body).await;
        work(&server).await;
        let calls = server.invoker.calls.lock().expect("not poisoned").clone();
        assert_eq!(calls.last().expect("called").payload, event.as_bytes(), "{job}");
    }
}

#[tokio::test]
async fn a_failing_job_shows_each_attempt_dies_and_is_retried_by_hand() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Error(value_error()));
    let job = order(&server, json!({"max_attempts": 1})).await;
    work(&server).await;
    let dead = show(&server, &job).await;
    assert_eq!((&dead["status"], &dead["reason"]), (&json!("dead"), &json!("attempts_used_up")));
    assert_eq!(dead["last_error"]["type"], value_error().error_type.as_str());
    assert_eq!(dead["attempts"].as_array().map(Vec::len), Some(1));
    let path = format!("/async-invocations/{}", id(&job));
    let again = server.post(&format!("{path}/retry"), "").await.good(200);
    assert_eq!((&again["status"], &again["attempt"]), (&json!("queued"), &json!(0)));
    server.post(&format!("{path}/retry"), "").await.problem(409, "conflict");
    assert_eq!(work(&server).await, 1);
    assert_eq!(show(&server, &job).await["status"], "succeeded");
    assert_eq!(server.send(server.request("DELETE", &path)).await.status, 204);
    server.get(&path).await.problem(404, "not_found");
    server.send(server.request("DELETE", &path)).await.problem(404, "not_found");
}

#[tokio::test]
async fn jobs_are_listed_by_function_and_status_page_by_page() {
    let server = Server::start().await;
    server.create("f").await;
    server.create("g").await;
    let mut all = Vec::new();
    for function in ["f", "g", "f"] {
        let job = server.send_json("POST", &format!("/functions/{function}/invoke-async"), &json!({})).await;
        all.insert(0, id(&job.good(202)).to_owned());
    }
    let ids = async |path: &str| {
        let page = server.get(path).await.good(200);
        let items = page["items"].as_array().expect("a list").clone();
        items.iter().map(|job| id(job).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("/async-invocations").await, all);
    assert_eq!(ids("/async-invocations?function=g").await, [all[1].clone()]);
    assert_eq!(ids("/functions/f/async-invocations").await, [all[0].clone(), all[2].clone()]);
    assert_eq!(ids("/async-invocations?status=dead").await, [""; 0]);
    let first = server.get("/async-invocations?limit=2").await.good(200);
    let cursor = first["next_cursor"].as_str().expect("one more");
    assert_eq!(ids(&format!("/async-invocations?limit=2&cursor={cursor}")).await, [all[2].clone()]);
    server.get("/async-invocations?status=lost").await.problem(400, "invalid_argument");
    server.get("/async-invocations?cursor=x").await.problem(400, "invalid_argument");
    server.get("/functions/nobody/async-invocations").await.problem(404, "not_found");
    work(&server).await;
    assert_eq!(ids("/functions/f/async-invocations?status=succeeded").await.len(), 2);
}

#[tokio::test]
async fn an_order_that_is_sent_twice_under_its_key_is_one_job() {
    let server = Server::start().await;
    server.create("f").await;
    let send = async |key: &str, body: Value| {
        server.send(server.request("POST", ASYNC).header("idempotency-key", key).json(&body)).await
    };
    let first = send("order 17", json!({"payload": 1})).await.good(202);
    let again = send("order 17", json!({"payload": 1})).await;
    assert_eq!(again.header("x-idempotency-status"), "replay");
    assert_eq!(again.header("location"), format!("/v1/async-invocations/{}", id(&first)));
    assert_eq!(id(&again.good(200)), id(&first));
    // The body's goes before the header's.
    let body = json!({"payload": 1, "idempotency_key": "order 17"});
    assert_eq!(id(&send("another", body).await.good(200)), id(&first));
    send("order 17", json!({"payload": 2})).await.problem(409, "conflict");
    send(&"k".repeat(257), json!({})).await.problem(400, "invalid_argument");
    assert_eq!(work(&server).await, 1);
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_with_the_field_and_the_limit() {
    let server = Server::start().await;
    server.create("f").await;
    let field = async |body: Value| {
        let problem = server.send_json("POST", ASYNC, &body).await.problem(400, "invalid_argument");
        problem["errors"][0]["field"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(field(json!({"max_attempts": 0})).await, "max_attempts");
    assert_eq!(field(json!({"max_attempts": 21})).await, "max_attempts");
    assert_eq!(field(json!({"backoff_base_ms": 5, "backoff_max_ms": 4})).await, "backoff_max_ms");
    assert_eq!(field(json!({"max_age_s": 604_801})).await, "max_age_s");
    assert_eq!(field(json!({"max_attempts": "3"})).await, "max_attempts");
    // Who sends the event itself is told where it goes.
    assert_eq!(field(json!({"name": "Ada"})).await, "name");
    server.post(ASYNC, "{").await.problem(400, "invalid_argument");
    server.post(ASYNC, " [{\"a\": 1}, 2]").await.problem(400, "invalid_argument");
    let large = json!({"payload": "x".repeat(JOB_PAYLOAD_MAX)});
    let told = server.send_json("POST", ASYNC, &large).await.problem(413, "payload_too_large");
    assert!(told["detail"].as_str().expect("text").contains("1048576"), "{told}");
    let huge = vec![b' '; 2 * JOB_PAYLOAD_MAX];
    server.post(ASYNC, huge).await.problem(413, "payload_too_large");
    server.send_json("POST", "/functions/nobody/invoke-async", &json!({})).await.problem(404, "not_found");
    let version = format!("{ASYNC}?qualifier=9");
    server.send_json("POST", &version, &json!({})).await.problem(404, "not_found");
    let circle = server.request("POST", ASYNC).header("x-nova-call-chain", "f").json(&json!({}));
    server.send(circle).await.problem(508, "loop_detected");
    for method in ["GET", "DELETE"] {
        server.send(server.request(method, "/async-invocations/no%20id")).await.problem(404, "not_found");
    }
    assert_eq!(work(&server).await, 0);
}

#[tokio::test]
async fn a_queue_that_is_full_says_when_to_come_back() {
    let server = Server::start().await;
    server.create("f").await;
    for _ in 0..50 {
        order(&server, json!({})).await;
    }
    let full = server.send_json("POST", ASYNC, &json!({})).await;
    full.problem(429, "queue_full");
    assert_eq!(full.header("retry-after"), "5");
}

#[tokio::test]
async fn a_busy_platform_postpones_and_says_so() {
    let server = Server::start().await;
    server.create("f").await;
    server.invoker.next(Script::Fault(Fault::new(Code::QueueFull, "too many calls wait")));
    let job = order(&server, json!({"max_attempts": 1})).await;
    work(&server).await;
    let waiting = show(&server, &job).await;
    assert_eq!((&waiting["status"], &waiting["attempt"]), (&json!("queued"), &json!(0)));
    assert_eq!(waiting["attempts"][0]["postponed"], true);
    assert_eq!(waiting["last_error"]["type"], "queue_full");
}

#[tokio::test]
async fn an_event_of_awss_api_is_queued_and_answered_as_there() {
    let server = Server::start().await;
    server.create("f").await;
    let send = async |body: &'static str| {
        let request = server.request("POST", "/2015-03-31/functions/f:1/invocations");
        let request = request.header("x-amz-invocation-type", "Event").header("x-amz-client-context", "e30=");
        server.send(request.body(body)).await
    };
    let reply = send("{\"n\":7}").await;
    assert_eq!((reply.status, reply.body.len()), (202, 0));
    assert!(!reply.header("x-amzn-requestid").is_empty());
    let job = server.get(reply.header("location")).await.good(200);
    assert_eq!((&job["qualifier"], &job["max_attempts"]), (&json!("1"), &json!(3)));
    assert_eq!(work(&server).await, 1);
    let calls = server.invoker.calls.lock().expect("not poisoned").clone();
    assert_eq!((&calls[0].payload[..], calls[0].client_context.as_deref()), (&b"{\"n\":7}"[..], Some("{}")));
    let bad = send("{").await;
    assert_eq!((bad.status, bad.header("x-amzn-errortype")), (400, "InvalidRequestContentException"));
    assert_eq!(work(&server).await, 0);
}

#[tokio::test]
async fn a_tenant_that_is_made_anew_knows_nothing_of_the_jobs_and_runs_of_the_one_before() {
    let server = Server::start().await;
    let ask = async |method: &str, path: &str, body: Option<Value>| {
        let request = server.request(method, path).header("x-nova-tenant", "acme");
        server.send(body.iter().fold(request, |request, body| request.json(body))).await
    };
    let function = json!({"name": "f", "runtime": "python", "handler": "main.handler", "code": "v1"});
    let lists = ["/async-invocations", "/runs"];
    for round in 0..2 {
        if round == 0 {
            server.send_json("POST", "/tenants", &json!({"name": "acme"})).await.good(201);
        }
        ask("POST", "/functions", Some(function.clone())).await.good(201);
        ask("POST", ASYNC, Some(json!({"payload": "theirs"}))).await.good(202);
        work(&server).await;
        server.sink.flush().await;
        for path in lists {
            assert_eq!(
                ask("GET", path, None).await.good(200)["items"].as_array().map(Vec::len),
                Some(1),
                "{path}"
            );
        }
        assert_eq!(ask("DELETE", "/functions/f", None).await.status, 204);
        let gone = if round == 0 { "/namespaces/default" } else { "/tenants/acme" };
        assert_eq!(ask("DELETE", gone, None).await.status, 204, "{gone}");
        let (again, body) = if round == 0 { ("/namespaces", "default") } else { ("/tenants", "acme") };
        ask("POST", again, Some(json!({"name": body}))).await.good(201);
        for path in lists {
            assert_eq!(ask("GET", path, None).await.good(200)["items"], json!([]), "{path} after {gone}");
        }
    }
}
