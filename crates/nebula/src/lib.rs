//! Events. So far the queue: calls that are accepted now, made later, and made again when they fail.
//!
//! [`Queue`] is what people and other planes ask; [`Worker`] makes the attempts. Any number of workers may
//! work on one store. What a job is and how it goes from state to state is in `nova_domain::job`.

mod queue;

pub use nova_store::repo::{AcceptedJob, JobFilter};
pub use queue::worker::{Worker, WorkerSettings};
pub use queue::{Queue, QueueSettings};
