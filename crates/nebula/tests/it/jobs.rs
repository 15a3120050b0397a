use nova_domain::access::{Names, Pattern};
use nova_domain::job::{JobStatus, RetrySettings};
use nova_domain::{Code, JobId};
use nova_nebula::JobFilter;
use nova_store::PageRequest;

use crate::support::*;

#[tokio::test]
async fn a_job_of_a_name_that_one_may_not_see_does_not_exist() {
    let bench = Bench::start().await;
    let id = bench.order("mail").await;
    let slow = Names::of([Pattern::One("slow".to_owned())]);
    let hidden = [
        bench.queue.job(&scope(), &slow, &id).await.map(drop),
        bench.queue.retry(&scope(), &slow, &id).await.map(drop),
        bench.queue.delete(&scope(), &slow, &id).await,
    ];
    let nobody = bench.queue.job(&scope(), &Names::All, &JobId::new("nobody").unwrap()).await;
    let words = nobody.expect_err("is none").message().replace("nobody", id.as_str());
    for fault in hidden {
        let fault = fault.expect_err("hidden");
        assert_eq!((fault.code(), fault.message()), (Code::NotFound, words.as_str()));
    }
}

#[tokio::test]
async fn a_dead_job_is_retried_by_hand_and_a_finished_one_deleted() {
    let bench = Bench::start().await;
    bench.invoker.reply("mail", [Reply::Error("broken")]);
    let once = RetrySettings { max_attempts: 1, ..steady() };
    let id = bench.enqueue(call("mail"), once, None).await.expect("accepts").job.order.id;
    bench.work().await;
    let dead = JobFilter { status: Some(JobStatus::Dead), ..JobFilter::default() };
    let page = PageRequest::default();
    assert_eq!(bench.queue.jobs(&scope(), &dead, &page).await.expect("lists").items.len(), 1);
    bench.queue.retry(&scope(), &Names::All, &id).await.expect("retries");
    assert_eq!(bench.work().await, 1);
    assert_eq!(bench.job(&id).await.status, JobStatus::Succeeded);
    bench.queue.delete(&scope(), &Names::All, &id).await.expect("deletes");
    assert!(bench.queue.jobs(&scope(), &JobFilter::default(), &page).await.expect("lists").items.is_empty());
}
