//! Runtime `provided` with programs that AWS wrote: `awslambdaric` of PyPI, the crate
//! `lambda_runtime`, and `aws-lambda-ric` of npm. Only the handlers are the tests' own
//! (`tests/programs`). What is built is kept in the target folder for the next run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::server::{Server, shared};
use crate::stream::{Ended, events};

fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{told}", output.status);
}

/// A folder below the target folder that `make` filled once; a half-filled one is none.
fn kept(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !folder.exists() {
        let new = folder.with_extension(format!("new{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&new);
        std::fs::create_dir_all(&new).unwrap();
        make(&new);
        // Another run may have been faster.
        let _ = std::fs::rename(&new, &folder);
        let _ = std::fs::remove_dir_all(&new);
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    run(Command::new("cp").arg("-rT").args([from, to]));
}

/// Deploys a folder of these parts (where from, where to) as a function of `provided`.
fn deploy(server: &Server, name: &str, handler: &str, parts: &[(&Path, &str)]) {
    let dir = tempfile::tempdir().unwrap();
    for (from, to) in parts {
        copy(from, &dir.path().join(to));
    }
    let yaml = format!(
        "name: {name}\nruntime: provided.al2023\nhandler: {handler}\ntimeout_s: 20\nmemory_mb: 256\nmax_replicas: 1\n"
    );
    std::fs::write(dir.path().join("nova.yaml"), yaml).unwrap();
    server.nova_ok(&["deploy", dir.path().to_str().unwrap()]);
}

fn python(server: &Server, name: &str) {
    const WANTED: &str = "awslambdaric==4.2.2";
    let packages = kept(&WANTED.replace("==", "-"), |folder| {
        run(Command::new("/usr/bin/python3")
            .args(["-m", "pip", "install", "-q", "--no-compile", "--root-user-action=ignore", "--target"])
            .arg(folder)
            .arg(WANTED));
    });
    deploy(server, name, "app.handler", &[(&programs().join("lambda-python"), ""), (&packages, "packages")]);
}

fn rust(server: &Server, name: &str) {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    // Cargo knows best what is to be built again.
    let program = BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lambda-rust");
        run(Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--quiet", "--target-dir"])
            .arg(&target)
            .current_dir(programs().join("lambda-rust")));
        target.join("release/bootstrap")
    });
    deploy(server, name, "unused", &[(program, "bootstrap")]);
}

fn node(server: &Server, name: &str, handler: &str) {
    // The last one that runs on Debian 12's Node.js: later ones want 22, and npm takes them all the same.
    const WANTED: &str = "aws-lambda-ric@3.3.0";
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    // 2 to 3 minutes, once: it compiles curl and its own client.
    let installed = {
        let _one = LOCK.lock().unwrap();
        kept(&WANTED.replace('@', "-"), |folder| {
            std::fs::write(folder.join("package.json"), "{\"private\": true}").unwrap();
            // Headers that the system has are not fetched again.
            let mut command = Command::new("npm");
            command.args(["install", "--no-audit", "--no-fund", "--no-progress", WANTED]);
            if Path::new("/usr/include/node/node.h").exists() {
                command.env("npm_config_nodedir", "/usr");
            }
            run(command.current_dir(folder));
        })
    };
    // What it is built with is not needed to run it, and is more than a function may have.
    let modules = installed.join("node_modules");
    let of_ric = |part: &str| modules.join("aws-lambda-ric").join(part);
    let (bin, dist, about) = (of_ric("bin"), of_ric("dist"), of_ric("package.json"));
    let program = programs().join("lambda-node");
    let mut parts: Vec<(&Path, &str)> = vec![
        (&program, ""),
        (&bin, "node_modules/aws-lambda-ric/bin"),
        (&dist, "node_modules/aws-lambda-ric/dist"),
        (&about, "node_modules/aws-lambda-ric/package.json"),
    ];
    let aws = modules.join("@aws");
    if aws.exists() {
        parts.push((&aws, "node_modules/@aws"));
    }
    deploy(server, name, handler, &parts);
}

fn output(server: &Server, name: &str, event: &str) -> Value {
    let (status, answer) = server.invoke(name, event);
    assert_eq!((status, &answer["error"]), (200, &Value::Null), "{answer}\n{}", server.log());
    answer["output"].clone()
}

fn error(server: &Server, name: &str, event: &str) -> Value {
    let (status, answer) = server.invoke(name, event);
    assert_eq!(status, 200, "{answer}");
    assert!(answer["error"].is_object(), "{answer}");
    answer["error"].clone()
}

/// What the context of every client must hold.
fn check_context(output: &Value, name: &str) {
    assert_eq!(output["name"], name, "{output}");
    assert!(output["arn"].as_str().unwrap().ends_with(&format!(":function:{name}:1")), "{output}");
    assert_eq!(output["memory"].to_string().trim_matches('"'), "256", "{output}");
    let left = output["left_ms"].as_u64().unwrap();
    assert!(0 < left && left <= 20_000, "{output}");
    assert!(!output["request_id"].as_str().unwrap().is_empty(), "{output}");
}

fn lines_of(server: &Server, name: &str, wanted: &str) {
    let begun = std::time::Instant::now();
    loop {
        let text = server.nova_ok(&["logs", name]);
        if text.contains(wanted) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "no {wanted:?} in:\n{text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_handler_on_pythons_awslambdaric_answers_fails_ends_and_goes_on() {
    let server = shared();
    python(server, "ric-python");
    let first = output(server, "ric-python", "{\"text\": \"\u{e9}\u{4e2d}\"}");
    assert_eq!((&first["count"], &first["event"]["text"]), (&1.into(), &"\u{e9}\u{4e2d}".into()));
    check_context(&first, "ric-python");
    assert!(first["trace"].as_str().unwrap().starts_with("Root=1-"), "{first}");
    assert_eq!(output(server, "ric-python", "{}")["count"], 2);
    let error_of = |event| error(server, "ric-python", event);
    let failed = error_of("{\"do\": \"fail\"}");
    assert_eq!(
        (failed["kind"].as_str(), failed["type"].as_str()),
        (Some("error"), Some("Refused")),
        "{failed}"
    );
    assert_eq!(failed["message"], "as asked");
    assert!(failed["stack"].to_string().contains("app.py"), "{failed}");
    // The process outlives an exception, and not its own end.
    assert_eq!(output(server, "ric-python", "{}")["count"], 4);
    let ended = error_of("{\"do\": \"exit\"}");
    assert_eq!((ended["kind"].as_str(), ended["exit_code"].as_i64()), (Some("exit"), Some(3)), "{ended}");
    assert_eq!(output(server, "ric-python", "{}")["count"], 1);
    lines_of(server, "ric-python", "call 4");
}

#[test]
fn large_answers_of_awslambdaric_are_taken_up_to_the_limit_and_refused_above_it() {
    let server = shared();
    python(server, "ric-large");
    let size = 6 * 1024 * 1024 - 2;
    let large = |size: usize| format!("{{\"do\": \"large\", \"size\": {size}}}");
    assert_eq!(output(server, "ric-large", &large(size)).as_str().map(str::len), Some(size));
    let (status, answer) = server.invoke("ric-large", &large(size + 1));
    assert_eq!((status, answer["code"].as_str()), (413, Some("response_too_large")), "{answer}");
    assert_eq!(output(server, "ric-large", "{}")["name"], "ric-large");
}

#[test]
fn a_program_on_the_crate_lambda_runtime_answers_fails_panics_and_goes_on() {
    let server = shared();
    rust(server, "ric-rust");
    let first = output(server, "ric-rust", "{\"n\": [1, 2.5]}");
    assert_eq!(first["event"], serde_json::json!({"n": [1, 2.5]}));
    check_context(&first, "ric-rust");
    for (what, kind) in [("fail", "as asked"), ("panic", "as asked")] {
        let failed = error(server, "ric-rust", &format!("{{\"do\": \"{what}\"}}"));
        assert_eq!(failed["kind"], "error", "{failed}");
        assert!(failed["message"].as_str().unwrap().contains(kind), "{failed}");
    }
    check_context(&output(server, "ric-rust", "{}"), "ric-rust");
    lines_of(server, "ric-rust", "asked to \"panic\"");
}

#[test]
fn a_stream_of_the_crate_lambda_runtime_comes_chunk_by_chunk() {
    let server = shared();
    rust(server, "ric-rust-stream");
    for _ in 0..2 {
        let stream = events(server, "ric-rust-stream", "{\"do\": \"stream\", \"count\": 4}");
        assert!(matches!(&stream.ended, Ended::Done(done) if done["error"].is_null()), "{stream:?}");
        // Its client says status and headers first, as for a function URL of AWS.
        let (prelude, body) = split_prelude(&stream.bytes());
        assert_eq!(
            (&prelude["statusCode"], &prelude["headers"]["content-type"]),
            (&200.into(), &"text/plain".into())
        );
        assert_eq!(body, "chunk 0\nchunk 1\nchunk 2\nchunk 3\n");
        stream.came_over(Duration::from_millis(150));
    }
    // A caller who wants no stream gets the whole.
    let whole = output(server, "ric-rust-stream", "{\"do\": \"stream\", \"count\": 2}");
    assert!(whole.as_str().unwrap().ends_with("chunk 0\nchunk 1\n"), "{whole}");
    // And a plain answer reaches a caller who wants a stream.
    let plain = events(server, "ric-rust-stream", "{}");
    let (done, bytes) = (&plain.ended, plain.bytes());
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_else(|_| match done {
        Ended::Done(done) => done["output"].clone(),
        other => panic!("{other:?}"),
    });
    assert_eq!(answer["name"], "ric-rust-stream", "{plain:?}");
}

#[test]
fn handlers_on_nodes_aws_lambda_ric_answer_fail_and_stream() {
    let server = shared();
    node(server, "ric-node", "app.handler");
    let first = output(server, "ric-node", "{\"text\": \"\u{4e2d}\"}");
    assert_eq!((&first["count"], &first["event"]["text"]), (&1.into(), &"\u{4e2d}".into()), "{first}");
    check_context(&first, "ric-node");
    let failed = error(server, "ric-node", "{\"do\": \"fail\"}");
    assert_eq!(
        (failed["kind"].as_str(), failed["type"].as_str()),
        (Some("error"), Some("Refused")),
        "{failed}"
    );
    assert_eq!(output(server, "ric-node", "{}")["count"], 3);
    lines_of(server, "ric-node", "call");

    node(server, "ric-node-stream", "app.stream");
    let stream = events(server, "ric-node-stream", "{}");
    assert_eq!(String::from_utf8(stream.bytes()).unwrap(), "chunk 0\nchunk 1\nchunk 2\n");
    assert!(matches!(&stream.ended, Ended::Done(done) if done["error"].is_null()), "{stream:?}");
    stream.came_over(Duration::from_millis(100));
    for (fail, bytes) in [("first", ""), ("later", "chunk 0\n")] {
        let stream = events(server, "ric-node-stream", &format!("{{\"fail\": \"{fail}\"}}"));
        assert_eq!(String::from_utf8(stream.bytes()).unwrap(), bytes, "{stream:?}");
        assert!(
            matches!(&stream.ended, Ended::Done(done) if done["error"]["kind"] == "error" && done["error"]["type"] == "TypeError"),
            "{stream:?}"
        );
    }
    assert!(matches!(events(server, "ric-node-stream", "{}").ended, Ended::Done(_)));
}

/// Status and headers, 8 zero bytes, and the body.
fn split_prelude(bytes: &[u8]) -> (Value, String) {
    let at = bytes.windows(8).position(|window| window == [0; 8]).expect("a prelude");
    let prelude = serde_json::from_slice(&bytes[..at]).unwrap();
    (prelude, String::from_utf8(bytes[at + 8..].to_vec()).unwrap())
}
