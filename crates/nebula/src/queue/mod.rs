//! The queue.

mod attempt;
mod depth;
mod enqueue;
mod jobs;
pub(crate) mod worker;

use std::sync::Arc;

use nova_domain::ports::Catalog;
use nova_domain::time::Clock;
use nova_kit::ids::Ids;
use nova_store::{Store, System};
use tokio::sync::Notify;

use depth::Depth;

/// How the queue is set.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// Jobs of one tenant that may wait or run; more are refused. Each node looks once a second, so that
    /// the limit can be passed by what is accepted meanwhile on other nodes.
    pub max_open: u32,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { max_open: 10_000 }
    }
}

/// Takes orders and tells of jobs. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    system: System,
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    settings: QueueSettings,
    depth: Depth,
    /// Wakes this node's worker: something is due now.
    wake: Notify,
}

impl Queue {
    /// A queue over `store`; `catalog` tells whether what is called exists.
    pub fn new(
        store: Store,
        system: System,
        catalog: Arc<dyn Catalog>,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        settings: QueueSettings,
    ) -> Self {
        let (depth, wake) = (Depth::default(), Notify::new());
        Self { inner: Arc::new(Inner { store, system, catalog, clock, ids, settings, depth, wake }) }
    }
}
