//! Runs: one recorded execution of anything.

use serde::{Deserialize, Serialize};

use crate::call::{CallSource, FunctionError};
use crate::id::{FunctionId, RunId};
use crate::name::{FunctionName, Scope};
use crate::time::Timestamp;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Succeeded,
    /// User code failed; see the run's `error`.
    Failed,
    /// The caller went away and the run was stopped.
    Cancelled,
    /// Nova could not carry it out.
    PlatformError,
}

impl RunStatus {
    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            RunStatus::Succeeded => "succeeded",
            RunStatus::Failed => "failed",
            RunStatus::Cancelled => "cancelled",
            RunStatus::PlatformError => "platform_error",
        }
    }

    /// The status of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Succeeded, Self::Failed, Self::Cancelled, Self::PlatformError]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// Where the time and memory of a call went. Times in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// From the call's arrival at the pool to a sandbox being leased.
    pub queue_us: u64,
    /// Making and initialising the sandbox, 0 when it was warm.
    pub init_us: u64,
    /// User code, as the agent measured it.
    pub exec_us: u64,
    /// Whether this call was the first of its sandbox.
    pub cold_start: bool,
    /// Highest memory use of the sandbox so far, bytes; 0 where unknown.
    pub memory_peak: u64,
}

/// One recorded execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: RunId,
    pub scope: Scope,
    pub function_id: FunctionId,
    pub function: FunctionName,
    pub version: u32,
    pub source: CallSource,
    pub status: RunStatus,
    pub started_at: Timestamp,
    /// Arrival to answer, microseconds.
    pub duration_us: u64,
    pub usage: Usage,
    pub input_size: u64,
    pub output_size: u64,
    /// The event, if it is JSON of at most [`RUN_BODY_MAX`] bytes.
    pub input: Option<String>,
    /// The result, if it is at most [`RUN_BODY_MAX`] bytes.
    pub output: Option<String>,
    pub error: Option<FunctionError>,
    pub trace_id: Option<String>,
    pub logs_dropped: u64,
}

/// Largest input or output that is kept with a run, bytes.
pub const RUN_BODY_MAX: usize = 16 * 1024;
