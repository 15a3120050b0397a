use std::time::Duration;

use nova_domain::Code;
use nova_domain::access::{Namespace, Tenant};
use nova_domain::audit::{
    Actor, ActorKind, AuditFilter, AuditOutcome, Chain, Change, Head, Origin, Resource, Verification,
};
use nova_store::{PageRequest, audit};
use serde_json::json;

use crate::fixture::*;

fn acme() -> Chain {
    Chain::Tenant(here().tenant)
}

fn origin(name: &str) -> Origin {
    Origin {
        actor: Actor {
            kind: ActorKind::User,
            id: format!("u-{name}"),
            name: format!("{name}@example.com"),
            credential: Some("k1".into()),
        },
        address: Some("10.0.0.7".into()),
        request_id: Some("req-1".into()),
        action: "namespace:create".into(),
        operation: "create_namespace".into(),
        chain: acme(),
        namespace: None,
        resource: Resource::new("namespace", ""),
    }
}

fn namespace(name: &str) -> Namespace {
    Namespace {
        tenant: here().tenant,
        name: nova_domain::NamespaceName::new(name).expect("namespace"),
        description: String::new(),
        created_at: at(0),
    }
}

async fn make(bench: &Bench, name: &str) {
    let change = Change {
        after: Some(json!({"name": name, "odd": "\u{0}\u{1f980}\""})),
        changed: vec!["name".into()],
        ..Change::of(acme(), Resource::new("namespace", name))
    };
    let new = namespace(name);
    let write = bench.store.tenants().create_namespace(&new);
    audit::within(origin("ada"), audit::about(change, write)).await.expect("creates");
}

async fn verify(bench: &Bench) -> Verification {
    bench.store.audit().verify(&acme(), None).await.expect("verifies")
}

async fn entries(bench: &Bench, filter: &AuditFilter) -> Vec<nova_domain::audit::Entry> {
    bench.store.audit().list(&acme(), filter, &PageRequest::largest()).await.expect("lists").items
}

pub(crate) async fn a_change_has_its_entry_and_a_refused_write_has_none(bench: &Bench) {
    let before = verify(bench).await.entries;
    make(bench, "one").await;
    let all = entries(bench, &AuditFilter::default()).await;
    let newest = &all[0];
    assert_eq!(newest.seq, before + 1);
    assert_eq!(newest.actor, origin("ada").actor);
    assert_eq!((newest.action.as_str(), newest.operation.as_str()), ("namespace:create", "create_namespace"));
    assert_eq!(newest.resource, Resource::new("namespace", "one"));
    assert_eq!((newest.address.as_deref(), newest.request_id.as_deref()), (Some("10.0.0.7"), Some("req-1")));
    assert_eq!(newest.outcome, AuditOutcome::Done);
    assert_eq!(newest.changed, ["name"]);
    let after: serde_json::Value =
        serde_json::from_str(newest.after.as_deref().expect("there")).expect("JSON");
    assert_eq!(after["odd"], "\u{0}\u{1f980}\"");
    assert_eq!(newest.before, None);
    assert_eq!(bench.store.audit().get(&acme(), newest.seq).await.expect("found"), *newest);
    let gone = bench.store.audit().get(&acme(), newest.seq + 1).await.expect_err("none");
    assert_eq!(gone.code(), Code::NotFound);

    // The same name again, and a delete of nothing.
    let again = bench.store.tenants().create_namespace(&namespace("one")).await.expect_err("taken");
    assert_eq!(again.code(), Code::AlreadyExists);
    bench.store.tenants().delete_namespace(&scope("acme", "nothing")).await.expect_err("none");
    assert_eq!(verify(bench).await.entries, before + 1);

    // A write of which nothing was said has an entry of the server's.
    bench.store.tenants().delete_namespace(&scope("acme", "one")).await.expect("deletes");
    let all = [
        entries(bench, &AuditFilter::default()).await,
        bench
            .store
            .audit()
            .list(&Chain::Server, &AuditFilter::default(), &PageRequest::largest())
            .await
            .expect("lists")
            .items,
    ]
    .concat();
    let system = all.iter().find(|entry| entry.operation == "namespaces.delete").expect("there");
    assert_eq!(system.actor, Actor::system());
}

pub(crate) async fn what_is_no_change_by_anybody_has_no_entry(bench: &Bench) {
    let function = stored(bench, &here(), "f").await;
    let count = async || {
        let server = bench.store.audit().verify(&Chain::Server, None).await.expect("verifies").entries;
        server + verify(bench).await.entries
    };
    let before = count().await;
    let record = nova_store::repo::RunRecord { run: run(&function, "r1", 1), lines: vec![line(1, "x")] };
    bench.store.runs().insert_batch(&bench.system, vec![record].into()).await.expect("inserts");
    bench.store.credentials().touch(&bench.system, &[]).await.expect("touches");
    bench.store.credentials().prune(&bench.system, at(5), at(5)).await.expect("prunes");
    bench.store.ping().await.expect("answers");
    assert_eq!(count().await, before);
}

