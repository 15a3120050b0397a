//! The examples, and the lines of the specification word for word.

use std::process::Command;

use crate::server::{root, shared};

fn deploy_and_call(name: &str) -> serde_json::Value {
    let server = shared();
    let folder = root().join("examples/functions").join(name);
    server.nova_ok(&["deploy", folder.to_str().unwrap()]);
    let event = format!("@{}", folder.join("event.json").display());
    serde_json::from_str(&server.nova_ok(&["invoke", name, "-d", &event])).unwrap()
}

#[test]
fn the_python_example_answers() {
    assert!(deploy_and_call("hello-python")["message"].as_str().unwrap().starts_with("Hello"));
}

#[test]
fn the_node_example_answers() {
    assert!(deploy_and_call("hello-node")["message"].as_str().unwrap().starts_with("Hello"));
}

#[test]
fn the_ruby_example_answers() {
    assert!(deploy_and_call("hello-ruby")["message"].as_str().unwrap().starts_with("Hello"));
}

#[test]
fn the_go_example_is_built_and_answers() {
    assert!(deploy_and_call("hello-go")["message"].as_str().unwrap().starts_with("Hello"));
}

#[test]
fn the_rust_example_is_built_and_answers() {
    assert!(deploy_and_call("hello-rust").is_object());
}

/// Takes the fenced block after `heading` in the specification's shell and runs it, with
/// only the port changed.
#[test]
fn the_streaming_lines_of_the_specification_work_word_for_word() {
    let server = shared();
    let folder = root().join("examples/functions/stream");
    server.nova_ok(&["deploy", folder.to_str().unwrap()]);
    let line = r#"curl -X POST http://localhost:9000/functions/stream-test/invoke-stream \
  -H "Content-Type: application/json" \
  -d '{}' \
  --no-buffer"#;
    let port = server.address.rsplit(':').next().unwrap();
    let output = Command::new("sh").arg("-c").arg(line.replace("9000", port)).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    // base64 of "Chunk 0\n"
    assert!(text.contains("data: Q2h1bmsgMAo="), "{text}\n{}", server.log());
    assert!(text.contains("event: done"), "{text}");
    let plain = server.nova_ok(&["invoke", "stream-test", "--stream"]);
    assert!(
        plain.starts_with("Chunk 0\nChunk 1\n") && plain.contains("{\"status\": \"complete\"}"),
        "{plain}"
    );
}

#[test]
fn the_streaming_usage_example_of_the_specification_works_word_for_word() {
    let server = shared();
    let folder = root().join("examples/functions/llm-chat");
    server.nova_ok(&["deploy", folder.to_str().unwrap()]);
    let line = r#"curl -X POST http://localhost:9000/functions/llm-chat/invoke-stream \
  -H "Content-Type: application/json" \
  -d '{"prompt": "explain quantum computing"}' \
  --no-buffer"#;
    let port = server.address.rsplit(':').next().unwrap();
    let output = Command::new("sh").arg("-c").arg(line.replace("9000", port)).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.matches("data: ").count() > 3 && text.contains("event: done"), "{text}\n{}", server.log());
}
