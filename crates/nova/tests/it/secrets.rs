//! Secrets, end to end: a value goes into the sandbox of a function that was granted it, and
//! nowhere else.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::server::{self, Server};

const SHOW: &str = "import os\ndef handler(e, c):\n    return os.environ['KEY'][::-1]\n";

/// A value that is found nowhere by chance.
fn canary(number: u32) -> String {
    format!("canary-{number}-{:x}-9f3b7c", std::process::id())
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

/// `nova secret set`, with the value on stdin as a person would give it.
fn set(server: &Server, name: &str, value: &str, more: &[&str]) {
    let mut child = server::command(&server.url())
        .args(["secret", "set", name])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{value}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(!told.contains(value), "the command shows the value");
}

fn create(server: &Server, name: &str, secret: &str, code: &str) {
    let env = format!("\"env_vars\": {{\"KEY\": \"$SECRET:{secret}\"}}");
    server.create(name, "python", Some("main.handler"), code, &env);
}

/// Files below `dir` that hold `needle`.
fn files_with(dir: &Path, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(dir) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files_with(&path, needle));
        } else if std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(needle.len()).any(|part| part == needle.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_granted_function_has_the_value_and_others_are_told_how_to_get_it() {
    let server = server::shared();
    let value = canary(1);
    set(server, "granted", &value, &["--function", "reads-granted"]);
    create(server, "reads-granted", "granted", SHOW);
    create(server, "not-granted", "granted", SHOW);
    create(server, "no-such", "nothing-of-that-name", SHOW);
    assert_eq!(server.invoke("reads-granted", "{}").1["output"], reversed(&value));
    for name in ["not-granted", "no-such"] {
        let (status, answer) = server.invoke(name, "{}");
        assert_eq!((status, &answer["code"]), (409, &"secret_unavailable".into()), "{answer}");
        let told = answer["detail"].as_str().unwrap();
        assert!(told.contains("nova secret grant") && told.contains(name), "{told}");
    }
    server.nova_ok(&["secret", "grant", "granted", "not-*"]);
    assert_eq!(server.invoke("not-granted", "{}").1["output"], reversed(&value));
}

#[test]
fn a_new_value_and_a_grant_that_is_taken_back_are_in_force_at_the_next_call() {
    let server = server::shared();
    set(server, "changing", &canary(2), &["--function", "reads-changing"]);
    create(server, "reads-changing", "changing", SHOW);
    for number in 2..5 {
        set(server, "changing", &canary(number), &[]);
        // Warm sandboxes with the old value are there each time.
        for _ in 0..2 {
            assert_eq!(server.invoke("reads-changing", "{}").1["output"], reversed(&canary(number)));
        }
    }
    server.nova_ok(&["secret", "revoke", "changing", "reads-changing"]);
    assert_eq!(server.invoke("reads-changing", "{}").0, 409);
    server.nova_ok(&["secret", "grant", "changing", "reads-changing"]);
    assert_eq!(server.invoke("reads-changing", "{}").0, 200);
    server.nova_ok(&["secret", "delete", "changing"]);
    assert_eq!(server.invoke("reads-changing", "{}").0, 409);
}

#[test]
fn a_value_is_in_no_file_log_answer_or_metric_of_the_server() {
    let mut server = Server::start(&["--set", "log.level=debug"]);
    let (first, second) = (canary(6), canary(7));
    set(&server, "hidden", &first, &["--function", "*"]);
    let loud = "import os, sys\ndef handler(e, c):\n    print('I have', os.environ['KEY'])\n    \
                print(os.environ['KEY'], file=sys.stderr)\n    \
                if e.get('fail'): raise ValueError('cannot use ' + os.environ['KEY'])\n    return 'quiet'\n";
    create(&server, "loud", "hidden", loud);
    let mut answers = vec![server.invoke("loud", "{}").1.to_string()];
    answers.push(server.invoke("loud", "{\"fail\": true}").1.to_string());
    assert!(answers[1].contains("cannot use [secret hidden]"), "{}", answers[1]);
    set(&server, "hidden", &second, &[]);
    answers.push(server.invoke("loud", "{\"fail\": true}").1.to_string());
    // A bad request that holds a value, and everything that can be asked for.
    let bad = format!("{{\"name\": \"b\", \"value\": \"{first}\", \"extra\": 1}}");
    answers.push(server.post("/secrets", &bad).1);
    let broken = format!("{{\"name\": \"b\", \"value\": \"{first}\"");
    answers.push(server.post("/secrets", &broken).1);
    // Lines are stored in batches, soon after their call.
    let begun = std::time::Instant::now();
    while !server.get("/functions/loud/logs").1.contains("I have [secret hidden]") {
        assert!(begun.elapsed().as_secs() < 15, "{}", server.get("/functions/loud/logs").1);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    for path in [
        "/secrets",
        "/secrets/hidden",
        "/functions",
        "/functions/loud",
        "/functions/loud/code",
        "/functions/loud/versions",
        "/functions/loud/logs",
        "/runs",
        "/metrics",
        "/health",
    ] {
        let (status, text) = server.get(path);
        assert_eq!(status, 200, "{path}");
        answers.push(text);
    }
    assert_eq!(server.stop(), Some(0));
    for value in [&first, &second] {
        for text in &answers {
            assert!(!text.contains(value.as_str()), "{text}");
        }
        assert!(!server.log().contains(value.as_str()), "the server's log");
        let files = files_with(&server.dir, value);
        assert!(files.is_empty(), "{files:?}");
    }
}

#[test]
fn crashes_leave_no_core_file_with_a_value() {
    use std::os::unix::process::ExitStatusExt as _;
    crate::server::allow_core_files();
    let mut server = Server::start(&[]);
    let value = canary(10);
    set(&server, "crashing", &value, &["--function", "*"]);
    let code = "import os, resource\ndef handler(e, c):\n    if e: os.abort()\n    \
                return resource.getrlimit(resource.RLIMIT_CORE)\n";
    create(&server, "crashes", "crashing", code);
    // At 0 a program of the host that takes cores would get one, at 1 nobody does.
    assert_eq!(server.invoke("crashes", "null").1["output"], serde_json::json!([1, 1]));
    let answer = server.invoke("crashes", "1").1;
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("ABRT")), "{answer}");
    assert_eq!(server.invoke("crashes", "null").0, 200, "the server holds the value again");
    let ended = server.abort();
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(libc::SIGABRT), false));
    for folder in [&server.dir, &std::env::current_dir().unwrap()] {
        assert_eq!(files_with(folder, &value), Vec::<String>::new());
    }
}

