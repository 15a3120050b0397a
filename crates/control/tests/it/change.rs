//! Changing functions.

use std::collections::BTreeMap;

use nova_control::{Change, Create, LimitsChange, Patch};
use nova_domain::Code;
use nova_domain::function::Mode;
use nova_domain::runtime::Runtime;

use crate::support::{World, code_of, files, new_function};

async fn world() -> World {
    let world = World::new().await;
    let create = Create {
        handler: Some("main.handler".to_owned()),
        env: BTreeMap::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]),
        ..new_function("f", Runtime::Python, files(&[("main.py", "v1"), ("lib.py", "lib")]))
    };
    world.create(create).await.expect("created");
    world
}

fn memory(memory_mb: Patch<u32>) -> Change {
    Change { limits: LimitsChange { memory_mb, ..LimitsChange::default() }, ..Change::default() }
}

#[tokio::test]
async fn what_decides_how_code_behaves_makes_a_version() {
    let world = world().await;
    let changes = [
        memory(Patch::Set(256)),
        Change { env: Patch::Set(BTreeMap::new()), ..Change::default() },
        Change { handler: Patch::Set("lib.other".to_owned()), ..Change::default() },
        Change { code: Some("v2".to_owned()), ..Change::default() },
        Change { handler: Patch::Default, mode: Patch::Set(Mode::Script), ..Change::default() },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let changed = world.update("f", change).await.expect("changed");
        let number = index as u32 + 2;
        assert_eq!((changed.function.active_version, changed.version.number), (number, number));
    }
}

#[tokio::test]
async fn notes_and_pool_settings_make_no_version() {
    let world = world().await;
    let change = Change {
        max_replicas: Patch::Set(3),
        min_replicas: Patch::Set(1),
        description: Patch::Set("says hello".to_owned()),
        tags: Patch::Set(BTreeMap::from([("team".to_owned(), "a".to_owned())])),
        ..Change::default()
    };
    let changed = world.update("f", change).await.expect("changed").function;
    assert_eq!((changed.latest_version, changed.revision), (1, 2));
    assert_eq!((changed.pool.min_replicas, changed.pool.max_replicas), (1, 3));
    let change = Change {
        max_replicas: Patch::Default,
        tags: Patch::Default,
        description: Patch::Default,
        ..Change::default()
    };
    let changed = world.update("f", change).await.expect("changed").function;
    assert_eq!((changed.pool.min_replicas, changed.pool.max_replicas), (1, 10));
    assert!(changed.tags.is_empty() && changed.description.is_empty());
}

#[tokio::test]
async fn a_change_that_changes_nothing_writes_nothing() {
    let world = world().await;
    let before = world.get("f").await.function;
    for change in [Change::default(), memory(Patch::Set(128)), memory(Patch::Default)] {
        let after = world.update("f", change).await.expect("accepted").function;
        assert_eq!(after, before);
    }
    let same_code = Change { code: Some("v1".to_owned()), ..Change::default() };
    assert_eq!(world.update("f", same_code).await.expect("accepted").function, before);
}

#[tokio::test]
async fn null_sets_the_default_and_single_variables_are_merged() {
    let world = world().await;
    world.update("f", memory(Patch::Set(512))).await.expect("changed");
    let back = world.update("f", memory(Patch::Default)).await.expect("changed");
    assert_eq!(back.version.spec.limits.memory_mb, 128);
    let merge_env = BTreeMap::from([("A".to_owned(), None), ("C".to_owned(), Some("3".to_owned()))]);
    let merged = world.update("f", Change { merge_env, ..Change::default() }).await.expect("changed");
    let names: Vec<_> = merged.version.spec.env.keys().map(String::as_str).collect();
    assert_eq!(names, ["B", "C"]);
}

#[tokio::test]
async fn a_change_is_checked_like_a_create() {
    let world = world().await;
    for change in [
        memory(Patch::Set(1)),
        Change { mode: Patch::Set(Mode::Process), ..Change::default() },
        Change { handler: Patch::Set("nowhere.f".to_owned()), ..Change::default() },
        Change { min_replicas: Patch::Set(11), ..Change::default() },
        Change { env: Patch::Set(BTreeMap::from([("1".to_owned(), String::new())])), ..Change::default() },
        Change { entry: Patch::Set("nope.py".to_owned()), ..Change::default() },
    ] {
        let shown = format!("{change:?}");
        assert_eq!(code_of(world.update("f", change).await), Code::InvalidArgument, "{shown}");
    }
    assert_eq!(world.get("f").await.function.revision, 1);
}

