//! Versions of functions.

pub(super) mod activate;
pub(super) mod build_log;
pub(super) mod diff;
pub(super) mod get;
pub(super) mod list;
