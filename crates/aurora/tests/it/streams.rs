//! What is recorded of streaming calls.

use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use nova_domain::call::{EventStream, StreamEvent};
use nova_domain::ports::Invoker as _;
use nova_domain::run::{RunStatus, Usage};
use nova_domain::{Code, Fault};
use tokio::sync::Notify;

use crate::support::{Bench, Counts, call, outcome, scope, usage};

fn chunk(text: &'static str) -> StreamEvent {
    StreamEvent::Chunk(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn the_size_of_a_stream_is_the_sum_of_its_chunks() {
    let bench = Bench::start().await;
    bench.invoker.next_stream(|call| async move {
        let done = StreamEvent::Done(Box::new(outcome(&call, "null", &["streamed"])));
        Ok(Box::pin(futures::stream::iter([chunk("abc"), chunk("de"), done])) as EventStream)
    });
    let call = call();
    let (id, cancel) = (call.id.clone(), call.cancel.clone());
    let events: Vec<_> = bench.recorder.invoke_stream(call).await.expect("starts").collect().await;
    assert_eq!(events.len(), 3);
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.status, run.output_size, run.output), (RunStatus::Succeeded, 5, None));
    assert_eq!((run.usage, bench.printed(&id).await), (usage(), vec!["streamed".to_owned()]));
    assert!(!cancel.is_cancelled());
}

#[tokio::test]
async fn a_stream_that_the_platform_ends_is_recorded_once() {
    let bench = Bench::start().await;
    bench.invoker.next_stream(|_| async {
        let failed = StreamEvent::Failed(Fault::new(Code::SandboxLost, "the sandbox ended"));
        Ok(Box::pin(futures::stream::iter([chunk("a"), failed])) as EventStream)
    });
    let call = call();
    let id = call.id.clone();
    let events: Vec<_> = bench.recorder.invoke_stream(call).await.expect("starts").collect().await;
    assert!(matches!(&events[1], StreamEvent::Failed(fault) if fault.code() == Code::SandboxLost));
    bench.sink.flush().await;
    assert_eq!(bench.run(&id).await.expect("recorded").status, RunStatus::PlatformError);
    assert_eq!(bench.runs().await.len(), 1);
}

#[tokio::test]
async fn a_stream_that_does_not_start_is_recorded() {
    let bench = Bench::start().await;
    bench.invoker.next_stream(|_| async { Err(Fault::new(Code::Unavailable, "no sandboxes")) });
    let call = call();
    let id = call.id.clone();
    let fault = bench.recorder.invoke_stream(call).await.map(drop).expect_err("faults");
    assert_eq!(fault.code(), Code::Unavailable);
    bench.sink.flush().await;
    assert_eq!(bench.run(&id).await.expect("recorded").status, RunStatus::PlatformError);
}

#[tokio::test]
async fn a_reader_who_leaves_cancels_and_what_the_call_used_and_printed_is_kept() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let bench = Bench::start().await;
    bench.invoker.next_stream(|call| async move {
        let (cancel, done) = (call.cancel.clone(), outcome(&call, "null", &["begun", "stopped"]));
        let end = async move {
            cancel.cancelled().await;
            StreamEvent::Done(Box::new(done))
        };
        // After the cancellation there still is a chunk on its way.
        let rest = end.map(|done| futures::stream::iter([chunk("for nobody"), done])).flatten_stream();
        Ok(Box::pin(futures::stream::iter([chunk("abcd")]).chain(rest)) as EventStream)
    });
    let call = call();
    let (id, cancel) = (call.id.clone(), call.cancel.clone());
    let mut events = bench.recorder.invoke_stream(call).await.expect("starts");
    assert!(matches!(events.next().await, Some(StreamEvent::Chunk(_))));
    drop(events);
    assert!(cancel.is_cancelled());
    bench.sink.flush().await;
    let run = bench.store.runs().get(&scope(), &id).await.expect("stored when flush returns");
    assert_eq!((run.status, run.output_size, run.usage), (RunStatus::Cancelled, 4, usage()));
    assert_eq!(run.error.expect("says why").error_type, "cancelled");
    assert_eq!(bench.printed(&id).await, ["begun", "stopped"]);
    let name = "nova_invocations_total function=f runtime=python status=cancelled";
    assert_eq!(counts.all("nova_invocations_total"), [(name.to_owned(), 1)]);
}

#[tokio::test]
async fn a_cancelled_call_that_does_not_end_is_given_up_after_a_while() {
    struct Told(Arc<Notify>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let bench = Bench::start().await;
    let gone = Arc::new(Notify::new());
    let told = Told(gone.clone());
    bench.invoker.next_stream(|_| async move {
        let deaf = futures::stream::once(async move {
            let _told = told;
            std::future::pending().await
        });
        Ok(Box::pin(futures::stream::iter([chunk("a")]).chain(deaf)) as EventStream)
    });
    let call = call();
    let id = call.id.clone();
    let mut events = bench.recorder.invoke_stream(call).await.expect("starts");
    assert!(events.next().await.is_some());
    tokio::time::pause();
    drop(events);
    bench.sink.flush().await;
    tokio::time::resume();
    let run = bench.store.runs().get(&scope(), &id).await.expect("stored when flush returns");
    assert_eq!((run.status, run.usage), (RunStatus::Cancelled, Usage::default()));
    gone.notified().await;
}

#[tokio::test]
async fn a_reader_who_leaves_while_the_stream_starts_is_recorded() {
    let bench = Bench::start().await;
    let began = Arc::new(Notify::new());
    let begin = began.clone();
    bench.invoker.next_stream(|call| async move {
        begin.notify_one();
        call.cancel.cancelled().await;
        // It had begun by then, and says so.
        let done = StreamEvent::Done(Box::new(outcome(&call, "null", &["late"])));
        Ok(Box::pin(futures::stream::iter([done])) as EventStream)
    });
    let call = call();
    let id = call.id.clone();
    tokio::select! {
        _ = bench.recorder.invoke_stream(call) => panic!("it hangs"),
        () = began.notified() => {}
    }
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.status, run.usage), (RunStatus::Cancelled, usage()));
    assert_eq!(bench.printed(&id).await, ["late"]);
}

#[tokio::test]
async fn a_stream_that_panics_or_just_stops_ends_with_a_fault_and_is_recorded() {
    let bench = Bench::start().await;
    bench.invoker.next_stream(|_| async {
        let panics = futures::stream::once(async { panic!("as scripted") });
        Ok(Box::pin(futures::stream::iter([chunk("a")]).chain(panics)) as EventStream)
    });
    bench.invoker.next_stream(|_| async { Ok(Box::pin(futures::stream::iter([chunk("a")])) as EventStream) });
    for _ in 0..2 {
        let call = call();
        let id = call.id.clone();
        let events: Vec<_> = bench.recorder.invoke_stream(call).await.expect("starts").collect().await;
        assert_eq!(events.len(), 2);
        assert!(matches!(&events[1], StreamEvent::Failed(fault) if fault.code() == Code::Internal));
        bench.sink.flush().await;
        assert_eq!(bench.run(&id).await.expect("recorded").status, RunStatus::PlatformError);
    }
}
