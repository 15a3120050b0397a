//! The pool asks before each call and each sandbox, and holds what it was given as long as it should.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::future::join_all;
use libtest_mimic::Trial;
use nova_comet::Settings;
use nova_domain::Scope;
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::ports::{Invoker, Quotas};
use nova_domain::quota::Permit;
use serde_json::json;

use crate::support::fake::FakeBackend;
use crate::support::paused_trial;
use crate::support::world::World;

pub fn trials() -> Vec<Trial> {
    vec![
        paused_trial(
            "quota::a_call_holds_its_place_until_it_has_ended",
            a_call_holds_its_place_until_it_has_ended,
        ),
        paused_trial(
            "quota::a_stream_holds_its_place_until_it_is_over",
            a_stream_holds_its_place_until_it_is_over,
        ),
        paused_trial(
            "quota::sandboxes_that_do_not_fit_make_calls_wait_or_refuse_them",
            sandboxes_that_do_not_fit_make_calls_wait_or_refuse_them,
        ),
        paused_trial("quota::idle_sandboxes_of_the_tenant_make_room", idle_sandboxes_of_the_tenant_make_room),
        paused_trial(
            "quota::nothing_is_asked_of_a_tenant_without_quotas",
            nothing_is_asked_of_a_tenant_without_quotas,
        ),
    ]
}

/// Places and MiB; 0 is no limit.
#[derive(Default)]
struct Counted {
    calls_max: u64,
    memory_max: u64,
    calls: Arc<AtomicU64>,
    memory: Arc<AtomicU64>,
    admitted: AtomicU64,
}

fn take(count: &Arc<AtomicU64>, more: u64, max: u64) -> FaultResult<Permit> {
    let now = count.fetch_add(more, Ordering::SeqCst);
    if max > 0 && now + more > max {
        count.fetch_sub(more, Ordering::SeqCst);
        return Err(Fault::new(Code::ResourceExhausted, "the quota is used up").with_field("quota.x", "1"));
    }
    let count = count.clone();
    Ok(Permit::new(move || {
        count.fetch_sub(more, Ordering::SeqCst);
    }))
}

#[async_trait]
impl Quotas for Counted {
    fn limits_calls(&self, _: &Scope) -> bool {
        self.calls_max > 0
    }

    async fn admit(&self, _: &Scope) -> FaultResult<Permit> {
        self.admitted.fetch_add(1, Ordering::SeqCst);
        take(&self.calls, 1, self.calls_max)
    }

    fn has_room(&self, _: &Scope, memory_mb: u32) -> bool {
        self.memory_max == 0 || self.memory.load(Ordering::SeqCst) + u64::from(memory_mb) <= self.memory_max
    }

    fn sandbox(&self, _: &Scope, memory_mb: u32) -> FaultResult<Permit> {
        take(&self.memory, u64::from(memory_mb), self.memory_max)
    }
}

