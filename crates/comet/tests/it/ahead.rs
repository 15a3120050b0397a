//! Calls that are sent to a sandbox before those in it have ended: over sandboxes that are
//! tasks, with a clock that jumps. None is lost, none runs twice, and their order holds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use libtest_mimic::Trial;
use nova_comet::Settings;
use nova_domain::FunctionName;
use nova_domain::call::{FunctionErrorKind, Outcome};
use nova_domain::fault::{Code, FaultResult};
use nova_domain::function::PoolSettings;
use nova_domain::ports::Invoker;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::fake::FakeBackend;
use crate::support::paused_trial;
use crate::support::world::{World, value_of};

macro_rules! trials {
    ($($name:ident),* $(,)?) => {
        pub fn trials() -> Vec<Trial> {
            vec![$(paused_trial(concat!("ahead::", stringify!($name)), $name)),*]
        }
    };
}

trials![
    short_calls_are_sent_ahead_and_run_one_by_one_in_order,
    no_call_is_sent_ahead_while_a_sandbox_can_be_started,
    what_was_sent_ahead_of_a_long_call_runs_elsewhere,
    functions_with_long_calls_get_none_ahead,
    a_crash_of_the_runtime_ends_one_call_and_the_others_run_elsewhere,
    a_sandbox_that_vanishes_loses_one_call_and_the_others_run_elsewhere,
    a_sandbox_that_takes_no_more_calls_gives_back_what_it_has_not_begun,
    a_call_that_is_cancelled_before_it_began_never_runs,
    a_call_that_is_dropped_before_it_began_never_runs,
    a_call_that_is_cancelled_while_it_runs_costs_the_others_nothing,
    a_deadline_holds_for_calls_that_were_sent_ahead,
    no_sandbox_gets_more_calls_than_it_may_have,
    lines_of_handed_over_and_of_watched_calls_are_theirs,
    many_calls_with_faults_in_between_each_run_once,
];

struct Line {
    backend: Arc<FakeBackend>,
    world: Arc<World>,
    function: FunctionName,
    _code: tempfile::TempDir,
}

impl Line {
    /// Sandboxes that are up and have answered a call each.
    async fn new(sandboxes: usize, change: impl FnOnce(&mut PoolSettings)) -> Self {
        let code = tempfile::tempdir().unwrap();
        let backend = Arc::new(FakeBackend::default());
        backend.direct.store(true, Ordering::SeqCst);
        let world = Arc::new(World::new(backend.clone(), code.path(), Settings::default()));
        let function = world
            .program(b"")
            .pool(|pool| {
                pool.max_replicas = sandboxes as u32;
                change(pool);
            })
            .deploy(&world);
        let line = Self { backend, world, function, _code: code };
        for call in join_all((0..sandboxes).map(|_| line.call(json!({ "sleep_ms": 20 })))).await {
            call.unwrap().unwrap();
        }
        assert_eq!(line.backend.launched(), sandboxes as u64);
        line
    }

    fn call(&self, event: Value) -> JoinHandle<FaultResult<Outcome>> {
        let (world, function) = (self.world.clone(), self.function.clone());
        tokio::spawn(async move { world.invoke(&function, event).await })
    }

    /// Calls `n` of 1 ms each, that come in this order.
    async fn short(&self, numbers: std::ops::Range<u64>) -> Vec<JoinHandle<FaultResult<Outcome>>> {
        let mut calls = Vec::new();
        for n in numbers {
            calls.push(self.call(json!({ "n": n, "sleep_ms": 1 })));
            tokio::task::yield_now().await;
        }
        calls
    }

    /// Numbers of the calls that began, in order, and each in which sandbox.
    fn begun(&self) -> Vec<(u64, u64)> {
        self.backend.begun.lock().unwrap().clone()
    }

