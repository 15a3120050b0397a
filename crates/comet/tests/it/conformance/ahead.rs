//! Calls that are sent to a sandbox before those in it have ended, with the real agent and
//! shim: each runs once, in turn, with its own lines, and nothing is left for the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use nova_domain::FunctionName;
use nova_domain::call::{FunctionErrorKind, Outcome, StreamEvent};
use nova_domain::fault::{Code, FaultResult};
use nova_domain::ports::Invoker;
use serde_json::{Value, json};

use super::ends::a_broken_packet_ends_this_sandbox_only;
use super::{Case, Stage, cases};
use crate::support::WORKERS;
use crate::support::world::value_of;

pub fn cases() -> Vec<Case> {
    cases!["ahead";
        a_broken_packet_ends_this_sandbox_only,
        a_burst_of_calls_runs_one_by_one_and_each_has_its_own_lines,
        what_a_call_leaves_running_is_gone_before_the_next_begins,
        a_server_that_got_no_cpu_for_a_while_loses_no_lines,
        large_and_streaming_calls_mix_with_calls_ahead,
        the_last_line_of_a_call_needs_no_end,
        output_that_a_larger_pipe_held_is_its_calls,
        a_crash_in_a_burst_ends_one_call_and_the_others_run,
        a_timeout_in_a_burst_ends_one_call_and_the_others_run,
        calls_that_are_cancelled_in_a_burst_do_not_run,
        answers_of_every_size_come_back_in_a_burst,
        what_runs_unseen_while_the_sandbox_is_idle_is_ended,
    ]
}

const CODE: &str = r#"
import os, signal, subprocess, sys, threading, time

started = []

def runs(pid):
    # One that was ended stays in the list until its parent, this process, asks for it.
    try:
        with open("/proc/%s/stat" % pid) as file:
            return file.read().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False

def others():
    pids = [p for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid())]
    return [p for p in pids if runs(p)]

def handler(event, context):
    if os.environ.get("TRACEPARENT") != event.get("trace"):
        raise ValueError("the environment is that of another call")
    started.append(event["n"])
    before = others()
    do = event.get("do")
    if do == "print":
        print("out", event["n"])
        print("err", event["n"], file=sys.stderr)
    elif do == "write":
        os.write(1, b"raw %d\n" % event["n"])
    elif do == "spawn":
        subprocess.Popen(["/bin/sleep", "100"], start_new_session=True)
    elif do == "thread":
        threading.Thread(target=time.sleep, args=(0.001,)).start()
    elif do == "exit":
        print("last words", event["n"])
        os._exit(3)
    elif do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "sleep":
        time.sleep(event["seconds"])
    elif do == "open":
        os.write(1, b"open %d" % event["n"])
    elif do == "much":
        import fcntl
        for pipe in (1, 2):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 18)
            os.write(pipe, b"much %d\n" % event["n"] + b"x" * 99 + b"\n" + (b"y" * 999 + b"\n") * 120)
    elif do == "large":
        return "x" * event["size"]
    elif do == "hide":
        # A shim that user code has changed tells nobody.
        sys.modules["_nova_shim"].Direct.is_clean = lambda self: True
        subprocess.Popen(["/bin/sleep", "100"], start_new_session=True)
    return {"n": event["n"], "before": before, "started": list(started), "pid": os.getpid()}
"#;

/// The function with one sandbox, whose calls were short so far.
async fn deploy(stage: &Stage, timeout_s: u32) -> FunctionName {
    let draft = stage.world.python(CODE).limits(|limits| limits.timeout_s = timeout_s);
    let function = draft.pool(|pool| pool.max_replicas = 1).deploy(&stage.world);
    warm(stage, &function).await;
    function
}

async fn warm(stage: &Stage, function: &FunctionName) {
    for _ in 0..3 {
        stage.world.value(function, json!({ "n": -1 })).await;
    }
}

async fn burst(stage: &Stage, function: &FunctionName, events: Vec<Value>) -> Vec<FaultResult<Outcome>> {
    join_all(events.into_iter().map(|event| stage.world.invoke(function, event))).await
}

/// Numbers of calls that began, of all sandboxes that answered; panics if one began twice.
fn begun(outcomes: &[Value]) -> BTreeSet<i64> {
    let mut longest: BTreeMap<(i64, String), Vec<i64>> = BTreeMap::new();
    for outcome in outcomes {
        let started: Vec<i64> =
            outcome["started"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).collect();
        // Sandboxes number their processes alike; their first call tells them apart.
        let key = (outcome["pid"].as_i64().unwrap(), format!("{:?}", &started[..started.len().min(1)]));
        let seen = longest.entry(key).or_default();
        if seen.len() < started.len() {
            *seen = started;
        }
    }
    let mut all = BTreeSet::new();
    for n in longest.into_values().flatten().filter(|n| *n >= 0) {
        assert!(all.insert(n), "call {n} ran twice");
    }
    all
}

/// How often something is done: `NOVA_TEST_ROUNDS` times as often as usual.
fn rounds(usual: usize) -> usize {
    let times = std::env::var("NOVA_TEST_ROUNDS").ok().and_then(|text| text.parse().ok());
    usual * times.unwrap_or(1)
}

