//! Every endpoint of the table with no credential, bad ones, those of elsewhere, those without
//! the permission, and the right one; on both engines.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use nova_api::endpoints::{Body, ENDPOINTS, Endpoint, ScopeKind};
use nova_domain::access::{Permission, PermissionSet, Principal, role};
use nova_domain::{NamespaceName, RoleName, Scope, TenantName};

use crate::postgres::TestDatabase;
use crate::support::{Reply, Server};

fn tenant(name: &str) -> TenantName {
    TenantName::new(name).expect("valid")
}

/// A key of a tenant (or the server) with one role; `lasts` seconds if given.
async fn key(server: &Server, of: Option<&str>, role: &str, lasts: Option<u64>) -> (String, String) {
    let made = server.key(of, role, ["*", "*"], lasts.map(Duration::from_secs)).await;
    (made.secret, made.key.id.to_string())
}

/// A role of `acme` with these permissions; its name.
async fn role_of(server: &Server, name: String, permissions: PermissionSet) -> String {
    let role = RoleName::new(&name).expect("valid");
    let acme = tenant("acme");
    let made = server.access.create_role(&Principal::dev(), &acme, role, String::new(), permissions).await;
    made.expect("made");
    name
}

async fn ask(server: &Server, row: &Endpoint, key: Option<&str>) -> Reply {
    let path = row
        .path
        .replace("{tenant}", "acme")
        .replace("{id}", "01ABC")
        .replace("{version}", "1")
        .replace("{v1}", "1")
        .replace("{v2}", "2");
    let path: String = path
        .split('/')
        .map(|part| if part.starts_with('{') { "nobody" } else { part })
        .collect::<Vec<_>>()
        .join("/");
    let mut request = server.request(row.method.as_str(), &path).header("x-nova-tenant", "acme");
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    if matches!(row.request, Body::Json(_) | Body::JsonOrMultipart(_)) {
        request = request.header("content-type", "application/json").body("{}");
    }
    server.send(request).await
}

