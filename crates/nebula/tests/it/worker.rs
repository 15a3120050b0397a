use std::sync::Arc;
use std::time::Duration;

use nova_domain::access::{CallerRule, InvokePolicy, Principal};
use nova_domain::call::{Call, CallSource};
use nova_domain::job::{DeadReason, JobStatus, RetrySettings};
use nova_domain::{Code, Fault};
use nova_nebula::{QueueSettings, WorkerSettings};

use crate::support::*;

#[tokio::test]
async fn a_job_is_called_once_with_its_event_and_its_answer_is_kept() {
    let bench = Bench::start().await;
    bench.invoker.reply("mail", [Reply::Output("{\"sent\":true}")]);
    let mut order = call("mail");
    order.trace.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    order.client_context = Some("{}".into());
    order.caller = Some(Arc::new(Principal::dev()));
    let id = bench.enqueue(order.clone(), steady(), None).await.expect("accepts").job.order.id;
    assert_eq!((bench.work().await, bench.work().await), (1, 0));
    let job = bench.job(&id).await;
    assert_eq!((job.status, job.output.as_deref()), (JobStatus::Succeeded, Some("{\"sent\":true}")));
    let calls = bench.invoker.called();
    assert_eq!(calls.len(), 1);
    let made = &calls[0];
    assert_eq!(
        (&made.payload, made.source, &made.target),
        (&order.payload, CallSource::Queue, &order.target)
    );
    assert_eq!((&made.trace, &made.client_context), (&order.trace, &order.client_context));
    assert_eq!(made.caller.as_ref().expect("known").subject, Principal::dev().subject);
    assert_eq!(made.id, job.attempts[0].run, "the run of an attempt has the id that the job shows");
}

#[tokio::test]
async fn a_job_that_fails_is_called_again_later_and_dies_after_its_last_attempt() {
    let bench = Bench::start().await;
    bench.invoker.reply("mail", [Reply::Error("one"), Reply::Error("two"), Reply::Error("three")]);
    let id = bench.order("mail").await;
    let mut attempts = 0;
    while bench.job(&id).await.ended_at.is_none() {
        assert!(attempts < 3, "no attempt beyond the last");
        attempts += bench.work().await;
        assert_eq!(bench.work().await, 0, "not at once");
        bench.clock.step(Duration::from_secs(3));
    }
    let job = bench.job(&id).await;
    assert_eq!((attempts, job.reason), (3, Some(DeadReason::AttemptsUsedUp)));
    assert_eq!(job.last_error().expect("kept").message, "three");
    let runs: std::collections::BTreeSet<_> =
        bench.invoker.called().iter().map(|call| call.id.clone()).collect();
    assert_eq!(runs.len(), 3, "each attempt is a run of its own");
}

#[tokio::test]
async fn what_the_platform_cannot_do_now_waits_and_counts_as_no_attempt() {
    let bench = Bench::start().await;
    let busy = || Reply::Fault(Fault::new(Code::QueueFull, "busy").with_retry_after(Duration::from_secs(30)));
    bench.invoker.reply("mail", (0..5).map(|_| busy()));
    let once = RetrySettings { max_attempts: 1, ..steady() };
    let id = bench.enqueue(call("mail"), once, None).await.expect("accepts").job.order.id;
    for _ in 0..5 {
        assert_eq!(bench.work().await, 1);
        bench.clock.step(Duration::from_secs(29));
        assert_eq!(bench.work().await, 0, "as long as it was asked to");
        bench.clock.step(Duration::from_secs(60));
    }
    assert_eq!(bench.work().await, 1);
    assert_eq!(bench.job(&id).await.status, JobStatus::Succeeded);
}

#[tokio::test]
async fn what_can_never_be_done_is_dead_at_once_with_the_reason() {
    let bench = Bench::start().await;
    bench.invoker.reply("mail", [Reply::Fault(Fault::new(Code::SecretUnavailable, "no secret"))]);
    let id = bench.order("mail").await;
    bench.work().await;
    let job = bench.job(&id).await;
    assert_eq!((job.status, job.reason), (JobStatus::Dead, Some(DeadReason::Refused)));
    assert_eq!(job.last_error().expect("kept").message, "no secret");
}

#[tokio::test]
async fn a_function_that_was_deleted_or_made_anew_does_not_get_the_event() {
    let bench = Bench::start().await;
    let (deleted, anew) = (bench.order("mail").await, bench.order("slow").await);
    bench.catalog.delete("mail");
    bench.catalog.deploy("slow", "another");
    assert_eq!(bench.work().await, 2);
    for (id, why) in [(deleted, "does not exist"), (anew, "was deleted")] {
        let job = bench.job(&id).await;
        assert_eq!((job.status, job.reason), (JobStatus::Dead, Some(DeadReason::Refused)));
        assert!(job.last_error().expect("kept").message.contains(why), "{job:?}");
    }
    assert!(bench.invoker.called().is_empty());
}

#[tokio::test]
async fn the_policy_of_the_function_at_the_time_of_the_attempt_sees_who_ordered() {
    let bench = Bench::start().await;
    let dev = Call { caller: Some(Arc::new(Principal::dev())), ..call("mail") };
    bench.enqueue(dev, steady(), None).await.expect("accepts");
    bench.work().await;
    let caller = bench.invoker.called()[0].caller.clone().expect("known");
    let check = |allow: &str| {
        let rule = CallerRule::parse(allow).expect("a rule");
        let policy = InvokePolicy { allow: vec![rule], deny: Vec::new() };
        let calling = nova_domain::access::Calling { principal: Some(&caller), claimed: None };
        let mut found = None;
        bench
            .catalog
            .change("mail", |snapshot| found = Some(policy.check(&snapshot.function, calling).is_ok()));
        found.expect("asked")
    };
    assert!(check("dev") && check("role:superadmin") && !check("role:owner"));
}

