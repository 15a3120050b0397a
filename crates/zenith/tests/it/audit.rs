//! Whatever changes something is in the audit log, with who, what, and nothing secret; on both engines.

use serde_json::{Value, json};

use crate::postgres::TestDatabase;
use crate::support::{Reply, Server};

const PASSWORD: &str = "canary-password battery";

struct World {
    server: Server,
    root: String,
    /// Texts that must be nowhere in the log.
    canaries: Vec<String>,
}

impl World {
    async fn new(server: Server) -> Self {
        let root = server.access.first_key().await.expect("works").expect("the first").secret;
        let canaries = vec![root.clone(), PASSWORD.to_owned()];
        Self { server, root, canaries }
    }

    async fn root(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = self.server.request(method, path).bearer_auth(&self.root);
        let request = request.header("x-nova-tenant", "acme").header("x-request-id", "story-1");
        self.server.send(if body.is_null() { request } else { request.json(&body) }).await
    }

    async fn open(&self, path: &str, body: Value) -> Reply {
        self.server.send(self.server.request("POST", path).json(&body)).await
    }

    /// Entries, oldest first.
    async fn entries(&self, query: &str) -> Vec<Value> {
        let page = self.root("GET", &format!("/audit?limit=500&{query}"), Value::Null).await.good(200);
        assert_eq!(page["next_cursor"], Value::Null);
        page["items"].as_array().expect("a list").iter().rev().cloned().collect()
    }

    /// Whether there is an entry like that: operation, resource.
    async fn told(&self, query: &str, operation: &str, kind: &str, name: &str) -> Value {
        let all = self.entries(query).await;
        let found = all.iter().rev().find(|entry| {
            entry["operation"] == operation
                && entry["resource"]["kind"] == kind
                && (name.is_empty() || entry["resource"]["name"] == name)
        });
        found.cloned().unwrap_or_else(|| panic!("{operation} of {kind} {name} is not in {all:#?}"))
    }

    async fn verify(&self, query: &str) -> Value {
        self.root("GET", &format!("/audit/verify?{query}"), Value::Null).await.good(200)
    }
}

