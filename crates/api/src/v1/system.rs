//! The server: what it is made of, how it isolates, how it is set.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The server as its operator sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SystemView {
    pub version: String,
    /// Whether it runs with `--dev`: loopback only, no key needed.
    pub dev: bool,
    /// The database's address, without a password.
    pub database: String,
    pub keeper: KeeperView,
    /// Layers of isolation between user code and the host.
    pub isolation: Vec<IsolationView>,
    /// Every setting with its value and where it came from; secrets are hidden.
    pub settings: Vec<SettingView>,
}

/// The process that makes sandboxes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeeperView {
    /// What is wrong: it does not answer (the rest is then empty), or its stock could not be refilled.
    pub error: Option<String>,
    pub pid: u32,
    /// Whether it runs without root.
    pub rootless: bool,
    /// Sandboxes alive, those in stock included.
    pub sandboxes: u32,
    pub launched_total: u64,
    /// Launches that took a sandbox from stock.
    pub from_stock_total: u64,
    pub stock: Vec<StockView>,
}

/// Sandboxes that are kept started without user code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockView {
    /// Interpreter; empty for sandboxes without one.
    pub key: String,
    pub ready: u32,
    pub starting: u32,
    pub target: u32,
    /// Memory of those in stock together, bytes.
    pub memory_bytes: u64,
}

/// One layer of isolation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IsolationView {
    pub name: String,
    pub active: bool,
    /// How it is done, or what is missing, what is lost, and how to get it.
    pub detail: String,
}

/// One setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingView {
    /// E.g. `server.listen`.
    pub key: String,
    pub value: String,
    /// `default`, or the file, variable or flag that set it.
    pub origin: String,
}
