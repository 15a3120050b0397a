//! Run records.

use nova_domain::Timestamp;
use nova_domain::call::CallSource;
use nova_domain::run::{Run, RunStatus};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::invoke::CallError;
use crate::schema;

/// One recorded execution.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// The run's id, which the call's answer has as `request_id`.
    pub id: String,
    pub function: String,
    pub version: u32,
    #[schema(schema_with = schema::call_source)]
    pub source: CallSource,
    #[schema(schema_with = schema::run_status)]
    pub status: RunStatus,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub started_at: Timestamp,
    /// Arrival to answer, milliseconds.
    pub duration_ms: f64,
    /// Waiting for a sandbox, milliseconds.
    pub queue_ms: f64,
    /// Making the sandbox, milliseconds; 0 when it was warm.
    pub init_ms: f64,
    /// User code, milliseconds.
    pub exec_ms: f64,
    pub cold_start: bool,
    /// Highest memory use of the sandbox so far, bytes; 0 where unknown.
    pub memory_peak_bytes: u64,
    /// Size of the event, bytes.
    pub input_size: u64,
    /// Size of the result, bytes.
    pub output_size: u64,
    /// The event, if it is small enough to be kept.
    #[schema(schema_with = schema::any)]
    pub input: Option<Box<RawValue>>,
    /// The result, if it is small enough to be kept.
    #[schema(schema_with = schema::any)]
    pub output: Option<Box<RawValue>>,
    pub error: Option<CallError>,
    pub trace_id: Option<String>,
    /// Bytes of log beyond the bound of a call, which were not kept.
    pub logs_dropped: u64,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.into(),
            function: run.function.into(),
            version: run.version,
            source: run.source,
            status: run.status,
            started_at: run.started_at,
            duration_ms: millis(run.duration_us),
            queue_ms: millis(run.usage.queue_us),
            init_ms: millis(run.usage.init_us),
            exec_ms: millis(run.usage.exec_us),
            cold_start: run.usage.cold_start,
            memory_peak_bytes: run.usage.memory_peak,
            input_size: run.input_size,
            output_size: run.output_size,
            input: run.input.and_then(raw),
            output: run.output.and_then(raw),
            error: run.error.map(CallError::from),
            trace_id: run.trace_id,
            logs_dropped: run.logs_dropped,
        }
    }
}

/// Microseconds as milliseconds.
pub fn millis(micros: u64) -> f64 {
    // Durations stay far below 2^53 microseconds (285 years), so nothing is lost.
    micros as f64 / 1000.0
}

/// The text as JSON; text that is none (it should not be there) becomes a JSON string.
fn raw(text: String) -> Option<Box<RawValue>> {
    RawValue::from_string(text.clone()).or_else(|_| serde_json::value::to_raw_value(&text)).ok()
}
