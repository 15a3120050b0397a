//! One trait per noun. Faults: [`Code::NotFound`](nova_domain::Code), `AlreadyExists`,
//! `Conflict` and `InvalidArgument` say what the caller did; `Unavailable` (database not
//! reachable, queue full) and `Internal` what the platform could not.

pub mod alias;
pub mod audit;
pub mod credential;
pub mod function;
pub mod job;
pub mod log;
pub mod quota;
pub mod role;
pub mod run;
pub mod secret;
pub mod tenant;
pub mod user;
pub mod version;

pub use alias::Aliases;
pub use audit::Audit;
pub use credential::Credentials;

pub use function::{DeletedFunction, FunctionFilter, FunctionWithVersion, Functions};
pub use job::{AcceptedJob, Claim, Claimed, JobFilter, Jobs, Slot, Waiting};
pub use log::{LogCursor, LogPage, Logs, RecordedLine, StoredLines};
pub use quota::{Quotas, StoredUsage, WindowAsk, WindowLease};
pub use role::{BoundRole, Roles};
pub use run::{Pruned, RunFilter, RunRecord, RunSummary, Runs, RunsOf, SUMMARY_SAMPLE};
pub use secret::{SealedValue, Secrets, StoredSecret};
pub use tenant::Tenants;
pub use user::{Accepted, Member, UserChange, Users};
pub use version::{PendingBuild, Versions};
