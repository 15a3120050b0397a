//! Every way in which user code can end is told apart, and none harms what follows.

use std::sync::Arc;

use nova_domain::FunctionName;
use nova_domain::call::FunctionErrorKind::{self, Crash, Error, Exit, OutOfMemory};
use serde_json::json;

use super::limits::{PROBES, assert_fine};
use super::{Case, Stage, cases};

pub fn cases() -> Vec<Case> {
    cases!["ends";
        exit_codes_signals_and_errors_are_told_apart,
        deep_recursion_is_an_error_of_the_function,
        a_function_that_closes_all_descriptors_gets_a_typed_answer,
        a_broken_frame_ends_this_sandbox_only,
        answers_for_calls_that_do_not_run_are_ignored,
    ]
}

fn deploy(stage: &Stage) -> FunctionName {
    stage.world.probe(PROBES).deploy(&stage.world)
}

pub async fn exit_codes_signals_and_errors_are_told_apart(stage: Arc<Stage>) {
    let function = deploy(&stage);
    let expected: &[(serde_json::Value, FunctionErrorKind, Option<i32>, Option<i32>)] = &[
        (json!({ "probe": "exit_now", "code": 3 }), Exit, Some(3), None),
        (json!({ "probe": "exit_now", "code": 0 }), Exit, Some(0), None),
        (json!({ "probe": "abort" }), Crash, None, Some(libc::SIGABRT)),
        (json!({ "probe": "segfault" }), Crash, None, Some(libc::SIGSEGV)),
        (json!({ "probe": "kill_self", "signal": 9 }), Crash, None, Some(libc::SIGKILL)),
        (json!({ "probe": "kill_self", "signal": 15 }), Crash, None, Some(libc::SIGTERM)),
        (json!({ "probe": "raise_error" }), Error, None, None),
    ];
    for (event, kind, exit_code, signal) in expected {
        let error = stage.world.error(&function, event.clone()).await;
        assert_eq!(
            (error.kind, error.exit_code, error.signal),
            (*kind, *exit_code, *signal),
            "{event}: {error:?}"
        );
        assert_fine(&stage, &function).await;
    }
    // Through the interpreter, an exit is an exit too.
    let error = stage.world.error(&function, json!({ "probe": "exit_by_exception", "code": 4 })).await;
    assert_eq!((error.kind, error.exit_code), (Exit, Some(4)), "{error:?}");
    // What it printed before it ended is there.
    let outcome = stage.world.invoke(&function, json!({ "probe": "exit_now", "code": 1 })).await.unwrap();
    assert!(outcome.logs.iter().any(|line| line.text == "last words"), "{:?}", outcome.logs);
}

pub async fn deep_recursion_is_an_error_of_the_function(stage: Arc<Stage>) {
    let function = deploy(&stage);
    let error = stage.world.error(&function, json!({ "probe": "recurse" })).await;
    assert_eq!((error.kind, error.error_type.as_str()), (Error, "RecursionError"));
    let error = stage.world.error(&function, json!({ "probe": "recurse_in_c" })).await;
    assert!(matches!(error.kind, Crash | OutOfMemory), "{error:?}");
    assert_fine(&stage, &function).await;
}

pub async fn a_function_that_closes_all_descriptors_gets_a_typed_answer(stage: Arc<Stage>) {
    let function = deploy(&stage);
    let error = stage.world.error(&function, json!({ "probe": "close_everything" })).await;
    assert!(matches!(error.kind, Crash | Exit), "{error:?}");
    assert_fine(&stage, &function).await;
}

pub async fn a_broken_frame_ends_this_sandbox_only(stage: Arc<Stage>) {
    let (function, neighbour) = (deploy(&stage), deploy(&stage));
    let broken = [
        // More than a frame may hold, nothing at all, no JSON, JSON of no type, a type of the other side.
        "\u{ff}\u{ff}\u{ff}\u{ff}garbage",
        "\0\0\0\0",
        "\0\0\0\u{5}hello",
        "\0\0\0\u{2}{}",
        "\0\0\0\u{a}{\"type\":1}",
        "\0\0\0\u{b}{\"type\":99}",
    ];
    for bytes in broken {
        let (error, slept) = tokio::join!(
            stage.world.error(&function, json!({ "probe": "write_garbage", "bytes": bytes })),
            stage.world.value(&neighbour, json!({ "probe": "sleep", "seconds": 0.2 })),
        );
        assert!(matches!(error.kind, Crash | Exit), "{bytes:?}: {error:?}");
        assert_eq!(slept, "slept");
        assert_fine(&stage, &function).await;
    }
    // The head of a frame that never ends: the answer that follows is swallowed by it.
    let error =
        stage.world.error(&function, json!({ "probe": "write_garbage", "bytes": "\0\0\0\u{1}" })).await;
    assert!(matches!(error.kind, Crash | Exit), "{error:?}");
    assert_fine(&stage, &function).await;
}

pub async fn a_broken_packet_ends_this_sandbox_only(stage: Arc<Stage>) {
    let (function, neighbour) = (deploy(&stage), deploy(&stage));
    let long = format!("{{\"type\":3,\"request_id\":\"x\",\"output\":\"{}\"}}", "x".repeat(70_000));
    for bytes in ["garbage", "{}", "{\"type\":1}", "{\"type\":4}", "{\"type\":7}", &long] {
        // The first call of a sandbox goes by the agent.
        assert_fine(&stage, &function).await;
        let (error, slept) = tokio::join!(
            stage.world.error(&function, json!({ "probe": "write_packet", "bytes": bytes })),
            stage.world.value(&neighbour, json!({ "probe": "sleep", "seconds": 0.2 })),
        );
        let shown = &bytes[..bytes.len().min(40)];
        assert!(matches!(error.kind, Crash | Exit), "{shown:?}: {error:?}");
        assert_eq!(slept, "slept");
        assert_fine(&stage, &function).await;
    }
}

pub async fn answers_for_calls_that_do_not_run_are_ignored(stage: Arc<Stage>) {
    let (function, neighbour) = (deploy(&stage), deploy(&stage));
    // A neighbour's call is running while its answer is forged.
    let call = stage.world.call_of(&neighbour, &json!({ "probe": "sleep", "seconds": 0.5 }));
    let id = call.id.to_string();
    let sleeping = nova_domain::ports::Invoker::invoke(&stage.world.comet, call);
    let forging = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        stage
            .world
            .value(&function, json!({ "probe": "forge", "ids": [id, "no-such-call", "init", ""] }))
            .await
    };
    let (slept, forged) = tokio::join!(sleeping, forging);
    assert_eq!(forged, "mine");
    assert_eq!(slept.unwrap().result.unwrap(), "\"slept\"");
    assert_fine(&stage, &function).await;
    // Chunks of a call that was not asked to stream are no answer either.
    let call = stage.world.call_of(&function, &json!({ "probe": "forge_own", "id": "x" }));
    let outcome = nova_domain::ports::Invoker::invoke(&stage.world.comet, call).await.unwrap();
    assert_eq!(outcome.result.unwrap(), "\"mine\"");
}
