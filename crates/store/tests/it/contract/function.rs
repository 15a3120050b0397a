use nova_domain::Code;
use nova_domain::access::{Names, Pattern};
use nova_domain::call::Qualifier;
use nova_domain::function::PoolSettings;
use nova_domain::runtime::Runtime;
use nova_domain::version::CompileStatus;
use nova_store::PageRequest;
use nova_store::repo::FunctionFilter;

use crate::fixture::*;

pub(crate) async fn a_created_function_is_found_by_name_and_by_id_with_its_version(bench: &Bench) {
    let functions = bench.store.functions();
    let hello = stored(bench, &here(), "hello").await;
    assert_eq!(functions.get(&here(), &hello.name).await.expect("by name"), hello);
    assert_eq!(functions.get_by_id(&here(), &hello.id).await.expect("by id"), hello);
    for qualifier in [Qualifier::Active, Qualifier::Latest, Qualifier::Number(1)] {
        let both = functions.get_with_version(&here(), &hello.name, &qualifier).await.expect("both");
        assert_eq!(both.function, hello);
        assert_eq!(both.version, version(&hello, 1, CompileStatus::NotRequired));
    }
    for missing in [Qualifier::Number(0), Qualifier::Number(2)] {
        let fault =
            functions.get_with_version(&here(), &hello.name, &missing).await.expect_err("no such version");
        assert_eq!(fault.code(), Code::NotFound);
        assert!(fault.message().contains("version"), "{fault}");
        let fault =
            functions.get_with_version(&here(), &name("nope"), &missing).await.expect_err("no function");
        assert!(fault.code() == Code::NotFound && !fault.message().contains("version"), "{fault}");
    }
}

pub(crate) async fn a_taken_name_is_refused_and_free_in_another_namespace(bench: &Bench) {
    let hello = stored(bench, &here(), "hello").await;
    let mut twin = function(&here(), "hello");
    twin.id = fid("another-id");
    let first = version(&twin, 1, CompileStatus::NotRequired);
    let fault = bench.store.functions().create(&here(), &twin, &first).await.expect_err("taken");
    assert_eq!(fault.code(), Code::AlreadyExists);
    assert!(fault.message().contains("hello"));
    stored(bench, &scope("acme", "staging"), "hello").await;
    stored(bench, &scope("other", "prod"), "hello").await;
    assert_eq!(bench.store.functions().get(&here(), &hello.name).await.expect("still"), hello);
}

async fn names(bench: &Bench, filter: &FunctionFilter) -> Vec<String> {
    let page = bench.store.functions().list(&here(), filter, &PageRequest::largest()).await.expect("lists");
    page.items.iter().map(|item| item.function.name.to_string()).collect()
}

pub(crate) async fn a_list_goes_on_after_its_cursor_although_functions_come_and_go(bench: &Bench) {
    for text in ["b", "d", "f", "h", "B", "_x"] {
        stored(bench, &here(), text).await;
    }
    let functions = bench.store.functions();
    let page = PageRequest::new(4, None).expect("limit");
    let first = functions.list(&here(), &FunctionFilter::default(), &page).await.expect("lists");
    let seen: Vec<_> = first.items.iter().map(|item| item.function.name.as_str()).collect();
    assert_eq!(seen, ["B", "_x", "b", "d"], "sorted by bytes on every engine");
    stored(bench, &here(), "a").await;
    stored(bench, &here(), "e").await;
    functions.delete(&here(), &name("d")).await.expect("deletes the last of the page");
    let next = page.after(first.next_cursor.expect("more"));
    let second = functions.list(&here(), &FunctionFilter::default(), &next).await.expect("lists");
    let seen: Vec<_> = second.items.iter().map(|item| item.function.name.as_str()).collect();
    assert_eq!((seen.as_slice(), second.next_cursor), (["e", "f", "h"].as_slice(), None));
    let forged = PageRequest::new(4, Some("nonsense".into())).expect("shape");
    let fault =
        functions.list(&here(), &FunctionFilter::default(), &forged).await.expect_err("forged cursor");
    assert_eq!(fault.code(), Code::InvalidArgument);
}