    fn order(&self) -> Vec<u64> {
        self.begun().into_iter().map(|(_, n)| n).collect()
    }
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

async fn succeeded(calls: Vec<JoinHandle<FaultResult<Outcome>>>) -> Vec<u64> {
    let ended = join_all(calls).await.into_iter();
    ended.map(|call| value_of(call.unwrap(), &Value::Null).as_u64().unwrap()).collect()
}

async fn short_calls_are_sent_ahead_and_run_one_by_one_in_order() {
    let line = Line::new(1, |_| {}).await;
    let calls = line.short(0..8).await;
    pass(0).await;
    let report = line.world.comet.report();
    assert_eq!((report.busy, report.waiting), (1, 0), "none waits in line");
    succeeded(calls).await;
    assert_eq!(line.order(), (0..8).collect::<Vec<_>>());
    assert_eq!((line.backend.launched(), line.backend.peak.load(Ordering::SeqCst)), (1, 1));
    // More than may be ahead: the rest waits in line, and the order holds.
    succeeded(line.short(8..40).await).await;
    assert_eq!(line.order(), (0..40).collect::<Vec<_>>());
}

async fn no_call_is_sent_ahead_while_a_sandbox_can_be_started() {
    let line = Line::new(1, |_| {}).await;
    let mut more = (*line.world.catalog_snapshot(&line.function)).clone();
    more.function.revision += 1;
    more.function.pool.max_replicas = 3;
    line.world.catalog.put(more);
    succeeded(line.short(0..3).await).await;
    assert_eq!(line.backend.launched(), 3);
}

async fn what_was_sent_ahead_of_a_long_call_runs_elsewhere() {
    let line = Line::new(2, |_| {}).await;
    let begun = tokio::time::Instant::now();
    let long = line.call(json!({ "n": 0, "sleep_ms": 1000 }));
    tokio::task::yield_now().await;
    // Eight behind the long one and the short one before them: half of them come in its way.
    let seen = succeeded(line.short(1..9).await).await;
    assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
    let busy = long.await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(1000));
    let busy = value_of(busy, &Value::Null).as_u64().unwrap();
    assert!(seen.iter().all(|sandbox| *sandbox != busy), "{seen:?} beside {busy}");
    let mut once = line.order();
    once.sort_unstable();
    assert_eq!(once, (0..9).collect::<Vec<_>>());
}

async fn functions_with_long_calls_get_none_ahead() {
    let line = Line::new(1, |_| {}).await;
    for _ in 0..3 {
        line.call(json!({ "sleep_ms": 50 })).await.unwrap().unwrap();
    }
    let calls = line.short(0..4).await;
    pass(0).await;
    assert_eq!(line.world.comet.report().waiting, 3);
    succeeded(calls).await;
    assert_eq!(line.order(), [0, 1, 2, 3]);
}

async fn a_crash_of_the_runtime_ends_one_call_and_the_others_run_elsewhere() {
    let line = Line::new(1, |_| {}).await;
    let first = line.short(0..1).await;
    let crash = line.call(json!({ "n": 1, "sleep_ms": 1, "crash": true }));
    tokio::task::yield_now().await;
    let others = line.short(2..6).await;
    assert_eq!(succeeded(first).await, [1], "what it had answered before it died is answered");
    let crashed = crash.await.unwrap().unwrap();
    assert_eq!(crashed.result.unwrap_err().kind, FunctionErrorKind::Crash);
    assert_eq!(crashed.logs.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["last words"]);
    assert_eq!(succeeded(others).await, [2, 2, 2, 2]);
    assert_eq!(line.order(), [0, 1, 2, 3, 4, 5]);
}

async fn a_sandbox_that_vanishes_loses_one_call_and_the_others_run_elsewhere() {
    let line = Line::new(1, |_| {}).await;
    let first = line.short(0..1).await;
    let lost = line.call(json!({ "n": 1, "sleep_ms": 1, "vanish": true }));
    tokio::task::yield_now().await;
    let others = line.short(2..6).await;
    assert_eq!(succeeded(first).await, [1]);
    assert_eq!(lost.await.unwrap().unwrap_err().code(), Code::SandboxLost);
    assert_eq!(succeeded(others).await, [2, 2, 2, 2]);
    assert_eq!(line.order(), [0, 1, 2, 3, 4, 5]);
}

async fn a_sandbox_that_takes_no_more_calls_gives_back_what_it_has_not_begun() {
    let line = Line::new(1, |_| {}).await;
    let last = line.call(json!({ "n": 0, "sleep_ms": 1, "fatal": true }));
    tokio::task::yield_now().await;
    let others = line.short(1..5).await;
    assert_eq!(value_of(last.await.unwrap(), &Value::Null), json!(1));
    // The fake goes on at once, so it may be at the next call when it is heard.
    let seen = succeeded(others).await;
    assert_eq!(seen[1..], [2, 2, 2], "{seen:?}");
    assert_eq!(line.order(), [0, 1, 2, 3, 4]);
}

async fn a_call_that_is_cancelled_before_it_began_never_runs() {
    let line = Line::new(1, |_| {}).await;
    let first = line.short(0..1).await;
    let call = line.world.call_of(&line.function, &json!({ "n": 1 }));
    let (cancel, comet) = (call.cancel.clone(), line.world.comet.clone());
    let leaving = tokio::spawn(async move { comet.invoke(call).await });
    tokio::task::yield_now().await;
    let others = line.short(2..5).await;
    cancel.cancel();
    assert_eq!(leaving.await.unwrap().unwrap_err().code(), Code::Cancelled);
    assert_eq!(succeeded(first).await, [1]);
    assert_eq!(succeeded(others).await, [1, 1, 1], "the same sandbox");
    assert_eq!(line.order(), [0, 2, 3, 4]);
}

