//! One trait per noun. Faults: [`Code::NotFound`](nova_domain::Code), `AlreadyExists`,
//! `Conflict` and `InvalidArgument` say what the caller did; `Unavailable` (database not
//! reachable, queue full) and `Internal` what the platform could not.

pub mod function;
pub mod log;
pub mod run;
pub mod secret;
pub mod version;

pub use function::{DeletedFunction, FunctionFilter, FunctionWithVersion, Functions};
pub use log::{LogCursor, LogPage, Logs, RecordedLine, StoredLines};
pub use run::{Pruned, RunFilter, RunRecord, RunSummary, Runs, SUMMARY_SAMPLE};
pub use secret::{SealedValue, Secrets, StoredSecret};
pub use version::{PendingBuild, Versions};
