//! What is told of calls while they run, with the real agent and shims.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use libtest_mimic::Trial;
use nova_domain::call::{Outcome, StreamEvent};
use nova_domain::fault::{Code, FaultResult};
use nova_domain::log::LogLine;
use nova_domain::ports::{Invoker as _, Secrets, Signals};
use nova_domain::secret::{SECRET_PREFIX, SecretValue};
use nova_domain::{FunctionId, FunctionName, RunId, Scope, SecretName};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::conformance::Stage;
use crate::support::runtime;

const CANARY: &str = "canary-4711";

const CODE: &str = r#"
import os, sys, threading, time

print("loading")
go = threading.Event()

def handler(event, context):
    do = event["do"]
    if do == "go":
        go.set()
    elif do == "wait":
        print("before", os.environ.get("TOKEN"))
        assert go.wait(20)
    elif do == "sleep":
        print("before", os.environ.get("TOKEN"), file=sys.stderr)
        time.sleep(event["seconds"])
        print("after")
    elif do == "stream":
        return stream(event)
    return "ok"

def stream(event):
    print("before")
    yield "chunk"
    time.sleep(event["seconds"])
    print("after")
"#;

const SCRIPT: &[u8] = b"#!/bin/sh
echo before >&2
sleep 1
echo after >&2
";

#[derive(Debug)]
enum Told {
    Printed(Vec<LogLine>),
    Left(Box<Outcome>),
}

/// Passes on what it is told of each function. There is one for the stage, which tests share.
#[derive(Default)]
struct Ear(Mutex<HashMap<FunctionId, UnboundedSender<(RunId, Told)>>>);

impl Ear {
    fn pass_on(&self, function: &FunctionId, run: &RunId, told: Told) {
        if let Some(sender) = self.0.lock().unwrap().get(function) {
            let _ = sender.send((run.clone(), told));
        }
    }
}

impl Signals for Ear {
    fn printed(&self, run: &RunId, function: &FunctionId, lines: Vec<LogLine>) {
        self.pass_on(function, run, Told::Printed(lines));
    }

    fn left(&self, run: &RunId, outcome: Outcome) {
        self.pass_on(&outcome.function.function.id.clone(), run, Told::Left(Box::new(outcome)));
    }
}

struct Canary;

#[async_trait]
impl Secrets for Canary {
    async fn reveal(
        &self,
        _: &Scope,
        _: &FunctionName,
        names: &[SecretName],
    ) -> FaultResult<Vec<SecretValue>> {
        names.iter().map(|_| SecretValue::new(CANARY.to_owned())).collect()
    }
}

pub fn trials(stage: fn() -> Arc<Stage>) -> Vec<Trial> {
    macro_rules! trials {
        ($($name:ident),* $(,)?) => {
            vec![$(Trial::test(concat!("signals::", stringify!($name)), move || {
                let stage = stage();
                runtime().block_on(async { tokio::time::timeout(Duration::from_secs(60), $name(stage)).await })?;
                Ok(())
            })),*]
        };
    }
    trials![
        lines_are_told_while_the_call_runs_and_are_the_beginning_of_its_log,
        a_value_of_a_secret_is_not_told,
        lines_of_streams_and_of_programs_are_told_while_they_run,
        what_a_cancelled_call_used_and_printed_is_told,
        nothing_is_told_of_a_call_that_had_not_begun,
    ]
}

fn hear(stage: &Stage, function: &FunctionName) -> UnboundedReceiver<(RunId, Told)> {
    static EAR: OnceLock<Arc<Ear>> = OnceLock::new();
    let ear = EAR.get_or_init(Arc::default);
    stage.world.comet.set_signals(ear.clone());
    stage.world.comet.set_secrets(Arc::new(Canary));
    let (sender, receiver) = unbounded_channel();
    ear.0.lock().unwrap().insert(stage.world.catalog_snapshot(function).function.id.clone(), sender);
    receiver
}

fn deploy(stage: &Stage, concurrency: u32) -> (FunctionName, UnboundedReceiver<(RunId, Told)>) {
    let mut draft = stage.world.python(CODE).pool(|pool| {
        (pool.max_replicas, pool.instance_concurrency) = (1, concurrency);
    });
    draft.snapshot.spec.env.insert("TOKEN".to_owned(), format!("{SECRET_PREFIX}token"));
    let function = draft.deploy(&stage.world);
    let told = hear(stage, &function);
    (function, told)
}

