//! Execution: the one path by which user code runs.
//!
//! ```text
//! Invoker::invoke > invoke/admit > Catalog (resolve) > pool (lease) > sandbox (run) > Outcome
//! ```
//!
//! There is no second door: whatever runs a function goes through [`Comet`]. Comet knows
//! no database; what it learns it returns.

pub mod backend;
mod compile;
pub mod egress;
mod install;
mod invoke;
mod pool;
pub mod process;
mod registry;
pub mod runtimes;
mod sandbox;

use std::sync::Arc;
use std::time::Duration;

use nova_domain::ports::{Catalog, CodeTrees, Objects, Quotas, Secrets, Signals};

pub use backend::Backend;
pub use pool::PoolReport;
pub use registry::RegistrySettings;
pub use runtimes::Runtimes;

/// Settings of execution.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sandboxes at once over all functions.
    pub max_sandboxes: usize,
    /// Bytes in one chunk of a streamed stdout.
    pub stream_chunk: usize,
    /// How long after its own timeout a call is given up from outside.
    pub timeout_grace: Duration,
    /// Limits of a build.
    pub build: BuildSettings,
    /// Limits of the network of sandboxes.
    pub egress: egress::EgressSettings,
}

/// Limits of a build sandbox.
#[derive(Debug, Clone)]
pub struct BuildSettings {
    pub memory_mb: u32,
    pub timeout_s: u32,
    pub tmp_mb: u32,
    pub cpu_millis: u32,
    pub registries: RegistrySettings,
    /// Folder in which it is noted what was installed for which manifest; `None`: nowhere.
    pub cache: Option<std::path::PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_sandboxes: 256,
            stream_chunk: nova_agent::protocol::STREAM_CHUNK_DEFAULT,
            timeout_grace: Duration::from_secs(2),
            build: BuildSettings {
                memory_mb: 2048,
                timeout_s: 300,
                tmp_mb: 1536,
                cpu_millis: 2000,
                registries: RegistrySettings::default(),
                cache: None,
            },
            egress: egress::EgressSettings::default(),
        }
    }
}

/// Runs functions and builds on one node.
#[derive(Clone)]
pub struct Comet {
    inner: Arc<Inner>,
}

struct Inner {
    catalog: std::sync::OnceLock<Arc<dyn Catalog>>,
    objects: Arc<dyn Objects>,
    trees: Arc<dyn CodeTrees>,
    backend: Arc<dyn Backend>,
    runtimes: Runtimes,
    pool: pool::Pool,
    egress: Arc<egress::Egress>,
    settings: Settings,
}

impl Comet {
    /// A node that runs code on `backend`. [`Self::set_catalog`] must follow before the first call.
    pub fn new(
        objects: Arc<dyn Objects>,
        trees: Arc<dyn CodeTrees>,
        backend: Arc<dyn Backend>,
        runtimes: Runtimes,
        settings: Settings,
    ) -> Self {
        let egress = egress::Egress::new(settings.egress.clone());
        let pool = pool::Pool::new(
            backend.clone(),
            trees.clone(),
            runtimes.clone(),
            egress.clone(),
            settings.clone(),
        );
        let catalog = std::sync::OnceLock::new();
        Self { inner: Arc::new(Inner { catalog, objects, trees, backend, runtimes, pool, egress, settings }) }
    }

    /// Names the catalogue. Comet and control know each other through ports in both
    /// directions, so one of the two is completed later.
    pub fn set_catalog(&self, catalog: Arc<dyn Catalog>) {
        let _ = self.inner.catalog.set(catalog);
    }

    /// Names who knows the values of secrets; before the first call of a function that refers to one.
    pub fn set_secrets(&self, secrets: Arc<dyn Secrets>) {
        self.inner.pool.set_secrets(secrets);
    }

    /// Names who knows how much may run; before the first call. Without it nothing is limited.
    pub fn set_quotas(&self, quotas: Arc<dyn Quotas>) {
        self.inner.pool.set_quotas(quotas);
    }

    /// Names who is told of calls while they run; before the first call.
    pub fn set_signals(&self, signals: Arc<dyn Signals>) {
        self.inner.pool.set_signals(signals);
    }

    /// Keeps the pool in order (idle sandboxes, minimum replicas) until `stop` fires, then
    /// ends every sandbox.
    pub async fn run(&self, stop: tokio_util::sync::CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_millis(500));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut ticks = 0u32;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => {}
            }
            self.inner.pool.sweep();
            if ticks.is_multiple_of(4)
                && let Some(catalog) = self.inner.catalog.get()
            {
                match catalog.always_on().await {
                    Ok(snapshots) => self.inner.pool.keep_minimum(&snapshots),
                    Err(fault) => tracing::warn!(error = %fault.log_line(), "minimum replicas are not known"),
                }
            }
            ticks = ticks.wrapping_add(1);
        }
        self.inner.pool.close();
    }

    /// Counts of the pool.
    pub fn report(&self) -> PoolReport {
        self.inner.pool.report()
    }
}
