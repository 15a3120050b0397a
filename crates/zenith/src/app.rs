//! What handlers work with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use futures::future::BoxFuture;
use nova_api::v1::SystemView;
use nova_aurora::Observatory;
use nova_control::access::Access;
use nova_control::audit::Audit;
use nova_control::{Functions, Quotas, Secrets};
use nova_domain::ports::Invoker;
use nova_domain::{Clock, Fault, Scope};
use nova_kit::ids::Ids;
use nova_nebula::Queue;
use tokio::time::Instant;

use crate::content::ContentSite;
use crate::edge::guard::DevGuard;
use crate::edge::measure::Meter;
use crate::edge::site::Site;
use crate::routes;

/// Asks every part of the server how it is: `Err` says what is wrong and what to do now.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, BTreeMap<String, Check>> + Send + Sync>;

/// Tells what the server is made of and how it is set.
pub type SystemReport = Arc<dyn Fn() -> BoxFuture<'static, SystemView> + Send + Sync>;

/// State of one part.
pub type Check = Result<(), String>;

/// The parts that the server puts on the network.
pub struct Parts {
    /// Runs code; the recorder around the executor.
    pub invoker: Arc<dyn Invoker>,
    pub functions: Functions,
    pub secrets: Secrets,
    pub access: Access,
    pub audit: Audit,
    pub quotas: Quotas,
    pub queue: Queue,
    pub observatory: Observatory,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<Ids>,
    /// Version of this server, as `/health` shows it.
    pub version: String,
    /// Renders the metrics as Prometheus text. The recorder must be installed before [`App::new`].
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub readiness: Readiness,
    /// With `--dev`: the guard against foreign web pages. `None` only where callers are known by key.
    pub guard: Option<DevGuard>,
    /// How browsers know this server.
    pub site: Site,
    /// Where functions are served to outside; `None`: nowhere.
    pub content: Option<ContentSite>,
}

/// The application: state and router. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) default_scope: Scope,
    pub(crate) meter: Meter,
    pub(crate) started_at: Instant,
    started: AtomicBool,
    stopping: AtomicBool,
    system: OnceLock<SystemReport>,
}

impl App {
    /// The application over its parts.
    pub fn new(parts: Parts) -> Self {
        let inner = Inner {
            parts,
            default_scope: Scope::default_scope(),
            meter: Meter::new(),
            started_at: Instant::now(),
            started: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            system: OnceLock::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Says how `/system` is answered; without it that is only the version. The first one stays.
    pub fn set_system(&self, report: SystemReport) {
        let _ = self.inner.system.set(report);
    }

    pub(crate) async fn system(&self) -> SystemView {
        match self.inner.system.get() {
            Some(report) => report().await,
            None => SystemView { version: self.parts().version.clone(), ..SystemView::default() },
        }
    }

    /// Says that the start is done: `/health/startup` and `/health/ready` may answer 200 from now on.
    pub fn mark_started(&self) {
        self.inner.started.store(true, Ordering::Release);
    }

    /// Says that the server stops: `/health/ready` answers 503 from now on.
    pub fn mark_stopping(&self) {
        self.inner.stopping.store(true, Ordering::Release);
    }

    pub(crate) fn is_started(&self) -> bool {
        self.inner.started.load(Ordering::Acquire)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.inner.stopping.load(Ordering::Acquire)
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    pub(crate) fn functions(&self) -> &Functions {
        &self.inner.parts.functions
    }

    pub(crate) fn access(&self) -> &Access {
        &self.inner.parts.access
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.inner.parts.quotas
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.inner.parts.queue
    }

    pub(crate) fn audit(&self) -> &Audit {
        &self.inner.parts.audit
    }

    pub(crate) fn router(&self) -> Result<Router, Fault> {
        routes::router(self.clone())
    }
}
