//! Stopping, killing and starting again; nothing is left behind.

use std::time::{Duration, Instant};

use crate::server::Server;

const SLEEPY: &str = "import time\ndef handler(e, c):\n    time.sleep(e.get('s', 0))\n    return 'done'\n";

fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !check() {
        assert!(begun.elapsed() < Duration::from_secs(15), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_stop_signal_lets_calls_finish_and_leaves_nothing_behind() {
    let mut server = Server::start(&[]);
    server.create("sleepy", "python", Some("main.handler"), SLEEPY, "");
    let address = server.address.clone();
    let call = std::thread::spawn({
        let url = format!("http://{address}/functions/sleepy/invoke");
        move || std::process::Command::new("curl").args(["-s", "-d", "{\"s\": 2}", &url]).output().unwrap()
    });
    eventually("the call runs", || server.get("/metrics").1.contains("state=\"busy\"} 1"));
    assert_eq!(server.stop(), Some(0), "{}", server.log());
    let answer = String::from_utf8_lossy(&call.join().unwrap().stdout).into_owned();
    assert!(answer.contains("\"done\""), "{answer}\n{}", server.log());
    eventually("no sandbox is left", || server.sandbox_processes().is_empty());
    eventually("no control group is left", || server.cgroups().is_empty());
    assert!(!server.dir.join("d/run/keeper.sock").exists());
}

#[test]
fn a_killed_server_starts_again_with_everything_that_was_acknowledged() {
    let mut server = Server::start(&["--set", "isolation.orphan_grace_s=2"]);
    server.create("kept", "python", Some("main.handler"), SLEEPY, "");
    assert_eq!(server.invoke("kept", "{}").1["output"], "done");
    server.kill_and_restart();
    assert_eq!(server.invoke("kept", "{}").1["output"], "done", "{}", server.log());
    assert_eq!(server.stop(), Some(0));
    eventually("no sandbox is left", || server.sandbox_processes().is_empty());
}

#[test]
fn when_the_server_is_killed_for_good_its_sandboxes_end_by_themselves() {
    let mut server = Server::start(&["--set", "isolation.orphan_grace_s=1"]);
    server.create("orphan", "python", Some("main.handler"), SLEEPY, "");
    assert_eq!(server.invoke("orphan", "{}").1["output"], "done");
    assert!(!server.sandbox_processes().is_empty());
    crate::server::signal(server.pid(), "KILL");
    server.wait(Duration::from_secs(5));
    eventually("no sandbox is left", || server.sandbox_processes().is_empty());
    eventually("no control group is left", || server.cgroups().is_empty());
}

#[test]
fn a_killed_keeper_is_started_again_and_callers_get_typed_answers() {
    let server = Server::start(&[]);
    server.create("victim", "python", Some("main.handler"), SLEEPY, "");
    assert_eq!(server.invoke("victim", "{}").1["output"], "done");
    let keeper = keeper_pid(&server);
    let call = std::thread::spawn({
        let url = format!("http://{}/functions/victim/invoke", server.address);
        move || std::process::Command::new("curl").args(["-s", "-d", "{\"s\": 20}", &url]).output().unwrap()
    });
    eventually("the call runs", || server.get("/metrics").1.contains("state=\"busy\"} 1"));
    crate::server::signal(keeper, "KILL");
    let answer = String::from_utf8_lossy(&call.join().unwrap().stdout).into_owned();
    assert!(answer.contains("sandbox_lost"), "{answer}\n{}", server.log());
    eventually("calls work again", || server.invoke("victim", "{}").1["output"] == "done");
    assert_ne!(keeper_pid(&server), keeper);
}

fn keeper_pid(server: &Server) -> i32 {
    let dir = server.dir.join("d").display().to_string();
    let text = server.nova_ok(&["doctor", "--dev", "--data-dir", &dir, "-o", "json"]);
    let checks: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keeper = checks.as_array().unwrap().iter().find(|one| one["check"] == "keeper").unwrap();
    let detail = keeper["detail"].as_str().unwrap();
    detail
        .strip_prefix("pid ")
        .and_then(|rest| rest.split(',').next()?.parse().ok())
        .unwrap_or_else(|| panic!("{detail}"))
}

#[test]
fn code_is_unpacked_when_it_is_deployed_not_at_the_first_call() {
    let server = Server::start(&[]);
    let trees = || std::fs::read_dir(server.dir.join("d/cache/code")).into_iter().flatten().flatten().count();
    let before = trees();
    server.create("ahead", "python", Some("main.handler"), SLEEPY, "");
    eventually("the code is unpacked", || trees() > before);
}

#[test]
fn other_users_of_the_machine_cannot_read_what_a_server_keeps() {
    use std::os::unix::fs::MetadataExt as _;
    let server = crate::server::shared();
    server.create("private", "python", Some("main.handler"), SLEEPY, "");
    for folder in ["db", "objects", "cache"] {
        let kind = std::fs::metadata(server.dir.join("d").join(folder)).unwrap();
        assert_eq!(kind.mode() & 0o077, 0, "{folder} has mode {:o}", kind.mode());
    }
}

#[test]
fn the_same_server_works_over_postgresql() {
    let url = std::env::var("NOVA_TEST_POSTGRES")
        .expect("NOVA_TEST_POSTGRES must be set: start one with `scripts/postgres start DIR`");
    let server = Server::start(&["--database", &url]);
    server.create("on-postgres", "python", Some("main.handler"), SLEEPY, "");
    assert_eq!(server.invoke("on-postgres", "{}").1["output"], "done", "{}", server.log());
    server.nova_ok(&["fn", "delete", "on-postgres", "--yes"]);
}
