//! What functions print, seen while they run and afterwards.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::server::{command, shared};

#[test]
fn a_follower_sees_a_line_before_its_call_has_ended_and_once() {
    let server = shared();
    let code = "import threading\ngo = threading.Event()\ndef handler(e, c):\n    if e.get('go'):\n        \
                go.set()\n        return 'went'\n    print('waiting')\n    return go.wait(25)\n";
    server.create("waits", "python", Some("main.handler"), code, "\"instance_concurrency\": 2");
    let mut follower = command(&server.url())
        .args(["logs", "waits", "--follow", "--tail", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    // The first call is heard whether it is before or after the follower is there.
    let waiting = std::thread::spawn(|| shared().invoke("waits", "{}"));
    let line = lines.next().unwrap().unwrap();
    assert!(line.ends_with("waiting"), "{line}");
    assert!(!waiting.is_finished(), "it waits for the second call");
    assert_eq!(server.invoke("waits", "{\"go\": true}").1["output"], "went");
    assert_eq!(waiting.join().unwrap().1["output"], true);
    assert_eq!(server.invoke("waits", "{}").1["output"], true);
    // The next line is that of the next call: the first did not come again out of the store.
    let next = lines.next().unwrap().unwrap();
    let run = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
    assert!(next.ends_with("waiting") && run(&next) != run(&line), "{line} / {next}");
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn a_call_whose_caller_left_is_recorded_with_what_it_used_and_printed() {
    let server = shared();
    let code = "import time\ndef handler(e, c):\n    print('begun')\n    time.sleep(e.get('seconds', 0))\n";
    server.create("left", "python", Some("main.handler"), code, "");
    server.invoke("left", "{}");
    let mut caller =
        command(&server.url()).args(["invoke", "left", "-d", "{\"seconds\": 20}"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    caller.kill().unwrap();
    caller.wait().unwrap();
    let begun = Instant::now();
    let run = loop {
        let (_, text) = server.get("/functions/left/runs?status=cancelled");
        let page: serde_json::Value = serde_json::from_str(&text).unwrap();
        if let Some(run) = page["items"].as_array().and_then(|runs| runs.first()) {
            break run.clone();
        }
        assert!(begun.elapsed().as_secs() < 20, "{text}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let text = run.to_string();
    let (_, text_logs) = server.get(&format!("/runs/{}/logs", run["id"].as_str().unwrap_or("?")));
    assert!(text_logs.contains("begun"), "{text}\n{text_logs}");
    assert!(run["exec_ms"].as_f64().is_some_and(|ms| ms > 200.0), "{text}");
    assert!(run["memory_peak_bytes"].as_u64().is_some_and(|bytes| bytes > 1 << 20), "{text}");
}
