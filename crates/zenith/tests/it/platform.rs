//! The server itself over HTTP.

use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn health_shows_every_part_and_fails_with_one() {
    let server = Server::start().await;
    let health = server.get("/health").await.good(200);
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("1.2.3")));
    assert_eq!(health["components"]["store"]["status"], "ok");
    for path in ["/health/live", "/health/ready", "/health/startup"] {
        server.get(path).await.good(200);
    }
    let broken = Err("the database does not answer; look at its log".to_owned());
    server.health.lock().expect("not poisoned").insert("store".to_owned(), broken);
    let health = server.get("/health").await.good(503);
    assert_eq!(
        (&health["status"], &health["components"]["store"]["status"]),
        (&json!("failing"), &json!("failing"))
    );
    assert!(health["components"]["store"]["detail"].as_str().is_some_and(|text| text.contains("database")));
    server.get("/health/ready").await.good(503);
    server.get("/health/live").await.good(200);
    let client = server.client();
    assert_eq!(client.health().await.expect("shown").status, nova_api::v1::HealthStatus::Failing);
    server.health.lock().expect("not poisoned").clear();
    server.app.mark_stopping();
    assert_eq!(server.get("/health/ready").await.good(503)["status"], "not_ready");
}

#[tokio::test]
async fn runtimes_show_what_is_there_and_how_to_get_what_is_not() {
    let server = Server::start().await;
    let list = server.get("/runtimes").await.good(200);
    let row = |name: &str| {
        let items = list["items"].as_array().expect("a list");
        items.iter().find(|row| row["name"] == name).cloned().expect("every runtime has a row")
    };
    assert_eq!(row("python")["installed"][0]["version"], "3.11.2");
    assert_eq!(
        (&row("ruby")["available"], &row("ruby")["install"]),
        (&json!(false), &json!("apt-get install ruby"))
    );
    assert_eq!((&row("go")["kind"], &row("executable")["available"]), (&json!("compiled"), &json!(true)));
}

#[tokio::test]
async fn metrics_and_documents_are_served() {
    let server = Server::start().await;
    let metrics = server.get("/metrics").await;
    assert_eq!((metrics.status, &metrics.body[..]), (200, &b"nova_up 1\n"[..]));
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    let document = server.get("/openapi.json").await;
    assert_eq!(document.good(200)["openapi"], "3.1.0");
    assert_eq!(document.body, nova_api::openapi::v1_json());
}

#[tokio::test]
async fn the_documentation_page_comes_whole_out_of_the_server() {
    let server = Server::start().await;
    let page = server.get("/").await;
    assert_eq!(page.status, 200, "the redirects lead to the page");
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        let reply = server.get(&format!("/docs/{file}")).await;
        assert_eq!(reply.status, 200, "{file}");
        assert!(!reply.body.is_empty(), "{file}");
    }
    let script = server.get("/docs/swagger-initializer.js").await;
    assert!(String::from_utf8_lossy(&script.body).contains("/openapi.json"));
    server.get("/docs/nothing.js").await.problem(404, "not_found");
}
