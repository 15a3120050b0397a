//! Builds of compiled runtimes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nova_control::{Change, LimitsChange, Patch, ReplaceCode, Settings};
use nova_domain::call::{FunctionRef, Qualifier};
use nova_domain::ports::Catalog as _;
use nova_domain::runtime::Runtime;
use nova_domain::version::CompileStatus;
use nova_domain::{Code, Fault};
use nova_store::repo::FunctionWithVersion;
use tokio_util::sync::CancellationToken;

use crate::support::{World, code, code_of, failed, name, new_function};

fn waiting() -> Settings {
    Settings { build_wait: Duration::from_secs(30), ..Settings::default() }
}

/// Runs the builder beside the test; it stops with the returned guard.
fn run_builder(world: &World) -> tokio_util::sync::DropGuard {
    let stop = CancellationToken::new();
    let builder = world.functions.builder(world.system.clone());
    let token = stop.clone();
    tokio::spawn(async move { builder.run(token).await });
    stop.drop_guard()
}

async fn replace(world: &World, text: &str) -> FunctionWithVersion {
    let replacement = ReplaceCode { source: code(text), entry: None, handler: None, expected: None };
    world.functions.replace_code(&world.scope, &name("g"), replacement).await.expect("accepted").written
}

async fn resolve(world: &World, qualifier: Qualifier) -> Result<u32, Fault> {
    let catalog = world.functions.catalog(world.system.clone());
    let target = FunctionRef { name: name("g"), qualifier };
    catalog.resolve(&world.scope, &target).await.map(|snapshot| snapshot.version)
}

#[tokio::test]
async fn creating_waits_for_the_build_and_shows_its_end() {
    let world = World::with(waiting()).await;
    let _builder = run_builder(&world);
    let made = world.create(new_function("g", Runtime::Go, code("package main"))).await.expect("created");
    assert_eq!(made.version.build.status, CompileStatus::Success);
    assert_eq!(made.version.build.output, "warning: unused");
    let request = world.sandboxes.built.lock().expect("not poisoned")[0].clone();
    assert_eq!((request.entry.as_str(), request.code), ("main.go", made.version.spec.code));
    assert_eq!(resolve(&world, Qualifier::Active).await.expect("runs"), 1);
}

#[tokio::test]
async fn a_first_build_that_fails_leaves_a_function_that_says_why_it_cannot_run() {
    let world = World::with(waiting()).await;
    let _builder = run_builder(&world);
    world.sandboxes.next_build(failed("main.go:3: undefined: x"));
    let made = world.create(new_function("g", Runtime::Go, code("bad"))).await.expect("created");
    assert_eq!(made.version.build.status, CompileStatus::Failed);
    let fault = resolve(&world, Qualifier::Active).await.expect_err("cannot run");
    assert_eq!(fault.code(), Code::NotReady);
    assert!(fault.message().contains("main.go:3: undefined: x"), "{fault}");
    // Corrected code takes its place.
    let fixed = replace(&world, "good").await;
    assert_eq!((fixed.function.active_version, fixed.version.number), (2, 2));
    assert_eq!(resolve(&world, Qualifier::Active).await.expect("runs"), 2);
}

#[tokio::test]
async fn a_later_build_that_fails_leaves_the_old_version_serving() {
    let world = World::with(waiting()).await;
    let _builder = run_builder(&world);
    world.create(new_function("g", Runtime::Rust, code("v1"))).await.expect("created");
    world.sandboxes.next_build(failed("error[E0425]"));
    let broken = replace(&world, "v2").await;
    assert_eq!(broken.version.build.status, CompileStatus::Failed);
    assert_eq!((broken.function.active_version, broken.function.latest_version), (1, 2));
    assert_eq!(resolve(&world, Qualifier::Active).await.expect("runs"), 1);
    assert_eq!(resolve(&world, Qualifier::Latest).await.expect_err("failed").code(), Code::NotReady);
    let refused = world.functions.activate(&world.scope, &name("g"), 2, None).await;
    assert_eq!(code_of(refused), Code::Conflict);
}

#[tokio::test]
async fn the_same_code_after_a_failed_build_is_built_again() {
    let world = World::with(waiting()).await;
    let _builder = run_builder(&world);
    world.sandboxes.next_build(failed("no toolchain"));
    world.create(new_function("g", Runtime::Go, code("v1"))).await.expect("created");
    let again = replace(&world, "v1").await;
    assert_eq!((again.version.number, again.version.build.status), (2, CompileStatus::Success));
}

