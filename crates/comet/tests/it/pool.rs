//! The pool and the waiting line, over sandboxes that are tasks, with a clock that jumps.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use libtest_mimic::Trial;
use nova_comet::Settings;
use nova_domain::FunctionName;
use nova_domain::call::Outcome;
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::function::PoolSettings;
use nova_domain::ports::{Invoker, Sandboxes};
use serde_json::{Value, json};

use crate::support::fake::FakeBackend;
use crate::support::paused_trial;
use crate::support::world::{World, value_of};

macro_rules! trials {
    ($($name:ident),* $(,)?) => {
        pub fn trials() -> Vec<Trial> {
            vec![$(paused_trial(concat!("pool::", stringify!($name)), $name)),*]
        }
    };
}

trials![
    concurrent_cold_calls_start_no_more_sandboxes_than_they_need,
    no_more_sandboxes_than_max_replicas_run_at_once,
    a_full_line_refuses_at_once,
    a_call_waits_no_longer_than_max_wait_or_its_own_deadline,
    without_a_line_calls_run_as_long_as_sandboxes_can_be_started,
    calls_share_a_sandbox_up_to_the_instance_concurrency,
    the_sandbox_used_last_is_used_next,
    an_idle_sandbox_ends_after_its_time_and_not_before,
    minimum_replicas_are_there_without_any_call_and_stay,
    a_sandbox_is_replaced_after_max_calls,
    a_fatal_answer_replaces_the_sandbox,
    a_sandbox_that_vanishes_is_a_typed_fault_and_the_next_call_works,
    a_cancelled_call_gives_its_place_back,
    a_dropped_call_gives_its_place_back_when_it_has_ended,
    a_caller_who_leaves_the_line_costs_nobody_a_place,
    a_retired_version_ends_its_calls_and_sends_those_in_line_to_the_new_one,
    a_failed_start_is_told_to_one_and_the_others_get_the_next,
    the_limit_over_all_functions_makes_room_by_idle_sandboxes,
    ten_thousand_queued_callers_each_get_an_answer,
    closing_ends_every_sandbox,
];

struct Pool {
    backend: Arc<FakeBackend>,
    world: Arc<World>,
    function: FunctionName,
    _code: tempfile::TempDir,
}

impl Pool {
    fn new(change: impl FnOnce(&mut PoolSettings)) -> Self {
        Self::with(Settings::default(), change)
    }

    fn with(settings: Settings, change: impl FnOnce(&mut PoolSettings)) -> Self {
        let code = tempfile::tempdir().unwrap();
        let backend = Arc::new(FakeBackend::default());
        let world = Arc::new(World::new(backend.clone(), code.path(), settings));
        let function = world.program(b"").pool(change).deploy(&world);
        Self { backend, world, function, _code: code }
    }

    async fn call(&self, event: Value) -> FaultResult<Outcome> {
        self.world.invoke(&self.function, event).await
    }

    /// The number of the sandbox that answered.
    async fn sandbox(&self, event: Value) -> u64 {
        value_of(self.call(event.clone()).await, &event).as_u64().unwrap()
    }

    /// Calls that run on their own.
    fn spawn(&self, count: usize, event: Value) -> Vec<tokio::task::JoinHandle<FaultResult<Outcome>>> {
        (0..count)
            .map(|_| {
                let (world, function, event) = (self.world.clone(), self.function.clone(), event.clone());
                tokio::spawn(async move { world.invoke(&function, event).await })
            })
            .collect()
    }
}

