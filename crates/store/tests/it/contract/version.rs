use nova_domain::Code;
use nova_domain::function::Function;
use nova_domain::version::{Build, CompileStatus};
use nova_store::PageRequest;

use crate::fixture::*;

/// A stored function whose version 1 waits for its build.
async fn building(bench: &Bench, scope: &nova_domain::Scope, text: &str) -> Function {
    let function = function(scope, text);
    let first = version(&function, 1, CompileStatus::Pending);
    bench.store.functions().create(scope, &function, &first).await.expect("creates");
    function
}

fn build(status: CompileStatus) -> Build {
    let artifact = (status == CompileStatus::Success).then(|| digest(200));
    Build { status, output: format!("now {}", status.as_str()), artifact }
}

pub(crate) async fn versions_are_listed_newest_first(bench: &Bench) {
    let mut hello = stored(bench, &here(), "hello").await;
    for number in 2..=5 {
        hello.latest_version = number;
        let added = version(&hello, number, CompileStatus::NotRequired);
        hello = bench.store.functions().update(&here(), &hello, Some(&added)).await.expect("adds");
    }
    let mut page = PageRequest::new(2, None).expect("limit");
    let mut seen = Vec::new();
    loop {
        let part = bench.store.versions().list(&here(), &hello.id, &page).await.expect("lists");
        seen.extend(part.items);
        let Some(next) = part.next_cursor else { break };
        page = page.after(next);
    }
    let expected: Vec<_> =
        (1..=5).rev().map(|number| version(&hello, number, CompileStatus::NotRequired)).collect();
    assert_eq!(seen, expected);
    assert_eq!(bench.store.versions().get(&here(), &hello.id, 3).await.expect("one"), expected[2]);
}

pub(crate) async fn a_build_goes_only_its_legal_way(bench: &Bench) {
    use CompileStatus::{Compiling, Failed, NotRequired, Pending, Success};
    let versions = bench.store.versions();
    let set = async |function: &Function, status| {
        versions.set_build(&here(), &function.id, 1, &build(status)).await.map_err(|fault| fault.code())
    };
    let built = building(bench, &here(), "built").await;
    for early in [Success, Failed, NotRequired, Pending] {
        assert_eq!(set(&built, early).await, Err(Code::Conflict), "{early:?} from pending");
    }
    set(&built, Compiling).await.expect("begins");
    assert_eq!(set(&built, Compiling).await, Err(Code::Conflict), "somebody else has begun");
    set(&built, Success).await.expect("succeeds");
    assert_eq!(set(&built, Failed).await, Err(Code::Conflict), "it has ended");
    let stored_build = versions.get(&here(), &built.id, 1).await.expect("reads").build;
    assert_eq!(stored_build, build(Success));

    let broken = building(bench, &here(), "broken").await;
    set(&broken, Compiling).await.expect("begins");
    set(&broken, Failed).await.expect("fails");
    assert_eq!(set(&broken, Compiling).await, Err(Code::Conflict));

    let plain = stored(bench, &here(), "plain").await;
    assert_eq!(set(&plain, Compiling).await, Err(Code::Conflict), "nothing to build");
    let missing = function(&here(), "missing");
    assert_eq!(set(&missing, Compiling).await, Err(Code::NotFound));
    let no_artifact = Build { status: Success, output: String::new(), artifact: None };
    assert!(versions.set_build(&here(), &built.id, 1, &no_artifact).await.is_err());
}

pub(crate) async fn unfinished_builds_of_all_tenants_are_found_again(bench: &Bench) {
    stored(bench, &here(), "plain").await;
    let waiting = building(bench, &here(), "waiting").await;
    let begun = building(bench, &scope("other", "x"), "begun").await;
    let done = building(bench, &here(), "done").await;
    let versions = bench.store.versions();
    versions.set_build(&begun.scope, &begun.id, 1, &build(CompileStatus::Compiling)).await.expect("begins");
    for status in [CompileStatus::Compiling, CompileStatus::Success] {
        versions.set_build(&here(), &done.id, 1, &build(status)).await.expect("builds");
    }
    let mut page = PageRequest::new(1, None).expect("limit");
    let mut found = Vec::new();
    loop {
        let part = versions.pending_builds(&bench.system, &page).await.expect("lists");
        found.extend(
            part.items.into_iter().map(|item| (item.scope, item.function, item.version.build.status)),
        );
        let Some(next) = part.next_cursor else { break };
        page = page.after(next);
    }
    let expected = [
        (waiting.scope, waiting.name, CompileStatus::Pending),
        (begun.scope, begun.name, CompileStatus::Compiling),
    ];
    assert_eq!(found, expected);
}

pub(crate) async fn every_referenced_object_is_named_once(bench: &Bench) {
    for text in ["a", "b"] {
        stored(bench, &here(), text).await;
    }
    let built = building(bench, &scope("other", "x"), "built").await;
    for status in [CompileStatus::Compiling, CompileStatus::Success] {
        bench.store.versions().set_build(&built.scope, &built.id, 1, &build(status)).await.expect("builds");
    }
    let mut page = PageRequest::new(1, None).expect("limit");
    let mut found = Vec::new();
    loop {
        let part = bench.store.versions().referenced_objects(&bench.system, &page).await.expect("lists");
        found.extend(part.items);
        let Some(next) = part.next_cursor else { break };
        page = page.after(next);
    }
    assert_eq!(found, [digest(1), digest(200)]);
}
