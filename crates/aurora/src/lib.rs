//! Observability: what came of each call, what it printed, and how long that is kept.
//!
//! ```text
//! zenith > Recorder > comet                 the call itself
//!             \ > Sink (bounded, batches) > store     off the request path
//!                                  \ > Follow         nudged, then reads the store
//! comet  > Live                         lines of calls that run \ > Follow
//! ```

mod follow;
mod live;
mod measure;
mod queries;
mod record;
mod recorder;
mod retention;
mod sink;
mod stats;
mod stream;
mod trace;

pub use follow::{FollowedLine, LineStream, LogPlace};
pub use nova_store::repo::log::{LINES_MAX, LogCursor, LogPage, RecordedLine};
pub use nova_store::repo::run::{RunFilter, RunSummary};
pub use nova_store::{Page, PageRequest};
pub use queries::{LogQuery, Observatory, Whose};
pub use recorder::Recorder;
pub use retention::Retention;
pub use sink::{Sink, SinkSettings};
pub use stats::{BUCKETS_MAX, Failing, Stats, StatsQuery};
