use std::time::Duration;

use nova_domain::job::JobStatus;
use nova_nebula::{QueueSettings, WorkerSettings};
use tokio_util::sync::CancellationToken;

use crate::support::*;

async fn running(drain: Duration) -> (Bench, CancellationToken, tokio::task::JoinHandle<()>) {
    let bench =
        Bench::with(QueueSettings::default(), WorkerSettings { drain, ..WorkerSettings::default() }).await;
    let stop = CancellationToken::new();
    let task = tokio::spawn({
        let (worker, stop) = (bench.worker.clone(), stop.clone());
        async move { worker.run(stop).await }
    });
    (bench, stop, task)
}

#[tokio::test]
async fn a_worker_that_stops_lets_its_attempts_end_and_begins_no_more() {
    let (bench, stop, task) = running(Duration::from_secs(60)).await;
    bench.invoker.reply("slow", [Reply::Hold]);
    let slow = bench.order("slow").await;
    bench.invoker.begun(1).await;
    stop.cancel();
    tokio::task::yield_now().await;
    let late = bench.order("mail").await;
    bench.invoker.let_go(1);
    within(task).await.expect("ends");
    assert_eq!(bench.job(&slow).await.status, JobStatus::Succeeded);
    assert_eq!(bench.job(&late).await.status, JobStatus::Queued);
}

#[tokio::test]
async fn attempts_that_do_not_end_in_time_are_put_back_and_do_not_count() {
    let (bench, stop, task) = running(Duration::from_millis(1)).await;
    bench.invoker.reply("slow", [Reply::Hold]);
    let slow = bench.order("slow").await;
    bench.invoker.begun(1).await;
    stop.cancel();
    within(task).await.expect("ends");
    let job = bench.job(&slow).await;
    assert_eq!((job.status, job.attempt), (JobStatus::Queued, 0));
    assert!(
        job.attempts[0].postponed && job.last_error().expect("said").message.contains("stopped"),
        "{job:?}"
    );
    // The next server makes it.
    bench.clock.step(Duration::from_secs(2));
    assert_eq!(bench.work().await, 1);
    assert_eq!(bench.job(&slow).await.status, JobStatus::Succeeded);
}
