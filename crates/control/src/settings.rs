//! Settings of the control plane.

use std::time::Duration;

/// Settings of the control plane.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a create or change waits for the build that it caused. Default 120 s.
    pub build_wait: Duration,
    /// Builds at once. At least 1, default 1.
    pub builds_at_once: usize,
    /// Builds that may wait in memory; more are found in the store. Default 256.
    pub build_queue: usize,
    /// How often the store is searched for builds that nobody has taken up. Default 30 s.
    pub build_scan: Duration,
    /// Functions whose snapshots are kept in memory. Default 10,000.
    pub catalog_functions: u64,
    /// Longest age of a snapshot that is still believed. `None` (the default): for ever, which is
    /// right while this process makes every write (SQLite). Several processes on one database
    /// need a bound, such as 1 s.
    pub catalog_max_age: Option<Duration>,
    /// How often rollouts that are due are looked for. Default 1 s.
    pub rollout_scan: Duration,
    /// How often a write is tried again when somebody else was faster and the caller named no
    /// revision. Default 5.
    pub write_retries: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            build_wait: Duration::from_secs(120),
            builds_at_once: 1,
            build_queue: 256,
            build_scan: Duration::from_secs(30),
            catalog_functions: 10_000,
            catalog_max_age: None,
            rollout_scan: Duration::from_secs(1),
            write_retries: 5,
        }
    }
}

impl Settings {
    /// The defaults for the engine that `Store::engine` names.
    pub fn for_engine(engine: &str) -> Self {
        let shared = engine != "sqlite";
        Self { catalog_max_age: shared.then_some(Duration::from_secs(1)), ..Self::default() }
    }
}
