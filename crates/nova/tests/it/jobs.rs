//! Queued calls with the real binary: CLI, crash in the middle, stop in the middle, PostgreSQL.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::Server;

/// Notes each attempt in its log; fails as often as it is told, and takes as long.
const FLAKY: &str = "import time\ndef handler(e, c):\n    print('attempt of', e.get('id'))\n    time.sleep(e.get('s', 0))\n    \
                     if e.get('fail'):\n        raise ValueError('as asked')\n    return {'got': e}\n";

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn order(server: &Server, body: &str) -> String {
    let (status, answer) = server.post("/functions/flaky/invoke-async", body);
    assert_eq!(status, 202, "{answer}");
    let job: Value = serde_json::from_str(&answer).unwrap();
    job["id"].as_str().unwrap().to_owned()
}

fn job(server: &Server, id: &str) -> Value {
    let (status, answer) = server.get(&format!("/async-invocations/{id}"));
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

fn ended(server: &Server, id: &str) -> Value {
    eventually("the job ends", || Some(job(server, id)).filter(|job| !job["ended_at"].is_null()))
}

#[test]
fn a_job_is_ordered_watched_retried_and_deleted_by_the_cli() {
    let server = Server::start(&[]);
    server.create("flaky", "python", Some("main.handler"), FLAKY, "");
    let told = server.nova_ok(&["invoke", "flaky", "--async", "-d", "{\"id\": 1}"]);
    let id = told.lines().next().unwrap().split_whitespace().last().unwrap().to_owned();
    assert!(told.contains(&format!("nova job show {id}")), "{told}");
    let answer = server.nova_ok(&["job", "wait", &id]);
    assert_eq!(answer.trim(), "{\"got\":{\"id\":1}}", "{}", server.log());
    let shown = server.nova_ok(&["job", "show", &id]);
    for part in ["succeeded", "1 of 3", "{\"id\": 1}", "ordered by  dev", "run 01"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let run: Value = serde_json::from_str(&server.nova_ok(&["job", "show", &id, "-o", "json"])).unwrap();
    let run = run["attempts"][0]["run_id"].as_str().unwrap().to_owned();
    let (status, run) = server.get(&format!("/runs/{run}"));
    assert!(status == 200 && run.contains("\"source\":\"queue\""), "{run}");

    // Fails twice, is dead, is retried.
    let fail = [
        "invoke",
        "flaky",
        "--async",
        "-d",
        "{\"fail\": true}",
        "--max-attempts",
        "2",
        "--backoff-base-ms",
        "10",
    ];
    let told: Value = serde_json::from_str(&server.nova_ok(&[&fail[..], &["-o", "json"]].concat())).unwrap();
    let dead = told["id"].as_str().unwrap();
    let waited = server.nova(&["job", "wait", dead]);
    let err = String::from_utf8_lossy(&waited.stderr).into_owned();
    assert_eq!(waited.status.code(), Some(1), "{err}");
    assert!(err.contains("ValueError: as asked") && err.contains("dead (attempts used up)"), "{err}");
    let list = server.nova_ok(&["job", "list", "--status", "dead", "--function", "flaky"]);
    assert!(list.contains(dead) && list.contains("2 of 2") && !list.contains(&id), "{list}");
    assert_eq!(server.nova_ok(&["job", "retry", "--dead", "--function", "flaky"]).trim(), "1 job retried");
    assert_eq!(server.nova(&["job", "wait", dead]).status.code(), Some(1));
    assert_eq!(job(&server, dead)["attempts"].as_array().unwrap().len(), 4);
    server.nova_ok(&["job", "retry", dead]);
    assert_eq!(server.nova(&["job", "wait", dead]).status.code(), Some(1));
    assert_eq!(server.nova(&["job", "delete", dead]).status.code(), Some(5), "it asks");
    server.nova_ok(&["job", "delete", dead, &id, "--yes"]);
    let gone = server.nova(&["job", "show", dead]);
    assert_eq!(gone.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("does not exist"));
    assert_eq!(server.nova_ok(&["job", "list", "-o", "json"]).trim(), "[]");

    // What is wrong is said before anything is queued.
    for (arguments, code, text) in [
        (vec!["invoke", "flaky", "--async", "-d", "{"], 5, "not valid JSON"),
        (vec!["invoke", "nobody", "--async"], 3, "does not exist"),
        (vec!["invoke", "flaky", "--async", "--max-attempts", "99"], 3, "max_attempts"),
        (vec!["invoke", "flaky", "--max-attempts", "2"], 2, "--async"),
        (vec!["invoke", "flaky", "--async", "--stream"], 2, "--stream"),
        (vec!["job", "list", "--status", "lost"], 3, "queued, running, succeeded or dead"),
        (vec!["job", "retry"], 2, "required"),
    ] {
        let output = server.nova(&arguments);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
        assert!(err.contains(text), "{arguments:?}: {err}");
    }
    let metrics = server.get("/metrics").1;
    for line in [
        "nova_jobs_accepted_total 2",
        "nova_job_attempts_total{outcome=\"succeeded\"} 1",
        "nova_job_attempts_total{outcome=\"failed\"} 6",
        "nova_jobs_ended_total{status=\"dead\",reason=\"attempts_used_up\"} 3",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
}

#[test]
fn what_was_accepted_is_done_after_a_kill_in_the_middle_and_the_lost_attempt_is_made_again() {
    let mut server = Server::start(&["--set", "isolation.orphan_grace_s=1"]);
    server.create("flaky", "python", Some("main.handler"), FLAKY, "\"timeout_s\": 60");
    let running = order(&server, "{\"payload\": {\"id\": \"running\", \"s\": 3}}");
    eventually("the attempt runs", || (job(&server, &running)["status"] == "running").then_some(()));
    let waiting: Vec<_> =
        (0..20).map(|n| order(&server, &format!("{{\"payload\": {{\"id\": {n}, \"s\": 1}}}}"))).collect();
    server.kill_and_restart();
    for id in waiting.iter().chain([&running]) {
        assert_eq!(ended(&server, id)["status"], "succeeded", "{}", server.log());
    }
    let done = job(&server, &running);
    let attempts = done["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &done["attempt"]), (2, &Value::from(2)), "{done}");
    assert_eq!(attempts[0]["error"]["type"], "attempt_lost", "{done}");
}

#[test]
fn a_stop_lets_short_attempts_end_and_puts_long_ones_back() {
    let mut server = Server::start(&["--set", "server.drain_s=3"]);
    server.create("flaky", "python", Some("main.handler"), FLAKY, "\"timeout_s\": 60");
    assert_eq!(server.invoke("flaky", "{}").0, 200);
    let short = order(&server, "{\"payload\": {\"s\": 1}}");
    let long = order(&server, "{\"payload\": {\"s\": 12}, \"max_attempts\": 1}");
    for id in [&short, &long] {
        eventually("the attempt runs", || (job(&server, id)["status"] == "running").then_some(()));
    }
    assert_eq!(server.stop(), Some(0), "{}", server.log());
    server.start_again();
    assert_eq!(job(&server, &short)["status"], "succeeded", "{}", server.log());
    let again = ended(&server, &long);
    assert_eq!(
        (&again["status"], &again["attempt"]),
        (&Value::from("succeeded"), &Value::from(1)),
        "{again}"
    );
    assert_eq!(again["attempts"][0]["postponed"], true, "{again}");
}

/// Settings of a bucket of its own, so that both servers find the code.
fn bucket() -> [String; 4] {
    let endpoint =
        std::env::var("NOVA_TEST_S3").expect("NOVA_TEST_S3 is the URL that `scripts/s3 start DIR` prints");
    let name = format!("jobs-{}", crate::server::free_port());
    let url = format!("{endpoint}/{name}");
    let made = std::process::Command::new("curl").args(["-sf", "-X", "PUT", &url]).status().unwrap();
    assert!(made.success(), "{url}");
    [
        format!("objects.s3_endpoint={endpoint}"),
        format!("objects.s3_bucket={name}"),
        "objects.s3_access_key=test".to_owned(),
        "objects.s3_secret_key=test".to_owned(),
    ]
}

#[test]
fn two_servers_over_one_postgresql_make_each_attempt_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(crate::postgres::TestDatabase::create());
    let (url, objects) = (database.url(), bucket());
    let settings: Vec<&str> =
        ["--database", &url].into_iter().chain(objects.iter().flat_map(|set| ["--set", set])).collect();
    let mut first = Server::start(&settings);
    let mut second = Server::start(&settings);
    first.create("flaky", "python", Some("main.handler"), FLAKY, "");
    let jobs: Vec<_> = (0..60)
        .map(|n| {
            order(if n % 2 == 0 { &first } else { &second }, &format!("{{\"payload\": {{\"id\": {n}}}}}"))
        })
        .collect();
    for id in &jobs {
        let done = ended(&second, id);
        assert_eq!(
            (&done["status"], done["attempts"].as_array().unwrap().len()),
            (&Value::from("succeeded"), 1)
        );
    }
    for server in [&mut first, &mut second] {
        assert_eq!(server.stop(), Some(0), "{}", server.log());
    }
    runtime.block_on(database.remove());
}
