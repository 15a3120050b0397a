//! Lines of calls that run are heard while they run, and once.

use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use nova_aurora::{FollowedLine, LineStream, LogPlace, LogQuery};
use nova_domain::call::Call;
use nova_domain::log::LogLine;
use nova_domain::ports::{Invoker as _, Signals};
use nova_domain::run::{RunStatus, Usage};
use nova_domain::{Code, Fault, FunctionId, FunctionName, RunId};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::support::{Bench, call, call_of, line, outcome, scope, usage};

/// A call that runs until it is told to end.
struct Running {
    id: RunId,
    function: FunctionId,
    signals: Arc<dyn Signals>,
    end: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Running {
    /// `lines` is what it has printed at its end.
    async fn begin(bench: &Bench, call: Call, lines: Vec<LogLine>) -> Self {
        let (end, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (ends, begins) = (end.clone(), begun.clone());
        bench.invoker.next(|call| async move {
            begins.notify_one();
            ends.notified().await;
            let mut outcome = outcome(&call, "null", &[]);
            outcome.logs = lines;
            Ok(outcome)
        });
        let function = FunctionId::new(format!("id-{}", call.target.name)).expect("an id");
        let (id, recorder) = (call.id.clone(), bench.recorder.clone());
        let task = tokio::spawn(async move { drop(recorder.invoke(call).await) });
        begun.notified().await;
        Self { id, function, signals: bench.sink.signals(), end, task }
    }

    fn print(&self, lines: &[LogLine]) {
        self.signals.printed(&self.id, &self.function, lines.to_vec());
    }

    async fn end(self, bench: &Bench) {
        self.end.notify_one();
        self.task.await.expect("ends");
        bench.sink.flush().await;
    }
}

fn lines(texts: &[&str]) -> Vec<LogLine> {
    texts.iter().map(|text| line(*text)).collect()
}

async fn follow(bench: &Bench, query: LogQuery) -> LineStream {
    let name = FunctionName::new("f").expect("a name");
    bench.observatory.follow(&scope(), &name, &query).await.expect("follows")
}

async fn from(bench: &Bench, place: &LogPlace) -> LineStream {
    // As it comes back from a client.
    let after = Some(LogPlace::parse(&place.to_string()).expect("parses"));
    follow(bench, LogQuery { after, ..LogQuery::default() }).await
}

async fn take(stream: &mut LineStream, count: usize) -> Vec<FollowedLine> {
    let all = stream.take(count).map(|line| line.expect("reads")).collect();
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("lines in time")
}

fn texts(lines: &[FollowedLine]) -> Vec<&str> {
    lines.iter().map(|line| line.line.text.as_str()).collect()
}

/// Lines of different calls may come in any order.
fn sorted(lines: &[FollowedLine]) -> Vec<&str> {
    let mut texts = texts(lines);
    texts.sort_unstable();
    texts
}

#[tokio::test]
async fn lines_are_heard_while_the_call_runs_and_not_again_when_they_are_stored() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let mut stream = follow(&bench, LogQuery { tail: Some(0), ..LogQuery::default() }).await;
    let all = lines(&["one", "two", "three", "last"]);
    let long = Running::begin(&bench, call(), all.clone()).await;
    long.print(&all[..2]);
    assert_eq!(texts(&take(&mut stream, 2).await), ["one", "two"]);
    // Another call ends meanwhile: its lines are stored first.
    bench.invoker.next(|call| async move { Ok(outcome(&call, "null", &["of another"])) });
    bench.recorder.invoke(call()).await.expect("answers");
    assert_eq!(texts(&take(&mut stream, 1).await), ["of another"]);
    long.print(&all[2..3]);
    assert_eq!(texts(&take(&mut stream, 1).await), ["three"]);
    long.end(&bench).await;
    assert_eq!(texts(&take(&mut stream, 1).await), ["last"]);
    let more = Running::begin(&bench, call(), lines(&["next"])).await;
    more.end(&bench).await;
    assert_eq!(texts(&take(&mut stream, 1).await), ["next"], "nothing came twice");
}

#[tokio::test]
async fn who_comes_later_hears_what_was_printed_before() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let all = lines(&["one", "two"]);
    let long = Running::begin(&bench, call(), all.clone()).await;
    long.print(&all[..1]);
    let mut stream = follow(&bench, LogQuery::default()).await;
    assert_eq!(texts(&take(&mut stream, 1).await), ["one"]);
    long.end(&bench).await;
    assert_eq!(texts(&take(&mut stream, 1).await), ["two"]);
}

#[tokio::test]
async fn a_reader_resumes_from_any_line_without_loss_or_doubles() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let mut stream = follow(&bench, LogQuery::default()).await;
    let (first, second) = (lines(&["a1", "a2", "a3"]), lines(&["b1", "b2"]));
    let (a, b) = (
        Running::begin(&bench, call(), first.clone()).await,
        Running::begin(&bench, call(), second.clone()).await,
    );
    a.print(&first[..1]);
    let mut seen = take(&mut stream, 1).await;
    b.print(&second);
    seen.extend(take(&mut stream, 2).await);
    a.print(&first[1..2]);
    seen.extend(take(&mut stream, 1).await);
    assert_eq!(texts(&seen), ["a1", "b1", "b2", "a2"]);
    let rest = [vec!["a2", "a3", "b1", "b2"], vec!["a2", "a3", "b2"], vec!["a2", "a3"], vec!["a3"]];
    // While both run, after one has ended, and after both have.
    let mut again = from(&bench, &seen[1].place).await;
    assert_eq!(sorted(&take(&mut again, 2).await), ["a2", "b2"]);
    b.end(&bench).await;
    let mut again = from(&bench, &seen[1].place).await;
    assert_eq!(sorted(&take(&mut again, 2).await), ["a2", "b2"]);
    a.end(&bench).await;
    for (line, rest) in seen.iter().zip(rest) {
        let mut again = from(&bench, &line.place).await;
        let came = take(&mut again, rest.len()).await;
        assert_eq!(sorted(&came), rest, "after {}", line.line.text);
        assert!(again.next().now_or_never().is_none(), "nothing more");
        // And on from the last of these.
        let mut last = from(&bench, &came.last().expect("a line").place).await;
        assert!(tokio::time::timeout(Duration::from_millis(50), last.next()).await.is_err());
    }
}

