//! Numbers over a window of time.

use nova_domain::Timestamp;
use nova_domain::run::RunStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// Totals, a series and what fails, of a window of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsView {
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub since: Timestamp,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub until: Timestamp,
    pub totals: StatsNumbers,
    /// Equal parts of the window, oldest first.
    pub series: Vec<StatsPoint>,
    /// What fails, the latest first: at most 20, out of the newest 500 failed runs and the newest
    /// 500 that the platform could not carry out.
    pub failing: Vec<FailingView>,
}

/// Counts and durations of runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsNumbers {
    pub calls: u64,
    /// Runs in which user code failed.
    pub failed: u64,
    pub cancelled: u64,
    /// Runs that Nova could not carry out.
    pub platform_errors: u64,
    pub cold_starts: u64,
    /// Duration that half of the runs did not exceed; null without runs. Percentiles are over
    /// the newest 50,000 runs.
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// One point of the series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsPoint {
    /// Where the part begins.
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub at: Timestamp,
    pub numbers: StatsNumbers,
}

/// Failures of one function with one reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FailingView {
    pub function: String,
    #[schema(schema_with = schema::run_status)]
    pub status: RunStatus,
    /// Type of the error; empty where there is none.
    pub error_type: String,
    /// Message of the latest one.
    pub message: String,
    pub count: u64,
    pub first_run: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub first_at: Timestamp,
    pub last_run: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub last_at: Timestamp,
    /// Whether a later run of the function succeeded.
    pub recovered: bool,
}
