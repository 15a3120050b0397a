//! Settings of access.

use std::time::Duration;

/// Settings of access.
#[derive(Debug, Clone)]
pub struct AccessSettings {
    /// How long a principal is believed without asking the database. A change made by this
    /// process is seen at once; one that another process made, after this time. Default 60 s.
    pub believe: Duration,
    /// Principals that are kept in memory. Default 100,000.
    pub principals: u64,
    /// How long a session lasts. Default 12 h.
    pub session: Duration,
    /// How long an invitation can be accepted. Default 7 days.
    pub invitation: Duration,
    /// Sign-ins that may be tried in one minute, per account and per address. Default 10.
    pub attempts_per_minute: u32,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            believe: Duration::from_secs(60),
            principals: 100_000,
            session: Duration::from_secs(12 * 3600),
            invitation: Duration::from_secs(7 * 24 * 3600),
            attempts_per_minute: 10,
        }
    }
}

impl AccessSettings {
    /// The defaults for the engine that `Store::engine` names: where other processes may write,
    /// a principal is believed for 2 s.
    pub fn for_engine(engine: &str) -> Self {
        let believe = Duration::from_secs(if engine == "sqlite" { 60 } else { 2 });
        Self { believe, ..Self::default() }
    }
}
