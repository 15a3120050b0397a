//! Functions over HTTP.

use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn a_function_is_created_shown_listed_and_deleted() {
    let server = Server::start().await;
    let body = json!({
        "name": "hello", "runtime": "python3.11", "handler": "app.handle", "code": "def handle(e, c): ...",
        "memory_mb": 256, "timeout_s": 5, "max_replicas": 4, "idle_ttl_s": 9, "env_vars": {"A": "1"},
        "limits": {"vcpus": 0.5, "pids": 64}, "description": "says hello", "tags": {"team": "a"}
    });
    let reply = server.send_json("POST", "/functions", &body).await;
    let made = reply.good(201);
    assert_eq!(reply.header("location"), "/v1/functions/hello");
    assert_eq!(reply.header("etag"), "\"1\"");
    let expected = json!({
        "name": "hello", "tenant": "default", "namespace": "default", "runtime": "python3.11",
        "handler": "app.handle", "mode": "handler", "entry": "app.py", "memory_mb": 256, "timeout_s": 5,
        "min_replicas": 0, "max_replicas": 4, "instance_concurrency": 1, "idle_ttl_s": 9, "env_vars": {"A": "1"},
        "limits": {"cpu_millis": 500, "pids": 64, "tmp_mb": 64, "file_size_mb": 64},
        "description": "says hello", "tags": {"team": "a"}, "version": 1, "latest_version": 1,
        "compile_status": "not_required", "compile_output": "", "revision": 1
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&made[field], value, "{field}");
    }
    assert!(made["created_at"].as_str().is_some_and(|at| at.ends_with('Z') && at.len() == 27), "{made}");
    assert_eq!(server.get("/v1/functions/hello").await.good(200), made);
    let list = server.get("/functions?search=SAYS&runtime=python").await.good(200);
    assert_eq!((&list["items"][0]["name"], &list["next_cursor"]), (&json!("hello"), &json!(null)));
    assert_eq!(server.get("/functions?runtime=go").await.good(200)["items"], json!([]));
    let gone = server.send(server.request("DELETE", "/functions/hello")).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    server.get("/functions/hello").await.problem(404, "not_found");
    server.send(server.request("DELETE", "/functions/hello")).await.problem(404, "not_found");
}

#[tokio::test]
async fn bad_bodies_say_what_is_wrong_and_where() {
    let server = Server::start().await;
    let problem = server.post("/functions", "{\n \"name\": }").await.problem(400, "invalid_argument");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("line 2 column")), "{problem}");
    server.post("/functions", "").await.problem(400, "invalid_argument");
    server.post("/functions", "[]").await.problem(400, "invalid_argument");
    let good = json!({"name": "a", "runtime": "python", "code": "x"});
    let cases = [
        ("name", json!("no spaces")),
        ("runtime", json!("cobol")),
        ("limits.memory_mb", json!({"memory_mb": 1})),
        ("limits.vcpus", json!({"limits": {"vcpus": 99}})),
        ("limits.vcpus", json!({"limits": {"vcpus": 1, "cpu_millis": 1000}})),
        ("limits.pids", json!({"limits": {"pids": -1}})),
        ("handler", json!({"handler": "nodot"})),
        ("mode", json!({"mode": "process"})),
        ("archive", json!({"archive": "%%%", "code": null})),
        ("archive", json!({"archive": "AAAA"})),
        ("env_vars", json!({"env_vars": {"NOVA_A": "1"}})),
        ("colour", json!({"colour": "red"})),
        ("min_replicas", json!({"min_replicas": 50, "max_replicas": 2})),
    ];
    for (field, value) in cases {
        let mut body = good.clone();
        match value {
            serde_json::Value::Object(fields) => body.as_object_mut().expect("an object").extend(fields),
            value => body[field] = value,
        }
        let problem = server.send_json("POST", "/functions", &body).await.problem(400, "invalid_argument");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    assert_eq!(server.get("/functions").await.good(200)["items"], json!([]));
}

#[tokio::test]
async fn refusals_have_their_own_status() {
    let server = Server::start().await;
    server.create("twin").await;
    let body = json!({"name": "twin", "runtime": "python", "code": "x"});
    server.send_json("POST", "/functions", &body).await.problem(409, "already_exists");
    let ruby = json!({"name": "r", "runtime": "ruby", "code": "x"});
    let problem = server.send_json("POST", "/functions", &ruby).await.problem(501, "missing_on_host");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("apt-get install ruby")));
    let form = server.request("POST", "/functions").header("content-type", "text/xml").body("<a/>");
    server.send(form).await.problem(415, "unsupported_media_type");
    let put = server.send(server.request("PUT", "/functions")).await;
    put.problem(405, "method_not_allowed");
    assert!(put.header("allow").contains("POST"), "{put:?}");
    server.get("/function").await.problem(404, "not_found");
    server.get("/functions?limit=501").await.problem(400, "invalid_argument");
    server.get("/functions?cursor=%00").await.problem(400, "invalid_argument");
    server.get("/functions/%ff").await.problem(400, "invalid_argument");
}

