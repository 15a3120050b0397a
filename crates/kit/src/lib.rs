//! What every Nova process needs: layered configuration, the map of directories, clock
//! and ids, rates, logs and metrics, ordered shutdown. No product decisions.

pub mod clock;
pub mod config;
pub mod dirs;
pub mod ids;
pub mod rate;
pub mod seal;
pub mod shutdown;
pub mod telemetry;
