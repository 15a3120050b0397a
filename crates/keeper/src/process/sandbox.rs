//! What the keeper knows of one sandbox.

use std::hash::{BuildHasher as _, RandomState};
use std::os::fd::OwnedFd;
use std::time::Instant;

use crate::protocol::{LaunchSpec, Lifetime, Program, ReplyBody};
use crate::sandbox::cgroup::{Cgroup, Pace};
use crate::sandbox::late::Prepared;
use crate::sandbox::launch::Born;

/// What a shell has in place of the name of its stock.
pub(super) const SHELL: &str = "(shell)";

/// A sandbox of ours.
pub(super) struct Sandbox {
    pub(super) pid: i32,
    pub(super) pidfd: OwnedFd,
    pub(super) channel: OwnedFd,
    /// The link on which its agent asks for connections.
    pub(super) egress: OwnedFd,
    pub(super) report: OwnedFd,
    /// Where a shell waits to be told what to run.
    pub(super) order: Option<OwnedFd>,
    pub(super) mount_namespace: Option<OwnedFd>,
    pub(super) cgroup: Cgroup,
    pub(super) pace: Pace,
    /// When it is to be brought to the pace of the others.
    pub(super) promote_at: Option<Instant>,
    pub(super) uid: u32,
    pub(super) stock: String,
    pub(super) label: String,
    pub(super) lifetime: Lifetime,
    /// The connection it was handed to; `None` in stock, or when that server is gone.
    pub(super) owner: Option<u64>,
    pub(super) leased: bool,
    /// What is begun in this shell once it waits for idle CPUs only.
    pub(super) waiting: Option<Option<Program>>,
    /// Who waits until it is set up, and how long at most.
    pub(super) pending: Option<Box<Pending>>,
    pub(super) set_up_by: Option<Instant>,
    pub(super) made_at: Instant,
    /// When it is ended by force.
    pub(super) kill_at: Option<Instant>,
}

/// A launch that was asked for.
pub(super) struct Pending {
    pub(super) connection: u64,
    pub(super) request: u64,
    pub(super) spec: LaunchSpec,
    pub(super) mounts: Vec<Prepared>,
    pub(super) from_stock: bool,
}

impl Sandbox {
    /// One that was just made, and is a shell so far.
    pub(super) fn new(born: Born, cgroup: Cgroup, uid: u32) -> Self {
        Self {
            pid: born.pid,
            pidfd: born.pidfd,
            channel: born.channel,
            egress: born.egress,
            report: born.report,
            order: Some(born.order),
            mount_namespace: Some(born.mount_namespace),
            cgroup,
            pace: Pace::Normal,
            promote_at: None,
            uid,
            stock: SHELL.to_owned(),
            label: String::new(),
            lifetime: Lifetime::Server,
            owner: None,
            leased: false,
            waiting: None,
            pending: None,
            set_up_by: None,
            made_at: Instant::now(),
            kill_at: None,
        }
    }

    /// The answer that hands it out.
    pub(super) fn launched(&self, id: u64, from_stock: bool, opened: bool) -> ReplyBody {
        ReplyBody::Launched {
            sandbox: id,
            pid: self.pid as u32,
            from_stock,
            memory_peak_file: self.cgroup.memory_peak_file().map(|path| path.display().to_string()),
            opened,
        }
    }

    /// When the keeper must look at it next.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        [self.kill_at, self.promote_at, self.set_up_by].into_iter().flatten().min()
    }
}

/// Names of control groups. A sandbox can see the name of its own; nothing can be told
/// from it, and nothing from two of them.
#[derive(Debug, Default)]
pub(super) struct GroupNames(RandomState);

impl GroupNames {
    pub(super) fn of(&self, sandbox: u64) -> String {
        format!("s{:016x}", self.0.hash_one(sandbox))
    }
}
