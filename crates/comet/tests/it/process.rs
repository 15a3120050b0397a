//! The backend `process` as a stage for the conformance suite.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use nova_comet::Backend;
use nova_comet::process::{KeeperLink, LinkSettings, ProcessBackend};
use nova_comet::runtimes::stock_key;
use nova_keeper::protocol::StockSpec;

use crate::conformance::{Provider, Stage};
use crate::support::host::{self, HostProcess};
use crate::support::keeper::{CANARY, KeeperProcess};
use crate::support::{runtime, world};

/// A keeper, and comet's side of it.
pub struct ProcessStage {
    pub keeper: KeeperProcess,
    pub backend: Arc<ProcessBackend>,
}

impl ProcessStage {
    /// Starts a keeper with this many Python sandboxes in stock and connects to it.
    pub async fn start(grace_ms: u64, stock: u32) -> Self {
        Self::over(KeeperProcess::start(grace_ms), stock).await
    }

    pub async fn over(keeper: KeeperProcess, stock: u32) -> Self {
        let settings = LinkSettings { socket: keeper.socket(), respawn: Some(keeper.respawn()) };
        let (link, _) = KeeperLink::open(settings).unwrap();
        let backend = Arc::new(ProcessBackend::new(link));
        let python = world::python();
        let runtime = world::runtimes().shim_program(&python);
        let plan = StockSpec { key: stock_key(&python), runtime, target: stock };
        backend.set_stock(vec![plan]).await.unwrap();
        Self { keeper, backend }
    }
}

impl Provider for ProcessStage {
    fn backend(&self) -> Arc<dyn Backend> {
        self.backend.clone()
    }

    fn code_root(&self) -> &Path {
        self.keeper.code_root()
    }

    fn processes(&self) -> Vec<HostProcess> {
        host::processes_of(&self.keeper.uids())
    }

    fn host_uids(&self) -> Option<Range<u32>> {
        Some(self.keeper.uids())
    }

    fn canary(&self) -> &str {
        CANARY
    }

    fn private_paths(&self) -> Vec<PathBuf> {
        vec![self.keeper.folder().to_owned(), self.keeper.config.run_dir.clone(), self.keeper.socket()]
    }

    fn sockets(&self) -> Vec<PathBuf> {
        vec![self.keeper.socket()]
    }
}

/// The stage that all tests of the suite share.
pub fn stage() -> Arc<Stage> {
    static STAGE: OnceLock<Arc<Stage>> = OnceLock::new();
    STAGE
        .get_or_init(|| {
            runtime().block_on(async {
                let keeper = KeeperProcess::start(30_000).shared();
                Arc::new(Stage::new(Arc::new(ProcessStage::over(keeper, 4).await)))
            })
        })
        .clone()
}
