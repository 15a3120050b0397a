use nova_domain::Code;
use nova_domain::access::{Names, Pattern};
use nova_domain::call::CallSource;
use nova_domain::run::{Run, RunStatus};
use nova_store::PageRequest;
use nova_store::repo::{LogCursor, RunFilter, RunRecord, RunsOf};

use crate::fixture::*;

fn record(run: Run) -> RunRecord {
    RunRecord { run, lines: Vec::new() }
}

async fn insert(bench: &Bench, runs: Vec<Run>) {
    let batch: Vec<_> = runs.into_iter().map(record).collect();
    bench.store.runs().insert_batch(&bench.system, batch.into()).await.expect("inserts");
}

async fn ids(bench: &Bench, filter: &RunFilter, limit: u32) -> Vec<String> {
    let mut page = PageRequest::new(limit, None).expect("limit");
    let mut seen = Vec::new();
    loop {
        let part = bench.store.runs().list(&here(), filter, &page).await.expect("lists");
        assert!(part.items.len() <= limit as usize);
        seen.extend(part.items.iter().map(|run| run.id.to_string()));
        let Some(next) = part.next_cursor else { return seen };
        page = page.after(next);
    }
}

pub(crate) async fn a_run_is_stored_whole_with_its_lines(bench: &Bench) {
    let hello = function(&here(), "hello");
    let mut failed = run(&hello, "r1", 10);
    failed.status = RunStatus::Failed;
    failed.error = Some(failure("no such thing"));
    failed.duration_us = u64::from(u32::MAX) * 4;
    (failed.input, failed.output, failed.trace_id) = (None, None, None);
    let plain = run(&hello, "r2", 11);
    let lines = vec![line(12, "one"), line(13, "two")];
    let batch = vec![RunRecord { run: failed.clone(), lines: lines.clone() }, record(plain.clone())];
    let stored = bench.store.runs().insert_batch(&bench.system, batch.into()).await.expect("inserts");
    assert_eq!(
        stored.iter().map(|of| (of.run.as_str(), of.cursors.len())).collect::<Vec<_>>(),
        [("r1", 2), ("r2", 0)]
    );
    assert_eq!(bench.store.runs().get(&here(), &rid("r1")).await.expect("reads"), failed);
    assert_eq!(bench.store.runs().get(&here(), &rid("r2")).await.expect("reads"), plain);
    let page = bench.store.logs().of_run(&here(), &rid("r1"), LogCursor::START, 10).await.expect("lines");
    assert_eq!(page.lines.iter().map(|entry| entry.line.clone()).collect::<Vec<_>>(), lines);
    assert_eq!(page.lines.iter().map(|entry| entry.cursor).collect::<Vec<_>>(), stored[0].cursors);
    assert_eq!(bench.store.runs().get(&here(), &rid("r3")).await.expect_err("none").code(), Code::NotFound);
}

