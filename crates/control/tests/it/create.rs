//! Creating and deleting functions.

use std::collections::BTreeMap;

use nova_control::Create;
use nova_domain::Code;
use nova_domain::function::{Limits, Mode, PoolSettings};
use nova_domain::runtime::Runtime;
use nova_domain::version::CompileStatus;
use nova_store::PageRequest;
use nova_store::repo::FunctionFilter;

use crate::support::{World, code, code_of, files, name, new_function};

#[tokio::test]
async fn an_interpreted_function_runs_at_once_with_its_defaults() {
    let world = World::new().await;
    let made = world.create(new_function("hello", Runtime::Python, code("print(1)"))).await.expect("created");
    assert_eq!(made.version.spec.mode, Mode::Script);
    assert_eq!(made.version.spec.entry, "main.py");
    assert_eq!(made.version.build.status, CompileStatus::NotRequired);
    assert_eq!((made.function.active_version, made.function.latest_version), (1, 1));
    assert_eq!(world.get("hello").await.function, made.function);
}

#[tokio::test]
async fn a_handler_in_a_folder_gets_its_code_there() {
    let world = World::new().await;
    let create = Create {
        handler: Some("src/app.handle".to_owned()),
        ..new_function("deep", Runtime::Node, code("exports.handle = 1"))
    };
    let made = world.create(create).await.expect("created");
    assert_eq!(made.version.spec.mode, Mode::Handler);
    assert_eq!(made.version.spec.entry, "src/app.js");
}

#[tokio::test]
async fn the_same_source_in_another_order_is_the_same_code() {
    let world = World::new().await;
    let a = new_function("a", Runtime::Python, files(&[("main.py", "1"), ("lib.py", "2")]));
    let mut both = code("1");
    let nova_control::Source::Files { files: others, .. } = &mut both else { unreachable!() };
    others.insert("lib.py".to_owned(), "2".to_owned());
    let b = new_function("b", Runtime::Python, both);
    let (a, b) = (world.create(a).await.expect("created"), world.create(b).await.expect("created"));
    assert_eq!(a.version.spec.code, b.version.spec.code);
    assert_eq!(world.objects.count(), 1);
}

#[tokio::test]
async fn bad_declarations_are_refused_and_leave_nothing() {
    let world = World::new().await;
    let base = || new_function("bad", Runtime::Python, code("x"));
    let limits = |memory_mb| Limits { memory_mb, ..Limits::default() };
    let cases = [
        ("memory", Create { limits: limits(1), ..base() }),
        ("replicas", Create { pool: PoolSettings { max_replicas: 0, ..PoolSettings::default() }, ..base() }),
        ("mode", Create { mode: Some(Mode::Process), ..base() }),
        ("handler", Create { handler: Some("nodot".to_owned()), ..base() }),
        ("no code", Create { source: files(&[]), ..base() }),
        ("entry", Create { entry: Some("other.py".to_owned()), source: files(&[("main.py", "")]), ..base() }),
        (
            "no such file",
            Create { handler: Some("app.f".to_owned()), source: files(&[("main.py", "")]), ..base() },
        ),
        (
            "path",
            Create { source: files(&[("../main.py", "")]), entry: Some("../main.py".to_owned()), ..base() },
        ),
        ("archive", Create { source: nova_control::Source::Archive("no archive".into()), ..base() }),
        ("env", Create { env: BTreeMap::from([("NOVA_X".to_owned(), String::new())]), ..base() }),
        ("tags", Create { tags: BTreeMap::from([(String::new(), String::new())]), ..base() }),
        ("description", Create { description: "x".repeat(5000), ..base() }),
    ];
    for (what, create) in cases {
        assert_eq!(code_of(world.create(create).await), Code::InvalidArgument, "{what}");
    }
    let all = world
        .functions
        .list(&world.scope, &FunctionFilter::default(), &PageRequest::default())
        .await
        .expect("lists");
    assert!(all.items.is_empty());
}

#[tokio::test]
async fn a_runtime_that_the_host_lacks_says_what_to_install() {
    let world = World::new().await;
    world.sandboxes.missing.lock().expect("not poisoned").push(Runtime::Ruby);
    let fault =
        world.create(new_function("r", Runtime::Ruby, code("puts 1"))).await.expect_err("not on the host");
    assert_eq!(fault.code(), Code::MissingOnHost);
    assert!(fault.message().contains("apt-get install ruby"), "{fault}");
}

#[tokio::test]
async fn a_taken_name_is_refused_in_its_namespace_only() {
    let mut world = World::new().await;
    world.create(new_function("twin", Runtime::Python, code("1"))).await.expect("created");
    let again = world.create(new_function("twin", Runtime::Python, code("2"))).await;
    assert_eq!(code_of(again), Code::AlreadyExists);
    world.scope.namespace = nova_domain::NamespaceName::new("staging").expect("valid");
    let nowhere = world.create(new_function("twin", Runtime::Python, code("2"))).await;
    assert_eq!(code_of(nowhere), Code::NotFound, "a namespace must be there");
    let staging = nova_domain::access::Namespace {
        tenant: world.scope.tenant.clone(),
        name: world.scope.namespace.clone(),
        description: String::new(),
        created_at: nova_domain::Timestamp::from_micros(1),
    };
    world.store.tenants().create_namespace(&staging).await.expect("created");
    world.create(new_function("twin", Runtime::Python, code("2"))).await.expect("another namespace");
}

#[tokio::test]
async fn a_deleted_function_is_gone_and_its_sandboxes_end() {
    let world = World::new().await;
    let made = world.create(new_function("gone", Runtime::Python, code("1"))).await.expect("created");
    let stale = world.functions.delete(&world.scope, &name("gone"), Some(99)).await;
    assert_eq!(code_of(stale), Code::Conflict);
    world.functions.delete(&world.scope, &name("gone"), Some(1)).await.expect("deleted");
    assert_eq!(world.sandboxes.last_retired(), Some((made.function.id, vec![])));
    assert_eq!(code_of(world.functions.get(&world.scope, &name("gone")).await), Code::NotFound);
    let again = world.functions.delete(&world.scope, &name("gone"), None).await;
    assert_eq!(code_of(again), Code::NotFound);
}

#[tokio::test]
async fn an_executable_keeps_or_gets_the_right_to_run() {
    let world = World::new().await;
    world.create(new_function("sh", Runtime::Executable, code("#!/bin/sh\ncat"))).await.expect("created");
    let files = world
        .functions
        .list_files(&world.scope, &name("sh"), &nova_domain::call::Qualifier::Active)
        .await
        .expect("lists");
    assert_eq!(files.len(), 1);
    assert!(files[0].executable && files[0].is_entry);
    assert_eq!(files[0].path, "bootstrap");
}
