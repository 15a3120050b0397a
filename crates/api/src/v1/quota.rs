//! How much a tenant may have, and how much it has.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A quota with its usage.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QuotaView {
    /// `functions`, `storage_bytes`, `memory_mb`, `concurrency` or `invocations`.
    pub quota: String,
    pub tenant: String,
    /// Null: the whole tenant.
    pub namespace: Option<String>,
    /// What is over it is refused; null: nothing is.
    pub hard: Option<u64>,
    /// What is over it is told, and done.
    pub soft: Option<u64>,
    /// Of `invocations`: seconds of the window.
    pub window_s: Option<u32>,
    /// Null where nothing is counted because no limit is set (`concurrency`, `invocations`).
    pub used: Option<u64>,
    /// Whether `used` is at the soft limit or over it.
    pub soft_reached: bool,
    /// Whether `used` is at the hard limit: the next one is refused.
    pub hard_reached: bool,
    /// Whether `used` is what this server alone sees (`memory_mb`, `concurrency`).
    pub of_this_server: bool,
}

/// Limits of a quota. At least one of `hard` and `soft`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutQuota {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard: Option<u64>,
    /// At most `hard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft: Option<u64>,
    /// Of `invocations`: seconds of the window, 1 to 2678400; 60 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<u32>,
}
