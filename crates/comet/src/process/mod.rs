//! The backend `process`: Linux namespaces, made by the keeper.

mod link;

use std::sync::Arc;

use async_trait::async_trait;
use nova_keeper::protocol::{
    LaunchSpec, Lifetime, MountSpec, ReplyBody, RequestBody, SandboxLimits, Status, StockSpec,
};
use tokio::net::UnixStream;

use crate::backend::{Backend, BackendError, Launched, SandboxSpec, SandboxUsage};
pub use link::{KeeperLink, LinkSettings};

/// Longest Init that goes by way of the keeper: it must fit into a packet as text in JSON.
const OPENING_MAX: usize = 32 * 1024;

/// Sandboxes by the keeper at the other end of a [`KeeperLink`].
pub struct ProcessBackend {
    link: Arc<KeeperLink>,
}

impl ProcessBackend {
    /// A backend over a connected link.
    pub fn new(link: Arc<KeeperLink>) -> Self {
        Self { link }
    }

    /// Tells the keeper what to keep pre-started, now and after each reconnect.
    pub async fn set_stock(&self, stock: Vec<StockSpec>) -> Result<(), BackendError> {
        self.link.set_stock(stock).await
    }

    /// State of the keeper and the host's isolation.
    pub async fn status(&self) -> Result<Status, BackendError> {
        match self.link.call(RequestBody::Status).await? {
            (ReplyBody::Status(status), _) => Ok(*status),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Ends the keeper and every sandbox.
    pub async fn shutdown(&self) -> Result<(), BackendError> {
        self.link.stop_reconnecting();
        self.link.call(RequestBody::Shutdown).await.map(drop)
    }
}

fn unexpected(reply: &ReplyBody) -> BackendError {
    match reply {
        ReplyBody::Error { error, .. } => BackendError::Refused(error.clone()),
        other => BackendError::Refused(format!("unexpected answer {other:?}")),
    }
}

#[async_trait]
impl Backend for ProcessBackend {
    async fn launch(&self, spec: &SandboxSpec) -> Result<Launched, BackendError> {
        let request = LaunchSpec {
            stock: spec.kind.clone(),
            runtime: spec.runtime.clone(),
            mounts: spec
                .mounts
                .iter()
                .map(|(source, target)| MountSpec { source: source.clone(), target: target.clone() })
                .collect(),
            limits: SandboxLimits {
                memory_bytes: spec.memory_bytes,
                cpu_millis: spec.cpu_millis,
                pids: spec.pids,
                tmp_bytes: spec.tmp_bytes,
            },
            lifetime: Lifetime::Server,
            label: spec.label.clone(),
            opening: if spec.opening.len() <= OPENING_MAX { spec.opening.clone() } else { String::new() },
        };
        match self.link.call(RequestBody::Launch(Box::new(request))).await? {
            (ReplyBody::Launched { sandbox, from_stock, memory_peak_file, opened, .. }, fds) => {
                let exit = self.link.exit_of(sandbox);
                let mut fds = fds.into_iter();
                let (channel, link) = (fds.next(), fds.nth(1));
                let Some(channel) = channel else {
                    self.stop(sandbox);
                    return Err(BackendError::Refused("a launch without its channel".to_owned()));
                };
                let channel = std::os::unix::net::UnixStream::from(channel);
                channel.set_nonblocking(true)?;
                let channel = UnixStream::from_std(channel)?;
                let memory_peak =
                    memory_peak_file.and_then(|path| std::fs::File::open(path).ok()).map(Arc::new);
                Ok(Launched { id: sandbox, channel, link, exit, from_stock, opened, memory_peak })
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    fn stop(&self, sandbox: u64) {
        self.link.send_and_forget(RequestBody::Stop { sandbox, grace_ms: 0 });
    }

    async fn usage(&self, sandbox: u64) -> Result<SandboxUsage, BackendError> {
        match self.link.call(RequestBody::Usage { sandbox }).await? {
            (ReplyBody::Usage(usage), _) => {
                Ok(SandboxUsage { oom_kills: usage.oom_kills, memory_peak: usage.memory_peak })
            }
            (other, _) => Err(unexpected(&other)),
        }
    }
}