/// One of everything that can be changed.
async fn story(world: &mut World) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    world.root("POST", "/tenants", json!({"name": "acme", "description": "A"})).await.good(201);
    world.root("POST", "/namespaces", json!({"name": "staging"})).await.good(201);
    world.root("DELETE", "/namespaces/staging", Value::Null).await;
    for canary in ["canary-code", "canary-env-1", "canary-env-2", "canary-secret-1", "canary-secret-2"] {
        world.canaries.push(canary.to_owned());
    }
    let function = json!({
        "name": "hello", "runtime": "python", "handler": "main.handler", "code": "x = 'canary-code'",
        "env_vars": {"TOKEN": "canary-env-1", "DB": "$SECRET:db"},
    });
    world
        .root("POST", "/secrets", json!({"name": "db", "value": "canary-secret-1", "functions": ["hello"]}))
        .await
        .good(201);
    world.root("POST", "/functions", function).await.good(201);
    world
        .root(
            "PATCH",
            "/functions/hello",
            json!({"memory_mb": 256, "env_vars": {"TOKEN": "canary-env-2", "DB": "$SECRET:db"}}),
        )
        .await
        .good(200);
    world.root("PATCH", "/functions/hello", json!({"description": "says hello"})).await.good(200);
    world.root("PUT", "/functions/hello/code", json!({"code": "y = 'canary-code'"})).await.good(200);
    world.root("POST", "/functions/hello/versions/1/activate", Value::Null).await.good(200);
    world.root("POST", "/functions/hello/aliases", json!({"name": "live", "version": 1})).await.good(201);
    world.root("PATCH", "/functions/hello/aliases/live", json!({"description": "what runs"})).await.good(200);
    world.root("DELETE", "/functions/hello/aliases/live", Value::Null).await;
    world.root("PATCH", "/secrets/db", json!({"value": "canary-secret-2"})).await.good(200);
    world.root("DELETE", "/functions/hello", Value::Null).await;
    world.root("DELETE", "/secrets/db", Value::Null).await;
    let role = json!({"name": "deployer", "permissions": ["function:create"]});
    world.root("POST", "/roles", role).await.good(201);
    world.root("PUT", "/roles/deployer", json!({"permissions": ["function:read"]})).await.good(200);
    world.root("POST", "/service-accounts", json!({"name": "ci"})).await.good(201);
    let key = world
        .root(
            "POST",
            "/keys",
            json!({"name": "k", "roles": [{"role": "deployer", "namespaces": "*", "resources": "*"}]}),
        )
        .await
        .good(201);
    world.canaries.push(text(&key["secret"]));
    let id = text(&key["key"]["id"]);
    let bound = world
        .root("POST", "/bindings", json!({"subject": format!("key:{id}"), "role": "viewer"}))
        .await
        .good(201);
    world.root("DELETE", &format!("/bindings/{}", text(&bound["id"])), Value::Null).await;
    world.root("DELETE", &format!("/keys/{id}"), Value::Null).await;
    world.root("DELETE", "/service-accounts/ci", Value::Null).await;
    world.root("DELETE", "/roles/deployer", Value::Null).await;
    let invited = world
        .root("POST", "/invitations", json!({"email": "ada@example.com", "role": "member"}))
        .await
        .good(201);
    let withdrawn = world
        .root("POST", "/invitations", json!({"email": "eve@example.com", "role": "member"}))
        .await
        .good(201);
    world.canaries.extend([text(&invited["secret"]), text(&withdrawn["secret"])]);
    world
        .root("DELETE", &format!("/invitations/{}", text(&withdrawn["invitation"]["id"])), Value::Null)
        .await;
    let accept = json!({"secret": invited["secret"], "name": "Ada", "password": PASSWORD});
    let user = text(&world.open("/auth/accept", accept).await.good(200)["id"]);
    world
        .open("/auth/sign-in", json!({"email": "ada@example.com", "password": "canary-wrong battery"}))
        .await
        .problem(401, "unauthenticated");
    world
        .open("/auth/sign-in", json!({"email": "canary-typed-into-the-wrong-field", "password": "x"}))
        .await
        .problem(401, "unauthenticated");
    world.open("/auth/sign-in", json!({"key": "nova_canary-key"})).await.problem(401, "unauthenticated");
    world.canaries.extend(["canary-wrong".to_owned(), "canary-typed".to_owned(), "canary-key".to_owned()]);
    let signed = world.open("/auth/sign-in", json!({"email": "ada@example.com", "password": PASSWORD})).await;
    let cookie = signed.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    world.canaries.push(cookie.split_once('=').expect("a cookie").1.to_owned());
    let change = json!({"old": PASSWORD, "new": "canary-password two"});
    world.canaries.push("canary-password two".to_owned());
    let request = world
        .server
        .request("POST", "/auth/password")
        .header("cookie", &cookie)
        .header("x-nova-console", "1");
    assert_eq!(world.server.send(request.json(&change)).await.status, 204);
    // Ada may not do this.
    let request =
        world.server.request("POST", "/namespaces").header("cookie", &cookie).header("x-nova-console", "1");
    let refused = request.header("x-nova-tenant", "acme").json(&json!({"name": "x"}));
    world.server.send(refused).await.problem(403, "permission_denied");
    let request =
        world.server.request("POST", "/namespaces").header("cookie", &cookie).header("x-nova-console", "1");
    let refused = request.header("x-nova-tenant", "nowhere").json(&json!({"name": "x"}));
    world.server.send(refused).await.problem(403, "permission_denied");
    let request = world
        .server
        .request("POST", "/auth/sign-out")
        .header("cookie", &cookie)
        .header("x-nova-console", "1");
    assert_eq!(world.server.send(request).await.status, 204);
    world.root("PUT", &format!("/members/{user}"), json!({"role": "admin"})).await.good(200);
    world.root("DELETE", &format!("/members/{user}"), Value::Null).await;
    world.root("PATCH", &format!("/users/{user}"), json!({"disabled": true})).await.good(200);
    world.root("DELETE", &format!("/users/{user}"), Value::Null).await;
    world.root("PUT", "/tenants/acme/quotas/functions", json!({"hard": 5})).await.good(200);
    world.root("PUT", "/tenants/acme/quotas/functions", json!({"hard": 6})).await.good(200);
    world.root("DELETE", "/tenants/acme/quotas/functions", Value::Null).await;
    // The keys of this server are fixed.
    world.root("POST", "/system/master-key/rotate", Value::Null).await.problem(409, "conflict");
}

