//! Measures every operation of a store.

use std::future::Future;
use std::time::Instant;

use nova_domain::FaultResult;

use crate::error::StoreResult;

/// Runs `work` under its name, records how long it took and whether the engine failed, and turns
/// its error into a fault.
pub(crate) async fn observed<T>(
    engine: &'static str,
    op: &'static str,
    work: impl Future<Output = StoreResult<T>>,
) -> FaultResult<T> {
    let began = Instant::now();
    let result = crate::audit::operating(op, work).await;
    metrics::histogram!("nova_storage_query_duration_seconds", "engine" => engine, "op" => op)
        .record(began.elapsed().as_secs_f64());
    result.map_err(|error| {
        if error.is_failure() {
            metrics::counter!("nova_storage_errors_total", "engine" => engine, "op" => op).increment(1);
            tracing::warn!(engine, op, error = &error as &dyn std::error::Error, "storage operation failed");
        }
        error.into()
    })
}