#[tokio::test]
async fn a_slow_function_leaves_room_for_the_others() {
    let settings = WorkerSettings { concurrency: 4, per_function: 2, ..WorkerSettings::default() };
    let bench = Bench::with(QueueSettings::default(), settings).await;
    bench.invoker.reply("slow", (0..6).map(|_| Reply::Hold));
    for _ in 0..6 {
        bench.order("slow").await;
    }
    let quick = bench.order("mail").await;
    bench.worker.claim().await.expect("claims");
    bench.invoker.begun(3).await;
    assert_eq!(bench.worker.claim().await.expect("claims"), 0, "two at a time of the slow one");
    bench.invoker.let_go(6);
    bench.idle().await;
    assert_eq!(bench.job(&quick).await.status, JobStatus::Succeeded);
    while bench.work().await > 0 {}
    assert_eq!(bench.invoker.called().len(), 7);
}

#[tokio::test]
async fn no_more_attempts_are_made_at_a_time_than_there_are_places() {
    let settings = WorkerSettings { concurrency: 3, per_function: 3, ..WorkerSettings::default() };
    let bench = Bench::with(QueueSettings::default(), settings).await;
    bench.invoker.reply("slow", (0..5).map(|_| Reply::Hold));
    for _ in 0..5 {
        bench.order("slow").await;
    }
    assert_eq!(bench.worker.claim().await.expect("claims"), 3);
    assert_eq!(bench.worker.claim().await.expect("claims"), 0);
    bench.invoker.let_go(5);
    bench.idle().await;
    assert_eq!(bench.work().await, 2);
}

#[tokio::test]
async fn a_long_attempt_keeps_its_lease_and_nobody_else_makes_it() {
    let bench = Bench::start().await;
    bench.invoker.reply("slow", [Reply::Hold]);
    let id = bench.order("slow").await;
    assert_eq!(bench.worker.claim().await.expect("claims"), 1);
    let other = bench.other_worker();
    for _ in 0..10 {
        bench.clock.step(Duration::from_secs(10));
        bench.worker.renew().await.expect("renews");
        assert_eq!(other.claim().await.expect("claims"), 0);
    }
    bench.invoker.let_go(1);
    bench.idle().await;
    let job = bench.job(&id).await;
    assert_eq!((job.status, job.attempts.len()), (JobStatus::Succeeded, 1));
}

#[tokio::test]
async fn an_attempt_whose_lease_was_lost_is_cancelled_and_what_it_tells_does_not_count() {
    let bench = Bench::start().await;
    bench.invoker.reply("slow", [Reply::Hold]);
    let id = bench.order("slow").await;
    bench.worker.claim().await.expect("claims");
    bench.invoker.begun(1).await;
    // This node is not heard of for longer than its lease; another one goes on.
    bench.clock.step(Duration::from_secs(16));
    let other = bench.other_worker();
    assert_eq!(other.claim().await.expect("claims"), 0, "first it is noted that the attempt was lost");
    bench.clock.step(Duration::from_secs(2));
    assert_eq!(other.claim().await.expect("claims"), 1);
    within(other.idle()).await;
    bench.worker.renew().await.expect("asks");
    bench.idle().await;
    let job = bench.job(&id).await;
    assert_eq!((job.status, job.attempts.len(), job.fence), (JobStatus::Succeeded, 2, 2));
    assert_eq!(job.attempts[0].error.as_ref().expect("said").error_type, "attempt_lost");
}

#[tokio::test]
async fn a_worker_that_gets_its_own_lost_job_again_tells_both_attempts_apart() {
    let bench = Bench::start().await;
    bench.invoker.reply("slow", [Reply::Hold, Reply::Hold]);
    let id = bench.order("slow").await;
    bench.worker.claim().await.expect("claims");
    bench.clock.step(Duration::from_secs(16));
    assert_eq!(bench.worker.claim().await.expect("claims"), 0);
    bench.clock.step(Duration::from_secs(2));
    assert_eq!(bench.worker.claim().await.expect("claims"), 1);
    bench.invoker.begun(2).await;
    // The first is cancelled, the second goes on and keeps its lease.
    for _ in 0..3 {
        bench.clock.step(Duration::from_secs(10));
        bench.worker.renew().await.expect("renews");
        tokio::task::yield_now().await;
        assert_eq!(bench.other_worker().claim().await.expect("claims"), 0);
    }
    bench.invoker.let_go(1);
    bench.idle().await;
    let job = bench.job(&id).await;
    assert_eq!((job.status, job.attempts.len()), (JobStatus::Succeeded, 2));
}

#[tokio::test]
async fn a_running_worker_is_woken_by_an_order_and_by_an_attempt_that_ends() {
    let settings = WorkerSettings {
        concurrency: 1,
        // It does not look by itself while the test goes on.
        poll: Duration::from_secs(3600),
        ..WorkerSettings::default()
    };
    let bench = Bench::with(QueueSettings::default(), settings).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn({
        let (worker, stop) = (bench.worker.clone(), stop.clone());
        async move { worker.run(stop).await }
    });
    for _ in 0..5 {
        bench.order("mail").await;
    }
    bench.invoker.begun(5).await;
    stop.cancel();
    within(running).await.expect("ends");
    assert_eq!(bench.invoker.called().len(), 5);
}
