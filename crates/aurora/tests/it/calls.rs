//! What is recorded of calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nova_aurora::SinkSettings;
use nova_domain::call::{FunctionError, FunctionErrorKind};
use nova_domain::ports::Invoker as _;
use nova_domain::run::{RUN_BODY_MAX, RunStatus, Usage};
use nova_domain::{Code, Fault, RunId};
use tokio::sync::Notify;

use crate::support::{BEGIN, Bench, Counts, HOUR, call, call_of, outcome, scope, usage};

#[tokio::test]
async fn a_success_is_recorded_with_usage_bodies_and_lines() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let bench = Bench::start().await;
    bench.invoker.next(|call| async move { Ok(outcome(&call, "[1]", &["one", "two"])) });
    let mut call = call();
    call.trace.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    let id = call.id.clone();
    bench.recorder.invoke(call).await.expect("answers");
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.status, run.version, run.function.as_str()), (RunStatus::Succeeded, 3, "f"));
    assert_eq!((run.started_at, run.usage, run.logs_dropped), (BEGIN, usage(), 5));
    assert_eq!((run.input_size, run.input.as_deref()), (7, Some("{\"n\":1}")));
    assert_eq!((run.output_size, run.output.as_deref()), (3, Some("[1]")));
    assert_eq!(run.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(bench.printed(&id).await, ["one", "two"]);
    let counted = counts.all("nova_invocations_total");
    let name = "nova_invocations_total function=f runtime=python status=succeeded";
    assert_eq!(counted, [(name.to_owned(), 1)]);
    for name in ["nova_invocation_duration_seconds", "nova_queue_wait_seconds", "nova_cold_starts_total"] {
        assert_eq!(counts.sum(name), 1, "{name}");
    }
}

#[tokio::test]
async fn an_error_of_the_function_is_a_failed_run() {
    let bench = Bench::start().await;
    let error = FunctionError {
        kind: FunctionErrorKind::Error,
        error_type: "ValueError".to_owned(),
        message: "no".to_owned(),
        stack: vec!["main.py:3".to_owned()],
        exit_code: None,
        signal: None,
    };
    let raised = error.clone();
    bench.invoker.next(|call| async move {
        let mut outcome = outcome(&call, "null", &["before"]);
        outcome.result = Err(raised);
        Ok(outcome)
    });
    let call = call();
    let id = call.id.clone();
    bench.recorder.invoke(call).await.expect("answers");
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.status, run.error, run.output), (RunStatus::Failed, Some(error), None));
    assert_eq!((run.output_size, run.usage), (0, usage()));
    assert_eq!(bench.printed(&id).await, ["before"]);
}

#[tokio::test]
async fn what_the_platform_could_not_do_is_a_run_too_and_its_cause_is_not_kept() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let bench = Bench::start().await;
    let fault = Fault::new(Code::SandboxLost, "the sandbox ended").with_source("secret cause");
    bench.invoker.next(|_| async { Err(fault) });
    let call = call();
    let id = call.id.clone();
    let fault = bench.recorder.invoke(call).await.expect_err("faults");
    assert_eq!(fault.code(), Code::SandboxLost);
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.status, run.usage), (RunStatus::PlatformError, Usage::default()));
    let error = run.error.expect("says why");
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("sandbox_lost", "the sandbox ended"));
    assert_eq!(counts.sum("nova_invocations_total"), 1);
    assert_eq!(counts.sum("nova_invocation_duration_seconds"), 0);
}

#[tokio::test]
async fn a_request_that_reached_no_function_is_no_run() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let bench = Bench::start().await;
    for code in [Code::NotFound, Code::InvalidArgument, Code::NotReady, Code::PayloadTooLarge] {
        bench.invoker.next(move |_| async move { Err(Fault::new(code, "as scripted")) });
        let fault = bench.recorder.invoke(call()).await.expect_err("faults");
        assert_eq!(fault.code(), code);
    }
    // Also when it is the catalog that knows no such function.
    bench.invoker.next(|_| async { Err(Fault::internal("as scripted")) });
    bench.recorder.invoke(call_of("missing")).await.expect_err("faults");
    bench.sink.flush().await;
    assert_eq!(bench.runs().await, []);
    assert_eq!(counts.sum("nova_invocations_total"), 0);
}

#[tokio::test]
async fn a_panic_below_is_an_internal_fault_and_a_recorded_run() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let bench = Bench::start().await;
    bench.invoker.next(|_| async { panic!("as scripted") });
    let call = call();
    let id = call.id.clone();
    let fault = bench.recorder.invoke(call).await.expect_err("faults");
    assert_eq!(fault.code(), Code::Internal);
    assert!(fault.log_line().contains("as scripted"), "{}", fault.log_line());
    bench.sink.flush().await;
    assert_eq!(bench.run(&id).await.expect("recorded").status, RunStatus::PlatformError);
    assert_eq!(counts.sum("nova_invocations_total"), 1);
}