async fn next(told: &mut UnboundedReceiver<(RunId, Told)>) -> (RunId, Told) {
    tokio::time::timeout(Duration::from_secs(20), told.recv()).await.expect("told in time").expect("goes on")
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

async fn lines_are_told_while_the_call_runs_and_are_the_beginning_of_its_log(stage: Arc<Stage>) {
    let (function, mut told) = deploy(&stage, 2);
    let call = stage.world.call_of(&function, &json!({ "do": "wait" }));
    let id = call.id.clone();
    let comet = stage.world.comet.clone();
    let waiting = tokio::spawn(async move { comet.invoke(call).await });
    let (run, first) = next(&mut told).await;
    let Told::Printed(lines) = first else { panic!("{first:?}") };
    assert_eq!(run, id);
    // It cannot have ended: only the second call lets it go on.
    stage.world.value(&function, json!({ "do": "go" })).await;
    let outcome = waiting.await.unwrap().unwrap();
    assert_eq!(texts(&outcome.logs), ["loading", "before [secret token]"]);
    assert_eq!(lines[..], outcome.logs[..lines.len()], "in the same order, with the same times");
}

async fn a_value_of_a_secret_is_not_told(stage: Arc<Stage>) {
    let (function, mut told) = deploy(&stage, 1);
    // The first by the agent; the second begins without it, where that is on.
    for _ in 0..2 {
        let outcome = stage.world.invoke(&function, json!({ "do": "sleep", "seconds": 0.5 })).await.unwrap();
        let (_, Told::Printed(lines)) = next(&mut told).await else { panic!("it printed") };
        let all: Vec<_> = outcome.logs.iter().chain(&lines).map(|line| line.text.as_str()).collect();
        assert!(all.iter().filter(|text| **text == "before [secret token]").count() == 2, "{all:?}");
        assert!(all.iter().all(|text| !text.contains(CANARY)), "{all:?}");
        assert_eq!(lines[..], outcome.logs[..lines.len()]);
    }
}

async fn lines_of_streams_and_of_programs_are_told_while_they_run(stage: Arc<Stage>) {
    let (function, mut told) = deploy(&stage, 1);
    let mut events = stage.world.stream(&function, json!({ "do": "stream", "seconds": 1 })).await.unwrap();
    assert!(matches!(events.next().await, Some(StreamEvent::Chunk(_))));
    let (_, Told::Printed(lines)) = next(&mut told).await else { panic!("it printed") };
    assert_eq!(texts(&lines), ["loading", "before"]);
    let Some(StreamEvent::Done(outcome)) = events.next().await else { panic!("it ends") };
    assert_eq!(texts(&outcome.logs), ["loading", "before", "after"]);
    let program = stage.world.program(SCRIPT).deploy(&stage.world);
    let mut told = hear(&stage, &program);
    let running = stage.world.invoke(&program, json!({}));
    let first = async {
        let (_, Told::Printed(lines)) = next(&mut told).await else { panic!("it printed") };
        (texts(&lines).join(","), std::time::Instant::now())
    };
    let (outcome, (lines, at)) = tokio::join!(running, first);
    assert_eq!((lines.as_str(), texts(&outcome.unwrap().logs)), ("before", vec!["before", "after"]));
    assert!(at.elapsed() > Duration::from_millis(400), "half of its second was left when it was told");
}

async fn what_a_cancelled_call_used_and_printed_is_told(stage: Arc<Stage>) {
    let (function, mut told) = deploy(&stage, 1);
    stage.world.value(&function, json!({ "do": "go" })).await;
    for seconds in [30.0, 0.3] {
        let call = stage.world.call_of(&function, &json!({ "do": "sleep", "seconds": seconds }));
        let (id, cancel, comet) = (call.id.clone(), call.cancel.clone(), stage.world.comet.clone());
        let leaving = tokio::spawn(async move { comet.invoke(call).await });
        let (_, Told::Printed(lines)) = next(&mut told).await else { panic!("it printed") };
        tokio::time::sleep(Duration::from_millis(150)).await;
        cancel.cancel();
        assert_eq!(leaving.await.unwrap().unwrap_err().code(), Code::Cancelled);
        let (run, Told::Left(outcome)) = next(&mut told).await else { panic!("it left") };
        assert_eq!((run, outcome.result.as_ref().unwrap_err().error_type.as_str()), (id, "cancelled"));
        assert!((200_000..20_000_000).contains(&outcome.usage.exec_us), "{:?}", outcome.usage);
        assert!(outcome.usage.memory_peak > 1 << 20, "{:?}", outcome.usage);
        assert!(outcome.logs.len() >= lines.len() && outcome.logs[..lines.len()] == lines[..]);
        assert!(texts(&outcome.logs).contains(&"before [secret token]"), "{:?}", outcome.logs);
    }
}

async fn nothing_is_told_of_a_call_that_had_not_begun(stage: Arc<Stage>) {
    let (function, mut told) = deploy(&stage, 1);
    stage.world.value(&function, json!({ "do": "go" })).await;
    let (call, comet) =
        (stage.world.call_of(&function, &json!({ "do": "sleep", "seconds": 1 })), stage.world.comet.clone());
    let busy = tokio::spawn(async move { comet.invoke(call).await });
    assert!(matches!(next(&mut told).await.1, Told::Printed(_)));
    let waiting = stage.world.call_of(&function, &json!({ "do": "go" }));
    let (cancel, id) = (waiting.cancel.clone(), waiting.id.clone());
    let (left, ()) = tokio::join!(stage.world.comet.invoke(waiting), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        cancel.cancel();
    });
    assert_eq!(left.unwrap_err().code(), Code::Cancelled);
    assert!(busy.await.unwrap().unwrap().result.is_ok());
    told.close();
    while let Some((run, what)) = told.recv().await {
        assert!(run != id, "{what:?}");
    }
}
