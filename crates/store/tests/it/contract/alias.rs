use nova_domain::alias::{ALIASES_PER_FUNCTION, Alias, Split};
use nova_domain::rollout::{RolloutPlan, Seen};
use nova_domain::run::{Run, RunStatus};
use nova_domain::{AliasName, Code, Scope};
use nova_store::PageRequest;
use nova_store::repo::RunRecord;

use crate::fixture::*;

fn alias(scope: &Scope, function: &str, name: &str) -> Alias {
    Alias {
        scope: scope.clone(),
        function: fid(function),
        name: AliasName::new(name).expect("valid"),
        description: "nul \0 and ' and \u{1f980}".to_owned(),
        split: Split::whole(1).with_weights(1, &[(2, 10)].into()).expect("valid"),
        history: Vec::new(),
        rollout: None,
        revision: 1,
        created_at: at(5),
        updated_at: at(5),
    }
}

pub(crate) async fn an_alias_is_read_as_it_was_stored_and_an_old_revision_is_a_conflict(bench: &Bench) {
    let hello = stored(bench, &here(), "hello").await;
    let aliases = bench.store.aliases();
    let mut live = alias(&here(), hello.id.as_str(), "live");
    aliases.create(&live).await.expect("creates");
    assert_eq!(aliases.create(&live).await.expect_err("taken").code(), Code::AlreadyExists);
    assert_eq!(aliases.get(&here(), &hello.id, &live.name).await.expect("reads"), live);
    live.point_to(Split::whole(2), at(7));
    live.start_rollout(RolloutPlan { version: 3, ..RolloutPlan::default() }, at(8)).expect("starts");
    let second = aliases.update(&live).await.expect("updates");
    assert_eq!(second, Alias { revision: 2, ..live.clone() });
    assert_eq!(aliases.get(&here(), &hello.id, &live.name).await.expect("reads"), second);
    assert_eq!(aliases.update(&live).await.expect_err("old").code(), Code::Conflict);
    assert_eq!(aliases.delete(&live).await.expect_err("old").code(), Code::Conflict);
    aliases.delete(&second).await.expect("deletes");
    for gone in [aliases.update(&second).await.map(drop), aliases.delete(&second).await] {
        assert_eq!(gone.expect_err("gone").code(), Code::NotFound);
    }
}

pub(crate) async fn aliases_are_listed_by_name_and_go_with_their_function(bench: &Bench) {
    let hello = stored(bench, &here(), "hello").await;
    let other = stored(bench, &here(), "other").await;
    let aliases = bench.store.aliases();
    for (function, name) in [(&hello, "live"), (&hello, "beta"), (&hello, "next"), (&other, "live")] {
        aliases.create(&alias(&here(), function.id.as_str(), name)).await.expect("creates");
    }
    let first = PageRequest::new(2, None).expect("limit");
    let page = aliases.list(&here(), &hello.id, &first).await.expect("lists");
    let rest = first.after(page.next_cursor.clone().expect("more"));
    let rest = aliases.list(&here(), &hello.id, &rest).await.expect("lists");
    let names: Vec<_> = page.items.iter().chain(&rest.items).map(|one| one.name.to_string()).collect();
    assert_eq!((names, rest.next_cursor), (vec!["beta".into(), "live".into(), "next".into()], None));
    bench.store.functions().delete(&here(), &hello.name).await.expect("deletes");
    let left = aliases.list(&here(), &hello.id, &PageRequest::default()).await.expect("lists");
    assert!(left.items.is_empty());
    let gone = aliases.create(&alias(&here(), hello.id.as_str(), "late")).await.expect_err("gone");
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(aliases.list(&here(), &other.id, &first).await.expect("lists").items.len(), 1);
}

pub(crate) async fn aliases_of_another_scope_are_not_found(bench: &Bench) {
    let hello = stored(bench, &here(), "hello").await;
    let aliases = bench.store.aliases();
    let live = alias(&here(), hello.id.as_str(), "live");
    aliases.create(&live).await.expect("creates");
    for other in [scope("evil", "prod"), scope("acme", "staging")] {
        assert_eq!(
            aliases.get(&other, &hello.id, &live.name).await.expect_err("hidden").code(),
            Code::NotFound
        );
        assert!(
            aliases.list(&other, &hello.id, &PageRequest::default()).await.expect("lists").items.is_empty()
        );
        let moved = Alias { scope: other.clone(), ..live.clone() };
        assert_eq!(aliases.update(&moved).await.expect_err("hidden").code(), Code::NotFound);
        assert_eq!(aliases.delete(&moved).await.expect_err("hidden").code(), Code::NotFound);
        let new = alias(&other, hello.id.as_str(), "new");
        assert_eq!(aliases.create(&new).await.expect_err("hidden").code(), Code::NotFound);
    }
    assert_eq!(aliases.get(&here(), &hello.id, &live.name).await.expect("unchanged"), live);
}

