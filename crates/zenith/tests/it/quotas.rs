//! Quotas over HTTP, on both engines.

use serde_json::{Value, json};

use crate::postgres::TestDatabase;
use crate::support::{Reply, Server};

struct World {
    server: Server,
    root: String,
}

impl World {
    async fn new(server: Server) -> Self {
        let root = server.access.first_key().await.expect("works").expect("the first").secret;
        let world = Self { server, root };
        world.ask("POST", "/tenants", json!({"name": "acme"})).await.good(201);
        world
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        let request =
            self.server.request(method, path).bearer_auth(&self.root).header("x-nova-tenant", "acme");
        self.server.send(if body.is_null() { request } else { request.json(&body) }).await
    }

    async fn create(&self, name: &str, code: &str) -> Reply {
        let body = json!({"name": name, "runtime": "python", "handler": "main.handler", "code": code});
        self.ask("POST", "/functions", body).await
    }

    async fn quota(&self, kind: &str) -> Value {
        let page = self.ask("GET", "/quotas", Value::Null).await.good(200);
        let items = page["items"].as_array().expect("a list");
        items
            .iter()
            .find(|item| item["quota"] == kind && item["namespace"].is_null())
            .expect("listed")
            .clone()
    }
}

async fn everything(server: Server) -> Server {
    let world = World::new(server).await;
    // Without quotas usage is shown all the same.
    world.create("one", "12345").await.good(201);
    for (kind, used) in [
        ("functions", json!(1)),
        ("storage_bytes", json!(5)),
        ("memory_mb", json!(0)),
        ("concurrency", Value::Null),
        ("invocations", Value::Null),
    ] {
        let quota = world.quota(kind).await;
        assert_eq!(
            (&quota["used"], &quota["hard"], &quota["soft_reached"]),
            (&used, &Value::Null, &json!(false)),
            "{kind}"
        );
    }

    let set =
        world.ask("PUT", "/tenants/acme/quotas/functions", json!({"hard": 3, "soft": 2})).await.good(200);
    assert_eq!((&set["used"], &set["soft"], &set["soft_reached"]), (&json!(1), &json!(2), &json!(false)));
    let reply = world.create("two", "12345").await;
    reply.good(201);
    assert_eq!(reply.header("nova-quota-warning"), "functions;used=2;soft=2;hard=3");
    let reply = world.ask("GET", "/functions", Value::Null).await;
    assert_eq!(reply.header("nova-quota-warning"), "functions;used=2;soft=2;hard=3");
    // Nobody of elsewhere is told.
    let request = world.server.request("GET", "/functions").header("x-nova-tenant", "acme");
    assert_eq!(world.server.send(request).await.header("nova-quota-warning"), "");
    world.create("three", "12345").await.good(201);
    let problem = world.create("four", "12345").await.problem(409, "quota_exceeded");
    let detail = problem["detail"].as_str().expect("a text");
    for part in ["`functions`", "tenant `acme`", "is 3", "3 are used"] {
        assert!(detail.contains(part), "{part}: {detail}");
    }
    assert_eq!(problem["errors"][0]["field"], "quota.functions");
    assert_eq!(problem["retryable"], false);
    let quota = world.quota("functions").await;
    assert_eq!((&quota["used"], &quota["hard_reached"]), (&json!(3), &json!(true)));
    world.ask("DELETE", "/functions/three", Value::Null).await;
    world.create("four", "12345").await.good(201);
    assert_eq!(world.ask("DELETE", "/tenants/acme/quotas/functions", Value::Null).await.status, 204);
    world.ask("DELETE", "/tenants/acme/quotas/functions", Value::Null).await.problem(404, "not_found");
    let reply = world.create("five", "12345").await;
    reply.good(201);
    assert_eq!(reply.header("nova-quota-warning"), "");

    // Code of one namespace.
    let path = "/tenants/acme/quotas/storage_bytes?namespace=default";
    world.ask("PUT", path, json!({"hard": 8})).await.good(200);
    let problem = world
        .ask("PUT", "/functions/one/code", json!({"code": "9 letters"}))
        .await
        .problem(409, "quota_exceeded");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("namespace `default`") && text.contains("9 more")),
        "{problem}"
    );
    let function = world.ask("GET", "/functions/one", Value::Null).await.good(200);
    assert_eq!(
        (&function["version"], &function["latest_version"]),
        (&json!(1), &json!(1)),
        "the old version serves"
    );

    // Bad wishes.
    for (path, body) in [
        ("/tenants/acme/quotas/functions", json!({})),
        ("/tenants/acme/quotas/functions", json!({"hard": 1, "soft": 2})),
        ("/tenants/acme/quotas/functions", json!({"hard": -1})),
        ("/tenants/acme/quotas/functions", json!({"hard": 1, "window_s": 60})),
        ("/tenants/acme/quotas/functions", json!({"hard": 1, "limit": 60})),
        ("/tenants/acme/quotas/invocations", json!({"hard": 1, "window_s": 0})),
        ("/tenants/acme/quotas/invocations", json!({"hard": 1, "window_s": 99_999_999})),
        ("/tenants/acme/quotas/vcpus", json!({"hard": 1})),
        ("/tenants/acme/quotas/functions?namespace=..", json!({"hard": 1})),
    ] {
        world.ask("PUT", path, body.clone()).await.problem(400, "invalid_argument");
    }
    for path in ["/tenants/nobody/quotas/functions", "/tenants/acme/quotas/functions?namespace=nowhere"] {
        world.ask("PUT", path, json!({"hard": 1})).await.problem(404, "not_found");
    }
    world.server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_of_what_is_stored_are_kept_shown_and_told_sqlite() {
    everything(Server::guarded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_of_what_is_stored_are_kept_shown_and_told_postgres() {
    let database = TestDatabase::create().await;
    let server = everything(Server::guarded_on(&database.url()).await).await;
    server.close().await;
    drop(server);
    database.remove().await;
}