pub(crate) async fn a_repeated_batch_stores_nothing_twice(bench: &Bench) {
    let hello = function(&here(), "hello");
    let one = RunRecord { run: run(&hello, "r1", 10), lines: vec![line(1, "x"), line(2, "y")] };
    let two = RunRecord { run: run(&hello, "r2", 11), lines: vec![line(3, "z")] };
    bench.store.runs().insert_batch(&bench.system, vec![one.clone()].into()).await.expect("inserts");
    let again = vec![one, two.clone(), two];
    let stored = bench.store.runs().insert_batch(&bench.system, again.into()).await.expect("inserts");
    assert_eq!(stored.iter().map(|of| of.cursors.len()).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(ids(bench, &RunFilter::default(), 10).await, ["r2", "r1"]);
    let tail = bench.store.logs().tail(&here(), &hello.id, 10).await.expect("tail");
    assert_eq!(tail.lines.iter().map(|entry| entry.line.text.as_str()).collect::<Vec<_>>(), ["x", "y", "z"]);
    assert!(
        bench
            .store
            .runs()
            .insert_batch(&bench.system, Vec::<RunRecord>::new().into())
            .await
            .expect("empty")
            .is_empty()
    );
}

pub(crate) async fn runs_are_listed_newest_first_and_filtered(bench: &Bench) {
    let (hello, other) = (function(&here(), "hello"), function(&here(), "other"));
    let mut failed = run(&hello, "failed", 20);
    failed.status = RunStatus::Failed;
    failed.error = Some(failure("Straße is CLOSED 100%"));
    let mut streamed = run(&hello, "streamed", 30);
    streamed.source = CallSource::Stream;
    insert(bench, vec![run(&hello, "oldest", 10), failed, streamed, run(&other, "other", 40)]).await;
    let all = RunFilter::default();
    assert_eq!(ids(bench, &all, 3).await, ["other", "streamed", "failed", "oldest"]);
    let of = RunFilter { of: RunsOf::Function(hello.id.clone()), ..all.clone() };
    assert_eq!(ids(bench, &of, 2).await, ["streamed", "failed", "oldest"]);
    let status = RunFilter { status: Some(RunStatus::Failed), ..all.clone() };
    assert_eq!(ids(bench, &status, 5).await, ["failed"]);
    let source = RunFilter { source: Some(CallSource::Stream), ..of.clone() };
    assert_eq!(ids(bench, &source, 5).await, ["streamed"]);
    let window = RunFilter { since: Some(at(20)), until: Some(at(40)), ..all.clone() };
    assert_eq!(ids(bench, &window, 5).await, ["streamed", "failed"]);
    for text in ["closed 100%", "straße", "valueerror"] {
        let error = RunFilter { error: Some(text.into()), ..of.clone() };
        assert_eq!(ids(bench, &error, 5).await, ["failed"], "{text}");
    }
    let none = RunFilter { error: Some("nothing".into()), ..all };
    assert!(ids(bench, &none, 5).await.is_empty());
}

pub(crate) async fn runs_are_narrowed_to_names_of_functions(bench: &Bench) {
    let names = ["bill_a", "bill_b", "billXa", "mail"];
    let runs = names
        .iter()
        .enumerate()
        .map(|(index, name)| run(&function(&here(), name), &format!("r{index}"), index as i64));
    insert(bench, runs.collect()).await;
    let of = |patterns: &[&str]| {
        RunsOf::Names(Names::of(patterns.iter().map(|text| Pattern::parse(text).expect("valid"))))
    };
    for (patterns, seen) in [
        (&["*"][..], &["r3", "r2", "r1", "r0"][..]),
        (&["bill_*"], &["r1", "r0"]),
        (&["bill_a", "mail"], &["r3", "r0"]),
        (&["Bill*", "b"], &[]),
        (&[], &[]),
    ] {
        let filter = RunFilter { of: of(patterns), ..RunFilter::default() };
        assert_eq!(ids(bench, &filter, 1).await, seen, "{patterns:?}");
        let summary =
            bench.store.runs().summary(&here(), &of(patterns), at(0), at(9)).await.expect("summary");
        assert_eq!(summary.count, seen.len() as u64, "{patterns:?}");
        assert_eq!(summary.p99_us.is_some(), !seen.is_empty(), "{patterns:?}");
    }
}

pub(crate) async fn runs_that_started_at_the_same_time_are_paged_without_loss(bench: &Bench) {
    let hello = function(&here(), "hello");
    insert(bench, (0..25).map(|index| run(&hello, &format!("r{index:02}"), 7)).collect()).await;
    let seen = ids(bench, &RunFilter::default(), 4).await;
    let expected: Vec<_> = (0..25).rev().map(|index| format!("r{index:02}")).collect();
    assert_eq!(seen, expected);
}

pub(crate) async fn a_summary_counts_and_takes_percentiles_of_its_window(bench: &Bench) {
    let (hello, other) = (function(&here(), "hello"), function(&here(), "other"));
    let mut runs: Vec<_> = (1..=100)
        .map(|index| {
            let mut run = run(&hello, &format!("r{index}"), index);
            run.duration_us = 101 - index as u64;
            run.usage.cold_start = index <= 5;
            run.status = match index {
                1..=3 => RunStatus::Failed,
                4 => RunStatus::Cancelled,
                5 => RunStatus::PlatformError,
                _ => RunStatus::Succeeded,
            };
            run
        })
        .collect();
    let mut slow = run(&other, "slow", 50);
    slow.duration_us = 1_000_000;
    runs.push(slow);
    runs.push(run(&hello, "later", 1_000));
    insert(bench, runs).await;
    let repo = bench.store.runs();
    let summary =
        repo.summary(&here(), &RunsOf::Function(hello.id.clone()), at(1), at(101)).await.expect("summary");
    let counts =
        (summary.count, summary.failed, summary.cancelled, summary.platform_errors, summary.cold_starts);
    assert_eq!(counts, (100, 3, 1, 1, 5));
    assert_eq!((summary.p50_us, summary.p95_us, summary.p99_us), (Some(50), Some(95), Some(99)));
    let all = repo.summary(&here(), &RunsOf::ALL, at(1), at(101)).await.expect("summary");
    assert_eq!((all.count, all.p50_us, all.p99_us), (101, Some(51), Some(100)));
    let none = repo.summary(&here(), &RunsOf::ALL, at(5_000), at(6_000)).await.expect("summary");
    assert_eq!((none.count, none.p50_us), (0, None));
}

pub(crate) async fn prune_deletes_the_oldest_with_their_lines(bench: &Bench) {
    let hello = function(&here(), "hello");
    let elsewhere = function(&scope("other", "x"), "hello");
    let batch: Vec<_> = (0..10)
        .map(|index| {
            let owner = if index % 2 == 0 { &hello } else { &elsewhere };
            let text = format!("line of {index}");
            RunRecord { run: run(owner, &format!("r{index}"), index), lines: vec![line(index, &text)] }
        })
        .collect();
    let repo = bench.store.runs();
    repo.insert_batch(&bench.system, batch.into()).await.expect("inserts");
    assert_eq!(repo.prune(&bench.system, at(8), 5).await.expect("prunes").runs, 5);
    assert_eq!(repo.prune(&bench.system, at(8), 5).await.expect("prunes").runs, 3);
    assert_eq!(repo.prune(&bench.system, at(8), 5).await.expect("prunes").runs, 0);
    assert_eq!(ids(bench, &RunFilter::default(), 10).await, ["r8"]);
    let tail = bench.store.logs().tail(&here(), &hello.id, 10).await.expect("tail");
    assert_eq!(tail.lines.len(), 1);
    assert_eq!(tail.lines[0].line.text, "line of 8");
    assert!(repo.prune(&bench.system, at(8), 0).await.is_err());
    assert!(repo.prune(&bench.system, at(8), 10_001).await.is_err());
}

pub(crate) async fn batches_of_concurrent_writers_are_all_stored(bench: &Bench) {
    let writers = (0..8).map(|writer| {
        let (store, system) = (bench.store.clone(), bench.system.clone());
        tokio::spawn(async move {
            let hello = function(&here(), "hello");
            for part in 0..10 {
                let batch: Vec<_> = (0..50)
                    .map(|index| RunRecord {
                        run: run(&hello, &format!("w{writer}-{part}-{index}"), 1),
                        lines: vec![line(1, "x")],
                    })
                    .collect();
                store.runs().insert_batch(&system, batch.into()).await.expect("inserts");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no panic");
    }
    let summary = bench.store.runs().summary(&here(), &RunsOf::ALL, at(0), at(2)).await.expect("summary");
    assert_eq!(summary.count, 4_000);
}
