//! Runtime `provided`: a program that speaks the AWS Lambda Runtime API, here without any
//! library, as the protocol is written.

use crate::server::{Server, shared};

const BOOTSTRAP: &str = r#"#!/usr/bin/python3
import json, os, sys, time, urllib.request

base = "http://%s/2018-06-01/runtime" % os.environ["AWS_LAMBDA_RUNTIME_API"]

def post(path, body, **headers):
    request = urllib.request.Request(base + path, data=body, headers=headers, method="POST")
    return urllib.request.urlopen(request).status

if os.environ.get("BREAK") == "init":
    post("/init/error", json.dumps({"errorMessage": "no database", "errorType": "Startup"}).encode())
    sys.exit(1)
if os.environ.get("BREAK") == "exit":
    print("last words", file=sys.stderr)
    sys.exit(7)
count = 0
while True:
    with urllib.request.urlopen(base + "/invocation/next") as answer:
        event, head = json.load(answer), answer.headers
    count += 1
    request = head["Lambda-Runtime-Aws-Request-Id"]
    print("call", count)
    sys.stdout.flush()
    if event.get("fail"):
        error = {"errorMessage": "as asked", "errorType": "Asked", "stackTrace": ["line one"]}
        post("/invocation/%s/error" % request, json.dumps(error).encode())
    elif event.get("sleep"):
        time.sleep(event["sleep"])
    elif event.get("die"):
        os._exit(3)
    else:
        left = int(head["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
        body = {
            "count": count, "event": event, "left": 0 < left <= 3.1, "arn": head["Lambda-Runtime-Invoked-Function-Arn"],
            "memory": os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "handler": os.environ["_HANDLER"],
            "client": head["Lambda-Runtime-Client-Context"],
        }
        post("/invocation/%s/response" % request, json.dumps(body).encode())
        if event.get("last"):
            time.sleep(event["last"])
            sys.exit(1)
"#;

fn create(server: &Server, name: &str, env: &str) {
    let more = format!("\"timeout_s\": 3{env}");
    server.create(name, "provided.al2023", None, BOOTSTRAP, &more);
}

#[test]
fn a_program_stays_up_between_calls_and_sees_what_the_runtime_api_promises() {
    let server = shared();
    create(server, "lambda-plain", "");
    for count in 1..=3 {
        let (status, answer) = server.invoke("lambda-plain", "{\"n\": 1}");
        assert_eq!(status, 200, "{answer}");
        let output = &answer["output"];
        assert_eq!((&output["count"], &output["event"]["n"]), (&count.into(), &1.into()), "{answer}");
        assert_eq!((&output["left"], &output["memory"]), (&true.into(), &"128".into()), "{answer}");
        let arn = output["arn"].as_str().unwrap();
        assert!(arn.starts_with("arn:aws:lambda:") && arn.ends_with(":function:lambda-plain:1"), "{arn}");
    }
}

#[test]
fn errors_timeouts_crashes_and_failed_starts_are_told_apart_and_the_next_call_runs() {
    let server = shared();
    create(server, "lambda-bad", "");
    let kind = |answer: &serde_json::Value| answer["error"]["kind"].as_str().unwrap_or_default().to_owned();
    let (_, answer) = server.invoke("lambda-bad", "{\"fail\": true}");
    assert_eq!((kind(&answer).as_str(), &answer["error"]["type"]), ("error", &"Asked".into()), "{answer}");
    assert_eq!(answer["error"]["message"], "as asked");
    let (_, answer) = server.invoke("lambda-bad", "{\"sleep\": 20}");
    assert_eq!(kind(&answer), "timeout", "{answer}");
    let (_, answer) = server.invoke("lambda-bad", "{\"die\": true}");
    assert_eq!((kind(&answer).as_str(), &answer["error"]["exit_code"]), ("exit", &3.into()), "{answer}");
    let (_, answer) = server.invoke("lambda-bad", "{}");
    assert_eq!(answer["output"]["count"], 1, "{answer}");
    create(server, "lambda-init", ", \"env_vars\": {\"BREAK\": \"init\"}");
    let (_, answer) = server.invoke("lambda-init", "{}");
    assert_eq!((kind(&answer).as_str(), &answer["error"]["type"]), ("init", &"Startup".into()), "{answer}");
    create(server, "lambda-exit", ", \"env_vars\": {\"BREAK\": \"exit\"}");
    let (_, answer) = server.invoke("lambda-exit", "{}");
    assert_eq!((kind(&answer).as_str(), &answer["error"]["exit_code"]), ("exit", &7.into()), "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("last words"), "{answer}");
}

#[test]
fn a_call_that_comes_while_the_program_ends_runs_in_a_new_one() {
    let server = shared();
    create(server, "lambda-last", ", \"max_replicas\": 1");
    for round in 1..=30 {
        // The program ends by itself a moment after its answer, as AWS's client for Python
        // does when an answer was too large.
        let (status, answer) =
            server.invoke("lambda-last", &format!("{{\"last\": {}}}", f64::from(round) * 0.0003));
        assert_eq!((status, &answer["output"]["count"]), (200, &1.into()), "round {round}: {answer}");
    }
}

#[test]
fn a_program_of_the_runtime_api_gets_what_a_client_of_aws_sends_along() {
    let server = shared();
    create(server, "lambda-client", "");
    // base64 of {"custom":{"a":1}}
    let headers = ["X-Amz-Client-Context: eyJjdXN0b20iOnsiYSI6MX19", "Content-Type: application/json"];
    let path = "/2015-03-31/functions/lambda-client/invocations";
    let (status, text) = server.request("POST", path, &headers, b"{}");
    assert_eq!(status, 200, "{text}");
    let output: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(output["client"], "{\"custom\":{\"a\":1}}");
    let (_, text) = server.request("POST", path, &headers[1..], b"{}");
    let output: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(output["client"].is_null(), "{text}");
}
