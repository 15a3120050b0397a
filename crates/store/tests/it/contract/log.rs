use nova_domain::Code;
use nova_store::repo::{LogCursor, LogPage, RunRecord};

use crate::fixture::*;

fn texts(page: &LogPage) -> Vec<&str> {
    page.lines.iter().map(|entry| entry.line.text.as_str()).collect()
}

pub(crate) async fn a_follower_that_asks_after_its_cursor_sees_every_line_once(bench: &Bench) {
    let hello = function(&here(), "hello");
    let writers = (0..4).map(|writer| {
        let (store, system, hello) = (bench.store.clone(), bench.system.clone(), hello.clone());
        tokio::spawn(async move {
            for part in 0..25 {
                let lines = (0..3).map(|index| line(1, &format!("{writer}-{part}-{index}"))).collect();
                let record = RunRecord { run: run(&hello, &format!("w{writer}-{part}"), 1), lines };
                store.runs().insert_batch(&system, vec![record].into()).await.expect("inserts");
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut cursor = LogCursor::START;
    let mut seen = Vec::new();
    // Reads while the writers write; ends once they have and nothing more comes.
    loop {
        let written = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let page = bench.store.logs().after(&here(), &hello.id, cursor, None, 7).await.expect("lines");
        assert!(page.next >= cursor && page.lines.len() <= 7);
        assert!(page.lines.iter().all(|entry| entry.cursor > cursor));
        let empty = page.lines.is_empty();
        assert!(!empty || (!page.more && page.next == cursor));
        cursor = page.next;
        seen.extend(page.lines.into_iter().map(|entry| entry.line.text));
        if written && empty {
            break;
        }
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((seen.len(), unique.len()), (300, 300));
    for run in seen.chunks(3) {
        assert_eq!(run.len(), 3);
        assert!(run[0].ends_with("-0") && run[1].ends_with("-1") && run[2].ends_with("-2"), "{run:?}");
    }
}

pub(crate) async fn a_tail_is_the_end_in_order(bench: &Bench) {
    let (hello, other) = (function(&here(), "hello"), function(&here(), "other"));
    let lines = (0..30).map(|index| line(index, &index.to_string())).collect();
    let noise = RunRecord { run: run(&other, "noise", 1), lines: vec![line(99, "noise")] };
    let batch = vec![RunRecord { run: run(&hello, "r", 1), lines }, noise];
    bench.store.runs().insert_batch(&bench.system, batch.into()).await.expect("inserts");
    let tail = bench.store.logs().tail(&here(), &hello.id, 3).await.expect("tail");
    assert_eq!(texts(&tail), ["27", "28", "29"]);
    let after = bench.store.logs().after(&here(), &hello.id, tail.next, None, 10).await.expect("lines");
    assert!(after.lines.is_empty());
    let page =
        bench.store.logs().after(&here(), &hello.id, tail.lines[0].cursor, None, 1).await.expect("lines");
    assert_eq!((texts(&page), page.more), (vec!["28"], true));
    let none = bench.store.logs().tail(&here(), &fid("unknown"), 3).await.expect("tail");
    assert_eq!((none.lines.len(), none.next), (0, LogCursor::START));
}

pub(crate) async fn since_finds_lines_of_long_calls_that_were_stored_late(bench: &Bench) {
    let hello = function(&here(), "hello");
    let insert = async |id: &str, lines| {
        let record = RunRecord { run: run(&hello, id, 1), lines };
        bench.store.runs().insert_batch(&bench.system, vec![record].into()).await.expect("inserts");
    };
    insert("early", vec![line(10, "too early"), line(150, "b")]).await;
    insert("late", vec![line(90, "too early as well"), line(100, "a"), line(200, "c")]).await;
    let logs = bench.store.logs();
    let page = logs.after(&here(), &hello.id, LogCursor::START, Some(at(100)), 10).await.expect("lines");
    assert_eq!(texts(&page), ["b", "a", "c"], "in the order in which they were stored");
    let page = logs.after(&here(), &hello.id, LogCursor::START, Some(at(100)), 1).await.expect("lines");
    let rest = logs.after(&here(), &hello.id, page.next, Some(at(100)), 10).await.expect("lines");
    assert_eq!((texts(&page), page.more, texts(&rest)), (vec!["b"], true, vec!["a", "c"]));
    // Nothing that new: what comes later is found from the cursor that this gives.
    let none = logs.after(&here(), &hello.id, LogCursor::START, Some(at(500)), 10).await.expect("lines");
    assert!(none.lines.is_empty());
    insert("later", vec![line(600, "d")]).await;
    let later = logs.after(&here(), &hello.id, none.next, Some(at(500)), 10).await.expect("lines");
    assert_eq!(texts(&later), ["d"]);
}

pub(crate) async fn lines_with_nul_are_kept(bench: &Bench) {
    let hello = function(&here(), "hello");
    let mut odd = run(&hello, "odd", 1);
    odd.error = Some(failure("nul \0 in a message"));
    odd.output = Some("\"\0\"".into());
    odd.trace_id = Some("\0".into());
    let record = RunRecord { run: odd, lines: vec![line(1, "a\0b"), line(2, "")] };
    bench.store.runs().insert_batch(&bench.system, vec![record].into()).await.expect("inserts");
    let tail = bench.store.logs().tail(&here(), &hello.id, 3).await.expect("tail");
    assert_eq!(texts(&tail), ["a\u{fffd}b", ""]);
    let run = bench.store.runs().get(&here(), &rid("odd")).await.expect("reads");
    assert_eq!(run.error.expect("error").message, "nul \0 in a message");
    assert_eq!(run.output.as_deref(), Some("\"\u{fffd}\""));
}

pub(crate) async fn limits_and_cursors_out_of_bounds_are_refused(bench: &Bench) {
    let logs = bench.store.logs();
    for limit in [0, 1001] {
        let fault = logs.tail(&here(), &fid("f"), limit).await.expect_err("limit");
        assert_eq!(fault.code(), Code::InvalidArgument);
        assert!(logs.of_run(&here(), &rid("r"), LogCursor::START, limit).await.is_err());
        assert!(logs.after(&here(), &fid("f"), LogCursor::START, None, limit).await.is_err());
    }
    for bad in ["", "-1", "x", "99999999999999999999"] {
        assert_eq!(LogCursor::parse(bad).expect_err(bad).code(), Code::InvalidArgument);
    }
    let cursor = LogCursor::parse("42").expect("number");
    assert_eq!(LogCursor::parse(&cursor.to_string()).expect("round trip"), cursor);
}
