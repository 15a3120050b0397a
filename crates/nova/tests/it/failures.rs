//! Each way in which user code fails is told apart, and leaves the next call unharmed.

use crate::server::shared;

fn error_of(name: &str, event: &str) -> serde_json::Value {
    let server = shared();
    let (status, answer) = server.invoke(name, event);
    assert_eq!(status, 200, "{answer}\n{}", server.log());
    assert!(answer["error"].is_object(), "{answer}");
    answer["error"].clone()
}

#[test]
fn an_exception_shows_type_message_and_frames_of_user_code() {
    shared().create(
        "fail-raise",
        "python",
        Some("main.handler"),
        "def handler(e, c):\n    raise ValueError('no way')\n",
        "",
    );
    let error = error_of("fail-raise", "{}");
    assert_eq!((error["kind"].as_str(), error["type"].as_str()), (Some("error"), Some("ValueError")));
    assert!(error["message"].as_str().unwrap().contains("no way"));
    assert!(error["stack"].to_string().contains("main.py:2"), "{error}");
}

#[test]
fn a_syntax_error_shows_file_and_line() {
    for (name, runtime, code, place) in [
        ("syn-py", "python", "x = 1\ndef handler(e, c)\n    return 1\n", "main.py:2"),
        ("syn-js", "node", "const a = 1;\nexports.handler = (e) => { return ;;) };\n", "main.js:2"),
        ("syn-rb", "ruby", "a = 1\ndef handler(event:, context:\n  1\nend\n", "main.rb:"),
    ] {
        shared().create(name, runtime, Some("main.handler"), code, "");
        let error = error_of(name, "{}");
        assert_eq!(error["kind"], "init", "{error}");
        assert!(error.to_string().contains(place), "{name}: {error}");
    }
}

#[test]
fn a_missing_handler_names_what_there_is() {
    shared().create("no-handler", "python", Some("main.handle"), "def other(e, c):\n    return 1\n", "");
    let error = error_of("no-handler", "{}");
    assert_eq!(error["kind"], "init");
    assert!(
        error["message"].as_str().unwrap().contains("handle")
            && error["message"].as_str().unwrap().contains("other"),
        "{error}"
    );
}

#[test]
fn a_timeout_ends_the_call_and_the_next_one_works() {
    let code = "import time\ndef handler(e, c):\n    time.sleep(e.get('s', 0))\n    return 'ok'\n";
    shared().create("slow", "python", Some("main.handler"), code, "\"timeout_s\": 1");
    let error = error_of("slow", "{\"s\": 20}");
    assert_eq!(error["kind"], "timeout", "{error}");
    assert_eq!(shared().invoke("slow", "{}").1["output"], "ok");
}

#[test]
fn out_of_memory_exit_code_and_signal_are_told_apart() {
    let code = "import os\ndef handler(e, c):\n    if e.get('do') == 'oom':\n        x = bytearray(400 << 20)\n        return len(x)\n    if e.get('do') == 'exit':\n        os._exit(7)\n    if e.get('do') == 'abort':\n        os.abort()\n    return 'ok'\n";
    shared().create("ends", "python", Some("main.handler"), code, "\"memory_mb\": 64");
    let error = error_of("ends", "{\"do\": \"oom\"}");
    assert_eq!(error["kind"], "out_of_memory", "{error}\n{}", shared().log());
    assert!(error["message"].as_str().unwrap().contains("64 MB"));
    let error = error_of("ends", "{\"do\": \"exit\"}");
    assert_eq!((error["kind"].as_str(), error["exit_code"].as_i64()), (Some("exit"), Some(7)), "{error}");
    let error = error_of("ends", "{\"do\": \"abort\"}");
    assert_eq!((error["kind"].as_str(), error["signal"].as_i64()), (Some("crash"), Some(6)), "{error}");
    assert_eq!(shared().invoke("ends", "{}").1["output"], "ok");
}

#[test]
fn printing_never_breaks_the_protocol_and_is_in_the_log() {
    let code = "import sys\ndef handler(e, c):\n    print('to stdout {\"type\":3}')\n    print('to stderr', file=sys.stderr)\n    return 1\n";
    shared().create("prints", "python", Some("main.handler"), code, "");
    let (_, answer) = shared().invoke("prints", "{}");
    assert_eq!(answer["output"], 1);
    let id = answer["request_id"].as_str().unwrap().to_owned();
    let begun = std::time::Instant::now();
    loop {
        let text = shared().nova_ok(&["logs", "prints", "--request-id", &id]);
        if text.contains("to stdout") && text.contains("to stderr") {
            break;
        }
        assert!(begun.elapsed().as_secs() < 10, "{text}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_script_that_fails_shows_its_exit_code_and_last_words() {
    shared().create("bad-script", "python", None, "import sys\nprint('x')\nsys.exit('went wrong')\n", "");
    let error = error_of("bad-script", "{}");
    assert_eq!((error["kind"].as_str(), error["exit_code"].as_i64()), (Some("exit"), Some(1)));
    assert!(error["message"].as_str().unwrap().contains("went wrong"), "{error}");
}

#[test]
fn a_compiler_error_comes_back_with_the_answer_and_a_call_says_so() {
    let server = shared();
    let body =
        "{\"name\": \"broken-go\", \"runtime\": \"go\", \"code\": \"package main\\nfunc main() { x }\\n\"}";
    let (status, text) = server.post("/functions", body);
    assert_eq!(status, 201, "{text}");
    let view: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(view["compile_status"], "failed", "{view}");
    assert!(view["compile_output"].as_str().unwrap().contains("main.go:2"), "{view}");
    let (status, answer) = server.invoke("broken-go", "{}");
    assert_eq!((status, answer["code"].as_str()), (409, Some("not_ready")), "{answer}");
}