fn sleep_ms(ms: u64) -> Value {
    json!({ "sleep_ms": ms })
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

fn fault_of(result: FaultResult<Outcome>) -> Fault {
    result.expect_err("it should have been refused")
}

async fn concurrent_cold_calls_start_no_more_sandboxes_than_they_need() {
    let pool = Pool::new(|_| {});
    *pool.backend.launch_time.lock().unwrap() = Duration::from_millis(100);
    let calls = pool.spawn(3, sleep_ms(10));
    assert!(join_all(calls).await.into_iter().all(|call| call.unwrap().is_ok()));
    assert_eq!(pool.backend.launched(), 3);
    // Calls that come while one is on its way and can take them both start no other.
    let pool = Pool::new(|settings| settings.instance_concurrency = 4);
    *pool.backend.launch_time.lock().unwrap() = Duration::from_millis(100);
    let calls = pool.spawn(8, sleep_ms(10));
    assert!(join_all(calls).await.into_iter().all(|call| call.unwrap().is_ok()));
    assert_eq!(pool.backend.launched(), 2);
    // One after another, one sandbox is enough.
    let pool = Pool::new(|_| {});
    for _ in 0..5 {
        assert_eq!(pool.sandbox(json!({})).await, 1);
    }
    assert_eq!(pool.backend.launched(), 1);
}

async fn no_more_sandboxes_than_max_replicas_run_at_once() {
    let pool = Pool::new(|settings| settings.max_replicas = 3);
    let calls = pool.spawn(20, sleep_ms(50));
    assert!(join_all(calls).await.into_iter().all(|call| call.unwrap().is_ok()));
    assert_eq!(pool.backend.launched(), 3);
    assert_eq!(pool.backend.peak.load(Ordering::SeqCst), 3);
}

async fn a_full_line_refuses_at_once() {
    let pool = Pool::new(|settings| (settings.max_replicas, settings.max_queue) = (1, 2));
    let running = pool.spawn(1, sleep_ms(1000));
    pass(100).await;
    let waiting = pool.spawn(2, sleep_ms(10));
    pass(100).await;
    let before = tokio::time::Instant::now();
    let fault = fault_of(pool.call(json!({})).await);
    assert_eq!(fault.code(), Code::QueueFull);
    assert!(before.elapsed() < Duration::from_millis(50));
    assert!(fault.retry_after().is_some() && fault.message().contains("max_queue"), "{fault}");
    for call in running.into_iter().chain(waiting) {
        assert!(call.await.unwrap().is_ok());
    }
}

async fn a_call_waits_no_longer_than_max_wait_or_its_own_deadline() {
    let pool = Pool::new(|settings| (settings.max_replicas, settings.max_wait_ms) = (1, 500));
    let running = pool.spawn(1, sleep_ms(3000));
    pass(100).await;
    let before = tokio::time::Instant::now();
    assert_eq!(fault_of(pool.call(json!({})).await).code(), Code::QueueTimeout);
    assert!((490..600).contains(&before.elapsed().as_millis()), "{:?}", before.elapsed());
    let mut call = pool.world.call_of(&pool.function, &json!({}));
    call.deadline = Some(Duration::from_millis(200));
    let before = tokio::time::Instant::now();
    assert_eq!(fault_of(pool.world.comet.invoke(call).await).code(), Code::DeadlineExceeded);
    assert!((190..300).contains(&before.elapsed().as_millis()), "{:?}", before.elapsed());
    assert!(running.into_iter().next().unwrap().await.unwrap().is_ok());
    assert_eq!(pool.sandbox(json!({})).await, 1);
}

async fn without_a_line_calls_run_as_long_as_sandboxes_can_be_started() {
    let pool = Pool::new(|settings| (settings.max_replicas, settings.max_queue) = (2, 0));
    *pool.backend.launch_time.lock().unwrap() = Duration::from_millis(50);
    let calls = pool.spawn(3, sleep_ms(500));
    let results: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2);
    assert_eq!(results.into_iter().find_map(Result::err).unwrap().code(), Code::QueueFull);
}

async fn calls_share_a_sandbox_up_to_the_instance_concurrency() {
    let pool = Pool::new(|settings| (settings.max_replicas, settings.instance_concurrency) = (2, 3));
    let calls = pool.spawn(6, sleep_ms(100));
    pass(50).await;
    assert_eq!(pool.backend.running.load(Ordering::SeqCst), 6);
    let report = pool.world.comet.report();
    assert_eq!((report.busy, report.idle, report.waiting), (2, 0, 0));
    assert!(join_all(calls).await.into_iter().all(|call| call.unwrap().is_ok()));
    assert_eq!(pool.backend.launched(), 2);
}

async fn the_sandbox_used_last_is_used_next() {
    let pool = Pool::new(|_| {});
    let calls = pool.spawn(3, sleep_ms(10));
    join_all(calls).await;
    let last = pool.sandbox(json!({})).await;
    for _ in 0..4 {
        assert_eq!(pool.sandbox(json!({})).await, last, "the others shall go idle");
    }
}

async fn an_idle_sandbox_ends_after_its_time_and_not_before() {
    let pool = Pool::new(|settings| settings.idle_ttl_s = 10);
    pool.sandbox(json!({})).await;
    pass(9000).await;
    assert_eq!(pool.backend.alive(), 1);
    pool.sandbox(json!({})).await;
    pass(9000).await;
    assert_eq!(pool.backend.alive(), 1, "the call in between counts");
    pass(2000).await;
    assert_eq!(pool.backend.alive(), 0);
    assert_eq!(pool.world.comet.report().functions, 0, "an empty pool is forgotten");
    assert_eq!(pool.sandbox(json!({})).await, 2);
}

