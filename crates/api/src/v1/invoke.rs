//! Calling a function.

use nova_domain::call::{FunctionError, FunctionErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::schema;

/// Answer of a call that reached the function.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InvokeAnswer {
    /// Id of the run.
    pub request_id: String,
    /// What the function returned; null if it failed.
    #[schema(schema_with = schema::any)]
    pub output: Option<Box<RawValue>>,
    /// Why there is no output; null if there is.
    pub error: Option<CallError>,
    /// From arrival to answer, milliseconds.
    pub duration_ms: f64,
    /// Whether a sandbox was made for this call.
    pub cold_start: bool,
    /// The version that ran.
    pub version: u32,
}

/// Data of the SSE event `done`, the last one of a streaming call that reached its end.
/// Events before it carry chunks as base64; `event: error` carries a problem document instead.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StreamDone {
    /// Id of the run.
    pub request_id: String,
    /// What the function returned besides the stream, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::any, required = false)]
    pub output: Option<Box<RawValue>>,
    /// Why it failed; null if it did not.
    pub error: Option<CallError>,
    pub duration_ms: f64,
    pub cold_start: bool,
    pub version: u32,
}

/// Why user code gave no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallError {
    #[schema(schema_with = schema::error_kind)]
    pub kind: FunctionErrorKind,
    /// The language's name of the error (`ValueError`), or one of ours (`Timeout`).
    #[serde(rename = "type")]
    pub error_type: String,
    pub message: String,
    /// Frames of user code, innermost last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

impl From<FunctionError> for CallError {
    fn from(error: FunctionError) -> Self {
        Self {
            kind: error.kind,
            error_type: error.error_type,
            message: error.message,
            stack: error.stack,
            exit_code: error.exit_code,
            signal: error.signal,
        }
    }
}
