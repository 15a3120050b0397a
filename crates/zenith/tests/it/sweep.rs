//! Every endpoint of the table is really there, at both of its paths.

use nova_api::endpoints::{Body, ENDPOINTS, ScopeKind};

use crate::support::Server;

fn filled(path: &str) -> String {
    path.replace("{name}", "nobody")
        .replace("{alias}", "live")
        .replace("{id}", "01ABC")
        .replace("{version}", "1")
        .replace("{v1}", "1")
        .replace("{v2}", "2")
}

#[tokio::test]
async fn every_endpoint_answers_and_never_with_a_missing_route() {
    let server = Server::start().await;
    for row in ENDPOINTS {
        for prefix in ["", "/v1"] {
            let path = format!("{prefix}{}", filled(row.path));
            let mut request = server.request(row.method.as_str(), &path);
            if matches!(row.request, Body::Json(_) | Body::JsonOrMultipart(_)) {
                request = request.header("content-type", "application/json").body("{}");
            }
            let reply = server.send(request).await;
            let shown = format!("{} {path}: {} {:?}", row.method.as_str(), reply.status, reply.body);
            assert!(!matches!(reply.status, 405 | 500..), "{shown}");
            assert!(!String::from_utf8_lossy(&reply.body).contains("there is nothing at"), "{shown}");
            if reply.status >= 400 {
                let form = if row.is_aws() { "application/json" } else { "application/problem+json" };
                assert_eq!(reply.header("content-type"), form, "{shown}");
                assert_eq!(reply.header("x-amzn-errortype").is_empty(), !row.is_aws(), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn a_bad_scope_is_refused_by_every_endpoint_of_a_namespace() {
    let server = Server::start().await;
    for row in ENDPOINTS.iter().filter(|row| row.scope == ScopeKind::Namespace) {
        for (header, value) in [("x-nova-tenant", "../etc"), ("x-nova-namespace", "")] {
            let request = server.request(row.method.as_str(), &filled(row.path)).header(header, value);
            server.send(request).await.refused(row, 400, "invalid_argument");
        }
    }
}

#[tokio::test]
async fn endpoints_of_a_namespace_see_nothing_of_another_tenant() {
    let server = Server::start().await;
    server.create("mine").await;
    let secret = serde_json::json!({"name": "mine", "value": "hunter22"});
    server.send(server.request("POST", "/secrets").json(&secret)).await.good(201);
    for row in ENDPOINTS.iter().filter(|row| row.scope == ScopeKind::Namespace && row.path.contains("{name}"))
    {
        let path = row.path.replace("{name}", "mine");
        let mut request =
            server.request(row.method.as_str(), &filled(&path)).header("x-nova-tenant", "other");
        request = match row.id {
            "update_function" | "update_secret" => request.json(&serde_json::json!({})),
            "create_alias" => request.json(&serde_json::json!({"name": "live", "version": 1})),
            "update_alias" | "promote_alias" | "sign_function_url" => request.json(&serde_json::json!({})),
            "start_rollout" => request.json(&serde_json::json!({"version": 1})),
            "replace_code" => request.json(&serde_json::json!({"code": "x"})),
            "get_file" => request.query(&[("path", "main.py")]),
            _ => request,
        };
        server.send(request).await.refused(row, 404, "not_found");
    }
    server.get("/functions/mine").await.good(200);
    server.get("/secrets/mine").await.good(200);
}
