//! Jobs: queued calls.

pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod retry;

use nova_domain::{Fault, FaultResult, JobId};

use crate::query::{PathParams, cut};

/// An id that cannot be one does not exist.
fn job_id(path: &PathParams) -> FaultResult<JobId> {
    let text = path.get("id")?;
    JobId::new(text).map_err(|_| Fault::not_found("job", cut(text)))
}
