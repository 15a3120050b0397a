//! How sandboxes are made: the seam behind which namespaces, containers and micro-VMs lie.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use async_trait::async_trait;
use nova_keeper::protocol::Program;
use thiserror::Error;
use tokio::net::UnixStream;
use tokio::sync::watch;

/// A sandbox to make.
#[derive(Debug, Clone)]
pub struct SandboxSpec {
    /// Key of the pre-started kind to take, e.g. `python-3.11.2`; empty for the agent alone.
    pub kind: String,
    /// The interpreter with its shim, when one stays up.
    pub runtime: Option<Program>,
    /// Folders of the host and where they appear, read-only.
    pub mounts: Vec<(String, String)>,
    pub memory_bytes: u64,
    pub cpu_millis: u32,
    pub pids: u32,
    pub tmp_bytes: u64,
    /// Whose it is, for people.
    pub label: String,
    /// Body of the first frame, the Init. A backend may send it with the sandbox's making, so
    /// that the guest begins while the host still learns of it.
    pub opening: String,
}

/// What a sandbox used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SandboxUsage {
    /// Processes that the kernel killed at the memory limit.
    pub oom_kills: u64,
    /// Highest memory use, bytes; 0 where unknown.
    pub memory_peak: u64,
}

/// How a sandbox ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Why it could not be made, if that was it.
    pub setup_error: Option<String>,
    pub usage: SandboxUsage,
}

/// A sandbox that was made. Its agent may still be starting; it reads what is sent.
pub struct Launched {
    pub id: u64,
    /// Frames of `nova_agent::protocol` both ways.
    pub channel: UnixStream,
    /// Packets of `nova_agent::protocol::egress`, by which the agent asks for connections;
    /// `None` where the backend gives no network.
    pub link: Option<OwnedFd>,
    /// Becomes `Some` once it ended.
    pub exit: watch::Receiver<Option<Exit>>,
    /// Whether it was pre-started.
    pub from_stock: bool,
    /// Whether [`SandboxSpec::opening`] was sent.
    pub opened: bool,
    /// Reads the highest memory use cheaply.
    pub memory_peak: Option<Arc<std::fs::File>>,
}

/// Why a backend could not do it.
#[derive(Debug, Error)]
pub enum BackendError {
    /// The side that makes sandboxes is not there right now.
    #[error("the keeper is not reachable")]
    Unavailable,
    /// It refused or failed.
    #[error("the keeper says: {0}")]
    Refused(String),
    /// The channel could not be used.
    #[error("channel: {0}")]
    Channel(#[from] std::io::Error),
}

/// Makes and ends sandboxes.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Makes a sandbox, or takes a pre-started one.
    async fn launch(&self, spec: &SandboxSpec) -> Result<Launched, BackendError>;

    /// Ends a sandbox with everything in it. Returns at once.
    fn stop(&self, sandbox: u64);

    /// What a sandbox used so far.
    async fn usage(&self, sandbox: u64) -> Result<SandboxUsage, BackendError>;
}
