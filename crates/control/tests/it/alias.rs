//! Aliases: what calls run, what is kept in memory and in sandboxes, and rollouts that go on by themselves.

use std::sync::Arc;
use std::time::Duration;

use nova_control::{AliasChange, Change, NewAlias, Patch};
use nova_domain::alias::Weights;
use nova_domain::audit::{AuditFilter, Chain};
use nova_domain::call::{AliasPick, CallSource, FunctionRef, Qualifier};
use nova_domain::ports::Catalog;
use nova_domain::rollout::{RolloutPlan, RolloutStatus};
use nova_domain::run::{Run, RunStatus, Usage};
use nova_domain::runtime::Runtime;
use nova_domain::{AliasName, Code, RunId, Timestamp};
use nova_store::PageRequest;
use nova_store::repo::RunRecord;

use crate::support::{World, code, code_of, name, new_function};

fn live() -> AliasName {
    AliasName::new("live").expect("valid")
}

/// A function `f` with versions 1 to 3, and the alias `live` at 1.
async fn world() -> World {
    let world = World::new().await;
    world.create(new_function("f", Runtime::Python, code("v1"))).await.expect("created");
    for text in ["v2", "v3"] {
        let change = Change { code: Some(text.to_owned()), ..Change::default() };
        world.update("f", change).await.expect("changed");
    }
    let new = NewAlias { name: live(), version: 1, weights: Weights::new(), description: String::new() };
    world.functions.create_alias(&world.scope, &name("f"), new).await.expect("created");
    world
}

fn at_point(point: Option<u64>) -> FunctionRef {
    FunctionRef { name: name("f"), qualifier: Qualifier::Alias(AliasPick { name: live(), point }) }
}

async fn point_to(world: &World, version: u32, weights: &[(u32, u32)]) {
    let weights = Some(weights.iter().copied().collect());
    let change = AliasChange { version: Some(version), weights, description: None };
    world.functions.change_alias(&world.scope, &name("f"), &live(), change, None).await.expect("changed");
}

#[tokio::test]
async fn an_alias_in_memory_is_the_one_that_was_written_last() {
    let world = world().await;
    let catalog: Arc<dyn Catalog> = Arc::new(world.functions.catalog(world.system.clone()));
    let version = async |point| catalog.resolve(&world.scope, &at_point(point)).await.expect("there").version;
    assert_eq!(version(None).await, 1);
    let first = catalog.resolve(&world.scope, &at_point(Some(7))).await.expect("there");
    let again = catalog.resolve(&world.scope, &at_point(Some(8))).await.expect("there");
    assert!(Arc::ptr_eq(&first, &again), "the same version is the same snapshot");
    point_to(&world, 3, &[]).await;
    assert_eq!(version(None).await, 3);
    point_to(&world, 1, &[(2, 50)]).await;
    let mut counts = [0; 4];
    for point in 0..1000 {
        let picked = version(Some(point)).await;
        assert_eq!(picked, version(Some(point)).await, "the same point is the same version");
        counts[picked as usize] += 1;
    }
    assert!(counts[1] > 450 && counts[2] > 450 && counts[3] == 0, "{counts:?}");
    world.functions.delete_alias(&world.scope, &name("f"), &live(), None).await.expect("deleted");
    assert_eq!(code_of(catalog.resolve(&world.scope, &at_point(None)).await), Code::NotFound);
}

#[tokio::test]
async fn sandboxes_of_versions_that_an_alias_points_to_are_kept() {
    let world = world().await;
    let kept = || {
        let mut kept = world.sandboxes.last_retired().expect("retired").1;
        kept.sort_unstable();
        kept.dedup();
        kept
    };
    assert_eq!(kept(), [1, 3]);
    point_to(&world, 2, &[(1, 10)]).await;
    assert_eq!(kept(), [1, 2, 3]);
    // A change of the function itself forgets no alias.
    world.update("f", Change { code: Some("v4".to_owned()), ..Change::default() }).await.expect("changed");
    assert_eq!(kept(), [1, 2, 4]);
    point_to(&world, 4, &[]).await;
    assert_eq!(kept(), [4]);
}

#[tokio::test]
async fn the_alias_of_an_address_must_be_there_and_stay() {
    let world = world().await;
    let with = |alias: &str| Change {
        http_alias: Patch::Set(AliasName::new(alias).expect("valid")),
        ..Change::default()
    };
    assert_eq!(code_of(world.update("f", with("other")).await), Code::InvalidArgument);
    world.update("f", with("live")).await.expect("changed");
    let refused = world.functions.delete_alias(&world.scope, &name("f"), &live(), None).await;
    assert_eq!(code_of(refused), Code::Conflict);
    world.update("f", Change { http_alias: Patch::Default, ..Change::default() }).await.expect("changed");
    world.functions.delete_alias(&world.scope, &name("f"), &live(), None).await.expect("deleted");
}

