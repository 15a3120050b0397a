//! Runs go when they are old by the clock.

use std::time::Duration;

use nova_aurora::Retention;
use nova_domain::ports::Invoker as _;
use nova_domain::time::Clock as _;
use nova_domain::{Code, RunId};
use tokio_util::sync::CancellationToken;

use crate::support::{Bench, call, outcome};

const DAY_US: i64 = 24 * 3600 * 1_000_000;

async fn recorded(bench: &Bench) -> RunId {
    bench.invoker.next(|call| async move { Ok(outcome(&call, "null", &["hello"])) });
    let call = call();
    let id = call.id.clone();
    bench.recorder.invoke(call).await.expect("answers");
    bench.sink.flush().await;
    id
}

#[tokio::test]
async fn only_runs_older_than_the_days_are_deleted() {
    let bench = Bench::start().await;
    let old = recorded(&bench).await;
    bench.clock.step(3 * DAY_US);
    let young = recorded(&bench).await;
    let retention = Retention::new(bench.store.clone(), bench.system.clone(), 7);
    bench.clock.step(4 * DAY_US);
    assert_eq!(retention.prune_once(bench.clock.now()).await.expect("prunes"), 0);
    bench.clock.step(1);
    assert_eq!(retention.prune_once(bench.clock.now()).await.expect("prunes"), 1);
    assert_eq!(bench.run(&old).await.expect_err("gone").code(), Code::NotFound);
    assert_eq!(bench.printed(&young).await, ["hello"]);
}

#[tokio::test]
async fn pruning_goes_on_by_itself_until_it_is_stopped() {
    let bench = Bench::start().await;
    let id = recorded(&bench).await;
    bench.clock.step(8 * DAY_US);
    let stop = CancellationToken::new();
    let retention = Retention::new(bench.store.clone(), bench.system.clone(), 7);
    let (clock, token) = (bench.clock.clone(), stop.clone());
    let task = tokio::spawn(async move { retention.run(&*clock, token).await });
    let gone = async {
        while bench.run(&id).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("pruned at the start");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), task).await.expect("ends").expect("does not panic");
}
