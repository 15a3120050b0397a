use nova_domain::quota::{Quota, QuotaKind};
use nova_domain::runtime::Runtime;
use nova_domain::version::CompileStatus;
use nova_domain::{Code, NamespaceName, Timestamp};
use nova_store::PageRequest;
use nova_store::repo::{FunctionFilter, StoredUsage, WindowAsk};

use crate::fixture::*;

fn quota(kind: QuotaKind, namespace: Option<&str>, hard: u64) -> Quota {
    Quota {
        tenant: here().tenant,
        namespace: namespace.map(|name| NamespaceName::new(name).expect("namespace")),
        kind,
        hard: Some(hard),
        soft: None,
        window_s: if kind == QuotaKind::Invocations { 60 } else { 0 },
        updated_at: at(7),
    }
}

async fn create(
    bench: &Bench,
    scope: &nova_domain::Scope,
    name: &str,
    code: u8,
    size: u64,
) -> nova_domain::FaultResult<()> {
    let function = function(scope, name);
    let mut first = version(&function, 1, CompileStatus::NotRequired);
    first.spec = spec(Runtime::Python, code);
    first.spec.code_size = size;
    bench.store.functions().create(scope, &function, &first).await
}

pub(crate) async fn quotas_are_set_changed_listed_and_taken_away(bench: &Bench) {
    let quotas = bench.store.quotas();
    let whole = Quota { soft: Some(8), ..quota(QuotaKind::Functions, None, 10) };
    let part = quota(QuotaKind::Invocations, Some("prod"), 3);
    quotas.set(&part).await.expect("sets");
    quotas.set(&quota(QuotaKind::Functions, None, 5)).await.expect("sets");
    quotas.set(&whole).await.expect("changes");
    assert_eq!(quotas.of(&here().tenant).await.expect("lists"), [whole.clone(), part.clone()]);
    assert!(quotas.of(&scope("evil", "prod").tenant).await.expect("lists").is_empty());
    let first = quotas.all(&bench.system, &PageRequest::new(1, None).expect("valid")).await.expect("lists");
    let rest = PageRequest::new(1, first.next_cursor).expect("valid");
    let rest = quotas.all(&bench.system, &rest).await.expect("lists");
    assert_eq!((first.items, rest.items), (vec![whole], vec![part.clone()]));
    assert_eq!(rest.next_cursor, None);

    let nowhere =
        quotas.set(&quota(QuotaKind::Functions, Some("nowhere"), 1)).await.expect_err("no namespace");
    let mut nobody = quota(QuotaKind::Functions, None, 1);
    nobody.tenant = nova_domain::TenantName::new("nobody").expect("tenant");
    let nobody = quotas.set(&nobody).await.expect_err("no tenant");
    assert_eq!((nowhere.code(), nobody.code()), (Code::NotFound, Code::NotFound));

    quotas.remove(&here().tenant, part.namespace.as_ref(), part.kind).await.expect("removes");
    let again = quotas.remove(&here().tenant, part.namespace.as_ref(), part.kind).await.expect_err("gone");
    assert_eq!(again.code(), Code::NotFound);
    // Those of a namespace and of a tenant go with it.
    quotas.set(&quota(QuotaKind::Functions, Some("staging"), 1)).await.expect("sets");
    bench.store.tenants().delete_namespace(&scope("acme", "staging")).await.expect("deletes");
    assert_eq!(quotas.of(&here().tenant).await.expect("lists").len(), 1);
    bench.store.tenants().delete(&bench.system, &here().tenant).await.expect("deletes");
    assert!(quotas.all(&bench.system, &PageRequest::largest()).await.expect("lists").items.is_empty());
}

