//! Keys and sessions over HTTP.

use nova_domain::access::Principal;
use serde_json::{Value, json};

use crate::support::{Reply, Server};

/// The admin key of a fresh server.
async fn admin(server: &Server) -> String {
    server.access.first_key().await.expect("works").expect("the first").secret
}

async fn as_key(server: &Server, key: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
    let mut request = server.request(method, path).bearer_auth(key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    server.send(request).await
}

/// The cookie of an answer, `name=value`.
fn cookie(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_first_key_is_made_once_and_may_do_everything() {
    let server = Server::guarded().await;
    let key = admin(&server).await;
    assert!(server.access.first_key().await.expect("works").is_none());
    let me = as_key(&server, &key, "GET", "/auth/me", None).await.good(200);
    assert_eq!(me["superadmin"], true);
    assert_eq!((&me["tenant"], &me["dev"]), (&json!("default"), &json!(false)));
    let reset = server.access.reset_admin_key().await.expect("made");
    as_key(&server, &key, "GET", "/auth/me", None).await.problem(401, "unauthenticated");
    as_key(&server, &reset.secret, "GET", "/auth/me", None).await.good(200);
    // The same key by the other header, and never both.
    server.send(server.request("GET", "/auth/me").header("x-api-key", &reset.secret)).await.good(200);
    let both =
        server.request("GET", "/auth/me").header("x-api-key", &reset.secret).bearer_auth(&reset.secret);
    server.send(both).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_key_is_shown_once_listed_without_its_secret_and_revoked_at_once() {
    let server = Server::guarded().await;
    let admin = admin(&server).await;
    let body = json!({"name": "ci", "roles": [{"role": "operator"}], "expires_in_s": 3600});
    let made = as_key(&server, &admin, "POST", "/keys", Some(body)).await;
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.good(201);
    let (secret, id) = (made["secret"].as_str().expect("shown"), made["key"]["id"].as_str().expect("id"));
    assert!(secret.starts_with(made["key"]["prefix"].as_str().expect("prefix")));
    as_key(&server, secret, "GET", "/functions", None).await.good(200);
    server.access.flush().await;
    let shown = as_key(&server, &admin, "GET", &format!("/keys/{id}"), None).await;
    assert!(!String::from_utf8_lossy(&shown.body).contains(secret));
    let shown = shown.good(200);
    assert!(shown["last_used_at"].is_string(), "{shown}");
    assert_eq!(shown["roles"][0]["role"], "operator");
    let list = as_key(&server, &admin, "GET", "/keys", None).await.good(200);
    assert_eq!(list["items"].as_array().expect("items").len(), 1);
    as_key(&server, &admin, "DELETE", &format!("/keys/{id}"), None).await;
    as_key(&server, secret, "GET", "/functions", None).await.problem(401, "unauthenticated");
    for bad in [
        json!({"name": "x"}),
        json!({"name": "x", "roles": [{"role": "no such"}]}),
        json!({"name": "x", "roles": [{"role": "nothing"}]}),
        json!({"name": "x", "roles": [{"role": "superadmin"}]}),
        json!({"name": "x", "roles": [{"role": "viewer", "resources": "a*b"}]}),
        json!({"name": "x", "roles": [{"role": "viewer"}], "expires_in_s": 0}),
        json!({"name": "a\u{0}b", "roles": [{"role": "viewer"}]}),
        json!({"name": "x".repeat(200), "roles": [{"role": "viewer"}]}),
    ] {
        as_key(&server, &admin, "POST", "/keys", Some(bad)).await.problem(400, "invalid_argument");
    }
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_more_than_they() {
    let server = Server::guarded().await;
    let root = admin(&server).await;
    let key = async |by: &str, role: &str, server_key: bool| {
        let body = json!({"name": role, "roles": [{"role": role}], "server": server_key});
        as_key(&server, by, "POST", "/keys", Some(body)).await
    };
    let tenant_admin =
        key(&root, "admin", false).await.good(201)["secret"].as_str().expect("shown").to_owned();
    key(&tenant_admin, "operator", false).await.good(201);
    key(&tenant_admin, "owner", false).await.problem(403, "permission_denied");
    key(&tenant_admin, "viewer", true).await.problem(403, "permission_denied");
    let role = json!({"name": "sly", "permissions": ["tenant:delete"]});
    as_key(&server, &tenant_admin, "POST", "/roles", Some(role)).await.problem(403, "permission_denied");
    let role = json!({"name": "sly", "permissions": ["tenant:create"]});
    as_key(&server, &root, "POST", "/roles", Some(role)).await.problem(400, "invalid_argument");
    let role = json!({"name": "viewer", "permissions": ["log:read"]});
    as_key(&server, &root, "POST", "/roles", Some(role)).await.problem(409, "already_exists");
}

#[tokio::test]
async fn a_session_opens_only_to_pages_of_the_server() {
    let server = Server::guarded().await;
    let key = admin(&server).await;
    let own = format!("http://{}", server.address);
    let sign_in = server.request("POST", "/auth/sign-in").header("origin", &own).json(&json!({"key": key}));
    let reply = server.send(sign_in).await;
    let attributes = reply.header("set-cookie").to_owned();
    for wanted in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(attributes.contains(wanted), "{attributes}");
    }
    let cookie = cookie(&reply);
    reply.good(200);
    let ask = async |pairs: &[(&str, &str)]| {
        let mut request = server.request("GET", "/auth/me").header("cookie", &cookie);
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        server.send(request).await
    };
    for good in
        [&[("origin", own.as_str())][..], &[("sec-fetch-site", "same-origin")], &[("x-nova-console", "1")]]
    {
        ask(good).await.good(200);
    }
    for bad in [
        &[][..],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("sec-fetch-site", "same-site")],
    ] {
        ask(bad).await.problem(401, "unauthenticated");
    }
    let foreign = server.request("POST", "/auth/sign-in").header("origin", "http://evil.example");
    server.send(foreign.json(&json!({"key": key}))).await.problem(403, "permission_denied");
    // A page on another port can plant cookies: what opens nothing shuts nobody out, and a second session
    // that is one is not believed, whichever comes first.
    let with = async |cookies: String| {
        let request = server.request("GET", "/auth/me").header("origin", &own).header("cookie", cookies);
        server.send(request).await
    };
    with(format!("nova_session=novas_planted; {cookie}; nova_session=")).await.good(200);
    with("nova_session=novas_planted".to_owned()).await.problem(401, "unauthenticated");
    let other = server.request("POST", "/auth/sign-in").header("origin", &own).json(&json!({"key": key}));
    let other = crate::access::cookie(&server.send(other).await);
    with(format!("{other}; {cookie}")).await.problem(401, "unauthenticated");
    // The secret of a session is no key.
    let secret = cookie.split_once('=').expect("a pair").1;
    as_key(&server, secret, "GET", "/auth/me", None).await.problem(401, "unauthenticated");

    let sessions = server.request("GET", "/auth/sessions").header("cookie", &cookie).header("origin", &own);
    let sessions = server.send(sessions).await.good(200);
    assert_eq!(
        (&sessions["items"][0]["by"], &sessions["items"][0]["current"]),
        (&json!("key"), &json!(true))
    );
    let out = server.request("POST", "/auth/sign-out").header("cookie", &cookie).header("origin", &own);
    let out = server.send(out).await;
    assert!(out.status == 204 && out.header("set-cookie").contains("Max-Age=0"));
    ask(&[("origin", own.as_str())]).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_session_changes_nothing_for_pages_of_elsewhere() {
    let server = Server::guarded().await;
    let key = admin(&server).await;
    let own = format!("http://{}", server.address);
    let sign_in = server.request("POST", "/auth/sign-in").header("origin", &own).json(&json!({"key": key}));
    let cookie = cookie(&server.send(sign_in).await);
    let create = json!({"name": "planted", "runtime": "python", "handler": "main.handler", "code": "v1"});
    let send = async |method: &str, path: &str, pairs: &[(&str, &str)]| {
        let mut request = server.request(method, path).header("cookie", &cookie).json(&create);
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        server.send(request).await
    };
    let port = own.rsplit_once(':').expect("a port").0;
    let neighbour = format!("{port}:1");
    // What browsers send along for forms and scripts of other pages, of this very host too.
    for foreign in [
        &[][..],
        &[("origin", "http://evil.example")],
        &[("origin", "http://evil.example"), ("x-nova-console", "1")],
        &[("origin", &neighbour), ("sec-fetch-site", "same-site")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("x-nova-console", "1")],
        &[("sec-fetch-site", "none"), ("x-nova-console", "1")],
    ] {
        send("POST", "/functions", foreign).await.problem(401, "unauthenticated");
        send("POST", "/auth/sign-out", foreign).await.problem(401, "unauthenticated");
        send("DELETE", "/tenants/default", foreign).await.problem(401, "unauthenticated");
    }
    let mine = [("origin", own.as_str())];
    send("GET", "/functions/planted", &mine).await.problem(404, "not_found");
    send("POST", "/functions", &mine).await.good(201);
}

#[tokio::test]
async fn a_session_ends_with_the_key_that_began_it_and_is_as_narrow() {
    let server = Server::guarded().await;
    let root = admin(&server).await;
    let account = json!({"name": "robot"});
    let account = as_key(&server, &root, "POST", "/service-accounts", Some(account)).await.good(201);
    let bind = json!({"subject": account["subject"], "role": "operator"});
    as_key(&server, &root, "POST", "/bindings", Some(bind)).await.good(201);
    let body = json!({"name": "narrow", "service_account": "robot", "roles": [{"role": "viewer"}]});
    let made = as_key(&server, &root, "POST", "/keys", Some(body)).await.good(201);
    let (secret, id) = (made["secret"].as_str().expect("shown"), made["key"]["id"].as_str().expect("id"));
    let create = json!({"name": "f", "runtime": "python", "handler": "main.handler", "code": "v1"});
    as_key(&server, secret, "GET", "/functions", None).await.good(200);
    as_key(&server, secret, "POST", "/functions", Some(create.clone()))
        .await
        .problem(403, "permission_denied");
    let sign_in = server.request("POST", "/auth/sign-in").json(&json!({"key": secret}));
    let cookie = cookie(&server.send(sign_in).await);
    let with_cookie = |method: &str, path: &str| {
        server.request(method, path).header("cookie", &cookie).header("x-nova-console", "1")
    };
    server.send(with_cookie("GET", "/functions")).await.good(200);
    server.send(with_cookie("POST", "/functions").json(&create)).await.problem(403, "permission_denied");
    // Its narrowing role cannot be taken away, which would widen it.
    let bindings = as_key(&server, &root, "GET", "/bindings", None).await.good(200);
    let narrowing = bindings["items"].as_array().expect("items").iter().find(|item| item["role"] == "viewer");
    let path = format!("/bindings/{}", narrowing.expect("there")["id"].as_str().expect("id"));
    as_key(&server, &root, "DELETE", &path, None).await.problem(409, "conflict");
    as_key(&server, &root, "DELETE", &format!("/keys/{id}"), None).await;
    server.send(with_cookie("GET", "/functions")).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn with_dev_nobody_needs_a_key_and_a_key_still_counts() {
    let server = Server::start().await;
    let me = server.get("/auth/me").await.good(200);
    assert_eq!((&me["kind"], &me["dev"], &me["superadmin"]), (&json!("dev"), &json!(true), &json!(true)));
    let body = json!({"name": "v", "roles": [{"role": "viewer"}]});
    let made = server.send_json("POST", "/keys", &body).await.good(201);
    let viewer = made["secret"].as_str().expect("shown");
    as_key(&server, viewer, "GET", "/functions", None).await.good(200);
    as_key(&server, viewer, "POST", "/keys", Some(body)).await.problem(403, "permission_denied");
    as_key(&server, "nova_wrong", "GET", "/functions", None).await.problem(401, "unauthenticated");
    assert!(Principal::dev().is_superadmin());
}

#[tokio::test]
async fn with_dev_a_planted_session_shuts_nobody_out() {
    let server = Server::start().await;
    let own = server.url("");
    for cookie in ["nova_session=evil", "nova_session=novas_x; nova_session=", "nova_session=evil; a=b"] {
        let request = server.request("GET", "/auth/me").header("origin", own.trim_end_matches('/'));
        let me = server.send(request.header("cookie", cookie)).await.good(200);
        assert_eq!(me["dev"], json!(true), "{cookie}");
    }
}