fn world(counted: Counted) -> (Arc<World>, Arc<FakeBackend>, Arc<Counted>, tempfile::TempDir) {
    let code = tempfile::tempdir().unwrap();
    let backend = Arc::new(FakeBackend::default());
    let world = Arc::new(World::new(backend.clone(), code.path(), Settings::default()));
    let counted = Arc::new(counted);
    world.comet.set_quotas(counted.clone());
    (world, backend, counted, code)
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

async fn a_call_holds_its_place_until_it_has_ended() {
    let (world, backend, counted, _code) = world(Counted { calls_max: 2, ..Counted::default() });
    let function = world.program(b"").deploy(&world);
    let spawn = |ms: u64| {
        let (world, function) = (world.clone(), function.clone());
        tokio::spawn(async move { world.invoke(&function, json!({"sleep_ms": ms})).await })
    };
    let running = [spawn(1000), spawn(1000)];
    pass(100).await;
    let fault = world.invoke(&function, json!({})).await.expect_err("no place");
    assert_eq!((fault.code(), fault.fields().len()), (Code::ResourceExhausted, 1));
    assert_eq!(backend.launched(), 2, "nothing was started for it");
    for call in running {
        call.await.unwrap().unwrap();
    }
    assert_eq!(counted.calls.load(Ordering::SeqCst), 0);
    // A caller who goes away, and a call that is refused elsewhere, give theirs back.
    let gone = spawn(60_000);
    pass(100).await;
    assert_eq!(counted.calls.load(Ordering::SeqCst), 1);
    gone.abort();
    pass(5000).await;
    assert_eq!(counted.calls.load(Ordering::SeqCst), 0);
    let nobody = nova_domain::FunctionName::new("nobody").unwrap();
    assert_eq!(world.invoke(&nobody, json!({})).await.expect_err("none").code(), Code::NotFound);
    let _ = world.invoke(&function, json!({"vanish": true})).await;
    assert_eq!(counted.calls.load(Ordering::SeqCst), 0);
    world.value(&function, json!({})).await;
}

async fn a_stream_holds_its_place_until_it_is_over() {
    let (world, _, counted, _code) = world(Counted { calls_max: 1, ..Counted::default() });
    let function = world.program(b"").deploy(&world);
    let mut stream = world.stream(&function, json!({"sleep_ms": 1000})).await.unwrap();
    pass(100).await;
    assert_eq!(
        world.invoke(&function, json!({})).await.expect_err("no place").code(),
        Code::ResourceExhausted
    );
    while stream.next().await.is_some() {}
    pass(10).await;
    assert_eq!(counted.calls.load(Ordering::SeqCst), 0);
    drop(world.stream(&function, json!({"sleep_ms": 60_000})).await.unwrap());
    pass(5000).await;
    assert_eq!(counted.calls.load(Ordering::SeqCst), 0);
}

async fn sandboxes_that_do_not_fit_make_calls_wait_or_refuse_them() {
    let (world, backend, counted, _code) = world(Counted { memory_max: 300, ..Counted::default() });
    let function = world.program(b"").deploy(&world);
    let other = world.program(b"").deploy(&world);
    let calls = (0..5).map(|_| {
        let (world, function) = (world.clone(), function.clone());
        tokio::spawn(async move { world.invoke(&function, json!({"sleep_ms": 500})).await })
    });
    let calls: Vec<_> = calls.collect();
    pass(100).await;
    assert_eq!((backend.alive(), counted.memory.load(Ordering::SeqCst)), (2, 256));
    // For the other function there is nothing to wait for.
    let fault = world.invoke(&other, json!({})).await.expect_err("no room");
    assert_eq!((fault.code(), fault.fields().len()), (Code::ResourceExhausted, 1));
    assert!(join_all(calls).await.into_iter().all(|call| call.unwrap().is_ok()), "those waited for the two");
    assert_eq!(backend.launched(), 2);
    // Its end gives the room back, also if a start fails.
    pass(120_000).await;
    assert_eq!((backend.alive(), counted.memory.load(Ordering::SeqCst)), (0, 0));
    backend.failures.store(1, Ordering::SeqCst);
    world.invoke(&other, json!({})).await.expect_err("the start failed");
    assert_eq!(counted.memory.load(Ordering::SeqCst), 0);
}

async fn idle_sandboxes_of_the_tenant_make_room() {
    let (world, backend, counted, _code) = world(Counted { memory_max: 128, ..Counted::default() });
    let one = world.program(b"").deploy(&world);
    let two = world.program(b"").deploy(&world);
    for function in [&one, &two, &one] {
        world.value(function, json!({})).await;
    }
    assert_eq!((backend.alive(), counted.memory.load(Ordering::SeqCst)), (1, 128));
    assert_eq!(backend.launched(), 3);
}

async fn nothing_is_asked_of_a_tenant_without_quotas() {
    let (world, _, counted, _code) = world(Counted::default());
    let function = world.program(b"").deploy(&world);
    for _ in 0..3 {
        world.value(&function, json!({})).await;
    }
    assert_eq!(counted.admitted.load(Ordering::SeqCst), 0);
    assert_eq!(counted.memory.load(Ordering::SeqCst), 128, "memory is counted all the same");
    drop(world.comet.invoke(world.call_of(&function, &json!({}))));
}