#[tokio::test]
async fn only_lines_that_are_asked_for_are_heard() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let (one, other) = (call(), call());
    let query = LogQuery { run: Some(other.id.clone()), ..LogQuery::default() };
    let since = LogQuery { since: Some(crate::support::BEGIN.plus_micros(10)), ..LogQuery::default() };
    let (mut stream, mut later) = (follow(&bench, query).await, follow(&bench, since).await);
    let foreign = Running::begin(&bench, call_of("g"), lines(&["of g"])).await;
    foreign.print(&lines(&["of g"]));
    let mut all = lines(&["early", "late"]);
    all[1].at = crate::support::BEGIN.plus_micros(20);
    let one = Running::begin(&bench, one, lines(&["of another call"])).await;
    let other = Running::begin(&bench, other, all.clone()).await;
    one.print(&lines(&["of another call"]));
    other.print(&all);
    assert_eq!(texts(&take(&mut stream, 2).await), ["early", "late"]);
    assert_eq!(texts(&take(&mut later, 1).await), ["late"]);
    for call in [foreign, one, other] {
        call.end(&bench).await;
    }
    for stream in [&mut stream, &mut later] {
        assert!(tokio::time::timeout(Duration::from_millis(50), stream.next()).await.is_err());
    }
}

#[tokio::test]
async fn a_reader_that_is_slow_or_gone_holds_up_no_call() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let mut slow = follow(&bench, LogQuery::default()).await;
    let all: Vec<LogLine> = (0..5000).map(|n| line(format!("{n:0>200}"))).collect();
    let call = Running::begin(&bench, call(), all.clone()).await;
    call.print(&all[..1]);
    assert_eq!(take(&mut slow, 1).await.len(), 1);
    // From here on it does not read. More news than it can be behind by, more lines than are held.
    for line in &all[1..] {
        call.print(std::slice::from_ref(line));
    }
    call.end(&bench).await;
    let rest = take(&mut slow, 4999).await;
    assert!(rest.iter().zip(&all[1..]).all(|(got, printed)| got.line.text == printed.text));
    // A call that nobody records any more is not heard, and holds nothing.
    let signals = bench.sink.signals();
    signals.printed(&rest[0].run, &FunctionId::new("id-f").expect("an id"), lines(&["after the end"]));
    assert!(tokio::time::timeout(Duration::from_millis(50), slow.next()).await.is_err());
}

#[tokio::test]
async fn what_a_call_printed_is_kept_when_the_platform_loses_it() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let (call, signals) = (call(), bench.sink.signals());
    let id = call.id.clone();
    bench.invoker.next(move |call| async move {
        signals.printed(&call.id, &FunctionId::new("id-f").expect("an id"), lines(&["before", "then"]));
        Err(Fault::new(Code::SandboxLost, "as scripted"))
    });
    bench.recorder.invoke(call).await.expect_err("faults");
    bench.sink.flush().await;
    assert_eq!(bench.printed(&id).await, ["before", "then"]);
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.status, run.usage), (RunStatus::PlatformError, Usage::default()));
}

#[tokio::test]
async fn what_a_call_used_and_printed_counts_also_when_its_caller_left() {
    let bench = Bench::start().await;
    bench.deploy("f").await;
    let (one, signals, begun) = (call(), bench.sink.signals(), Arc::new(Notify::new()));
    let (id, begins) = (one.id.clone(), begun.clone());
    bench.invoker.next(move |call| async move {
        signals.printed(&call.id, &FunctionId::new("id-f").expect("an id"), lines(&["one"]));
        begins.notify_one();
        call.cancel.cancelled().await;
        signals.left(&call.id, outcome(&call, "null", &["one", "two"]));
        Err(Fault::new(Code::Cancelled, "the caller went away"))
    });
    let recorder = bench.recorder.clone();
    let caller = tokio::spawn(async move { recorder.invoke(one).await });
    begun.notified().await;
    caller.abort();
    assert!(caller.await.expect_err("gone").is_cancelled());
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.status, run.usage, run.logs_dropped), (RunStatus::Cancelled, usage(), 5));
    assert_eq!(run.error.expect("says why").error_type, "cancelled");
    assert_eq!(bench.printed(&id).await, ["one", "two"]);
    // One that was still waiting used nothing.
    let waiting = call();
    let id = waiting.id.clone();
    bench.invoker.next(|_| async { Err(Fault::new(Code::Cancelled, "the caller went away")) });
    bench.recorder.invoke(waiting).await.expect_err("cancelled");
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.status, run.usage), (RunStatus::Cancelled, Usage::default()));
}