pub(crate) async fn rollouts_of_all_tenants_are_found_when_they_are_due(bench: &Bench) {
    let aliases = bench.store.aliases();
    for (scope, name, start) in [
        (here(), "later", 60),
        (scope("evil", "prod"), "sooner", 30),
        (here(), "paused", 0),
        (here(), "none", 0),
    ] {
        let function = stored(bench, &scope, name).await;
        let mut live = alias(&scope, function.id.as_str(), "live");
        live.split = Split::whole(1);
        if name != "none" {
            let plan = RolloutPlan { version: 2, ..RolloutPlan::default() };
            live.start_rollout(plan, at(start * 1_000_000)).expect("starts");
        }
        if name == "paused" {
            live.pause_rollout().expect("pauses");
        }
        aliases.create(&live).await.expect("creates");
    }
    let due = async |seconds: i64, limit| -> Vec<String> {
        let found = aliases.due(&bench.system, at(seconds * 1_000_000), limit).await.expect("looks");
        found.iter().map(|one| one.scope.tenant.to_string()).collect()
    };
    assert!(due(30, 9).await.is_empty());
    assert_eq!(due(40, 9).await, ["evil"]);
    assert_eq!(due(90, 9).await, ["evil", "acme"]);
    assert_eq!(due(90, 1).await, ["evil"]);
}

pub(crate) async fn of_two_servers_that_look_at_a_rollout_one_is_refused(bench: &Bench) {
    let hello = stored(bench, &here(), "hello").await;
    let mut live = alias(&here(), hello.id.as_str(), "live");
    live.split = Split::whole(1);
    let plan = RolloutPlan { version: 2, min_calls: 0, interval_s: 1, ..RolloutPlan::default() };
    live.start_rollout(plan, at(0)).expect("starts");
    bench.store.aliases().create(&live).await.expect("creates");
    let looks = (0..8).map(|_| {
        let (store, mut mine) = (bench.store.clone(), live.clone());
        mine.look(at(2_000_000), Seen::default()).expect("looks");
        tokio::spawn(async move { store.aliases().update(&mine).await })
    });
    let mut won = 0;
    for look in looks.collect::<Vec<_>>() {
        match look.await.expect("no panic") {
            Ok(_) => won += 1,
            Err(fault) => assert_eq!(fault.code(), Code::Conflict, "{fault:?}"),
        }
    }
    assert_eq!(won, 1);
    let now = bench.store.aliases().get(&here(), &hello.id, &live.name).await.expect("reads");
    assert_eq!((now.rollout.expect("there").step, now.split.weight(2)), (1, 25), "one step, not eight");
}

pub(crate) async fn a_function_takes_only_so_many_aliases(bench: &Bench) {
    let hello = stored(bench, &here(), "hello").await;
    for number in 0..ALIASES_PER_FUNCTION {
        let one = alias(&here(), hello.id.as_str(), &format!("a{number}"));
        bench.store.aliases().create(&one).await.expect("creates");
    }
    let more = alias(&here(), hello.id.as_str(), "more");
    assert_eq!(bench.store.aliases().create(&more).await.expect_err("full").code(), Code::ResourceExhausted);
}

pub(crate) async fn outcomes_are_of_runs_of_that_version_that_ended_since(bench: &Bench) {
    let hello = stored(bench, &here(), "hello").await;
    let minute = 60_000_000;
    let of = |id: &str, version: u32, started: i64, took: i64, status: RunStatus| {
        let mut run: Run = run(&hello, id, started);
        (run.version, run.duration_us, run.status) = (version, took as u64, status);
        RunRecord { run, lines: Vec::new() }
    };
    use RunStatus::{Cancelled, Failed, PlatformError, Succeeded};
    let batch = vec![
        of("a", 2, 100 * minute, 10, Succeeded),
        of("b", 2, 101 * minute, 10, Failed),
        of("c", 2, 101 * minute, 10, PlatformError),
        of("d", 2, 101 * minute, 10, Cancelled),
        of("e", 1, 101 * minute, 10, Failed),
        of("early", 2, 99 * minute, 10, Failed),
        // It began before, and ran into its time limit after.
        of("slow", 2, 86 * minute, 15 * minute, Failed),
    ];
    bench.store.runs().insert_batch(&bench.system, batch.into()).await.expect("inserts");
    let outcomes = async |scope: &Scope, version| {
        let runs = bench.store.runs();
        runs.outcomes(scope, &hello.id, version, at(100 * minute)).await.expect("counts")
    };
    assert_eq!(outcomes(&here(), 2).await, Seen { calls: 4, errors: 3 });
    assert_eq!(outcomes(&here(), 1).await, Seen { calls: 1, errors: 1 });
    assert_eq!(outcomes(&scope("evil", "prod"), 2).await, Seen::default());
}