pub(crate) async fn a_list_is_filtered_by_text_in_any_case_and_by_runtime_of_the_active_version(
    bench: &Bench,
) {
    let functions = bench.store.functions();
    stored(bench, &here(), "resize_image").await;
    let mut mail = function(&here(), "mail");
    mail.description = "Sends ÄRGER 100%_sure".into();
    let mut first = version(&mail, 1, CompileStatus::NotRequired);
    first.spec = spec(Runtime::Node, 9);
    functions.create(&here(), &mail, &first).await.expect("creates");
    let search = |text: &str| FunctionFilter { search: Some(text.into()), ..FunctionFilter::default() };
    assert_eq!(names(bench, &search("IMAGE")).await, ["resize_image"]);
    assert_eq!(names(bench, &search("ärger")).await, ["mail"]);
    assert_eq!(names(bench, &search("100%_s")).await, ["mail"]);
    assert_eq!(names(bench, &search("%")).await, ["mail"], "no wildcards");
    assert_eq!(names(bench, &search("team=blue")).await, ["mail", "resize_image"]);
    assert!(names(bench, &search("nothing")).await.is_empty());
    let node = FunctionFilter { runtime: Some(Runtime::Node), ..FunctionFilter::default() };
    assert_eq!(names(bench, &node).await, ["mail"]);

    let patterns = ["resize_*", "mai"].map(|text| Pattern::parse(text).expect("valid"));
    let some = FunctionFilter { names: Names::of(patterns), ..FunctionFilter::default() };
    assert_eq!(names(bench, &some).await, ["resize_image"]);
    let nothing = FunctionFilter { names: Names::of([]), ..FunctionFilter::default() };
    assert!(names(bench, &nothing).await.is_empty());

    // A new version in Python, still inactive, then active.
    mail.latest_version = 2;
    let second = version(&mail, 2, CompileStatus::NotRequired);
    let mut mail = functions.update(&here(), &mail, Some(&second)).await.expect("adds a version");
    assert_eq!(names(bench, &node).await, ["mail"]);
    mail.active_version = 2;
    functions.update(&here(), &mail, None).await.expect("activates");
    assert!(names(bench, &node).await.is_empty());
    let long = FunctionFilter { search: Some("x".repeat(201)), ..FunctionFilter::default() };
    let fault = functions.list(&here(), &long, &PageRequest::default()).await.expect_err("too long");
    assert_eq!(fault.code(), Code::InvalidArgument);
}

pub(crate) async fn an_update_counts_the_revision_and_an_old_revision_is_a_conflict(bench: &Bench) {
    let functions = bench.store.functions();
    let read = stored(bench, &here(), "hello").await;
    let mut mine = read.clone();
    mine.description = "mine".into();
    mine.tags.clear();
    mine.updated_at = at(5_000);
    let updated = functions.update(&here(), &mine, None).await.expect("first");
    assert_eq!(updated.revision, 2);
    assert_eq!(functions.get(&here(), &read.name).await.expect("reads"), updated);
    let fault = functions.update(&here(), &read, None).await.expect_err("old revision");
    assert_eq!(fault.code(), Code::Conflict);
    let gone = function(&here(), "gone");
    let fault = functions.update(&here(), &gone, None).await.expect_err("no such function");
    assert_eq!(fault.code(), Code::NotFound);
    let added = version(&gone, 2, CompileStatus::NotRequired);
    let gone = nova_domain::function::Function { latest_version: 2, ..gone };
    let fault = functions.update(&here(), &gone, Some(&added)).await.expect_err("no such function");
    assert_eq!(fault.code(), Code::NotFound);
}

pub(crate) async fn an_update_with_a_version_stores_both_or_neither(bench: &Bench) {
    let functions = bench.store.functions();
    let read = stored(bench, &here(), "hello").await;
    let mut next = read.clone();
    (next.latest_version, next.active_version) = (2, 2);
    let second = version(&next, 2, CompileStatus::Pending);
    let updated = functions.update(&here(), &next, Some(&second)).await.expect("both");
    let both = functions.get_with_version(&here(), &read.name, &Qualifier::Active).await.expect("active");
    assert_eq!((both.function, both.version), (updated.clone(), second.clone()));

    // The same again with the old revision: number 2 is taken, the revision too old.
    let fault = functions.update(&here(), &next, Some(&second)).await.expect_err("twice");
    assert_eq!(fault.code(), Code::Conflict);
    // A version that is not stored because the revision is old.
    let mut stale = updated.clone();
    stale.revision = 1;
    stale.latest_version = 3;
    let third = version(&stale, 3, CompileStatus::NotRequired);
    let fault = functions.update(&here(), &stale, Some(&third)).await.expect_err("stale");
    assert_eq!(fault.code(), Code::Conflict);
    let fault = bench.store.versions().get(&here(), &read.id, 3).await.expect_err("rolled back");
    assert_eq!(fault.code(), Code::NotFound);
    // latest_version may not grow without a version.
    let mut jump = updated.clone();
    jump.latest_version = 9;
    assert_eq!(functions.update(&here(), &jump, None).await.expect_err("jump").code(), Code::Conflict);
}

pub(crate) async fn an_update_cannot_activate_a_version_that_is_not_there(bench: &Bench) {
    let functions = bench.store.functions();
    let mut hello = stored(bench, &here(), "hello").await;
    for number in [0, 2] {
        hello.active_version = number;
        let fault = functions.update(&here(), &hello, None).await.expect_err("not there");
        assert_eq!(fault.code(), Code::NotFound, "{number}");
    }
}