async fn minimum_replicas_are_there_without_any_call_and_stay() {
    let pool = Pool::new(|settings| (settings.min_replicas, settings.idle_ttl_s) = (2, 1));
    pass(3000).await;
    assert_eq!(pool.backend.alive(), 2);
    let outcome = pool.call(json!({})).await.unwrap();
    assert!(!outcome.usage.cold_start, "one that was there is warm");
    join_all(pool.spawn(4, sleep_ms(100))).await;
    pass(10_000).await;
    assert_eq!(pool.backend.alive(), 2);
    // One that dies is replaced.
    assert_eq!(fault_of(pool.call(json!({ "vanish": true })).await).code(), Code::SandboxLost);
    pass(3000).await;
    assert_eq!(pool.world.comet.report().idle, 2);
}

async fn a_sandbox_is_replaced_after_max_calls() {
    let pool = Pool::new(|settings| settings.max_calls = 2);
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(pool.sandbox(json!({})).await);
    }
    assert_eq!(seen, [1, 1, 2, 2, 3, 3]);
    assert_eq!(pool.backend.alive(), 0);
}

async fn a_fatal_answer_replaces_the_sandbox() {
    let pool = Pool::new(|_| {});
    assert_eq!(pool.sandbox(json!({ "fatal": true })).await, 1);
    assert_eq!(pool.sandbox(json!({})).await, 2);
    assert_eq!(pool.backend.alive(), 1);
}

async fn a_sandbox_that_vanishes_is_a_typed_fault_and_the_next_call_works() {
    let pool = Pool::new(|settings| settings.instance_concurrency = 3);
    let innocent = pool.spawn(2, sleep_ms(1000));
    pass(100).await;
    let fault = fault_of(pool.call(json!({ "vanish": true, "sleep_ms": 10 })).await);
    assert_eq!(fault.code(), Code::SandboxLost);
    for call in innocent {
        assert_eq!(fault_of(call.await.unwrap()).code(), Code::SandboxLost);
    }
    assert_eq!(pool.sandbox(json!({})).await, 2);
    pass(1000).await;
    assert_eq!((pool.backend.alive(), pool.world.comet.report().idle), (1, 1));
}

async fn a_cancelled_call_gives_its_place_back() {
    let pool = Pool::new(|settings| settings.max_replicas = 1);
    let call = pool.world.call_of(&pool.function, &sleep_ms(60_000));
    let cancel = call.cancel.clone();
    let comet = pool.world.comet.clone();
    let running = tokio::spawn(async move { comet.invoke(call).await });
    pass(100).await;
    cancel.cancel();
    assert_eq!(fault_of(running.await.unwrap()).code(), Code::Cancelled);
    assert_eq!(pool.backend.running.load(Ordering::SeqCst), 0);
    assert_eq!(pool.sandbox(json!({})).await, 1, "the same sandbox");
}

async fn a_dropped_call_gives_its_place_back_when_it_has_ended() {
    let pool = Pool::new(|settings| settings.max_replicas = 1);
    let running = pool.spawn(1, sleep_ms(60_000)).remove(0);
    pass(100).await;
    running.abort();
    // The next call does not find the old one in its sandbox, and does not wait a minute.
    let before = tokio::time::Instant::now();
    assert_eq!(pool.sandbox(json!({})).await, 1, "the same sandbox");
    assert!(before.elapsed() < Duration::from_secs(3));
    assert_eq!(pool.backend.peak.load(Ordering::SeqCst), 1);
}

async fn a_caller_who_leaves_the_line_costs_nobody_a_place() {
    let pool = Pool::new(|settings| settings.max_replicas = 1);
    let running = pool.spawn(1, sleep_ms(1000));
    pass(100).await;
    let leaving = pool.spawn(5, sleep_ms(10));
    let staying = pool.spawn(2, sleep_ms(10));
    pass(100).await;
    for call in &leaving {
        call.abort();
    }
    let call = pool.world.call_of(&pool.function, &json!({}));
    call.cancel.cancel();
    assert_eq!(fault_of(pool.world.comet.invoke(call).await).code(), Code::Cancelled);
    for call in running.into_iter().chain(staying) {
        assert!(call.await.unwrap().is_ok());
    }
    let report = pool.world.comet.report();
    assert_eq!((report.busy, report.idle, report.waiting, pool.backend.launched()), (0, 1, 0, 1));
}