#[tokio::test]
async fn a_caller_who_leaves_cancels_the_call_and_flush_waits_for_its_record() {
    let bench = Bench::start().await;
    let (began, saw) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begin, see) = (began.clone(), saw.clone());
    bench.invoker.next(|call| async move {
        begin.notify_one();
        call.cancel.cancelled().await;
        see.notify_one();
        // Ending takes its time.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(Fault::new(Code::Cancelled, "the caller went away"))
    });
    let call = call();
    let id = call.id.clone();
    tokio::select! {
        _ = bench.recorder.invoke(call) => panic!("it hangs"),
        () = began.notified() => {}
    }
    bench.sink.flush().await;
    let run = bench.store.runs().get(&scope(), &id).await.expect("stored when flush returns");
    assert_eq!(run.status, RunStatus::Cancelled);
    saw.notified().await;
}

#[tokio::test]
async fn a_call_that_ended_although_its_caller_left_counts_as_what_it_was() {
    let bench = Bench::start().await;
    let began = Arc::new(Notify::new());
    let begin = began.clone();
    bench.invoker.next(|call| async move {
        begin.notify_one();
        call.cancel.cancelled().await;
        Ok(outcome(&call, "null", &["done all the same"]))
    });
    let call = call();
    let id = call.id.clone();
    tokio::select! {
        _ = bench.recorder.invoke(call) => panic!("it hangs"),
        () = began.notified() => {}
    }
    bench.sink.flush().await;
    assert_eq!(bench.run(&id).await.expect("recorded").status, RunStatus::Succeeded);
    assert_eq!(bench.printed(&id).await, ["done all the same"]);
}

#[tokio::test]
async fn a_step_of_the_wall_clock_changes_no_duration() {
    let bench = Bench::start().await;
    let clock = bench.clock.clone();
    bench.invoker.next(move |call| async move {
        clock.step(-3_600_000_000);
        tokio::time::pause();
        tokio::time::advance(Duration::from_millis(1500)).await;
        tokio::time::resume();
        Ok(outcome(&call, "null", &[]))
    });
    let call = call();
    let id = call.id.clone();
    bench.recorder.invoke(call).await.expect("answers");
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!(run.started_at, BEGIN);
    assert!((1_500_000..60_000_000).contains(&run.duration_us), "{}", run.duration_us);
}

#[tokio::test]
async fn only_a_trace_id_of_32_hex_digits_is_kept() {
    let bench = Bench::start().await;
    let mut call = call();
    call.trace.traceparent = Some(format!("00-{}-00f067aa0ba902b7-01", "<script>".repeat(4)));
    let id = call.id.clone();
    bench.recorder.invoke(call).await.expect("answers");
    bench.sink.flush().await;
    assert_eq!(bench.run(&id).await.expect("recorded").trace_id, None);
}

#[tokio::test]
async fn large_bodies_are_counted_but_not_kept() {
    let bench = Bench::start().await;
    let mut call = call();
    call.payload = Bytes::from(vec![b' '; RUN_BODY_MAX + 1]);
    bench.invoker.next(|call| async move {
        let mut outcome = outcome(&call, "", &[]);
        outcome.result = Ok(call.payload);
        Ok(outcome)
    });
    let id = call.id.clone();
    bench.recorder.invoke(call).await.expect("answers");
    bench.sink.flush().await;
    let run = bench.run(&id).await.expect("recorded");
    assert_eq!((run.input, run.output), (None, None));
    assert_eq!((run.input_size, run.output_size), (RUN_BODY_MAX as u64 + 1, RUN_BODY_MAX as u64 + 1));
}

#[tokio::test]
async fn a_run_and_its_lines_are_there_right_after_the_call() {
    let bench = Bench::with(SinkSettings { delay: HOUR, ..SinkSettings::default() }).await;
    let ids: Vec<_> = (0..2).map(|_| call()).collect();
    for call in ids.clone() {
        bench.invoker.next(|call| async move { Ok(outcome(&call, "null", &["hello"])) });
        bench.recorder.invoke(call.clone()).await.expect("answers");
    }
    assert_eq!(bench.printed(&ids[1].id).await, ["hello"]);
    assert_eq!(bench.run(&ids[0].id).await.expect("there").id, ids[0].id);
    let none = RunId::new("none").expect("an id");
    assert_eq!(bench.run(&none).await.expect_err("no such run").code(), Code::NotFound);
}

#[tokio::test]
async fn however_many_functions_there_are_labels_stay_bounded() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let bench = Bench::start().await;
    for n in 0..1100 {
        bench.recorder.invoke(call_of(&format!("f{n}"))).await.expect("answers");
    }
    let counted = counts.all("nova_invocations_total");
    assert_eq!(counted.len(), 1001);
    let other = counted.iter().find(|(key, _)| key.contains("function=_other")).expect("the rest shares one");
    assert_eq!(other.1, 100);
    assert_eq!(counts.sum("nova_invocations_total"), 1100);
}
