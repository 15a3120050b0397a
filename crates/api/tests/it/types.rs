//! What the request types take and refuse.

use nova_api::v1::{CreateFunction, FunctionView, InvokeAnswer, Patch, PatchFunction, ReplaceCode};
use serde_json::json;

#[test]
fn a_create_body_with_an_unknown_field_is_refused_by_name() {
    let body = json!({"name": "a", "runtime": "python", "memroy_mb": 128});
    let error = serde_json::from_value::<CreateFunction>(body).expect_err("a typing error");
    assert!(error.to_string().contains("memroy_mb"), "{error}");
}

#[test]
fn files_are_taken_under_their_old_name_too() {
    let body = json!({"name": "a", "runtime": "python", "dependency_files": {"lib.py": "x = 1"}});
    let create: CreateFunction = serde_json::from_value(body).expect("known alias");
    assert_eq!(create.files["lib.py"], "x = 1");
    let replace: ReplaceCode =
        serde_json::from_value(json!({"code": "x", "entry_point": "main.py"})).expect("known alias");
    assert_eq!(replace.entry.as_deref(), Some("main.py"));
}

#[test]
fn a_patch_tells_absent_null_and_value_apart() {
    let body = json!({"memory_mb": null, "timeout_s": 5, "limits": {"pids": null}});
    let patch: PatchFunction = serde_json::from_value(body.clone()).expect("valid");
    assert_eq!(patch.memory_mb, Patch::Null);
    assert_eq!(patch.timeout_s, Patch::Value(5));
    assert_eq!(patch.max_replicas, Patch::Absent);
    let Patch::Value(limits) = &patch.limits else { panic!("limits were given") };
    assert_eq!((limits.pids, limits.tmp_mb), (Patch::Null, Patch::Absent));
    assert_eq!(serde_json::to_value(&patch).expect("plain data"), body, "absent fields stay absent");
}

#[test]
fn the_output_of_an_answer_keeps_its_bytes() {
    let text = r#"{"request_id":"r","output":{"b":1.10,"a":[ 1,2 ]},"error":null,"duration_ms":1.5,"cold_start":false,"version":3}"#;
    let answer: InvokeAnswer = serde_json::from_str(text).expect("valid");
    assert_eq!(answer.output.as_deref().map(|raw| raw.get()), Some(r#"{"b":1.10,"a":[ 1,2 ]}"#));
    assert_eq!(serde_json::to_string(&answer).expect("plain data"), text);
}

#[test]
fn a_view_of_a_newer_server_is_still_read() {
    let mut view = json!({
        "id": "f1", "name": "a", "tenant": "default", "namespace": "default", "runtime": "python",
        "handler": null, "mode": "script", "entry": "main.py", "memory_mb": 128, "timeout_s": 30,
        "min_replicas": 0, "max_replicas": 10, "instance_concurrency": 1, "idle_ttl_s": 60, "max_calls": 0,
        "max_queue": 1, "max_wait_ms": 1, "env_vars": {},
        "limits": {"cpu_millis": 1000, "pids": 128, "tmp_mb": 64, "file_size_mb": 64},
        "description": "", "tags": {}, "version": 1, "latest_version": 1, "code_hash": "00",
        "compile_status": "not_required", "compile_output": "", "revision": 1,
        "created_at": "2026-11-21T09:30:00.000000Z", "updated_at": "2026-11-21T09:30:00.000000Z"
    });
    view["a_field_of_next_year"] = json!(1);
    let read: FunctionView = serde_json::from_value(view).expect("unknown fields of answers are passed over");
    assert_eq!(read.name, "a");
}
