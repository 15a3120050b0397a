//! Following a log: history first, then what comes, each line once.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt as _;
use nova_aurora::{FollowedLine, LineStream, LogCursor, LogQuery};
use nova_domain::ports::Invoker as _;

use crate::support::{Bench, call, line, outcome, scope};

/// Calls `f`, which prints `lines`.
async fn print(bench: &Bench, lines: Vec<String>) {
    bench.invoker.next(|call| async move {
        let mut outcome = outcome(&call, "null", &[]);
        outcome.logs = lines.into_iter().map(line).collect();
        Ok(outcome)
    });
    bench.recorder.invoke(call()).await.expect("answers");
}

async fn take(stream: &mut LineStream, count: usize) -> Vec<FollowedLine> {
    let mut lines = Vec::new();
    let all = async {
        while lines.len() < count {
            lines.push(stream.next().await.expect("goes on").expect("reads"));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("lines in time");
    lines
}

async fn follow(bench: &Bench, query: LogQuery) -> LineStream {
    let name = nova_domain::FunctionName::new("f").expect("a name");
    bench.observatory.follow(&scope(), &name, &query).await.expect("follows")
}

fn texts(lines: &[FollowedLine]) -> Vec<&str> {
    lines.iter().map(|line| line.line.text.as_str()).collect()
}

#[tokio::test]
async fn history_then_live_without_loss_or_doubles_while_others_write() {
    const WRITERS: usize = 4;
    const CALLS: usize = 60;
    let bench = Bench::start().await;
    bench.deploy("f").await;
    // More than one page of history.
    for n in 0..3 {
        print(&bench, (0..500).map(|m| format!("old {n} {m}")).collect()).await;
    }
    bench.sink.flush().await;
    let mut stream =
        follow(&bench, LogQuery { after: Some(LogCursor::START.into()), ..LogQuery::default() }).await;
    let total = 1500 + WRITERS * CALLS * 2;
    let bench = &bench;
    let write = |writer: usize| async move {
        for n in 0..CALLS {
            print(bench, vec![format!("{writer} {n} a"), format!("{writer} {n} b")]).await;
            if n % 7 == writer {
                bench.sink.flush().await;
            }
        }
    };
    let (lines, ..) = tokio::join!(take(&mut stream, total), write(0), write(1), write(2), write(3));
    assert!(
        lines.windows(2).all(|pair| pair[0].place.after < pair[1].place.after),
        "in the order of the store"
    );
    assert_eq!(texts(&lines[..2]), ["old 0 0", "old 0 1"]);
    let distinct: BTreeSet<_> = texts(&lines).into_iter().collect();
    assert_eq!(distinct.len(), total);
    // Nothing is left over that comes twice.
    print(bench, vec!["end".to_owned()]).await;
    assert_eq!(texts(&take(&mut stream, 1).await), ["end"]);
}

#[tokio::test]
async fn a_tail_of_none_follows_only_what_is_new() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    print(&bench, vec!["old".to_owned()]).await;
    bench.sink.flush().await;
    let mut stream = follow(&bench, LogQuery { tail: Some(0), ..LogQuery::default() }).await;
    let early = tokio::time::timeout(Duration::from_millis(100), stream.next()).await;
    assert!(early.is_err(), "nothing is new: {early:?}");
    print(&bench, vec!["new".to_owned()]).await;
    assert_eq!(texts(&take(&mut stream, 1).await), ["new"]);
}

#[tokio::test]
async fn a_tail_of_none_over_an_empty_log_misses_nothing() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let mut stream = follow(&bench, LogQuery { tail: Some(0), ..LogQuery::default() }).await;
    let early = tokio::time::timeout(Duration::from_millis(100), stream.next()).await;
    assert!(early.is_err(), "nothing is there: {early:?}");
    print(&bench, vec!["first".to_owned(), "second".to_owned()]).await;
    assert_eq!(texts(&take(&mut stream, 2).await), ["first", "second"]);
}

#[tokio::test]
async fn a_tail_begins_with_the_last_lines_and_a_cursor_where_it_was() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    print(&bench, (0..5).map(|n| format!("old {n}")).collect()).await;
    bench.sink.flush().await;
    let mut stream = follow(&bench, LogQuery { tail: Some(2), ..LogQuery::default() }).await;
    let lines = take(&mut stream, 2).await;
    assert_eq!(texts(&lines), ["old 3", "old 4"]);
    drop(stream);
    let mut stream =
        follow(&bench, LogQuery { after: Some(lines[0].place.clone()), ..LogQuery::default() }).await;
    print(&bench, vec!["new".to_owned()]).await;
    assert_eq!(texts(&take(&mut stream, 2).await), ["old 4", "new"]);
}

#[tokio::test]
async fn other_functions_are_not_heard() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let mut stream = follow(&bench, LogQuery { tail: Some(0), ..LogQuery::default() }).await;
    bench.invoker.next(|call| async move { Ok(outcome(&call, "null", &["of g"])) });
    bench.recorder.invoke(crate::support::call_of("g")).await.expect("answers");
    print(&bench, vec!["of f".to_owned()]).await;
    assert_eq!(texts(&take(&mut stream, 1).await), ["of f"]);
}