pub(crate) async fn entries_are_filtered_and_paged_newest_first(bench: &Bench) {
    for index in 0..7 {
        make(bench, &format!("n{index}")).await;
    }
    let outcome = AuditOutcome::Refused;
    let change = Change::of(acme(), Resource::new("function", "hello"));
    let refused = bench.store.audit().note(Some(&change), outcome, Some(Code::PermissionDenied));
    audit::within(origin("eve"), refused).await.expect("appends");

    let of = |filter: AuditFilter| async move { entries(bench, &filter).await.len() };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(of(AuditFilter { actor: text("eve@example.com"), ..Default::default() }).await, 1);
    assert_eq!(of(AuditFilter { actor: text("u-ada"), ..Default::default() }).await, 7);
    assert_eq!(of(AuditFilter { action: text("create_namespace"), ..Default::default() }).await, 8);
    assert_eq!(of(AuditFilter { action: text("namespace:create"), ..Default::default() }).await, 8);
    assert_eq!(of(AuditFilter { outcome: Some(outcome), ..Default::default() }).await, 1);
    let of_one =
        AuditFilter { resource_kind: text("namespace"), resource_name: text("n3"), ..Default::default() };
    assert_eq!(of(of_one).await, 1);
    assert_eq!(of(AuditFilter { resource_kind: text("function"), ..Default::default() }).await, 1);
    let all = entries(bench, &AuditFilter::default()).await;
    assert_eq!(all[0].error.as_deref(), Some("permission_denied"));
    let middle = all[3].at;
    let since = of(AuditFilter { since: Some(middle), ..Default::default() }).await;
    let until = of(AuditFilter { until: Some(middle), ..Default::default() }).await;
    assert_eq!(since + until, all.len());
    assert!(since >= 4);

    let mut page = PageRequest::new(3, None).expect("in bounds");
    let mut seen = Vec::new();
    loop {
        let found = bench.store.audit().list(&acme(), &AuditFilter::default(), &page).await.expect("lists");
        seen.extend(found.items.iter().map(|entry| entry.seq));
        match found.next_cursor {
            Some(cursor) => page = page.after(cursor),
            None => break,
        }
    }
    assert_eq!(seen, all.iter().map(|entry| entry.seq).collect::<Vec<_>>());
    assert!(seen.is_sorted_by(|a, b| a > b));
}

pub(crate) async fn the_log_of_another_tenant_is_not_reachable(bench: &Bench) {
    make(bench, "mine").await;
    let seq = verify(bench).await.entries;
    let evil = Chain::Tenant(scope("evil", "prod").tenant);
    let listed = bench.store.audit().list(&evil, &AuditFilter::default(), &PageRequest::largest()).await;
    assert!(listed.expect("lists").items.iter().all(|entry| entry.chain == evil));
    assert!(bench.store.audit().get(&evil, seq).await.is_err());
}

