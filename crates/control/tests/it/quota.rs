use std::sync::Arc;

use nova_control::Quotas;
use nova_domain::ports::Quotas as _;
use nova_domain::quota::QuotaKind;
use nova_domain::{Code, Fault, NamespaceName, Scope};

use crate::support::World;

/// Two of them, as two servers over one store.
async fn quotas(world: &World) -> Quotas {
    let quotas = Quotas::new(world.functions.clone(), world.system.clone());
    quotas.reload().await.expect("read");
    quotas
}

fn tenant() -> nova_domain::TenantName {
    Scope::default_scope().tenant
}

async fn set(quotas: &Quotas, kind: QuotaKind, hard: Option<u64>, soft: Option<u64>, window: Option<u32>) {
    quotas.set(&tenant(), None, kind, (hard, soft, window)).await.expect("set");
}

async fn used(quotas: &Quotas, kind: QuotaKind) -> Option<u64> {
    let states = quotas.list(&tenant()).await.expect("listed");
    states
        .iter()
        .find(|state| state.quota.kind == kind && state.quota.namespace.is_none())
        .expect("there")
        .used
}

fn refused(result: Result<nova_domain::quota::Permit, Fault>, kind: &str) -> Fault {
    let fault = result.expect_err("refused");
    assert_eq!(fault.code(), Code::ResourceExhausted);
    assert!(fault.message().contains(&format!("`{kind}`")), "{fault}");
    assert!(fault.retry_after().is_some());
    assert_eq!(fault.fields()[0].0, format!("quota.{kind}"));
    fault
}

#[tokio::test]
async fn calls_are_limited_at_once_and_each_place_comes_back() {
    let world = World::new().await;
    let quotas = quotas(&world).await;
    let scope = &world.scope;
    assert!(!quotas.limits_calls(scope), "nothing is set");
    set(&quotas, QuotaKind::Concurrency, Some(2), None, None).await;
    assert!(quotas.limits_calls(scope));
    let other = Scope { tenant: nova_domain::TenantName::new("other").expect("valid"), ..scope.clone() };
    assert!(!quotas.limits_calls(&other));
    let (one, two) =
        (quotas.admit(scope).await.expect("a place"), quotas.admit(scope).await.expect("a place"));
    assert_eq!(used(&quotas, QuotaKind::Concurrency).await, Some(2));
    let fault = refused(quotas.admit(scope).await, "concurrency");
    assert!(fault.message().contains("is 2, and 2 are used"), "{fault}");
    // A new limit counts those that are there.
    set(&quotas, QuotaKind::Concurrency, Some(3), None, None).await;
    let three = quotas.admit(scope).await.expect("a place");
    refused(quotas.admit(scope).await, "concurrency");
    drop((one, two, three));
    assert_eq!(used(&quotas, QuotaKind::Concurrency).await, Some(0));
    set(&quotas, QuotaKind::Concurrency, Some(0), None, None).await;
    refused(quotas.admit(scope).await, "concurrency");
    quotas.unset(&tenant(), None, QuotaKind::Concurrency).await.expect("taken away");
    assert!(!quotas.limits_calls(scope));
}