pub(crate) async fn a_rename_onto_a_taken_name_is_refused(bench: &Bench) {
    let functions = bench.store.functions();
    let mut hello = stored(bench, &here(), "hello").await;
    stored(bench, &here(), "taken").await;
    hello.name = name("taken");
    let fault = functions.update(&here(), &hello, None).await.expect_err("taken");
    assert_eq!(fault.code(), Code::AlreadyExists);
    hello.name = name("free");
    functions.update(&here(), &hello, None).await.expect("renames");
    assert_eq!(functions.get(&here(), &name("free")).await.expect("found").id, hello.id);
    assert!(functions.get(&here(), &name("hello")).await.is_err());
}

pub(crate) async fn of_many_concurrent_updates_each_revision_is_won_once(bench: &Bench) {
    let hello = stored(bench, &here(), "hello").await;
    let attempts = (0..16).map(|index| {
        let (store, mut mine) = (bench.store.clone(), hello.clone());
        mine.description = format!("from {index}");
        tokio::spawn(async move { store.functions().update(&here(), &mine, None).await })
    });
    let mut won = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.expect("no panic") {
            Ok(_) => won += 1,
            Err(fault) => assert_eq!(fault.code(), Code::Conflict, "{fault:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(bench.store.functions().get(&here(), &hello.name).await.expect("reads").revision, 2);
}

pub(crate) async fn a_delete_returns_what_it_took_and_frees_the_name(bench: &Bench) {
    let functions = bench.store.functions();
    let mut hello = stored(bench, &here(), "hello").await;
    hello.latest_version = 2;
    let second = version(&hello, 2, CompileStatus::NotRequired);
    let hello = functions.update(&here(), &hello, Some(&second)).await.expect("updates");
    let deleted = functions.delete(&here(), &hello.name).await.expect("deletes");
    assert_eq!((deleted.function, deleted.versions), (hello.clone(), vec![1, 2]));
    assert_eq!(functions.delete(&here(), &hello.name).await.expect_err("gone").code(), Code::NotFound);
    let versions =
        bench.store.versions().list(&here(), &hello.id, &PageRequest::default()).await.expect("lists");
    assert!(versions.items.is_empty());
    stored(bench, &here(), "hello").await;
}

pub(crate) async fn functions_with_min_replicas_of_all_tenants_are_always_on(bench: &Bench) {
    stored(bench, &here(), "sleeps").await;
    let mut expected = Vec::new();
    for scope in [here(), scope("other", "x")] {
        let mut awake = function(&scope, "awake");
        awake.pool = PoolSettings { min_replicas: 2, ..PoolSettings::default() };
        let first = version(&awake, 1, CompileStatus::NotRequired);
        bench.store.functions().create(&scope, &awake, &first).await.expect("creates");
        expected.push(awake.id);
    }
    let mut page = PageRequest::new(1, None).expect("limit");
    let mut found = Vec::new();
    loop {
        let part = bench.store.functions().always_on(&bench.system, &page).await.expect("lists");
        found.extend(part.items.into_iter().map(|item| item.function.id));
        let Some(next) = part.next_cursor else { break };
        page = page.after(next);
    }
    assert_eq!(found, expected);
}

pub(crate) async fn ten_thousand_functions_are_listed_page_by_page(bench: &Bench) {
    // Written by many callers at once, as a busy server would.
    let writers = (0..50_u32).map(|part| {
        let store = bench.store.clone();
        tokio::spawn(async move {
            for index in 0..200 {
                let function = function(&here(), &format!("fn-{:05}", part * 200 + index));
                let first = version(&function, 1, CompileStatus::NotRequired);
                store.functions().create(&here(), &function, &first).await.expect("creates");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no panic");
    }
    let began = std::time::Instant::now();
    let mut page = PageRequest::largest();
    let mut seen = Vec::new();
    loop {
        let part =
            bench.store.functions().list(&here(), &FunctionFilter::default(), &page).await.expect("lists");
        seen.extend(part.items.into_iter().map(|item| item.function.name));
        let Some(next) = part.next_cursor else { break };
        page = page.after(next);
    }
    assert_eq!(seen.len(), 10_000);
    assert!(seen.is_sorted());
    let filter = FunctionFilter { search: Some("fn-09999".into()), ..FunctionFilter::default() };
    assert_eq!(names(bench, &filter).await, ["fn-09999"]);
    // Twenty pages and a search over everything; a quadratic list takes minutes.
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}

pub(crate) async fn odd_text_survives(bench: &Bench) {
    let mut odd = function(&here(), "odd");
    odd.description = "nul \0, quote ', \u{10ffff}, newline \n".into();
    odd.tags = [("k\0".to_owned(), "\\u0000".to_owned())].into();
    let first = version(&odd, 1, CompileStatus::NotRequired);
    bench.store.functions().create(&here(), &odd, &first).await.expect("creates");
    assert_eq!(bench.store.functions().get(&here(), &odd.name).await.expect("reads"), odd);
    let filter = FunctionFilter { search: Some("nul \0".into()), ..FunctionFilter::default() };
    assert_eq!(names(bench, &filter).await, ["odd"]);
}