#[tokio::test]
async fn a_patch_sets_resets_and_leaves_alone() {
    let server = Server::start().await;
    server.create("f").await;
    let set = json!({"memory_mb": 512, "limits": {"vcpus": 2}, "max_replicas": 3, "tags": {"a": "b"}});
    let changed = server.send_json("PATCH", "/functions/f", &set).await.good(200);
    assert_eq!((&changed["memory_mb"], &changed["version"]), (&json!(512), &json!(2)));
    assert_eq!(changed["limits"]["cpu_millis"], 2000);
    let reset = json!({"memory_mb": null, "limits": {"cpu_millis": null}, "max_replicas": null});
    let changed = server.send_json("PATCH", "/functions/f", &reset).await.good(200);
    assert_eq!((&changed["memory_mb"], &changed["max_replicas"]), (&json!(128), &json!(10)));
    assert_eq!((&changed["limits"]["cpu_millis"], &changed["tags"]["a"]), (&json!(1000), &json!("b")));
    assert_eq!(changed["handler"], "main.handler");
    let env = json!({"env_vars": {"A": "1", "B": "2"}});
    server.send_json("PATCH", "/functions/f", &env).await.good(200);
    let merge = json!({"merge_env_vars": {"A": null, "C": "3"}});
    let changed = server.send_json("PATCH", "/functions/f", &merge).await.good(200);
    assert_eq!(changed["env_vars"], json!({"B": "2", "C": "3"}));
    for bad in
        [json!({"memory_mb": 1}), json!({"runtime": null}), json!({"name": "g"}), json!({"limits": {"x": 1}})]
    {
        server.send_json("PATCH", "/functions/f", &bad).await.problem(400, "invalid_argument");
    }
    server.send_json("PATCH", "/functions/nobody", &json!({})).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_write_with_an_old_revision_is_refused() {
    let server = Server::start().await;
    server.create("f").await;
    let patch = |revision: &'static str| {
        server.request("PATCH", "/functions/f").header("if-match", revision).json(&json!({"memory_mb": 256}))
    };
    server.send(patch("\"7\"")).await.problem(409, "conflict");
    server.send(patch("many")).await.problem(400, "invalid_argument");
    assert_eq!(server.send(patch("\"1\"")).await.good(200)["revision"], 2);
    let stale = json!({"revision": 1, "memory_mb": 128});
    server.send_json("PATCH", "/functions/f", &stale).await.problem(409, "conflict");
    let delete = server.request("DELETE", "/functions/f").header("if-match", "\"1\"");
    server.send(delete).await.problem(409, "conflict");
}

#[tokio::test]
async fn lists_go_on_where_the_page_ended() {
    let server = Server::start().await;
    for name in ["a", "b", "c"] {
        server.create(name).await;
    }
    let first = server.get("/functions?limit=2").await.good(200);
    assert_eq!((&first["items"][0]["name"], &first["items"][1]["name"]), (&json!("a"), &json!("b")));
    let cursor = first["next_cursor"].as_str().expect("one more page");
    let second = server.get(&format!("/functions?limit=2&cursor={cursor}")).await.good(200);
    assert_eq!((&second["items"][0]["name"], &second["next_cursor"]), (&json!("c"), &json!(null)));
}

#[tokio::test]
async fn a_compiled_function_shows_what_the_compiler_said() {
    let server = Server::start().await;
    server.sandboxes.failures.lock().expect("not poisoned").push_back("main.go:1: expected package");
    let body = json!({"name": "g", "runtime": "go", "code": "nonsense"});
    let made = server.send_json("POST", "/functions", &body).await.good(201);
    assert_eq!((&made["compile_status"], &made["mode"]), (&json!("failed"), &json!("process")));
    assert_eq!(made["compile_output"], "main.go:1: expected package");
    let problem = server.post("/functions/g/invoke", "{}").await.problem(409, "not_ready");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("expected package")), "{problem}");
    let fixed =
        server.send_json("PUT", "/functions/g/code", &json!({"code": "package main"})).await.good(200);
    assert_eq!((&fixed["compile_status"], &fixed["active_version"]), (&json!("success"), &json!(2)));
    server.post("/functions/g/invoke", "{}").await.good(200);
}

#[tokio::test]
async fn a_patch_takes_all_the_code_with_the_settings_and_makes_one_version() {
    let server = Server::start().await;
    let body = json!({"name": "f", "runtime": "python", "handler": "main.handler",
        "files": {"main.py": "one", "lib.py": "lib"}});
    server.send_json("POST", "/functions", &body).await.good(201);
    let patch = json!({"memory_mb": 256, "code": "two", "files": {"util.py": "util"}});
    let changed = server.send_json("PATCH", "/functions/f", &patch).await.good(200);
    assert_eq!((&changed["version"], &changed["memory_mb"]), (&json!(2), &json!(256)));
    let files = server.get("/functions/f/files").await.good(200);
    let paths: Vec<_> = files["items"].as_array().expect("a list").iter().map(|file| &file["path"]).collect();
    assert_eq!(paths, ["main.py", "util.py"], "{files}");
    // A text alone leaves the other files.
    let changed = server.send_json("PATCH", "/functions/f", &json!({"code": "three"})).await.good(200);
    assert_eq!(changed["version"], 3);
    assert_eq!(server.get("/functions/f/files").await.good(200)["items"].as_array().map(Vec::len), Some(2));
    for bad in [json!({"archive": "AAAA"}), json!({"archive": "%"}), json!({"archive": "AAAA", "code": "x"})]
    {
        server.send_json("PATCH", "/functions/f", &bad).await.problem(400, "invalid_argument");
    }
    assert_eq!(server.get("/functions/f").await.good(200)["latest_version"], 3);
}
