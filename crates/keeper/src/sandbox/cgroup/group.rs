//! The control groups of one sandbox.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::{Cgroups, processes_in};
use crate::protocol::{SandboxLimits, Usage};

const PERIOD_US: u64 = 100_000;
/// How often a sandbox is looked at for processes that were started while others moved.
const ROUNDS: usize = 100;

/// Whose turn it is at the CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Like everybody.
    Normal,
    /// When nobody else wants them.
    Idle,
}

/// The control group of one sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Cgroup {
    kind: Cgroups,
    name: String,
}

impl Cgroup {
    pub(super) fn new(kind: Cgroups, name: String) -> Self {
        Self { kind, name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn folders(&self) -> Vec<PathBuf> {
        let named = |folder: &PathBuf| folder.join(&self.name);
        match &self.kind {
            Cgroups::V1 { memory, cpu, pids, .. } => [memory, cpu, pids].map(named).into(),
            Cgroups::V2 { root } => vec![named(root)],
            Cgroups::None { .. } => Vec::new(),
        }
    }

    /// Makes the groups with the limits of a sandbox in stock.
    pub(crate) fn create(&self) -> io::Result<()> {
        for folder in self.folders() {
            fs::create_dir(&folder)?;
        }
        self.set_limits(&SandboxLimits::default())
    }

    /// Moves this process into the groups (version 1; version 2 is joined at clone). May
    /// take milliseconds.
    pub(crate) fn enter(&self) -> io::Result<()> {
        if let Cgroups::V1 { .. } = &self.kind {
            for folder in self.folders() {
                fs::write(folder.join("cgroup.procs"), "0")?;
            }
        }
        Ok(())
    }

    /// The folder to clone into, on version 2.
    pub(crate) fn clone_target(&self) -> io::Result<Option<OwnedFd>> {
        match &self.kind {
            Cgroups::V2 { root } => {
                let path = crate::sys::c_path(&root.join(&self.name))?;
                crate::sys::open_folder(None, &path).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Lets the sandbox wait for idle CPUs, or brings it back to the pace of the others with
    /// its own CPU limit. May take milliseconds.
    pub(crate) fn set_pace(&self, pace: Pace) -> io::Result<()> {
        match (&self.kind, pace) {
            (Cgroups::V1 { cpu, .. }, Pace::Normal) => self.move_all(&cpu.join(&self.name)),
            (Cgroups::V1 { idle, .. }, Pace::Idle) => self.move_all(idle),
            (Cgroups::V2 { root }, pace) => {
                let idle = if pace == Pace::Idle { "1" } else { "0" };
                // Kernels before 5.15 do not have it; then all start at the same pace.
                let _ = fs::write(root.join(&self.name).join("cpu.idle"), idle);
                Ok(())
            }
            (Cgroups::None { .. }, _) => Ok(()),
        }
    }

    /// Moves every process of the sandbox into a group of the CPU hierarchy. Those that it
    /// starts meanwhile are either born there or found in the next round.
    fn move_all(&self, target: &Path) -> io::Result<()> {
        let Cgroups::V1 { pids, .. } = &self.kind else { return Ok(()) };
        let all = pids.join(&self.name);
        for _ in 0..ROUNDS {
            let arrived = processes_in(target);
            let missing: Vec<i32> =
                processes_in(&all).into_iter().filter(|pid| !arrived.contains(pid)).collect();
            if missing.is_empty() {
                return Ok(());
            }
            for pid in missing {
                match fs::write(target.join("cgroup.procs"), pid.to_string()) {
                    // It ended, or is a zombie that nobody waited for yet.
                    Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                    other => other?,
                }
            }
        }
        Err(io::Error::other("new processes appear faster than they can be moved"))
    }

    /// Writes those of the limits that differ from the defaults of stock.
    pub(crate) fn specialise(&self, limits: &SandboxLimits) -> io::Result<()> {
        if *limits == SandboxLimits::default() { Ok(()) } else { self.set_limits(limits) }
    }

    fn set_limits(&self, limits: &SandboxLimits) -> io::Result<()> {
        let quota = u64::from(limits.cpu_millis) * PERIOD_US / 1000;
        match &self.kind {
            Cgroups::V1 { memory, cpu, pids, .. } => {
                let memory = memory.join(&self.name);
                let bytes = limits.memory_bytes.to_string();
                // Raising: the total with swap must be raised first; lowering: last.
                let total = memory.join("memory.memsw.limit_in_bytes");
                let _ = fs::write(&total, &bytes);
                fs::write(memory.join("memory.limit_in_bytes"), &bytes)?;
                let _ = fs::write(&total, &bytes);
                let _ = fs::write(memory.join("memory.swappiness"), "0");
                fs::write(cpu.join(&self.name).join("cpu.cfs_quota_us"), quota.to_string())?;
                fs::write(pids.join(&self.name).join("pids.max"), limits.pids.to_string())
            }
            Cgroups::V2 { root } => {
                let group = root.join(&self.name);
                fs::write(group.join("memory.max"), limits.memory_bytes.to_string())?;
                let _ = fs::write(group.join("memory.swap.max"), "0");
                fs::write(group.join("cpu.max"), format!("{quota} {PERIOD_US}"))?;
                fs::write(group.join("pids.max"), limits.pids.to_string())
            }
            Cgroups::None { .. } => Ok(()),
        }
    }

    /// What the group used so far.
    pub(crate) fn usage(&self) -> Usage {
        match &self.kind {
            Cgroups::V1 { memory, .. } => {
                let memory = memory.join(&self.name);
                Usage {
                    oom_kills: read_field(&memory.join("memory.oom_control"), "oom_kill "),
                    memory_peak: read_number(&memory.join("memory.max_usage_in_bytes")),
                    // Version 1 counts CPU time in a hierarchy that we do not use.
                    cpu_us: 0,
                }
            }
            Cgroups::V2 { root } => {
                let group = root.join(&self.name);
                Usage {
                    oom_kills: read_field(&group.join("memory.events"), "oom_kill "),
                    memory_peak: read_number(&group.join("memory.peak")),
                    cpu_us: read_field(&group.join("cpu.stat"), "usage_usec "),
                }
            }
            Cgroups::None { .. } => Usage::default(),
        }
    }

    /// Memory in use now, bytes.
    pub(crate) fn memory_now(&self) -> u64 {
        match &self.kind {
            Cgroups::V1 { memory, .. } => read_number(&memory.join(&self.name).join("memory.usage_in_bytes")),
            Cgroups::V2 { root } => read_number(&root.join(&self.name).join("memory.current")),
            Cgroups::None { .. } => 0,
        }
    }

    /// File that tells the highest memory use, which anybody may read.
    pub(crate) fn memory_peak_file(&self) -> Option<PathBuf> {
        match &self.kind {
            Cgroups::V1 { memory, .. } => Some(memory.join(&self.name).join("memory.max_usage_in_bytes")),
            Cgroups::V2 { root } => Some(root.join(&self.name).join("memory.peak")),
            Cgroups::None { .. } => None,
        }
    }

    /// Removes the group; `false` if processes are still in it.
    pub(crate) fn remove(&self) -> bool {
        let mut gone = true;
        for folder in self.folders() {
            match fs::remove_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => gone = false,
                _ => {}
            }
        }
        gone
    }
}

fn read_number(path: &Path) -> u64 {
    fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn read_field(path: &Path, field: &str) -> u64 {
    fs::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix(field)?.trim().parse().ok())
        .unwrap_or(0)
}

/// Joins `group` while the process is made, where the kernel can.
pub(crate) fn target_of(group: &Option<OwnedFd>) -> Option<std::os::fd::BorrowedFd<'_>> {
    group.as_ref().map(AsFd::as_fd)
}