async fn a_retired_version_ends_its_calls_and_sends_those_in_line_to_the_new_one() {
    let pool = Pool::new(|settings| settings.max_replicas = 1);
    let running = pool.spawn(1, sleep_ms(2000)).remove(0);
    pass(100).await;
    let waiting = pool.spawn(2, json!({}));
    pass(100).await;
    let old = pool.world.catalog_snapshot(&pool.function);
    let mut new = (*old).clone();
    (new.version, new.function.active_version, new.function.revision) = (2, 2, 2);
    pool.world.catalog.put(new);
    pool.world.comet.retire(&old.function.id, &[2]);
    for call in waiting {
        let outcome = call.await.unwrap().unwrap();
        assert_eq!(outcome.function.version, 2);
    }
    let outcome = running.await.unwrap().unwrap();
    assert_eq!(outcome.function.version, 1, "what had begun is finished");
    pass(100).await;
    assert_eq!(pool.backend.alive(), 1, "the old version's sandbox is gone");
}

async fn a_failed_start_is_told_to_one_and_the_others_get_the_next() {
    let pool = Pool::new(|settings| settings.max_replicas = 1);
    pool.backend.failures.store(1, Ordering::SeqCst);
    *pool.backend.launch_time.lock().unwrap() = Duration::from_millis(10);
    let calls = pool.spawn(3, json!({}));
    let results: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let faults: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(faults.iter().map(|fault| fault.code()).collect::<Vec<_>>(), [Code::Unavailable]);
    assert!(!faults[0].message().contains("as the test asked"), "internals stay inside");
    assert_eq!(pool.world.comet.report().idle, 1);
}

async fn the_limit_over_all_functions_makes_room_by_idle_sandboxes() {
    let settings = Settings { max_sandboxes: 2, ..Settings::default() };
    let pool = Pool::with(settings, |settings| settings.max_replicas = 2);
    let other = pool.world.program(b"").deploy(&pool.world);
    join_all(pool.spawn(2, sleep_ms(10))).await;
    assert_eq!(pool.backend.alive(), 2);
    // Idle ones of one function go for the other at once.
    pool.world.value(&other, json!({})).await;
    assert_eq!(pool.backend.alive(), 2);
    // And those that become idle later, too.
    let running = pool.spawn(1, sleep_ms(2000));
    pass(100).await;
    let world = pool.world.clone();
    let busy = tokio::spawn(async move { world.invoke(&other, sleep_ms(2000)).await });
    pass(100).await;
    let third = pool.world.program(b"").deploy(&pool.world);
    let before = tokio::time::Instant::now();
    pool.world.value(&third, json!({})).await;
    assert!(before.elapsed() < Duration::from_secs(4), "{:?}", before.elapsed());
    for call in running.into_iter().chain([busy]) {
        assert!(call.await.unwrap().is_ok());
    }
    assert!(pool.backend.alive() <= 2);
}

async fn ten_thousand_queued_callers_each_get_an_answer() {
    let pool = Pool::new(|settings| {
        (settings.max_replicas, settings.max_queue, settings.max_wait_ms) = (4, 10_000, 900_000);
    });
    let begun = std::time::Instant::now();
    let calls = pool.spawn(10_100, sleep_ms(1));
    let (mut answered, mut refused) = (0, 0);
    for call in join_all(calls).await {
        match call.unwrap() {
            Ok(outcome) => answered += u32::from(outcome.result.is_ok()),
            Err(fault) if fault.code() == Code::QueueFull => refused += 1,
            Err(fault) => panic!("{fault:?}"),
        }
    }
    assert_eq!(answered + refused, 10_100);
    assert!((10_000..=10_004).contains(&answered), "{answered} answered");
    assert_eq!(pool.backend.peak.load(Ordering::SeqCst), 4);
    assert!(begun.elapsed() < Duration::from_secs(20), "the line itself is slow: {:?}", begun.elapsed());
}

async fn closing_ends_every_sandbox() {
    let pool = Pool::new(|_| {});
    join_all(pool.spawn(3, sleep_ms(10))).await;
    assert_eq!(pool.backend.alive(), 3);
    pool.world.stop.cancel();
    pass(1000).await;
    assert_eq!(pool.backend.alive(), 0);
}