async fn everything(server: Server) -> Server {
    let mut world = World::new(server).await;
    story(&mut world).await;
    let (of_tenant, of_server) = ("", "server=true");
    for (query, operation, kind, name) in [
        (of_server, "create_tenant", "tenant", "acme"),
        (of_tenant, "create_namespace", "namespace", "staging"),
        (of_tenant, "delete_namespace", "namespace", "staging"),
        (of_tenant, "create_function", "function", "hello"),
        (of_tenant, "update_function", "function", "hello"),
        (of_tenant, "replace_code", "function", "hello"),
        (of_tenant, "activate_version", "function", "hello"),
        (of_tenant, "delete_function", "function", "hello"),
        (of_tenant, "create_alias", "alias", "hello/live"),
        (of_tenant, "update_alias", "alias", "hello/live"),
        (of_tenant, "delete_alias", "alias", "hello/live"),
        (of_tenant, "create_secret", "secret", "db"),
        (of_tenant, "update_secret", "secret", "db"),
        (of_tenant, "delete_secret", "secret", "db"),
        (of_tenant, "create_role", "role", "deployer"),
        (of_tenant, "put_role", "role", "deployer"),
        (of_tenant, "delete_role", "role", "deployer"),
        (of_tenant, "create_service_account", "service_account", "ci"),
        (of_tenant, "delete_service_account", "service_account", "ci"),
        (of_tenant, "create_key", "key", ""),
        (of_tenant, "revoke_key", "key", ""),
        (of_tenant, "create_binding", "binding", ""),
        (of_tenant, "delete_binding", "binding", ""),
        (of_tenant, "create_invitation", "invitation", ""),
        (of_tenant, "delete_invitation", "invitation", ""),
        (of_tenant, "accept_invitation", "user", ""),
        (of_server, "sign_in", "session", ""),
        (of_server, "change_password", "user", ""),
        (of_server, "sign_out", "session", ""),
        (of_tenant, "set_member", "member", ""),
        (of_tenant, "remove_member", "member", ""),
        (of_server, "change_user", "user", ""),
        (of_server, "delete_user", "user", ""),
        (of_tenant, "set_quota", "quota", "functions"),
        (of_tenant, "unset_quota", "quota", "functions"),
        (of_server, "rotate_master_key", "master_key", ""),
    ] {
        let entry = world.told(query, operation, kind, name).await;
        assert_eq!(entry["address"], "127.0.0.1", "{entry}");
        assert!(entry["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{entry}");
        assert_eq!(entry["tenant"].is_null(), query == of_server, "{entry}");
        if !matches!(operation, "accept_invitation" | "sign_in" | "sign_out" | "change_password") {
            assert_eq!(
                (&entry["actor"]["kind"], &entry["actor"]["name"]),
                (&json!("key"), &json!("admin")),
                "{entry}"
            );
            assert!(entry["actor"]["credential"].is_string());
            assert_eq!(entry["request_id"], "story-1");
        }
    }

    // What of a function changed is told; of its environment the names.
    let changes = world.entries("action=update_function").await;
    assert_eq!(
        changes[0]["changed"],
        json!([
            "active_version",
            "latest_version",
            "version.env.TOKEN",
            "version.limits.memory_mb",
            "version.number"
        ])
    );
    assert_eq!(changes[0]["before"]["version"]["env"], json!({"TOKEN": "(hidden)", "DB": "$SECRET:db"}));
    assert_eq!(
        (&changes[0]["namespace"], &changes[0]["action"]),
        (&json!("default"), &json!("function:update"))
    );
    assert_eq!(changes[1]["changed"], json!(["description"]));
    let code = world.told("", "replace_code", "function", "hello").await;
    assert_eq!(code["changed"][1], "latest_version");
    assert_eq!(code["after"]["version"]["code"].as_str().map(str::len), Some(64));
    let secret = world.told("", "update_secret", "secret", "db").await;
    assert_eq!(secret["changed"], json!(["version"]));
    let password = world.told("server=true", "change_password", "user", "").await;
    assert_eq!(
        (&password["changed"], &password["actor"]["name"]),
        (&json!(["password"]), &json!("ada@example.com"))
    );

    // What was not done.
    let refused = world.entries("outcome=refused").await;
    assert_eq!(refused.len(), 1, "{refused:#?}");
    assert_eq!(
        (&refused[0]["operation"], &refused[0]["error"]),
        (&json!("create_namespace"), &json!("permission_denied"))
    );
    assert_eq!(refused[0]["actor"]["name"], "ada@example.com");
    let elsewhere = world.entries("server=true&outcome=refused").await;
    assert_eq!(elsewhere.len(), 1, "a tenant that is nobody's, or not hers, gets no entry: {elsewhere:#?}");
    let failed = world.entries("server=true&outcome=failed&action=sign_in").await;
    let tried: Vec<_> = failed.iter().map(|entry| entry["after"]["tried"].clone()).collect();
    assert_eq!(tried, [json!("ada@example.com"), json!("(no address)"), json!("")]);
    assert!(failed.iter().all(|entry| entry["actor"]["kind"] == "anonymous"));

    // Filters and single entries.
    let by_resource = world.entries("resource=function:hello").await;
    assert_eq!(by_resource.len(), 6);
    assert_eq!(world.entries("resource=function").await.len(), 6);
    assert_eq!(world.entries("actor=ada@example.com").await.len(), 2, "accepted, and was refused");
    assert!(world.entries("since=1h").await.len() > 20 && world.entries("until=1h").await.is_empty());
    let one = world.root("GET", &format!("/audit/{}", by_resource[0]["seq"]), Value::Null).await.good(200);
    assert_eq!(one, by_resource[0]);
    for bad in ["outcome=lost", "since=soon", "limit=0"] {
        world.root("GET", &format!("/audit?{bad}"), Value::Null).await.problem(400, "invalid_argument");
    }
    world.root("GET", "/audit/zero", Value::Null).await.problem(400, "invalid_argument");
    world.root("GET", "/audit/99999", Value::Null).await.problem(404, "not_found");

    // Nothing secret, in whatever form the API shows it.
    let all = [world.entries("").await, world.entries("server=true").await].concat();
    let text = serde_json::to_string(&all).expect("JSON");
    for canary in &world.canaries {
        assert!(!text.contains(canary.as_str()), "{canary} is in the audit log");
    }

    // The log is whole, and says so with an anchor too.
    for query in ["", "server=true"] {
        let found = world.verify(query).await;
        assert_eq!((&found["intact"], &found["broken"]), (&json!(true), &Value::Null), "{found}");
        let (seq, hash) = (found["head_seq"].clone(), found["head_hash"].as_str().expect("there").to_owned());
        assert_eq!(seq, found["entries"]);
        let anchored = world.verify(&format!("{query}&anchor_seq={seq}&anchor_hash={hash}")).await;
        assert_eq!(anchored["intact"], true);
        let other = world.verify(&format!("{query}&anchor_seq={seq}&anchor_hash={}", "0".repeat(64))).await;
        assert_eq!((&other["intact"], &other["broken"]["seq"]), (&json!(false), &seq));
    }
    for bad in ["anchor_seq=1", "anchor_seq=0&anchor_hash=00", "anchor_hash=zz"] {
        world
            .root("GET", &format!("/audit/verify?{bad}"), Value::Null)
            .await
            .problem(400, "invalid_argument");
    }
    world.server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_told_with_who_and_what_and_nothing_secret_sqlite() {
    everything(Server::guarded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_told_with_who_and_what_and_nothing_secret_postgres() {
    let database = TestDatabase::create().await;
    let server = everything(Server::guarded_on(&database.url()).await).await;
    server.close().await;
    drop(server);
    database.remove().await;
}

#[tokio::test]
async fn a_tenant_sees_its_own_log_only_and_none_of_a_tenant_of_the_same_name_before() {
    let world = World::new(Server::guarded().await).await;
    world.root("POST", "/tenants", json!({"name": "acme"})).await.good(201);
    world.root("POST", "/namespaces", json!({"name": "old"})).await.good(201);
    world.root("DELETE", "/namespaces/old", Value::Null).await;
    let key = async |tenant: &str| world.server.key(Some(tenant), "admin", ["*", "*"], None).await.secret;
    let ask = async |key: &str, path: &str, tenant: &str| {
        let request = world.server.request("GET", path).bearer_auth(key).header("x-nova-tenant", tenant);
        world.server.send(request).await
    };
    let admin = key("acme").await;
    let seen = ask(&admin, "/audit", "acme").await.good(200);
    assert!(seen["items"].as_array().expect("a list").len() >= 2);
    let first = seen["items"].as_array().and_then(|items| items.last()).expect("there")["seq"].clone();
    ask(&admin, "/audit?server=true", "acme").await.problem(403, "permission_denied");
    ask(&admin, "/audit/verify?server=true", "acme").await.problem(403, "permission_denied");
    ask(&admin, "/audit", "default").await.problem(403, "permission_denied");

    assert_eq!(world.root("DELETE", "/tenants/acme", Value::Null).await.status, 204);
    world.root("POST", "/tenants", json!({"name": "acme"})).await.good(201);
    let admin = key("acme").await;
    let seen = ask(&admin, "/audit", "acme").await.good(200);
    let text = seen.to_string();
    assert!(!text.contains("\"old\"") && text.contains("\"key\""), "{text}");
    ask(&admin, &format!("/audit/{first}"), "acme").await.problem(404, "not_found");
    let all = world.entries("").await;
    assert!(all.iter().any(|entry| entry["resource"]["name"] == "old"), "who runs the server sees it");
    assert_eq!(world.verify("").await["intact"], true);
}
