//! The vocabulary of Nova: typed ids, validated names, entities, pure plans and
//! [`Fault`]. No I/O, no async runtime, no SQL and no HTTP live here.
//!
//! One noun, one word (see `docs/architecture.md`): *function* is code with its
//! configuration, *version* an immutable snapshot of it, *sandbox* one isolated
//! place that runs user code, *run* one recorded execution of anything.
//!
//! [`ports`] holds every call that one plane may make into another.

pub mod access;
pub mod alias;
pub mod audit;
pub mod call;
pub mod dependencies;
pub mod fault;
pub mod function;
pub mod host;
pub mod http;
pub mod id;
pub mod job;
pub mod log;
pub mod name;
pub mod network;
pub mod ports;
pub mod quota;
pub mod rollout;
pub mod run;
pub mod runtime;
pub mod secret;
pub mod time;
pub mod version;

pub use fault::{Code, Fault, FaultResult};
pub use id::{BindingId, CredentialId, Digest, FunctionId, JobId, RunId, ServiceId, UserId};
pub use name::{
    AliasName, FunctionName, NamespaceName, RoleName, Scope, SecretName, ServiceName, TenantName,
};
pub use time::{Clock, Timestamp};