pub(crate) async fn functions_and_storage_over_a_quota_are_refused_whole(bench: &Bench) {
    let (store, staging) = (&bench.store, scope("acme", "staging"));
    create(bench, &here(), "one", 1, 100).await.expect("creates");
    create(bench, &staging, "same-code", 1, 100).await.expect("creates");
    let usage = store.quotas().usage(&here().tenant, None).await.expect("counts");
    assert_eq!(usage, StoredUsage { functions: 2, storage_bytes: 100 });
    let part = store.quotas().usage(&here().tenant, Some(&here().namespace)).await.expect("counts");
    assert_eq!(part, StoredUsage { functions: 1, storage_bytes: 100 });

    store.quotas().set(&quota(QuotaKind::Functions, None, 3)).await.expect("sets");
    store.quotas().set(&quota(QuotaKind::StorageBytes, Some("prod"), 150)).await.expect("sets");
    let fault = create(bench, &here(), "large", 2, 51).await.expect_err("no room");
    assert_eq!(fault.code(), Code::QuotaExceeded);
    for part in ["`storage_bytes`", "namespace `prod`", "150", "100 are used", "51 more"] {
        assert!(fault.message().contains(part), "{part}: {fault}");
    }
    assert_eq!(fault.fields()[0].0, "quota.storage_bytes");
    create(bench, &here(), "fits", 2, 50).await.expect("creates up to the limit");
    let fault = create(bench, &staging, "fourth", 1, 100).await.expect_err("no room");
    assert!(fault.message().contains("`functions`") && fault.message().contains("tenant `acme`"), "{fault}");
    create(bench, &scope("evil", "prod"), "other", 9, 999).await.expect("another tenant");

    // A new version with more code is refused; one with the same code and one that was too much before is not.
    let mut changed = store.functions().get(&here(), &name("fits")).await.expect("found");
    (changed.latest_version, changed.active_version) = (2, 2);
    let mut second = version(&changed, 2, CompileStatus::NotRequired);
    second.spec = spec(Runtime::Python, 3);
    second.spec.code_size = 1;
    let fault = store.functions().update(&here(), &changed, Some(&second)).await.expect_err("no room");
    assert_eq!(fault.code(), Code::QuotaExceeded);
    assert!(store.versions().get(&here(), &changed.id, 2).await.is_err(), "nothing of it was stored");
    store.quotas().set(&quota(QuotaKind::StorageBytes, Some("prod"), 10)).await.expect("lowers");
    second.spec = spec(Runtime::Python, 2);
    second.spec.code_size = 50;
    second.spec.limits.timeout_s = 7;
    store.functions().update(&here(), &changed, Some(&second)).await.expect("needs no more than before");
    store.functions().delete(&here(), &changed.name).await.expect("deletes");
    create(bench, &staging, "fourth", 1, 100).await.expect("there is room again");
}

pub(crate) async fn of_many_concurrent_creates_as_many_succeed_as_there_is_room_for(bench: &Bench) {
    bench.store.quotas().set(&quota(QuotaKind::Functions, None, 5)).await.expect("sets");
    let creates = (0..12).map(|index| {
        let store = bench.store.clone();
        tokio::spawn(async move {
            let function = function(&here(), &format!("f{index}"));
            let first = version(&function, 1, CompileStatus::NotRequired);
            store.functions().create(&here(), &function, &first).await
        })
    });
    let results = futures::future::join_all(creates).await;
    let mut made = 0;
    for result in results {
        match result.expect("no panic") {
            Ok(()) => made += 1,
            Err(fault) => assert_eq!(fault.code(), Code::QuotaExceeded, "{fault}"),
        }
    }
    assert_eq!(made, 5);
    let listed =
        bench.store.functions().list(&here(), &FunctionFilter::default(), &PageRequest::largest()).await;
    assert_eq!(listed.expect("lists").items.len(), 5);
}

pub(crate) async fn calls_of_a_window_are_given_out_once(bench: &Bench) {
    let quotas = bench.store.quotas();
    let ask = |want: u64, now: i64| WindowAsk {
        tenant: here().tenant,
        namespace: None,
        window_s: 60,
        hard: Some(100),
        want,
        now: Timestamp::from_micros(now * 1_000_000),
    };
    let lease = quotas.lease(&ask(70, 125)).await.expect("gives");
    assert_eq!((lease.granted, lease.used, lease.ends_at), (70, 70, Timestamp::from_micros(180_000_000)));
    let lease = quotas.lease(&ask(70, 130)).await.expect("gives");
    assert_eq!((lease.granted, lease.used), (30, 100));
    // A server whose clock is behind does not begin the window before again.
    assert_eq!(quotas.lease(&ask(1, 119)).await.expect("answers").granted, 0);
    assert_eq!(quotas.lease(&ask(1, 179)).await.expect("answers").granted, 0);
    let lease = quotas.lease(&ask(1, 180)).await.expect("a new window");
    assert_eq!((lease.granted, lease.used), (1, 1));
    // Another length is another window; without a hard limit it is only counted.
    let other = WindowAsk { window_s: 10, hard: None, ..ask(500, 181) };
    let lease = quotas.lease(&other).await.expect("counts");
    assert_eq!((lease.granted, lease.used, lease.ends_at.as_micros()), (500, 500, 190_000_000));

    let tasks = (0..8).map(|_| {
        let (store, ask) = (bench.store.clone(), ask(7, 300));
        tokio::spawn(async move {
            let mut sum = 0;
            for _ in 0..4 {
                sum += store.quotas().lease(&ask).await.expect("answers").granted;
            }
            sum
        })
    });
    let given: u64 =
        futures::future::join_all(tasks).await.into_iter().map(|sum| sum.expect("no panic")).sum();
    assert_eq!(given, 100);
}
