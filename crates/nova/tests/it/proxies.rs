//! A proxy before the server: its word about clients is taken where the settings name it, and nobody
//! else's.

use serde_json::Value;

use crate::server::Server;

const CODE: &str = "def handler(event, context):\n    return event['sourceIp']\n";

/// Somebody who tries to sign in, and says where from.
fn sign_in(server: &Server, forwarded: &str) -> u16 {
    let claim = format!("X-Forwarded-For: {forwarded}");
    let headers = ["Content-Type: application/json", &claim];
    server.request("POST", "/auth/sign-in", &headers, br#"{"key": "nova_wrong"}"#).0
}

fn addresses_in_audit(server: &Server) -> Vec<String> {
    let (_, text) = server.get("/audit?limit=100");
    let page: Value = serde_json::from_str(&text).unwrap();
    let entries = page["items"].as_array().unwrap().iter();
    entries.filter_map(|entry| entry["address"].as_str().map(str::to_owned)).collect()
}

fn content_port(server: &Server) -> u16 {
    let (_, text) = server.get("/functions/where/url");
    let url: Value = serde_json::from_str(&text).unwrap();
    url["url"].as_str().unwrap().rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap()
}

fn visit(port: u16, forwarded: &str) -> (u16, String) {
    crate::server::request_to(
        &format!("127.0.0.1:{port}"),
        "GET",
        "/fn/where",
        &[&format!("X-Forwarded-For: {forwarded}")],
        b"",
    )
}

#[test]
fn clients_are_told_apart_by_trusted_proxies_only() {
    let limits = ["--set", "access.attempts_per_minute=3", "--set", "content.client_rate=1"];
    for trusted in [false, true] {
        let mut settings = limits.to_vec();
        if trusted {
            settings.extend(["--set", "server.trusted_proxies=127.0.0.0/8"]);
        }
        let server = Server::start(&settings);
        // Another address each time: an attacker's trick, or another client, which only a proxy can tell.
        let tries: Vec<u16> = (1..=6).map(|last| sign_in(&server, &format!("203.0.113.{last}"))).collect();
        assert_eq!(
            tries.iter().filter(|status| **status == 429).count(),
            if trusted { 0 } else { 3 },
            "{tries:?}"
        );
        // What a client writes itself stands left of what the proxy writes, and counts nowhere.
        let tries: Vec<u16> =
            (1..=6).map(|last| sign_in(&server, &format!("6.6.6.{last}, 192.0.2.9"))).collect();
        assert!(tries[3..].iter().all(|status| *status == 429), "{tries:?}");

        let headers = ["Content-Type: application/json", "X-Forwarded-For: 6.6.6.6, 198.51.100.4"];
        let body = format!(
            r#"{{"name": "where", "runtime": "python", "handler": "main.handler", "http": "public", "code": {}}}"#,
            crate::server::quoted(CODE)
        );
        assert_eq!(server.request("POST", "/functions", &headers, body.as_bytes()).0, 201);
        let expected = if trusted { "198.51.100.4" } else { "127.0.0.1" };
        let told = addresses_in_audit(&server);
        assert!(told.iter().any(|address| address == expected), "{told:?}");
        assert!(!told.iter().any(|address| address.starts_with("6.6.6")), "{told:?}");

        let port = content_port(&server);
        let expected = if trusted { "\"192.0.2.7\"" } else { "\"127.0.0.1\"" };
        assert_eq!(visit(port, "6.6.6.6, 192.0.2.7"), (200, expected.to_owned()));
        let seen: Vec<u16> = (0..9).map(|last| visit(port, &format!("192.0.2.{}", 20 + last)).0).collect();
        assert_eq!(seen.contains(&429), !trusted, "{seen:?}");
    }
}

#[test]
fn a_proxy_that_is_no_address_is_refused_at_the_start() {
    let output = crate::server::command("http://x")
        .args(["serve", "--listen", "127.0.0.1:0", "--set", "server.trusted_proxies=proxy.example"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(text.contains("server.trusted_proxies") && text.contains("proxy.example"), "{text}");
}
