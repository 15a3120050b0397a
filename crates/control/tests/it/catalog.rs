//! The catalogue: always what was written last.

use std::sync::Arc;

use nova_control::{Change, LimitsChange, Patch, ReplaceCode};
use nova_domain::Code;
use nova_domain::call::{FunctionRef, Qualifier};
use nova_domain::ports::Catalog;
use nova_domain::runtime::Runtime;

use crate::support::{World, code, code_of, name, new_function};

fn target(qualifier: Qualifier) -> FunctionRef {
    FunctionRef { name: name("f"), qualifier }
}

async fn world() -> (World, Arc<dyn Catalog>) {
    let world = World::new().await;
    world.create(new_function("f", Runtime::Python, code("v1"))).await.expect("created");
    let catalog = Arc::new(world.functions.catalog(world.system.clone()));
    (world, catalog)
}

#[tokio::test]
async fn a_snapshot_is_kept_until_the_function_changes() {
    let (world, catalog) = world().await;
    let active = target(Qualifier::Active);
    let first = catalog.resolve(&world.scope, &active).await.expect("there");
    let second = catalog.resolve(&world.scope, &active).await.expect("there");
    assert!(Arc::ptr_eq(&first, &second), "the second comes from memory");
    let limits = LimitsChange { timeout_s: Patch::Set(5), ..LimitsChange::default() };
    world.update("f", Change { limits, ..Change::default() }).await.expect("changed");
    let third = catalog.resolve(&world.scope, &active).await.expect("there");
    assert_eq!((third.version, third.spec.limits.timeout_s), (2, 5));
    world.functions.activate(&world.scope, &name("f"), 1, None).await.expect("activated");
    assert_eq!(catalog.resolve(&world.scope, &active).await.expect("there").version, 1);
}

#[tokio::test]
async fn a_version_number_runs_that_versions_code() {
    let (world, catalog) = world().await;
    let replacement = ReplaceCode { source: code("v2"), entry: None, handler: None, expected: None };
    world.functions.replace_code(&world.scope, &name("f"), replacement).await.expect("replaced");
    let one = catalog.resolve(&world.scope, &target(Qualifier::Number(1))).await.expect("there");
    let latest = catalog.resolve(&world.scope, &target(Qualifier::Latest)).await.expect("there");
    assert_eq!((one.version, latest.version), (1, 2));
    assert_ne!(one.code, latest.code);
    let unknown = catalog.resolve(&world.scope, &target(Qualifier::Number(9))).await;
    assert_eq!(code_of(unknown), Code::NotFound);
}

#[tokio::test]
async fn a_deleted_and_created_anew_function_is_the_new_one() {
    let (world, catalog) = world().await;
    let active = target(Qualifier::Active);
    let old = catalog.resolve(&world.scope, &active).await.expect("there");
    world.functions.delete(&world.scope, &name("f"), None).await.expect("deleted");
    assert_eq!(code_of(catalog.resolve(&world.scope, &active).await), Code::NotFound);
    world.create(new_function("f", Runtime::Python, code("v1"))).await.expect("created");
    let new = catalog.resolve(&world.scope, &active).await.expect("there");
    assert_ne!(old.function.id, new.function.id);
}

#[tokio::test]
async fn another_namespace_does_not_see_the_function() {
    let (mut world, catalog) = world().await;
    catalog.resolve(&world.scope, &target(Qualifier::Active)).await.expect("there");
    world.scope.tenant = nova_domain::TenantName::new("other").expect("valid");
    let foreign = catalog.resolve(&world.scope, &target(Qualifier::Active)).await;
    assert_eq!(code_of(foreign), Code::NotFound);
}

#[tokio::test]
async fn functions_with_minimum_replicas_are_always_on() {
    let (world, catalog) = world().await;
    assert!(catalog.always_on().await.expect("lists").is_empty());
    let change = Change { min_replicas: Patch::Set(2), ..Change::default() };
    world.update("f", change).await.expect("changed");
    let on = catalog.always_on().await.expect("lists");
    assert_eq!(on.len(), 1);
    assert_eq!(on[0].function.pool.min_replicas, 2);
}