#[tokio::test]
async fn new_limits_use_the_build_that_there_is() {
    let world = World::with(waiting()).await;
    let _builder = run_builder(&world);
    world.create(new_function("g", Runtime::Go, code("v1"))).await.expect("created");
    let limits = LimitsChange { memory_mb: Patch::Set(256), ..LimitsChange::default() };
    let changed = world.update("g", Change { limits, ..Change::default() }).await.expect("changed");
    assert_eq!((changed.function.active_version, changed.version.number), (2, 2));
    assert_eq!(changed.version.build.status, CompileStatus::Success);
    assert_eq!(world.sandboxes.builds(), 1);
}

#[tokio::test]
async fn a_build_longer_than_the_bound_goes_on_without_its_caller() {
    let world = World::new().await;
    world.sandboxes.hold.store(true, Ordering::Relaxed);
    let _builder = run_builder(&world);
    let made = world.create(new_function("g", Runtime::Go, code("slow"))).await.expect("created");
    assert!(matches!(made.version.build.status, CompileStatus::Pending | CompileStatus::Compiling));
    assert_eq!(resolve(&world, Qualifier::Active).await.expect_err("not yet").code(), Code::NotReady);
    world.sandboxes.began.notified().await;
    world.sandboxes.release.notify_one();
    let mut waited = 0;
    while resolve(&world, Qualifier::Active).await.is_err() {
        waited += 1;
        assert!(waited < 1000, "the build never ended");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_change_while_a_build_goes_on_builds_on_the_new_code() {
    let world = World::new().await;
    world.create(new_function("g", Runtime::Go, code("v1"))).await.expect("created");
    assert_eq!(world.build_all().await, 1);
    let second = replace(&world, "v2").await;
    let limits = LimitsChange { memory_mb: Patch::Set(256), ..LimitsChange::default() };
    let third = world.update("g", Change { limits, ..Change::default() }).await.expect("changed");
    assert_eq!(third.version.spec.code, second.version.spec.code, "the code of version 2 is not lost");
    assert_eq!(world.build_all().await, 2);
    assert_eq!(world.get("g").await.function.active_version, 3);
}

#[tokio::test]
async fn builds_that_were_left_are_taken_up_at_the_next_start() {
    let world = World::new().await;
    world.create(new_function("waits", Runtime::Go, code("a"))).await.expect("created");
    let begun = world.create(new_function("g", Runtime::Go, code("b"))).await.expect("created");
    let mut build = begun.version.build.clone();
    build.status = CompileStatus::Compiling;
    let versions = world.store.versions();
    versions
        .set_build(&world.scope, &begun.function.id, 1, &build)
        .await
        .expect("begun by a process that is gone");
    assert_eq!(world.build_all().await, 2);
    assert_eq!(world.get("g").await.version.build.status, CompileStatus::Success);
    assert_eq!(world.get("waits").await.version.build.status, CompileStatus::Success);
    assert_eq!(world.build_all().await, 0);
}

#[tokio::test]
async fn a_builder_that_starts_takes_up_a_build_left_in_the_middle() {
    let world = World::new().await;
    let begun = world.create(new_function("g", Runtime::Go, code("b"))).await.expect("created");
    let mut build = begun.version.build.clone();
    build.status = CompileStatus::Compiling;
    let versions = world.store.versions();
    versions.set_build(&world.scope, &begun.function.id, 1, &build).await.expect("begun by another process");
    let _builder = run_builder(&world);
    let mut looks = 0;
    while world.get("g").await.version.build.status != CompileStatus::Success {
        looks += 1;
        assert!(looks < 1000, "nobody took it up");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_the_platform_cannot_build_ends_as_a_failed_build_with_the_reason() {
    let world = World::new().await;
    world.sandboxes.next_build(Err(Fault::new(Code::MissingOnHost, "no go on this host")));
    world.create(new_function("g", Runtime::Go, code("v1"))).await.expect("created");
    world.build_all().await;
    let build = world.get("g").await.version.build;
    assert_eq!(build.status, CompileStatus::Failed);
    assert!(build.output.contains("no go on this host"));
}

#[tokio::test]
async fn a_function_deleted_during_its_build_stays_deleted() {
    let world = World::new().await;
    world.sandboxes.hold.store(true, Ordering::Relaxed);
    world.create(new_function("g", Runtime::Go, code("v1"))).await.expect("created");
    let builder = world.functions.builder(world.system.clone());
    let building = tokio::spawn(async move { builder.run_once().await });
    world.sandboxes.began.notified().await;
    world.functions.delete(&world.scope, &name("g"), None).await.expect("deleted");
    world.sandboxes.release.notify_one();
    building.await.expect("no panic").expect("no fault");
    assert_eq!(code_of(world.functions.get(&world.scope, &name("g")).await), Code::NotFound);
}
