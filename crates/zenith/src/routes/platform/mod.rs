//! The server itself.

pub(super) mod docs;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod runtimes;
pub(super) mod system;
