//! Versions, changes and rolling back.

use crate::server::shared;

#[test]
fn a_version_is_immutable_and_calling_it_runs_its_code() {
    let server = shared();
    server.create("ver", "python", Some("main.handler"), "def handler(e, c):\n    return 'one'\n", "");
    assert_eq!(server.invoke("ver", "{}").1["output"], "one");
    let body = "{\"code\": \"def handler(e, c):\\n    return 'two'\\n\"}";
    let (status, text) =
        server.request("PUT", "/functions/ver/code", &["Content-Type: application/json"], body.as_bytes());
    assert_eq!(status, 200, "{text}");
    assert_eq!(server.invoke("ver", "{}").1["output"], "two");
    let (_, old) = server.post("/functions/ver/invoke?qualifier=1", "{}");
    assert!(old.contains("\"one\"") && old.contains("\"version\":1"), "{old}");
    assert!(server.nova_ok(&["fn", "rollback", "ver"]).contains("version 1"));
    assert_eq!(server.invoke("ver", "{}").1["output"], "one");
    let (status, text) = server.post("/functions/ver/invoke?qualifier=9", "{}");
    assert_eq!(status, 404, "{text}");
    let table = server.nova_ok(&["fn", "versions", "ver"]);
    assert!(table.contains("active"), "{table}");
    let diff = server.nova_ok(&["fn", "diff", "ver", "1", "2"]);
    assert!(diff.contains("main.py"), "{diff}");
}

#[test]
fn what_does_not_decide_behaviour_makes_no_version() {
    let server = shared();
    server.create("same", "python", Some("main.handler"), "def handler(e, c):\n    return 1\n", "");
    let patch = |body: &str| {
        let (status, text) =
            server.request("PATCH", "/functions/same", &["Content-Type: application/json"], body.as_bytes());
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    assert_eq!(
        patch("{\"description\": \"x\", \"tags\": {\"a\": \"b\"}, \"max_replicas\": 3}")["version"],
        1
    );
    assert_eq!(patch("{\"memory_mb\": 128}")["version"], 1);
    let changed = patch("{\"memory_mb\": 256}");
    assert_eq!((changed["version"].as_u64(), changed["memory_mb"].as_u64()), (Some(2), Some(256)));
    assert_eq!(patch("{\"memory_mb\": null}")["memory_mb"], 128);
    let (status, text) = server.request(
        "PATCH",
        "/functions/same",
        &["Content-Type: application/json"],
        b"{\"timeout_s\": 0}",
    );
    assert_eq!(status, 400, "{text}");
}

#[test]
fn environment_and_context_reach_the_function() {
    let server = shared();
    let code = "import os\ndef handler(e, c):\n    return [os.environ['A'], os.environ['NOVA_FUNCTION_NAME'], c.function_version, c.memory_limit_in_mb, c.get_remaining_time_in_millis() > 0, c.aws_request_id]\n";
    server.create("ctx", "python", Some("main.handler"), code, "\"env_vars\": {\"A\": \"b c\"}");
    let (_, answer) = server.invoke("ctx", "{}");
    let output = answer["output"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!((output[0].as_str(), output[1].as_str()), (Some("b c"), Some("ctx")));
    assert_eq!(output[5], answer["request_id"]);
}

#[test]
fn a_deploy_of_changed_code_and_settings_makes_one_version() {
    let server = shared();
    let dir = tempfile::tempdir().unwrap();
    let project = dir.path().join("project");
    let folder = project.display().to_string();
    server.nova_ok(&["init", "python", "one-step", "--folder", &folder]);
    server.nova_ok(&["deploy", &folder]);
    let manifest = std::fs::read_to_string(project.join("nova.yaml")).unwrap();
    std::fs::write(project.join("nova.yaml"), manifest.replace("memory_mb: 128", "memory_mb: 192")).unwrap();
    std::fs::write(project.join("main.py"), "def handler(e, c):\n    return 'second'\n").unwrap();
    let said = server.nova_ok(&["deploy", &folder]);
    assert!(said.contains("changed: version 2"), "{said}");
    let view: serde_json::Value =
        serde_json::from_str(&server.nova_ok(&["fn", "show", "one-step", "-o", "json"])).unwrap();
    assert_eq!((view["latest_version"].as_u64(), view["memory_mb"].as_u64()), (Some(2), Some(192)), "{view}");
    assert_eq!(server.invoke("one-step", "{}").1["output"], "second");
    // Code that does not fit its settings changes neither.
    std::fs::remove_file(project.join("main.py")).unwrap();
    std::fs::write(project.join("other.py"), "").unwrap();
    assert!(!server.nova(&["deploy", &folder]).status.success());
    assert_eq!(server.invoke("one-step", "{}").1["version"], 2);
}