/// Whatever is done to the rows from outside is found, with the first entry that it concerns.
pub(crate) async fn every_kind_of_tampering_is_found_at_its_place(bench: &Bench) {
    for index in 0..8 {
        make(bench, &format!("n{index}")).await;
    }
    let intact = verify(bench).await;
    assert_eq!(intact.broken, None);
    let last = intact.entries;
    let head = intact.head.clone().expect("there are entries");
    assert_eq!(head.seq, last);

    bench.arm().await;
    let broken = async |sql: &str, seq: u64| {
        bench.keep_audit().await;
        bench.tamper(sql).await;
        let found = verify(bench).await;
        let at = found.broken.map(|broken| broken.seq);
        assert_eq!((at, found.head), (Some(seq), None), "{sql}");
        bench.restore_audit().await;
        assert_eq!(verify(bench).await, intact, "put back after: {sql}");
    };
    let of = |seq: u64| format!("WHERE tenant_id = 'acme' AND seq = {seq}");
    let mid = last - 4;
    for column in [
        "at = at + 1",
        "actor_kind = 'system'",
        "actor_id = 'u-eve'",
        "actor_name = ''",
        "credential = NULL",
        "address = '10.0.0.8'",
        "request_id = NULL",
        "action = 'x'",
        "operation = 'x'",
        "namespace = 'x'",
        "resource_kind = 'x'",
        "resource_name = 'x'",
        "outcome = 'refused'",
        "error = 'x'",
        "changed = '[]'",
        "before = '{}'",
        "after = '{}'",
        "outcome = 'unheard-of'",
        "changed = 'no JSON'",
    ] {
        broken(&format!("UPDATE audit_entries SET {column} {}", of(mid)), mid).await;
    }
    let zeros = "0".repeat(64);
    broken(&format!("UPDATE audit_entries SET previous = '{zeros}' {}", of(mid)), mid).await;
    broken(&format!("UPDATE audit_entries SET hash = '{zeros}' {}", of(mid)), mid).await;
    broken(&format!("UPDATE audit_entries SET hash = '{zeros}' {}", of(last)), last).await;
    // Gone from the middle, the beginning, the end, and all of them.
    broken(&format!("DELETE FROM audit_entries {}", of(mid)), mid).await;
    broken(&format!("DELETE FROM audit_entries {}", of(1)), 1).await;
    broken(&format!("DELETE FROM audit_entries {}", of(last)), last).await;
    broken("DELETE FROM audit_entries WHERE tenant_id = 'acme'", 1).await;
    // The end with its record, which does not fit any more.
    let cut = format!(
        "DELETE FROM audit_entries {}; UPDATE audit_heads SET seq = {} WHERE tenant_id = 'acme'",
        of(last),
        last - 1
    );
    broken(&cut, last - 1).await;
    broken("DELETE FROM audit_heads WHERE tenant_id = 'acme'", last).await;
    broken(&format!("UPDATE audit_heads SET seq = {} WHERE tenant_id = 'acme'", last - 2), last - 2).await;

    // The end with its record, as it was once: only what was kept elsewhere tells.
    bench.keep_audit().await;
    let earlier = bench.store.audit().get(&acme(), last - 1).await.expect("found");
    let cut = format!(
        "DELETE FROM audit_entries {}; UPDATE audit_heads SET seq = {}, hash = '{}' WHERE tenant_id = 'acme'",
        of(last),
        earlier.seq,
        earlier.hash,
    );
    bench.tamper(&cut).await;
    assert_eq!(verify(bench).await.broken, None);
    let anchored = bench.store.audit().verify(&acme(), Some(head.clone())).await.expect("verifies");
    assert_eq!(anchored.broken.map(|broken| broken.seq), Some(last));
    bench.restore_audit().await;
    let anchored = bench.store.audit().verify(&acme(), Some(head)).await.expect("verifies");
    assert_eq!(anchored.broken, None);
    let wrong = Head { seq: mid, hash: zeros };
    let anchored = bench.store.audit().verify(&acme(), Some(wrong)).await.expect("verifies");
    assert_eq!(anchored.broken.map(|broken| broken.seq), Some(mid));
    make(bench, "goes-on").await;
    assert_eq!(verify(bench).await.entries, last + 1);
}

/// Two connections, as of two servers: each change has its place, and no two the same.
pub(crate) async fn the_chain_of_concurrent_writers_does_not_fork(bench: &Bench) {
    let before = verify(bench).await.entries;
    let writers = (0..8).map(|writer| {
        let store = bench.store.clone();
        tokio::spawn(async move {
            for index in 0..12 {
                let new = namespace(&format!("w{writer}-{index}"));
                let change = Change::of(acme(), Resource::new("namespace", &new.name));
                let write = store.tenants().create_namespace(&new);
                audit::within(origin("ada"), audit::about(change, write)).await.expect("creates");
                // The first entry of a chain is the one that two may begin at once.
                let tenant = Tenant {
                    name: nova_domain::TenantName::new(format!("t{index}")).expect("tenant"),
                    description: String::new(),
                    created_at: at(0),
                };
                let change =
                    Change::of(Chain::Tenant(tenant.name.clone()), Resource::new("tenant", &tenant.name));
                let refused =
                    store.audit().note(Some(&change), AuditOutcome::Refused, Some(Code::PermissionDenied));
                refused.await.expect("appends");
            }
        })
    });
    let all = tokio::time::timeout(Duration::from_secs(120), futures::future::join_all(writers));
    for writer in all.await.expect("in time") {
        writer.expect("no panic");
    }
    let found = verify(bench).await;
    assert_eq!((found.broken, found.entries), (None, before + 96));
    for index in 0..12 {
        let chain = Chain::Tenant(nova_domain::TenantName::new(format!("t{index}")).expect("tenant"));
        let found = bench.store.audit().verify(&chain, None).await.expect("verifies");
        assert_eq!((found.broken, found.entries), (None, 8));
    }
}

pub(crate) async fn rows_of_the_log_cannot_be_changed_by_the_role_of_queries(bench: &Bench) {
    make(bench, "one").await;
    for sql in [
        "UPDATE audit_entries SET actor_name = 'eve'",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_heads",
        "UPDATE audit_heads SET seq = seq + 2",
        "UPDATE audit_heads SET seq = seq - 1",
    ] {
        let text = bench.forbidden(sql).await;
        assert!(text.contains("append-only") || text.contains("permission denied"), "{sql}: {text}");
    }
    assert_eq!(verify(bench).await.broken, None);
}
