//! Settings of an opened store.

use std::time::Duration;

/// How a store is opened. The defaults suit one machine.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// SQLite: reader threads per file. At least 1, default 2.
    pub readers: usize,
    /// SQLite: requests that may wait for one thread; more wait in their callers. Default 1024.
    pub queue: usize,
    /// PostgreSQL: most connections at once. Default 16.
    pub connections: usize,
    /// Longest time one statement may take. Default 10 s.
    pub statement_timeout: Duration,
    /// Longest time to wait for a free connection or a place in a queue. Default 5 s.
    pub acquire_timeout: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            readers: 2,
            queue: 1024,
            connections: 16,
            statement_timeout: Duration::from_secs(10),
            acquire_timeout: Duration::from_secs(5),
        }
    }
}
