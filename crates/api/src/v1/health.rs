//! Whether the server is well.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// State of the whole or of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Works.
    Ok,
    /// Does not work right now.
    Failing,
    /// Has not begun yet, or is shutting down.
    NotReady,
}

/// One part of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthCheck {
    pub status: HealthStatus,
    /// What is wrong and what to do now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The server's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    pub status: HealthStatus,
    /// Version of this server.
    pub version: String,
    /// Seconds since the server started.
    pub uptime_s: u64,
    /// Parts by name.
    #[serde(default)]
    pub components: BTreeMap<String, HealthCheck>,
}
