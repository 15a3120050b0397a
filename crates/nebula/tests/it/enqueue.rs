use std::sync::Arc;

use bytes::Bytes;
use nova_domain::Code;
use nova_domain::access::{CallerRule, InvokePolicy, Principal};
use nova_domain::call::CallChain;
use nova_domain::job::{JOB_PAYLOAD_MAX, JobStatus, RetrySettings};
use nova_nebula::{QueueSettings, WorkerSettings};

use crate::support::*;

#[tokio::test]
async fn what_would_never_run_is_refused_while_somebody_listens() {
    let bench = Bench::start().await;
    let refused = async |call, retry, key: Option<&str>| {
        bench.enqueue(call, retry, key).await.expect_err("refused").code()
    };
    assert_eq!(refused(call("nobody"), steady(), None).await, Code::NotFound);
    let large = Bytes::from(vec![b' '; JOB_PAYLOAD_MAX + 1]);
    let large = nova_domain::call::Call { payload: large, ..call("mail") };
    assert_eq!(refused(large, steady(), None).await, Code::PayloadTooLarge);
    let circle = CallChain(vec![function_name("mail"), function_name("slow")]);
    let circle = nova_domain::call::Call { chain: circle, ..call("mail") };
    assert_eq!(refused(circle, steady(), None).await, Code::LoopDetected);
    let never = RetrySettings { max_attempts: 0, ..steady() };
    assert_eq!(refused(call("mail"), never, None).await, Code::InvalidArgument);
    assert_eq!(refused(call("mail"), steady(), Some("")).await, Code::InvalidArgument);
    bench.catalog.change("mail", |snapshot| {
        let nobody = CallerRule::parse("role:owner").expect("a rule");
        snapshot.function.invoke_policy = InvokePolicy { allow: vec![nobody], deny: Vec::new() };
    });
    let dev = nova_domain::call::Call { caller: Some(Arc::new(Principal::dev())), ..call("mail") };
    assert_eq!(refused(dev, steady(), None).await, Code::PermissionDenied);
    assert_eq!(bench.work().await, 0, "nothing of all this is in the queue");
}

#[tokio::test]
async fn a_tenant_with_too_many_open_jobs_is_told_to_wait() {
    let bench = Bench::with(QueueSettings { max_open: 3 }, WorkerSettings::default()).await;
    for _ in 0..3 {
        bench.order("mail").await;
    }
    let fault = bench.enqueue(call("mail"), steady(), None).await.expect_err("full");
    assert_eq!(fault.code(), Code::QueueFull);
    assert!(fault.retry_after().is_some() && fault.message().contains('3'), "{fault:?}");
    // Another tenant has room, and so has this one when its jobs are done and counted anew.
    let mut theirs = call("mail");
    theirs.scope.tenant = nova_domain::TenantName::new("other").expect("valid");
    bench.enqueue(theirs, steady(), None).await.expect("accepts");
    assert_eq!(bench.work().await, 4);
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    tokio::time::resume();
    bench.enqueue(call("mail"), steady(), None).await.expect("accepts");
}

#[tokio::test]
async fn an_order_that_is_repeated_under_its_key_runs_once() {
    let bench = Bench::start().await;
    let first = bench.enqueue(call("mail"), steady(), Some("order 17")).await.expect("accepts");
    let again = bench.enqueue(call("mail"), steady(), Some("order 17")).await.expect("replays");
    assert!(!first.replayed && again.replayed);
    assert_eq!(first.job.order.id, again.job.order.id);
    assert_eq!(bench.work().await, 1);
    let after = bench.enqueue(call("mail"), steady(), Some("order 17")).await.expect("replays");
    assert_eq!(after.job.status, JobStatus::Succeeded);
    assert_eq!(bench.work().await, 0);
}
