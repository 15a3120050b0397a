//! Rollouts with several servers over one database: each step is taken once, whoever takes it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::postgres::TestDatabase;
use crate::server::Server;

const STEPS: [u64; 5] = [20, 40, 60, 80, 100];

fn read(server: &Server, path: &str) -> Value {
    let (status, text) = server.get(path);
    assert_eq!(status, 200, "{path}: {text}");
    serde_json::from_str(&text).unwrap()
}

fn change(server: &Server, method: &str, path: &str, body: &Value) {
    let headers = ["Content-Type: application/json"];
    let (status, text) = server.request(method, path, &headers, body.to_string().as_bytes());
    assert!((200..300).contains(&status), "{method} {path}: {status} {text}");
}

/// The weights of version 2 that a server says it set by a step.
fn taken_by(server: &Server) -> Vec<u64> {
    let log = server.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let steps = lines.filter(|line| line.to_string().contains("\"message\":\"rollout\""));
    steps.map(|line| line["weight"].as_u64().or_else(|| line["fields"]["weight"].as_u64()).unwrap()).collect()
}

fn wait_for(what: &str, servers: &[&Server], found: impl Fn() -> bool) {
    let begun = Instant::now();
    while !found() {
        let logs = || servers.iter().map(|server| server.log()).collect::<Vec<_>>().join("\n----\n");
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} did not come:\n{}", logs());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn each_step_of_a_rollout_is_taken_once_by_two_servers_also_when_the_one_that_drives_is_killed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(TestDatabase::create());
    let url = database.url();
    let settings = ["--database", &url, "--set", "log.format=json", "--set", "isolation.orphan_grace_s=1"];
    let mut first = Server::start(&settings);
    let mut second = Server::start(&[&settings[..], &["--content-listen", "off"]].concat());

    first.create("shop", "python", Some("main.handler"), "def handler(e, c): return 1\n", "");
    change(&first, "PATCH", "/functions/shop", &json!({"code": "def handler(e, c): return 2\n"}));
    change(&second, "POST", "/functions/shop/aliases", &json!({"name": "live", "version": 1}));
    let plan = json!({"version": 2, "steps": STEPS, "interval_s": 2, "min_calls": 0});
    change(&second, "POST", "/functions/shop/aliases/live/rollout", &plan);

    // Whoever took the second step dies with it.
    wait_for("the second step", &[&first, &second], || {
        taken_by(&first).contains(&STEPS[1]) || taken_by(&second).contains(&STEPS[1])
    });
    let (killed, left) =
        if taken_by(&first).contains(&STEPS[1]) { (&mut first, &second) } else { (&mut second, &first) };
    killed.kill();
    let killed = &*killed;
    let before = taken_by(killed);
    let rollout = || read(left, "/functions/shop/aliases/live/rollout");
    wait_for("the end", &[killed, left], || rollout()["status"] != "running");
    assert_eq!(rollout()["status"], "done");
    assert_eq!(read(left, "/functions/shop/aliases/live")["version"], 2);

    // The log of each says who took what, the audit log what was written: each step once, in order.
    let after = taken_by(left);
    assert!(!after.is_empty() && after.contains(&100), "{before:?} {after:?}");
    let mut both = [before.clone(), after].concat();
    both.sort_unstable();
    let mut expected = STEPS[1..].to_vec();
    expected.push(100); // it is done
    assert_eq!(both, expected, "killed after {before:?}");
    let page = read(left, "/audit?limit=100");
    let entries = page["items"].as_array().unwrap().iter().rev();
    let of_alias = entries.filter(|entry| entry["resource"]["kind"] == "alias");
    let weights: Vec<u64> = of_alias.filter_map(|entry| entry["after"]["weights"]["2"].as_u64()).collect();
    assert_eq!(weights, [&STEPS[..], &[100]].concat(), "{page:#}");
    drop((first, second));
    runtime.block_on(database.remove());
}