fn lines(outcome: &Outcome) -> BTreeSet<String> {
    outcome.logs.iter().map(|line| line.text.clone()).collect()
}

pub async fn a_burst_of_calls_runs_one_by_one_and_each_has_its_own_lines(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    let what = [Value::Null, json!("print"), Value::Null, json!("write"), json!("thread")];
    let events = (0..100usize).map(|n| json!({ "n": n, "do": what[n % what.len()] })).collect();
    let mut values = Vec::new();
    for (n, outcome) in burst(&stage, &function, events).await.into_iter().enumerate() {
        let outcome = outcome.unwrap();
        let expected: BTreeSet<String> = match n % what.len() {
            1 => [format!("out {n}"), format!("err {n}")].into(),
            3 => [format!("raw {n}")].into(),
            _ => BTreeSet::new(),
        };
        assert_eq!(lines(&outcome), expected, "call {n}");
        assert_eq!(outcome.logs_dropped, 0);
        values.push(value_of(Ok(outcome), &json!(n)));
    }
    assert!(values.iter().enumerate().all(|(n, value)| value["n"] == n), "answers of other calls");
    assert_eq!(begun(&values).len(), 100);
    assert!(values.iter().all(|value| value["pid"] == values[0]["pid"]), "one sandbox did it");
}

pub async fn what_a_call_leaves_running_is_gone_before_the_next_begins(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    let events =
        (0..40).map(|n| json!({ "n": n, "do": if n % 4 == 0 { json!("spawn") } else { Value::Null } }));
    for outcome in burst(&stage, &function, events.collect()).await {
        let value = value_of(outcome, &Value::Null);
        assert_eq!(value["before"], json!([]), "call {} found something running", value["n"]);
    }
}

/// The agent answers call after call while the server sleeps. When it wakes up, the clock says
/// that the first call takes long, before the server has read that it is over.
pub async fn a_server_that_got_no_cpu_for_a_while_loses_no_lines(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    for round in 0..rounds(30) {
        stage.world.value(&function, json!({ "n": -1 })).await;
        let sleeping: Vec<_> = (0..WORKERS)
            .map(|_| {
                let (begun, begins) = tokio::sync::oneshot::channel();
                tokio::spawn(async move {
                    begun.send(()).unwrap();
                    std::thread::sleep(Duration::from_millis(40));
                });
                begins
            })
            .collect();
        join_all(sleeping).await;
        let events = (0..9).map(|n| json!({ "n": n, "do": if n % 3 == 2 { "spawn" } else { "print" } }));
        for (n, outcome) in burst(&stage, &function, events.collect()).await.into_iter().enumerate() {
            let outcome = outcome.unwrap();
            let printed = [format!("out {n}"), format!("err {n}")];
            let expected = if n % 3 == 2 { BTreeSet::new() } else { printed.into() };
            assert_eq!(lines(&outcome), expected, "call {n} in round {round}");
            let value = value_of(Ok(outcome), &json!(n));
            assert_eq!(value["before"], json!([]), "call {n} in round {round} found something running");
        }
    }
}

pub async fn large_and_streaming_calls_mix_with_calls_ahead(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    for round in 0..rounds(5) {
        let calls = (0..40).map(|n| {
            let large = if n % 5 == 0 { "y".repeat(100_000) } else { String::new() };
            let event = json!({ "n": round * 40 + n, "do": "print", "padding": large });
            let (stage, function) = (&stage, &function);
            async move {
                if n % 7 != 3 {
                    return Some(stage.world.invoke(function, event).await);
                }
                let mut events = stage.world.stream(function, event).await.unwrap();
                while let Some(event) = events.next().await {
                    match event {
                        StreamEvent::Chunk(_) => {}
                        StreamEvent::Done(outcome) => return Some(Ok(*outcome)),
                        StreamEvent::Failed(fault) => return Some(Err(fault)),
                    }
                }
                None
            }
        });
        let outcomes: Vec<_> = join_all(calls).await.into_iter().map(|one| one.unwrap().unwrap()).collect();
        let all: Vec<_> = outcomes.iter().map(lines).collect();
        for (n, outcome) in outcomes.iter().enumerate() {
            assert!(outcome.result.is_ok(), "{outcome:?}");
            let called = round * 40 + n;
            let printed = [format!("out {called}"), format!("err {called}")];
            assert_eq!(all[n], printed.into(), "call {called}, all: {all:?}");
        }
    }
}

pub async fn the_last_line_of_a_call_needs_no_end(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    let events = (0..6).map(|n| json!({ "n": n, "do": "open" })).collect();
    for (n, outcome) in burst(&stage, &function, events).await.into_iter().enumerate() {
        assert_eq!(lines(&outcome.unwrap()), [format!("open {n}")].into());
    }
}

