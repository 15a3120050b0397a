//! Quotas with the real binary: refused calls, and counts after a kill in the middle.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::Server;

const SLOW: &str = "import time\ndef handler(e, c):\n    time.sleep(e.get('s', 0))\n    return 'ok'\n";

fn used(server: &Server, kind: &str) -> u64 {
    let items: Value = serde_json::from_str(&server.nova_ok(&["quota", "show", "-o", "json"])).unwrap();
    let item = items.as_array().unwrap().iter().find(|item| item["quota"] == kind).unwrap();
    item["used"].as_u64().unwrap_or_else(|| panic!("{kind} is not counted: {item}"))
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn counts_are_right_after_a_kill_in_the_middle_of_calls() {
    let mut server = Server::start(&["--set", "isolation.orphan_grace_s=1"]);
    server.create("slow", "python", Some("main.handler"), SLOW, "\"timeout_s\": 60");
    assert_eq!(server.invoke("slow", "{}").1["output"], "ok");
    let shown = server.nova_ok(&["quota", "set", "concurrency", "--hard", "2"]);
    assert!(shown.contains("concurrency"), "{shown}");
    server.nova_ok(&["quota", "set", "invocations", "--hard", "6", "--soft", "5", "--window", "1d"]);
    server.nova_ok(&["quota", "set", "memory_mb", "--hard", "300"]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| server.invoke("slow", "{\"s\": 50}"));
        }
        eventually("two calls run", || used(&server, "concurrency") == 2);
        let (status, refused) = server.invoke("slow", "{}");
        assert_eq!((status, refused["code"].as_str()), (429, Some("resource_exhausted")), "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("`concurrency`"), "{refused}");
        assert_eq!(used(&server, "memory_mb"), 256);
        // Both callers hear that the connection broke.
        crate::server::signal(server.pid(), "KILL");
    });
    server.kill_and_restart();
    // Nobody holds a place or memory any more; what was counted of the window stays.
    assert_eq!((used(&server, "concurrency"), used(&server, "memory_mb")), (0, 0));
    assert_eq!(used(&server, "invocations"), 2);
    for _ in 0..2 {
        let (status, answer) = server.invoke("slow", "{}");
        assert_eq!((status, answer["output"].as_str()), (200, Some("ok")), "{answer}");
    }
    let curl = |path: &str| {
        std::process::Command::new("curl")
            .args(["-s", "-D", "-", "-H", "Content-Type: application/json", "-d", "{}"])
            .arg(format!("{}{path}", server.url()))
            .output()
            .unwrap()
    };
    let answer = String::from_utf8_lossy(&curl("/functions/slow/invoke").stdout).to_lowercase();
    assert!(answer.contains("nova-quota-warning: invocations;used=5;soft=5;hard=6"), "{answer}");
    assert_eq!(server.invoke("slow", "{}").0, 200);
    let refused = String::from_utf8_lossy(&curl("/functions/slow/invoke").stdout).to_lowercase();
    assert!(refused.starts_with("http/1.1 429") && refused.contains("retry-after: "), "{refused}");
    assert!(refused.contains("quota.invocations") && refused.contains("limit 6, used 6"), "{refused}");
    let stream = server.post("/functions/slow/invoke-stream", "{}");
    assert_eq!(stream.0, 429, "there is no second door: {}", stream.1);

    let metrics = server.get("/metrics").1;
    for line in
        ["nova_quota_refused_total{quota=\"invocations\"} 2", "nova_calls_refused_total{reason=\"quota\"} 2"]
    {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    assert!(metrics.contains("nova_quota_soft_reached_total{quota=\"invocations\"} 1"), "{metrics}");
    let table = server.nova_ok(&["quota", "show"]);
    assert!(table.lines().any(|line| line.contains("invocations") && line.contains("used up")), "{table}");
    server.nova_ok(&["quota", "unset", "invocations"]);
    assert_eq!(server.invoke("slow", "{}").0, 200);
    let bad = server.nova(&["quota", "set", "functions", "--hard", "1", "--soft", "2"]);
    assert_eq!(bad.status.code(), Some(3));
}