#[tokio::test]
async fn calls_of_a_window_are_counted_over_servers_and_restarts() {
    let world = World::new().await;
    let first = quotas(&world).await;
    set(&first, QuotaKind::Invocations, Some(40), Some(30), Some(3600)).await;
    for _ in 0..5 {
        drop(first.admit(&world.scope).await.expect("a call"));
    }
    assert_eq!(used(&first, QuotaKind::Invocations).await, Some(5));
    // Another server, or this one after a kill: what was counted stays; of the portion that was
    // taken last at most one twentieth of the limit is lost.
    let functions = world.functions_again();
    let second = Quotas::new(functions, world.system.clone());
    second.reload().await.expect("read");
    let mut more = 0;
    let fault = loop {
        match second.admit(&world.scope).await {
            Ok(_) => more += 1,
            Err(fault) => break fault,
        }
    };
    assert!((33..=35).contains(&more), "{more}");
    assert!(
        fault.message().contains("`invocations`")
            && fault.message().contains("is 40 in 3600 s, and 40 are used"),
        "{fault}"
    );
    let wait = fault.retry_after().expect("until the window ends").as_secs();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert!(
        second
            .warning(&world.scope)
            .expect("over the soft limit")
            .starts_with("invocations;used=40;soft=30;hard=40")
    );
    // More is granted at once when the limit grows.
    set(&second, QuotaKind::Invocations, Some(50), None, Some(3600)).await;
    drop(second.admit(&world.scope).await.expect("a call"));
    // Without a hard limit calls are only counted.
    set(&second, QuotaKind::Invocations, None, Some(1), Some(3600)).await;
    drop(second.admit(&world.scope).await.expect("a call"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_calls_at_once_exactly_as_many_get_through_as_the_window_has() {
    let world = World::new().await;
    let quotas = Arc::new(quotas(&world).await);
    set(&quotas, QuotaKind::Invocations, Some(100), None, Some(86_400)).await;
    set(&quotas, QuotaKind::Concurrency, Some(1000), None, None).await;
    let tasks = (0..8).map(|_| {
        let (quotas, scope) = (quotas.clone(), world.scope.clone());
        tokio::spawn(async move {
            let mut through = 0;
            for _ in 0..25 {
                through += u32::from(quotas.admit(&scope).await.is_ok());
            }
            through
        })
    });
    let mut through = 0;
    for task in tasks.collect::<Vec<_>>() {
        through += task.await.expect("no panic");
    }
    assert_eq!(through, 100);
    assert_eq!(used(&quotas, QuotaKind::Concurrency).await, Some(0), "refused calls gave their place back");
}

#[tokio::test]
async fn a_call_that_one_quota_refuses_takes_nothing_of_another() {
    let world = World::new().await;
    let quotas = quotas(&world).await;
    set(&quotas, QuotaKind::Invocations, Some(10), None, Some(86_400)).await;
    let here = world.scope.namespace.clone();
    let part = Some(&here);
    quotas.set(&tenant(), part, QuotaKind::Invocations, (Some(1), None, Some(86_400))).await.expect("set");
    drop(quotas.admit(&world.scope).await.expect("a call"));
    for _ in 0..3 {
        let fault = refused(quotas.admit(&world.scope).await, "invocations");
        assert!(fault.message().contains("namespace `default`"), "{fault}");
    }
    assert_eq!(used(&quotas, QuotaKind::Invocations).await, Some(1));
    let elsewhere = Scope { namespace: NamespaceName::new("staging").expect("valid"), ..world.scope.clone() };
    drop(quotas.admit(&elsewhere).await.expect("another namespace"));
    set(&quotas, QuotaKind::Concurrency, Some(0), None, None).await;
    refused(quotas.admit(&elsewhere).await, "concurrency");
    assert_eq!(used(&quotas, QuotaKind::Invocations).await, Some(2));
}

#[tokio::test]
async fn memory_of_sandboxes_is_counted_before_a_quota_is_set() {
    let world = World::new().await;
    let quotas = quotas(&world).await;
    let early = quotas.sandbox(&world.scope, 200).expect("no quota");
    set(&quotas, QuotaKind::MemoryMb, Some(300), Some(250), None).await;
    assert!(quotas.has_room(&world.scope, 100) && !quotas.has_room(&world.scope, 101));
    let fault = refused(quotas.sandbox(&world.scope, 101), "memory_mb");
    assert!(fault.message().contains("is 300, and 200 are used"), "{fault}");
    assert_eq!(quotas.warning(&world.scope), None);
    let late = quotas.sandbox(&world.scope, 100).expect("room");
    assert_eq!(quotas.warning(&world.scope).expect("reached"), "memory_mb;used=300;soft=250;hard=300");
    drop(early);
    assert_eq!(used(&quotas, QuotaKind::MemoryMb).await, Some(100));
    drop(late);
    assert_eq!(used(&quotas, QuotaKind::MemoryMb).await, Some(0));
}