#[test]
fn a_new_master_key_seals_everything_again_and_survives_a_kill() {
    let mut server = Server::start(&[]);
    let value = canary(8);
    set(&server, "kept", &value, &["--function", "*"]);
    create(&server, "reads-kept", "kept", SHOW);
    let key_file = server.dir.join("d/master.key");
    let before = std::fs::read_to_string(&key_file).unwrap();
    let told = server.nova_ok(&["secret", "rotate-key", "-o", "json"]);
    assert!(told.contains("\"resealed\": 1"), "{told}");
    let after = std::fs::read_to_string(&key_file).unwrap();
    let keys = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    assert_ne!(before, after);
    assert_eq!(keys(&after), 1, "the old key is gone");
    server.kill_and_restart();
    assert_eq!(server.invoke("reads-kept", "{}").1["output"], reversed(&value));
    // As a kill between the new key and the sealing leaves it: both keys, sealed with the older.
    let older = after.lines().last().unwrap();
    std::fs::write(&key_file, format!("{}\n{older}\n", "5a".repeat(32))).unwrap();
    server.kill_and_restart();
    assert_eq!(server.invoke("reads-kept", "{}").1["output"], reversed(&value));
    std::fs::write(&key_file, format!("{}\n", "5a".repeat(32))).unwrap();
    server.kill_and_restart();
    assert_eq!(server.invoke("reads-kept", "{}").1["output"], reversed(&value), "it was sealed again");
    // Without its key the secret is told to be unreadable, and everything else works.
    std::fs::write(&key_file, format!("{}\n", "a5".repeat(32))).unwrap();
    server.kill_and_restart();
    let (status, answer) = server.invoke("reads-kept", "{}");
    assert_eq!(status, 503, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("master keys"), "{answer}");
    set(&server, "kept", &value, &[]);
    assert_eq!(server.invoke("reads-kept", "{}").1["output"], reversed(&value));
}

#[test]
fn bad_secrets_are_refused_with_the_field_and_without_the_value() {
    let server = server::shared();
    let value = canary(9);
    for (body, field) in [
        (format!("{{\"name\": \"a b\", \"value\": \"{value}\"}}"), "secret name"),
        ("{\"name\": \"empty\", \"value\": \"\"}".to_owned(), "value"),
        (format!("{{\"name\": \"g\", \"value\": \"{value}\", \"functions\": [\"a*b\"]}}"), "functions"),
        (format!("{{\"name\": \"long\", \"value\": \"{}\"}}", "x".repeat(40_000)), "32768"),
    ] {
        let (status, answer) = server.post("/secrets", &body);
        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains(field) && !answer.contains(&value), "{answer}");
    }
    let env = "{\"name\": \"bad-ref\", \"runtime\": \"python\", \"code\": \"1\", \
               \"env_vars\": {\"K\": \"$SECRET:a b\"}}";
    let (status, answer) = server.post("/functions", env);
    assert_eq!(status, 400, "{answer}");
    assert!(answer.contains("env_vars.K"), "{answer}");
}
