//! A server without `--dev`: nobody gets in without a key, and the first one is shown once.

use std::time::{Duration, Instant};

use crate::server::{Server, command};

/// The key that the first start printed.
fn first_key(server: &Server) -> String {
    let begun = Instant::now();
    loop {
        let log = server.log();
        if let Some(key) = log.split_whitespace().find(|word| word.starts_with("nova_")) {
            return key.to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "no key was shown:\n{log}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_without_dev_takes_callers_with_a_key_only_and_keeps_it_over_a_kill() {
    let mut server = Server::start_guarded(&[]);
    assert_eq!(server.get("/functions").0, 401);
    assert_eq!(server.get("/health/live").0, 200);
    assert_eq!(server.request("GET", "/functions", &["Authorization: Bearer nova_wrong"], b"").0, 401);
    let key = first_key(&server);
    let bearer = format!("Authorization: Bearer {key}");
    assert_eq!(server.request("GET", "/functions", &[&bearer], b"").0, 200);
    server.kill_and_restart();
    assert_eq!(server.request("GET", "/functions", &[&format!("X-Api-Key: {key}")], b"").0, 200);
    assert_eq!(server.log().matches(&key).count(), 1, "it is shown one time");
    // A key for calls only calls.
    let made = server.request(
        "POST",
        "/functions",
        &[&bearer, "Content-Type: application/json"],
        br#"{"name": "mine", "runtime": "python", "handler": "main.handler", "code": "def handler(e, c): return 1"}"#,
    );
    assert_eq!(made.0, 201, "{}", made.1);
    let home = tempfile::tempdir().unwrap();
    let nova = |key: &str, arguments: &[&str]| {
        command(&server.url()).env("NOVA_KEY", key).env("HOME", home.path()).args(arguments).output().unwrap()
    };
    let made = nova(&key, &["key", "create", "caller", "--role", "invoker", "-o", "json"]);
    let text = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(made.status.success(), "{text}{}", String::from_utf8_lossy(&made.stderr));
    let caller: serde_json::Value = serde_json::from_str(&text).unwrap();
    let caller = caller["secret"].as_str().unwrap();
    assert!(nova(caller, &["invoke", "mine"]).status.success());
    let refused = nova(caller, &["fn", "delete", "mine", "--yes"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("permission_denied"));
}
