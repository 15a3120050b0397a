//! Bounds of what waits for the store, and a store that fails.

use std::time::Duration;

use bytes::Bytes;
use nova_aurora::SinkSettings;
use nova_domain::ports::Invoker as _;
use nova_domain::run::RUN_BODY_MAX;

use crate::support::{Bench, Counts, HOUR, call};

const DROPPED: &str = "nova_run_records_dropped_total";

#[tokio::test]
async fn records_over_the_bound_are_dropped_and_counted_and_no_call_waits() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let bench = Bench::with(SinkSettings { waiting_max: 3, delay: HOUR, ..SinkSettings::default() }).await;
    for _ in 0..8 {
        bench.recorder.invoke(call()).await.expect("answers");
    }
    assert_eq!(counts.sum(DROPPED), 5);
    bench.sink.flush().await;
    assert_eq!(bench.runs().await.len(), 3);
    // What was dropped was counted as a call all the same, and there is room again.
    assert_eq!(counts.sum("nova_invocations_total"), 8);
    bench.recorder.invoke(call()).await.expect("answers");
    bench.sink.flush().await;
    assert_eq!((bench.runs().await.len(), counts.sum(DROPPED)), (4, 5));
}

#[tokio::test]
async fn bytes_over_the_bound_are_dropped_and_counted() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let waiting_bytes_max = 4 * (RUN_BODY_MAX + 2048);
    let bench = Bench::with(SinkSettings { waiting_bytes_max, delay: HOUR, ..SinkSettings::default() }).await;
    for round in 1..=2 {
        for _ in 0..10 {
            let mut call = call();
            call.payload = Bytes::from(vec![b' '; RUN_BODY_MAX]);
            bench.recorder.invoke(call).await.expect("answers");
        }
        assert_eq!(counts.sum(DROPPED), 6 * round);
        bench.sink.flush().await;
        assert_eq!(bench.runs().await.len() as u64, 4 * round);
    }
}

#[tokio::test]
async fn lines_count_into_the_bytes() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let bench = Bench::with(SinkSettings { waiting_bytes_max: 100_000, ..SinkSettings::default() }).await;
    bench.invoker.next(|call| async move {
        let mut outcome = crate::support::outcome(&call, "null", &[]);
        outcome.logs = (0..10).map(|_| crate::support::line("x".repeat(10_000))).collect();
        Ok(outcome)
    });
    bench.recorder.invoke(call()).await.expect("answers");
    assert_eq!(counts.sum(DROPPED), 1);
}

#[tokio::test]
async fn records_that_the_store_refuses_are_counted_and_their_room_is_free_again() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let settings =
        SinkSettings { waiting_max: 2, delay: Duration::from_millis(1), ..SinkSettings::default() };
    let bench = Bench::with(settings).await;
    bench.store.close().await;
    for round in 1..=2 {
        for _ in 0..2 {
            bench.recorder.invoke(call()).await.expect("answers");
        }
        bench.sink.flush().await;
        assert_eq!(counts.sum(DROPPED), 2 * round);
    }
}

#[tokio::test]
async fn a_flush_with_nothing_to_store_returns_at_once() {
    let bench = Bench::start().await;
    let flush = tokio::time::timeout(Duration::from_secs(1), bench.sink.flush());
    flush.await.expect("nothing to wait for");
}
