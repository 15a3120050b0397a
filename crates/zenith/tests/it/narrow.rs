//! Callers who have a role for some names of a namespace only: what they get is about those.

use nova_api::endpoints::{Body, ENDPOINTS, ScopeKind};
use nova_domain::Fault;
use serde_json::{Value, json};

use crate::postgres::TestDatabase;
use crate::support::{Reply, Script, Server, value_error};

/// A key with a role for some names of the namespace `default`.
async fn key(server: &Server, role: &str, names: &str) -> String {
    server.key(Some("default"), role, ["default", names], None).await.secret
}

/// A server with functions and secrets `bill_a` and `mail`, a failed run with a line of each function, and
/// keys of an operator of all names and of one of `bill_*`.
struct Scene {
    server: Server,
    admin: String,
    narrow: String,
    /// The runs of `bill_a` and `mail`.
    runs: [String; 2],
    /// Dead jobs of them.
    jobs: [String; 2],
}

impl Scene {
    async fn on(server: Server) -> Self {
        let admin = key(&server, "admin", "*").await;
        let narrow = key(&server, "operator", "bill_*").await;
        let mut scene = Self { server, admin, narrow, runs: Default::default(), jobs: Default::default() };
        for (index, name) in ["bill_a", "mail"].into_iter().enumerate() {
            let body = json!({"name": name, "runtime": "python", "handler": "main.handler", "code": "v1"});
            scene.ask(&scene.admin, "POST", "/functions", Some(body)).await.good(201);
            let body = json!({"name": name, "value": "hunter22hunter22"});
            scene.ask(&scene.admin, "POST", "/secrets", Some(body)).await.good(201);
            scene.server.invoker.next(Script::Logs(vec![["line of bill", "line of mail"][index]; 2]));
            let path = format!("/functions/{name}/invoke");
            let answer = scene.ask(&scene.admin, "POST", &path, Some(json!({}))).await.good(200);
            scene.runs[index] = answer["request_id"].as_str().expect("an id").to_owned();
            scene.server.invoker.next(Script::Error(value_error()));
            scene.ask(&scene.admin, "POST", &path, Some(json!({}))).await.good(200);
            let path = format!("/functions/{name}/invoke-async");
            let order = json!({"max_attempts": 1, "payload": name});
            let job = scene.ask(&scene.admin, "POST", &path, Some(order)).await.good(202);
            scene.jobs[index] = job["id"].as_str().expect("an id").to_owned();
            scene.server.invoker.next(Script::Fault(Fault::invalid("refused")));
            scene.server.worker.claim().await.expect("claims");
            scene.server.worker.idle().await;
        }
        scene.server.sink.flush().await;
        scene
    }

    async fn ask(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = self.server.request(method, path).bearer_auth(key);
        self.server.send(body.iter().fold(request, |request, body| request.json(body))).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask(&self.narrow, "GET", path, None).await
    }
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|item| item[key].as_str().expect("text").to_owned()).collect()
}

async fn sees_its_own_names_only(scene: &Scene) {
    assert_eq!(names(&scene.get("/functions").await.good(200), "name"), ["bill_a"]);
    assert_eq!(names(&scene.get("/functions?q=mail").await.good(200), "name"), [""; 0]);
    assert_eq!(names(&scene.get("/secrets").await.good(200), "name"), ["bill_a"]);
    assert_eq!(names(&scene.get("/runs").await.good(200), "function"), ["bill_a", "bill_a"]);
    assert_eq!(names(&scene.get("/runs?function=bill_a").await.good(200), "function"), ["bill_a", "bill_a"]);
    let stats = scene.get("/stats").await.good(200);
    assert_eq!((&stats["totals"]["calls"], &stats["totals"]["failed"]), (&json!(2), &json!(1)));
    assert_eq!(stats["failing"].as_array().map(Vec::len), Some(1));
    assert_eq!(stats["failing"][0]["function"], "bill_a");
    assert_eq!(scene.get("/stats?function=bill_a").await.good(200)["totals"]["calls"], 2);

    let [ours, theirs] = &scene.runs;
    assert_eq!(scene.get(&format!("/runs/{ours}")).await.good(200)["function"], "bill_a");
    assert_eq!(names(&scene.get(&format!("/runs/{ours}/logs")).await.good(200), "text"), ["line of bill"; 2]);
    for path in ["", "/logs"] {
        let hidden = scene.get(&format!("/runs/{theirs}{path}")).await.problem(404, "not_found");
        let missing = scene.get(&format!("/runs/01ABC{path}")).await.problem(404, "not_found");
        let text = |problem: &Value| problem["detail"].as_str().expect("text").to_owned();
        assert_eq!(text(&hidden).replace(theirs, "ID"), text(&missing).replace("01ABC", "ID"));
    }
    // Nor by way of a function that they may see.
    let lines = scene.get(&format!("/functions/bill_a/logs?request_id={theirs}")).await.good(200);
    assert_eq!(names(&lines, "text"), [""; 0]);
    let lines = scene.get(&format!("/functions/bill_a/logs?limit=1&request_id={theirs}")).await.good(200);
    assert!(lines["next_cursor"].is_null(), "not even how many: {lines}");

    assert_eq!(names(&scene.get("/async-invocations").await.good(200), "function"), ["bill_a"]);
    assert_eq!(names(&scene.get("/async-invocations?status=dead").await.good(200), "function"), ["bill_a"]);
    let [ours, theirs] = &scene.jobs;
    assert_eq!(scene.get(&format!("/async-invocations/{ours}")).await.good(200)["payload"], "bill_a");
    for (method, rest) in [("GET", ""), ("POST", "/retry"), ("DELETE", "")] {
        let at = |id: &str| format!("/async-invocations/{id}{rest}");
        let hidden = scene.ask(&scene.narrow, method, &at(theirs), None).await.problem(404, "not_found");
        let missing = scene.ask(&scene.narrow, method, &at("01ABC"), None).await.problem(404, "not_found");
        let text = |problem: &Value| problem["detail"].as_str().expect("text").to_owned();
        assert_eq!(text(&hidden).replace(theirs, "ID"), text(&missing).replace("01ABC", "ID"));
        scene.ask(&scene.narrow, method, &at(ours), None).await;
    }
    let gone = scene.ask(&scene.admin, "GET", &format!("/async-invocations/{ours}"), None).await;
    gone.problem(404, "not_found");
    scene.ask(&scene.admin, "GET", &format!("/async-invocations/{theirs}"), None).await.good(200);

    // The same words whether or not there is such a function.
    for name in ["mail", "nothing"] {
        for path in ["/runs", "/stats", "/async-invocations"] {
            let refused =
                scene.get(&format!("{path}?function={name}")).await.problem(403, "permission_denied");
            assert_eq!(refused["detail"], format!("this needs `log:read` for `{name}` in default/default"));
        }
    }
}

