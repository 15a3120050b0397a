//! The control plane: what a user declares. Functions with their versions and code, their
//! builds, and the catalogue that execution reads.
//!
//! Rules that hold everywhere here:
//! - a version never changes; only what decides how code behaves makes one;
//! - a version whose build is not done or failed is never active, except as the first one;
//! - every write is a compare-and-set by revision.

pub mod access;
mod aliases;
pub mod audit;
mod build;
mod build_log;
mod catalog;
mod functions;
pub mod quotas;
pub mod secrets;
mod settings;
mod source;
mod spec;
mod vault;

pub use aliases::{AliasChange, NewAlias, Rollouts};
pub use build::Builder;
pub use build_log::{BuildEvent, BuildEvents, BuildPlace};
pub use catalog::FunctionCatalog;
pub use nova_store::repo::{FunctionFilter, FunctionWithVersion};
pub use nova_store::{Page, PageRequest};

pub use functions::{
    Change, Create, FileInfo, Functions, LimitsChange, Patch, ReplaceCode, Replaced, VersionCode,
};
pub use quotas::Quotas;
pub use secrets::Secrets;
pub use settings::Settings;
pub use source::Source;
pub use vault::Vault;