pub async fn output_that_a_larger_pipe_held_is_its_calls(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    let events = (0..4).map(|n| json!({ "n": n, "do": "much" })).collect();
    for (n, outcome) in burst(&stage, &function, events).await.into_iter().enumerate() {
        let outcome = outcome.unwrap();
        assert!(outcome.logs.iter().filter(|line| line.text == format!("much {n}")).count() == 2);
        assert_eq!(outcome.logs.iter().filter(|line| line.text.starts_with("much")).count(), 2);
        assert!((240..=245).contains(&outcome.logs.len()), "{}", outcome.logs.len());
    }
}

pub async fn a_crash_in_a_burst_ends_one_call_and_the_others_run(stage: Arc<Stage>) {
    for (how, kind) in [("exit", FunctionErrorKind::Exit), ("kill", FunctionErrorKind::Crash)] {
        let function = deploy(&stage, 20).await;
        let events = (0..30).map(|n| json!({ "n": n, "do": if n == 4 { json!(how) } else { Value::Null } }));
        let mut values = Vec::new();
        for (n, outcome) in burst(&stage, &function, events.collect()).await.into_iter().enumerate() {
            let outcome = outcome.unwrap();
            if n == 4 {
                assert_eq!(outcome.result.as_ref().unwrap_err().kind, kind, "{outcome:?}");
                assert_eq!(lines(&outcome).contains("last words 4"), how == "exit", "{:?}", outcome.logs);
            } else {
                values.push(value_of(Ok(outcome), &json!(n)));
            }
        }
        let mut once = begun(&values);
        once.insert(4);
        assert_eq!(once, (0..30).collect(), "{how}: none is lost and none ran twice");
    }
}

pub async fn a_timeout_in_a_burst_ends_one_call_and_the_others_run(stage: Arc<Stage>) {
    let function = deploy(&stage, 1).await;
    let events = (0..20).map(|n| {
        let slow = json!({ "n": n, "do": "sleep", "seconds": 30 });
        if n == 3 { slow } else { json!({ "n": n }) }
    });
    let begun_at = std::time::Instant::now();
    let mut values = Vec::new();
    for (n, outcome) in burst(&stage, &function, events.collect()).await.into_iter().enumerate() {
        let outcome = outcome.unwrap();
        if n == 3 {
            assert_eq!(outcome.result.as_ref().unwrap_err().kind, FunctionErrorKind::Timeout);
            assert!((900_000..2_000_000).contains(&outcome.usage.exec_us), "{:?}", outcome.usage);
        } else {
            values.push(value_of(Ok(outcome), &json!(n)));
        }
    }
    assert!(begun_at.elapsed() < Duration::from_secs(5));
    let mut once = begun(&values);
    once.insert(3);
    assert_eq!(once, (0..20).collect());
}

pub async fn calls_that_are_cancelled_in_a_burst_do_not_run(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    let slow = stage.world.invoke(&function, json!({ "n": 0, "do": "sleep", "seconds": 0.1 }));
    let leaving = (1..5).map(|n| {
        let call = stage.world.call_of(&function, &json!({ "n": n }));
        let cancel = call.cancel.clone();
        let comet = stage.world.comet.clone();
        async move {
            let (outcome, ()) = tokio::join!(comet.invoke(call), async {
                tokio::time::sleep(Duration::from_millis(2)).await;
                cancel.cancel();
            });
            outcome
        }
    });
    let staying = burst(&stage, &function, (5..8).map(|n| json!({ "n": n })).collect());
    let (slow, left, stayed) = tokio::join!(slow, join_all(leaving), staying);
    for outcome in left {
        assert_eq!(outcome.unwrap_err().code(), Code::Cancelled);
    }
    let mut values = vec![value_of(slow, &Value::Null)];
    values.extend(stayed.into_iter().map(|outcome| value_of(outcome, &Value::Null)));
    assert_eq!(begun(&values), [0, 5, 6, 7].into());
}

pub async fn answers_of_every_size_come_back_in_a_burst(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    let sizes = [0, 1, 65_000, 65_400, 65_500, 65_536, 70_000, 300_000, 5_000_000];
    let events = sizes.iter().map(|size| json!({ "n": 0, "do": "large", "size": size })).collect();
    for (size, outcome) in sizes.iter().zip(burst(&stage, &function, events).await) {
        assert_eq!(value_of(outcome, &Value::Null).as_str().unwrap().len(), *size);
    }
    // And events that are too large for a packet, between some that are not.
    let events = (0..12).map(|n| {
        let size = if n % 3 == 0 { 200_000 } else { 30_000 };
        json!({ "n": n, "padding": "y".repeat(size) })
    });
    for (n, outcome) in burst(&stage, &function, events.collect()).await.into_iter().enumerate() {
        assert_eq!(value_of(outcome, &Value::Null)["n"], n);
    }
}

pub async fn what_runs_unseen_while_the_sandbox_is_idle_is_ended(stage: Arc<Stage>) {
    let function = deploy(&stage, 20).await;
    stage.world.value(&function, json!({ "n": 0, "do": "hide" })).await;
    // The pool looks after idle sandboxes twice a second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let value = stage.world.value(&function, json!({ "n": 1 })).await;
    assert_eq!((&value["before"], &value["started"]), (&json!([]), &json!([-1, -1, -1, 0, 1])));
}