#[tokio::test]
async fn a_role_for_some_names_lists_what_bears_them_sqlite() {
    sees_its_own_names_only(&Scene::on(Server::guarded().await).await).await;
}

#[tokio::test]
async fn a_role_for_some_names_lists_what_bears_them_postgres() {
    let database = TestDatabase::create().await;
    let scene = Scene::on(Server::guarded_on(&database.url()).await).await;
    sees_its_own_names_only(&scene).await;
    scene.server.close().await;
    drop(scene);
    database.remove().await;
}

#[tokio::test]
async fn a_role_for_some_names_creates_what_bears_them_and_nothing_else() {
    let scene = Scene::on(Server::guarded().await).await;
    for (path, permission, rest) in [
        (
            "/functions",
            "function:create",
            json!({"runtime": "python", "handler": "main.handler", "code": "v1"}),
        ),
        ("/secrets", "secret:manage", json!({"value": "hunter22hunter22"})),
    ] {
        let narrow = key(&scene.server, "admin", "bill_*").await;
        let mut body = rest;
        body["name"] = json!("bill_b");
        scene.ask(&narrow, "POST", path, Some(body.clone())).await.good(201);
        for name in ["mail", "other"] {
            body["name"] = json!(name);
            let refused = scene.ask(&narrow, "POST", path, Some(body.clone())).await;
            let refused = refused.problem(403, "permission_denied");
            assert_eq!(
                refused["detail"],
                format!("this needs `{permission}` for `{name}` in default/default")
            );
        }
    }
    assert!(scene.ask(&scene.admin, "GET", "/functions/other", None).await.status == 404);
}

#[tokio::test]
async fn no_endpoint_without_a_name_answers_about_names_that_a_caller_has_no_role_for() {
    let scene = Scene::on(Server::guarded().await).await;
    // With every permission, for names that nothing bears.
    let nothing = key(&scene.server, "owner", "zzz*").await;
    for row in ENDPOINTS.iter().filter(|row| row.permission.is_some()) {
        if row.scope != ScopeKind::Namespace || row.path.contains("{name}") {
            assert!(!row.narrows, "{} has no names to narrow to", row.id);
            continue;
        }
        let known = if row.tag == "jobs" { &scene.jobs[0] } else { &scene.runs[0] };
        let path = row.path.replace("{id}", known);
        let body = matches!(row.request, Body::Json(_)).then(|| json!({}));
        let reply = scene.ask(&nothing, row.method.as_str(), &path, body).await;
        let told = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(!told.contains("bill_a") && !told.contains("mail"), "{}: {told}", row.id);
        assert!(
            row.narrows && matches!(reply.status, 200 | 400 | 404),
            "{}: {} {told}",
            row.id,
            reply.status
        );
    }
}

#[tokio::test]
async fn a_caller_is_told_what_it_may_do_with_which_names() {
    let scene = Scene::on(Server::guarded().await).await;
    let me = scene.get("/auth/me").await.good(200);
    let whole: Vec<_> = me["permissions"].as_array().expect("a list").iter().collect();
    assert_eq!(whole, ["self:read", "runtime:read"]);
    assert_eq!(me["named"].as_array().map(Vec::len), Some(1));
    assert_eq!(me["named"][0]["names"], "bill_*");
    let may = me["named"][0]["permissions"].as_array().expect("a list");
    assert!(may.contains(&json!("function:update")) && may.contains(&json!("log:read")), "{may:?}");
    assert!(!may.contains(&json!("function:share")), "{may:?}");
    // What is of the tenant is not had by a role of one namespace, and is not told.
    let admin = scene.ask(&scene.admin, "GET", "/auth/me", None).await.good(200);
    let whole = admin["permissions"].as_array().expect("a list");
    assert!(whole.contains(&json!("secret:manage")) && !whole.contains(&json!("key:read")), "{whole:?}");
    assert!(admin.get("named").is_none());
    scene.ask(&scene.admin, "GET", "/keys", None).await.problem(403, "permission_denied");
}
