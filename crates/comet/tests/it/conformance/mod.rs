//! What every backend must hold, proved from inside a sandbox by user code that tries.
//! A backend joins by a [`Provider`]; nothing here knows how sandboxes are made.

mod ahead;
mod ends;
mod kernel;
mod limits;
pub mod network;
mod protocols;
mod reach;

use std::future::Future;
use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use libtest_mimic::Trial;
use nova_comet::egress::EgressSettings;
use nova_comet::{Backend, Settings};
use serde_json::Value;

use crate::support::host::HostProcess;
use crate::support::names::TestNames;
use crate::support::runtime;
use crate::support::world::World;

/// A backend under test, and the host's view of it.
pub trait Provider: Send + Sync {
    fn backend(&self) -> Arc<dyn Backend>;
    /// Folder of the host below which code may lie.
    fn code_root(&self) -> &Path;
    /// Every process on the host that runs in a sandbox of this backend.
    fn processes(&self) -> Vec<HostProcess>;
    /// Host users of sandboxes, where each sandbox has one of its own.
    fn host_uids(&self) -> Option<Range<u32>>;
    /// A text in the environment of whatever makes the sandboxes.
    fn canary(&self) -> &str;
    /// Paths of the host that are the backend's own.
    fn private_paths(&self) -> Vec<PathBuf>;
    /// Unix sockets of the host that must not be reached.
    fn sockets(&self) -> Vec<PathBuf>;
}

/// A backend with comet over it.
pub struct Stage {
    pub provider: Arc<dyn Provider>,
    pub world: World,
}

impl Stage {
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        let egress = EgressSettings {
            connections_per_sandbox: Self::CONNECTIONS,
            own_ports: vec![Self::own_listener().local_addr().unwrap().port()],
            resolver: Arc::new(TestNames),
            ..EgressSettings::default()
        };
        let settings = Settings { timeout_grace: Duration::from_secs(2), egress, ..Settings::default() };
        let world = World::new(provider.backend(), provider.code_root(), settings);
        Self { provider, world }
    }

    /// Connections at once that one sandbox may have.
    pub const CONNECTIONS: usize = 20;

    /// Stands for a listener of the server.
    pub fn own_listener() -> &'static TcpListener {
        static LISTENER: OnceLock<TcpListener> = OnceLock::new();
        LISTENER.get_or_init(|| TcpListener::bind("0.0.0.0:0").unwrap())
    }

    /// Processes on the host, in any sandbox, that carry this name and are no mere entry
    /// that a parent did not wait for.
    fn marked(&self, mark: &str) -> Vec<HostProcess> {
        self.provider.processes().into_iter().filter(|one| one.comm == mark && one.state != 'Z').collect()
    }
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;
type CaseFn = fn(Arc<Stage>) -> Running;
type Case = (&'static str, CaseFn);

/// `cases!["area"; one, another]`: test names and the functions of that name.
macro_rules! cases {
    ($area:literal; $($name:ident),* $(,)?) => {
        vec![$((
            concat!($area, "::", stringify!($name)),
            (|stage| Box::pin($name(stage))) as $crate::conformance::CaseFn,
        ),)*]
    };
}

/// Whether sandboxes are offered direct calls, which is on by default as in the product.
/// `NOVA_TEST_DIRECT_CALLS=0` runs every case without them.
pub fn direct_calls() -> bool {
    std::env::var_os("NOVA_TEST_DIRECT_CALLS").is_none_or(|value| value != "0")
}

/// The tests of one backend; its name is the first part of theirs.
pub fn suite(backend: &str, stage: fn() -> Arc<Stage>) -> Vec<Trial> {
    let cases: Vec<Case> = [
        reach::cases(),
        kernel::cases(),
        limits::cases(),
        ends::cases(),
        if direct_calls() { ahead::cases() } else { Vec::new() },
        network::cases(),
        protocols::cases(),
    ]
    .concat();
    cases
        .into_iter()
        .map(|(name, case)| {
            Trial::test(format!("{backend}::{name}"), move || {
                let stage = stage();
                runtime().block_on(async move {
                    let limit = Duration::from_secs(60);
                    tokio::time::timeout(limit, case(stage)).await.map_err(|_| "longer than a minute".into())
                })
            })
        })
        .collect()
}

use cases;

/// Every value of the object is one of `allowed`; all that are not are shown.
fn assert_all(found: &Value, allowed: &[&str]) {
    let wrong: Vec<_> = found
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| !value.as_str().is_some_and(|text| allowed.contains(&text)))
        .collect();
    assert!(wrong.is_empty(), "not refused: {wrong:?}");
    assert!(!found.as_object().unwrap().is_empty());
}

/// The strings of an array.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}