async fn sweep(server: &Server) {
    for name in ["acme", "other"] {
        server.access.create_tenant(tenant(name), String::new()).await.expect("made");
    }
    // It keeps the tenant from being deleted by the sweep itself.
    let admin = key(server, None, role::SUPERADMIN, None).await.0;
    let kept =
        serde_json::json!({"name": "kept", "runtime": "python", "handler": "main.handler", "code": "v1"});
    let request = server.request("POST", "/functions").bearer_auth(&admin).header("x-nova-tenant", "acme");
    server.send(request.json(&kept)).await.good(201);

    let (expired, _) = key(server, None, role::SUPERADMIN, Some(1)).await;
    let (revoked, id) = key(server, None, role::SUPERADMIN, None).await;
    server.access.by_key(&revoked).await.expect("known before");
    let id = nova_domain::CredentialId::new(id).expect("valid");
    server.access.revoke_key(None, &id).await.expect("revoked");
    let elsewhere = key(server, Some("other"), "owner", None).await.0;
    let owner = key(server, Some("acme"), "owner", None).await.0;
    tokio::time::sleep(Duration::from_millis(1100)).await;

    // Per permission: a key with all but it, and one with it alone.
    let mut keys: HashMap<Permission, (String, String)> = HashMap::new();
    for row in ENDPOINTS {
        let shown = format!("{} {}", row.method.as_str(), row.path);
        let Some(permission) = row.permission else {
            let status = ask(server, row, Some("nova_bad")).await.status;
            assert!(!matches!(status, 401 | 403) || row.id == "sign_in", "{shown} is open, answers {status}");
            continue;
        };
        let permission = Permission::parse(permission).expect("known");
        ask(server, row, None).await.refused(row, 401, "unauthenticated");
        for bad in [expired.as_str(), &revoked, "nova_bad", "x", &format!("{admin}x")] {
            let reply = ask(server, row, Some(bad)).await;
            if !row.is_aws() {
                assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"nova\"", "{shown}");
            }
            reply.refused(row, 401, "unauthenticated");
        }
        if role::ANYBODY.has(permission) {
            let status = ask(server, row, Some(&elsewhere)).await.status;
            assert!(!matches!(status, 401 | 403), "{shown}: {status}");
            continue;
        }
        ask(server, row, Some(&elsewhere)).await.refused(row, 403, "permission_denied");
        if row.scope == ScopeKind::Platform {
            ask(server, row, Some(&owner)).await.refused(row, 403, "permission_denied");
        } else {
            if let Entry::Vacant(empty) = keys.entry(permission) {
                let name = permission.as_str().replace(':', ".");
                let one = PermissionSet::of(&[permission]);
                let without = role_of(server, format!("no-{name}"), role::OWNER.without(one)).await;
                let with = role_of(server, format!("only-{name}"), one).await;
                let pair = (
                    key(server, Some("acme"), &without, None).await.0,
                    key(server, Some("acme"), &with, None).await.0,
                );
                empty.insert(pair);
            }
            let (without, with) = &keys[&permission];
            ask(server, row, Some(without)).await.refused(row, 403, "permission_denied");
            let reply = ask(server, row, Some(with)).await;
            assert!(
                !matches!(reply.status, 401 | 403 | 405 | 500..),
                "{shown}: {} {:?}",
                reply.status,
                reply.body
            );
        }
        let status = ask(server, row, Some(&admin)).await.status;
        assert!(!matches!(status, 401 | 403 | 500..), "{shown}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_takes_only_whom_its_row_allows_sqlite() {
    sweep(&Server::guarded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_takes_only_whom_its_row_allows_postgres() {
    let database = TestDatabase::create().await;
    let server = Server::guarded_on(&database.url()).await;
    sweep(&server).await;
    server.close().await;
    drop(server);
    database.remove().await;
}

#[tokio::test]
async fn answers_do_not_tell_whether_a_thing_of_another_tenant_exists() {
    let server = Server::guarded().await;
    server.access.create_tenant(tenant("acme"), String::new()).await.expect("made");
    server.access.create_tenant(tenant("other"), String::new()).await.expect("made");
    let admin = key(&server, None, role::SUPERADMIN, None).await.0;
    let body =
        serde_json::json!({"name": "secret", "runtime": "python", "handler": "main.handler", "code": "v1"});
    let request = server.request("POST", "/functions").bearer_auth(&admin).header("x-nova-tenant", "acme");
    server.send(request.json(&body)).await.good(201);
    let elsewhere = key(&server, Some("other"), "owner", None).await.0;
    let ask = async |tenant: &str, name: &str| {
        let request = server.request("GET", &format!("/functions/{name}")).bearer_auth(&elsewhere);
        let mut problem =
            server.send(request.header("x-nova-tenant", tenant)).await.problem(403, "permission_denied");
        problem.as_object_mut().expect("an object").remove("request_id");
        problem.as_object_mut().expect("an object").remove("instance");
        problem.to_string().replace(tenant, "TENANT")
    };
    let there = ask("acme", "secret").await;
    assert_eq!(there, ask("acme", "nothing").await);
    assert_eq!(there, ask("no-such-tenant", "secret").await);
    // Ids of another tenant's keys lead nowhere either.
    let (_, id) = key(&server, Some("acme"), "viewer", None).await;
    for method in ["GET", "DELETE"] {
        let request = server.request(method, &format!("/keys/{id}")).bearer_auth(&elsewhere);
        server.send(request).await.problem(404, "not_found");
    }
    let request = server.request("GET", "/keys?server=true").bearer_auth(&elsewhere);
    server.send(request).await.problem(403, "permission_denied");
}

#[tokio::test]
async fn a_grant_for_some_functions_of_a_namespace_reaches_only_those() {
    let server = Server::guarded().await;
    let admin = key(&server, None, role::SUPERADMIN, None).await.0;
    for name in ["billing-a", "mail"] {
        let body =
            serde_json::json!({"name": name, "runtime": "python", "handler": "main.handler", "code": "v1"});
        server.send(server.request("POST", "/functions").bearer_auth(&admin).json(&body)).await.good(201);
    }
    let body = serde_json::json!({
        "name": "caller", "roles": [{"role": "invoker", "namespaces": "default", "resources": "billing-*"}]
    });
    let made = server.send(server.request("POST", "/keys").bearer_auth(&admin).json(&body)).await.good(201);
    let narrow = made["secret"].as_str().expect("shown").to_owned();
    let call =
        async |path: &str| server.send(server.request("POST", path).bearer_auth(&narrow).body("{}")).await;
    call("/functions/billing-a/invoke").await.good(200);
    call("/v1/functions/billing-a/invoke").await.good(200);
    call("/functions/mail/invoke").await.problem(403, "permission_denied");
    call("/functions/m%61il/invoke").await.problem(403, "permission_denied");
    call("/functions/billing-nothing/invoke").await.problem(404, "not_found");
    let request = server.request("POST", "/functions/billing-a/invoke").bearer_auth(&narrow);
    server
        .send(request.header("x-nova-namespace", "staging").body("{}"))
        .await
        .problem(403, "permission_denied");
    server
        .send(server.request("GET", "/functions").bearer_auth(&narrow))
        .await
        .problem(403, "permission_denied");
}

#[tokio::test]
async fn a_scope_that_does_not_exist_is_refused_and_dev_makes_it() {
    let guarded = Server::guarded().await;
    let admin = key(&guarded, None, role::SUPERADMIN, None).await.0;
    let body = serde_json::json!({"name": "f", "runtime": "python", "handler": "main.handler", "code": "v1"});
    let request = guarded.request("POST", "/functions").bearer_auth(&admin).header("x-nova-tenant", "new");
    guarded.send(request.json(&body)).await.problem(404, "not_found");
    let dev = Server::start().await;
    let request =
        dev.request("POST", "/functions").header("x-nova-tenant", "new").header("x-nova-namespace", "n");
    dev.send(request.json(&body)).await.good(201);
    let scope = Scope { tenant: tenant("new"), namespace: NamespaceName::new("n").expect("valid") };
    dev.access.namespace(&scope).await.expect("made on the way");
    dev.send(dev.request("DELETE", "/tenants/new")).await.problem(409, "conflict");
    dev.send(dev.request("DELETE", "/tenants/default")).await.problem(409, "conflict");
}