/// Records runs of a version that ended now.
async fn runs(world: &World, version: u32, good: u64, bad: u64) {
    let function = world.get("f").await.function;
    let rollout = world.functions.get_alias(&world.scope, &name("f"), &live()).await.expect("there").rollout;
    let at = rollout.expect("under way").step_began_at.plus_micros(1);
    static RUNS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let record = |status| RunRecord {
        run: Run {
            id: RunId::new(format!("r{}", RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
                .expect("valid"),
            scope: world.scope.clone(),
            function_id: function.id.clone(),
            function: function.name.clone(),
            version,
            source: CallSource::Api,
            status,
            started_at: at,
            duration_us: 10,
            usage: Usage::default(),
            input_size: 0,
            output_size: 0,
            input: None,
            output: None,
            error: None,
            trace_id: None,
            logs_dropped: 0,
        },
        lines: Vec::new(),
    };
    let mut batch: Vec<_> = (0..good).map(|_| record(RunStatus::Succeeded)).collect();
    batch.extend((0..bad).map(|_| record(RunStatus::Failed)));
    world.store.runs().insert_batch(&world.system, batch.into()).await.expect("inserted");
}

/// Looks at rollouts, with the clock moved on each time, until something is as wished.
async fn until(world: &World, what: impl Fn(u32, RolloutStatus) -> bool) -> (u32, RolloutStatus) {
    let rollouts = world.functions.rollouts(world.system.clone());
    for _ in 0..50 {
        world.clock.step(Duration::from_secs(10));
        rollouts.run_once().await.expect("looks");
        let alias = world.functions.get_alias(&world.scope, &name("f"), &live()).await.expect("there");
        let (weight, status) = (alias.split.weight(2), alias.rollout.expect("there").status);
        if what(weight, status) {
            return (weight, status);
        }
    }
    panic!("it never came");
}

fn plan() -> RolloutPlan {
    RolloutPlan { version: 2, min_calls: 10, interval_s: 60, max_errors: 1000, ..RolloutPlan::default() }
}

#[tokio::test]
async fn a_rollout_steps_up_by_the_runs_of_the_version() {
    let world = world().await;
    world.functions.start_rollout(&world.scope, &name("f"), &live(), plan()).await.expect("started");
    // Failures of the version before are not its own.
    runs(&world, 1, 0, 100).await;
    for (step, next) in [(5, 25), (25, 50), (50, 100)] {
        runs(&world, 2, 19, 1).await;
        let (weight, status) = until(&world, |weight, _| weight != step).await;
        assert_eq!((weight, status), (next, RolloutStatus::Running));
    }
    runs(&world, 2, 20, 0).await;
    let (weight, _) = until(&world, |_, status| status == RolloutStatus::Done).await;
    assert_eq!(weight, 100);
    let catalog = world.functions.catalog(world.system.clone());
    assert_eq!(catalog.resolve(&world.scope, &at_point(None)).await.expect("there").version, 2);
}

#[tokio::test]
async fn errors_over_the_bound_give_the_calls_back_at_once() {
    let world = world().await;
    let catalog = world.functions.catalog(world.system.clone());
    world.functions.start_rollout(&world.scope, &name("f"), &live(), plan()).await.expect("started");
    runs(&world, 2, 20, 0).await;
    until(&world, |weight, _| weight == 25).await;
    // In memory now: it must not stay there.
    let mut seen = std::collections::BTreeSet::new();
    for point in 0..100 {
        seen.insert(catalog.resolve(&world.scope, &at_point(Some(point))).await.expect("there").version);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 2]);
    runs(&world, 2, 10, 5).await;
    let (weight, status) = until(&world, |_, status| status != RolloutStatus::Running).await;
    assert_eq!((weight, status), (0, RolloutStatus::Failed));
    // What a rollout does by itself is told under the name that people know, as what they do is.
    let filter = AuditFilter { resource_kind: Some("alias".to_owned()), ..AuditFilter::default() };
    let chain = Chain::Tenant(world.scope.tenant.clone());
    let told =
        world.store.audit().list(&chain, &filter, &PageRequest::largest()).await.expect("listed").items;
    let names: std::collections::BTreeSet<_> =
        told.iter().map(|entry| entry.resource.name.as_str()).collect();
    assert_eq!((names.into_iter().collect::<Vec<_>>(), told.len()), (vec!["f/live"], 4));
    for point in 0..100 {
        assert_eq!(catalog.resolve(&world.scope, &at_point(Some(point))).await.expect("there").version, 1);
    }
}

#[tokio::test]
async fn without_calls_it_waits_and_says_so() {
    let world = world().await;
    world.functions.start_rollout(&world.scope, &name("f"), &live(), plan()).await.expect("started");
    let rollouts = world.functions.rollouts(world.system.clone());
    for _ in 0..20 {
        world.clock.step(Duration::from_secs(30));
        rollouts.run_once().await.expect("looks");
    }
    let alias = world.functions.get_alias(&world.scope, &name("f"), &live()).await.expect("there");
    let rollout = alias.rollout.expect("there");
    assert_eq!((alias.split.weight(2), rollout.status), (5, RolloutStatus::Running));
    assert!(rollout.note.contains("0 of 10"), "{}", rollout.note);
}

#[tokio::test]
async fn another_process_goes_on_where_one_ended_and_two_at_once_take_one_step() {
    let world = world().await;
    world.functions.start_rollout(&world.scope, &name("f"), &live(), plan()).await.expect("started");
    runs(&world, 2, 20, 0).await;
    world.clock.step(Duration::from_secs(60));
    // Nothing of the first process is left but its store.
    let drivers: Vec<_> = (0..4)
        .map(|_| {
            let rollouts = world.again().rollouts(world.system.clone());
            tokio::spawn(async move { rollouts.run_once().await.expect("looks") })
        })
        .collect();
    let mut changed = 0;
    for driver in drivers {
        changed += driver.await.expect("no panic");
    }
    let alias = world.again().get_alias(&world.scope, &name("f"), &live()).await.expect("there");
    assert_eq!((changed, alias.split.weight(2)), (1, 25));
    assert!(alias.updated_at > Timestamp::from_micros(0));
}