async fn a_call_that_is_dropped_before_it_began_never_runs() {
    let line = Line::new(1, |_| {}).await;
    let first = line.short(0..1).await;
    let leaving = line.short(1..2).await.remove(0);
    let others = line.short(2..5).await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    assert_eq!(succeeded(first).await, [1]);
    assert_eq!(succeeded(others).await, [1, 1, 1], "the same sandbox");
    assert_eq!(line.order(), [0, 2, 3, 4]);
    let report = line.world.comet.report();
    assert_eq!((report.busy, report.idle, report.waiting), (0, 1, 0));
}

async fn a_call_that_is_cancelled_while_it_runs_costs_the_others_nothing() {
    let line = Line::new(1, |_| {}).await;
    let call = line.world.call_of(&line.function, &json!({ "n": 0, "sleep_ms": 60_000 }));
    let (cancel, comet) = (call.cancel.clone(), line.world.comet.clone());
    let leaving = tokio::spawn(async move { comet.invoke(call).await });
    tokio::task::yield_now().await;
    let others = line.short(1..4).await;
    pass(1).await;
    cancel.cancel();
    assert_eq!(leaving.await.unwrap().unwrap_err().code(), Code::Cancelled);
    assert_eq!(succeeded(others).await, [1, 1, 1], "the same sandbox");
    assert_eq!(line.order(), [0, 1, 2, 3]);
}

async fn a_deadline_holds_for_calls_that_were_sent_ahead() {
    let line = Line::new(1, |_| {}).await;
    let long = line.call(json!({ "n": 0, "sleep_ms": 3000 }));
    tokio::task::yield_now().await;
    let mut call = line.world.call_of(&line.function, &json!({ "n": 1 }));
    call.deadline = Some(Duration::from_millis(200));
    let before = tokio::time::Instant::now();
    assert_eq!(line.world.comet.invoke(call).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert!((190..300).contains(&before.elapsed().as_millis()), "{:?}", before.elapsed());
    assert!(long.await.unwrap().is_ok());
    assert_eq!(line.order(), [0]);
}

async fn no_sandbox_gets_more_calls_than_it_may_have() {
    let line = Line::new(1, |pool| pool.max_calls = 3).await;
    let seen = succeeded(line.short(0..8).await).await;
    // The first had one before.
    assert_eq!(seen, [1, 1, 2, 2, 2, 3, 3, 3]);
    assert_eq!(line.order(), (0..8).collect::<Vec<_>>());
}

async fn lines_of_handed_over_and_of_watched_calls_are_theirs() {
    let line = Line::new(1, |_| {}).await;
    let texts = |outcome: Outcome| outcome.logs.into_iter().map(|line| line.text).collect::<Vec<_>>();
    let printing = line.call(json!({ "n": 0, "sleep_ms": 1, "prints": true }));
    tokio::task::yield_now().await;
    let silent = line.short(1..3).await;
    assert_eq!(texts(printing.await.unwrap().unwrap()), ["handed over"]);
    for call in silent {
        assert_eq!(texts(call.await.unwrap().unwrap()), Vec::<String>::new());
    }
    let long = line.call(json!({ "n": 3, "sleep_ms": 100 })).await.unwrap().unwrap();
    assert!((100_000..120_000).contains(&long.usage.exec_us), "{:?}", long.usage);
    assert_eq!(texts(long), ["the agent looked after it"]);
}

async fn many_calls_with_faults_in_between_each_run_once() {
    let line = Line::new(2, |pool| (pool.max_queue, pool.max_wait_ms) = (1000, 60_000)).await;
    let mut calls = Vec::new();
    for n in 0..400u64 {
        let mut event = json!({ "n": n, "sleep_ms": 1 });
        match n % 40 {
            7 => event["crash"] = true.into(),
            17 => event["vanish"] = true.into(),
            27 => event["sleep_ms"] = 30.into(),
            37 => event["prints"] = true.into(),
            _ => {}
        }
        calls.push(line.call(event));
        if n % 5 == 0 {
            pass(1).await;
        }
    }
    let (mut crashed, mut lost) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(outcome) => crashed += u32::from(outcome.result.is_err()),
            Err(fault) if fault.code() == Code::SandboxLost => lost += 1,
            Err(fault) => panic!("{fault:?}"),
        }
    }
    assert_eq!((crashed, lost), (10, 10));
    let mut once = line.order();
    once.sort_unstable();
    assert_eq!(once, (0..400).collect::<Vec<_>>(), "none is lost and none ran twice");
}