#[tokio::test]
async fn a_change_of_an_old_revision_is_refused_and_one_without_is_repeated() {
    let world = world().await;
    let stale = Change { expected: Some(7), ..memory(Patch::Set(256)) };
    assert_eq!(code_of(world.update("f", stale).await), Code::Conflict);
    // Writers without revision meet: every one gets through, none is lost.
    let tag = |n: usize| Change {
        merge_env: BTreeMap::from([(format!("V{n}"), Some("1".to_owned()))]),
        ..Change::default()
    };
    let writers = (0..4).map(|n| world.update("f", tag(n)));
    for result in futures::future::join_all(writers).await {
        result.expect("repeated until it was written");
    }
    let after = world.get("f").await;
    assert_eq!(after.version.spec.env.len(), 6);
    assert_eq!(after.function.revision, 5);
}

#[tokio::test]
async fn changing_the_code_alone_keeps_the_other_files() {
    let world = world().await;
    world.update("f", Change { code: Some("v2".to_owned()), ..Change::default() }).await.expect("changed");
    let qualifier = nova_domain::call::Qualifier::Active;
    let name = crate::support::name("f");
    let file = |path: &'static str| world.functions.get_file(&world.scope, &name, &qualifier, path);
    assert_eq!(file("main.py").await.expect("there"), "v2");
    assert_eq!(file("lib.py").await.expect("there"), "lib");
    assert_eq!(code_of(file("nope.py").await), Code::NotFound);
    assert_eq!(world.objects.count(), 2);
}

#[tokio::test]
async fn settings_and_the_whole_code_change_in_one_version() {
    let world = world().await;
    let change = Change {
        source: Some(files(&[("app.py", "v2")])),
        handler: Patch::Set("app.handler".to_owned()),
        ..memory(Patch::Set(256))
    };
    let changed = world.update("f", change.clone()).await.expect("changed");
    assert_eq!(
        (changed.version.number, changed.function.active_version, changed.function.revision),
        (2, 2, 2)
    );
    let spec = &changed.version.spec;
    assert_eq!((spec.entry.as_str(), spec.limits.memory_mb), ("app.py", 256));
    let (name, active) = (crate::support::name("f"), nova_domain::call::Qualifier::Active);
    let gone = world.functions.get_file(&world.scope, &name, &active, "lib.py").await;
    assert_eq!(code_of(gone), Code::NotFound, "the code is whole: files that are not in it are gone");
    // The same again changes nothing.
    let again = world.update("f", change).await.expect("accepted");
    assert_eq!(again.function, changed.function);
}

#[tokio::test]
async fn new_code_that_does_not_fit_its_settings_changes_neither() {
    let world = world().await;
    for change in [
        Change { source: Some(files(&[("other.py", "v2")])), ..memory(Patch::Set(256)) },
        Change { source: Some(files(&[("main.py", "v2")])), ..memory(Patch::Set(1)) },
        Change { source: Some(files(&[("../main.py", "v2"), ("main.py", "")])), ..memory(Patch::Set(256)) },
        Change {
            source: Some(files(&[("main.py", "v2")])),
            code: Some("v3".to_owned()),
            ..Change::default()
        },
    ] {
        let shown = format!("{change:?}");
        assert_eq!(code_of(world.update("f", change).await), Code::InvalidArgument, "{shown}");
    }
    assert_eq!(world.get("f").await.function.revision, 1);
}

#[tokio::test]
async fn the_same_code_after_a_failed_build_is_built_again() {
    let world = World::new().await;
    world.sandboxes.next_build(crate::support::failed("error: no"));
    let source = files(&[("main.go", "package main")]);
    let created = world.create(new_function("g", Runtime::Go, source.clone())).await.expect("created");
    world.build_all().await;
    let change = Change { source: Some(source), ..Change::default() };
    let changed = world.update("g", change).await.expect("accepted");
    assert!(changed.version.number > created.version.number);
    world.build_all().await;
    assert_eq!(world.get("g").await.function.active_version, changed.version.number);
}
