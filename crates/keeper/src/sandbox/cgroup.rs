//! Memory, CPU and process limits by control groups, version 1 or 2.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::protocol::{SandboxLimits, Usage};

/// CPU weight of a sandbox that nobody uses yet, out of 1024.
const STOCK_SHARES: u32 = 128;
const PERIOD_US: u64 = 100_000;

/// Where this host's control groups are and which layout they have.
#[derive(Debug, Clone)]
pub(crate) enum Cgroups {
    /// One folder of ours in each controller's hierarchy.
    V1 {
        memory: PathBuf,
        cpu: PathBuf,
        pids: PathBuf,
    },
    V2 {
        root: PathBuf,
    },
    /// None that we may use, and why.
    None {
        reason: String,
    },
}

/// The control group of one sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Cgroup {
    kind: Cgroups,
    name: String,
}

impl Cgroups {
    /// Finds what this process may use and makes the folder `label` in it.
    pub(crate) fn find(label: &str) -> Self {
        match Self::find_v1(label) {
            Ok(found) => found,
            Err(v1) => match Self::find_v2(label) {
                Ok(found) => found,
                Err(v2) => Self::None { reason: format!("v1: {v1}; v2: {v2}") },
            },
        }
    }

    fn find_v1(label: &str) -> io::Result<Self> {
        let controller = |name: &str| -> io::Result<PathBuf> {
            let own = own_cgroup(name)?;
            let path = Path::new("/sys/fs/cgroup").join(name).join(own).join(label);
            match fs::create_dir(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
                }
                _ => Ok(path),
            }
        };
        let (memory, cpu, pids) = (controller("memory")?, controller("cpu")?, controller("pids")?);
        let _ = fs::write(memory.join("memory.use_hierarchy"), "1");
        Ok(Self::V1 { memory, cpu, pids })
    }

    fn find_v2(label: &str) -> io::Result<Self> {
        let mount = Path::new("/sys/fs/cgroup");
        let controllers = fs::read_to_string(mount.join("cgroup.controllers"))?;
        for needed in ["memory", "cpu", "pids"] {
            if !controllers.split_whitespace().any(|have| have == needed) {
                return Err(io::Error::other(format!("no {needed} controller")));
            }
        }
        let base = mount.join(own_cgroup("")?);
        let root = base.join(label);
        match fs::create_dir(&root) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // A group with processes cannot give controllers on: the keeper goes into a leaf.
        let own = base.join(format!("{label}-keeper"));
        match fs::create_dir(&own) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        fs::write(own.join("cgroup.procs"), std::process::id().to_string())?;
        for group in [&base, &root] {
            fs::write(group.join("cgroup.subtree_control"), "+memory +cpu +pids")?;
        }
        Ok(Self::V2 { root })
    }

    fn folders(&self) -> Vec<&PathBuf> {
        match self {
            Self::V1 { memory, cpu, pids } => vec![memory, cpu, pids],
            Self::V2 { root } => vec![root],
            Self::None { .. } => Vec::new(),
        }
    }

    /// Kills and removes every group below our folders: leftovers of an earlier keeper.
    /// Returns how many processes were found.
    pub(crate) fn remove_leftovers(&self) -> usize {
        let mut killed = 0;
        let deadline = Instant::now() + Duration::from_secs(5);
        for folder in self.folders() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if !entry.path().is_dir() {
                    continue;
                }
                while Instant::now() < deadline {
                    let processes = processes_in(&entry.path());
                    if processes.is_empty() && fs::remove_dir(entry.path()).is_ok() {
                        break;
                    }
                    killed += processes.len();
                    for pid in processes {
                        crate::sys::kill(pid, libc::SIGKILL);
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        }
        killed
    }

    /// Removes our folders; they must be empty.
    pub(crate) fn remove(&self) {
        for folder in self.folders() {
            let _ = fs::remove_dir(folder);
        }
    }

    /// Makes a group with the limits of a sandbox in stock.
    pub(crate) fn create(&self, name: &str) -> io::Result<Cgroup> {
        let group = Cgroup { kind: self.clone(), name: name.to_owned() };
        for folder in group.folders() {
            match fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
        group.set_limits(&SandboxLimits::default())?;
        group.set_weight(STOCK_SHARES)?;
        Ok(group)
    }
}

/// Path of this process's group in a hierarchy, relative to its mount.
fn own_cgroup(controller: &str) -> io::Result<PathBuf> {
    let text = fs::read_to_string("/proc/self/cgroup")?;
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (_, names, path) = (parts.next(), parts.next().unwrap_or(""), parts.next().unwrap_or("/"));
        let hit = if controller.is_empty() {
            names.is_empty()
        } else {
            names.split(',').any(|name| name == controller)
        };
        if hit {
            return Ok(PathBuf::from(path.trim_start_matches('/')));
        }
    }
    Err(io::Error::other(format!("no hierarchy with controller `{controller}`")))
}

fn processes_in(group: &Path) -> Vec<i32> {
    fs::read_to_string(group.join("cgroup.procs"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect()
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

impl Cgroup {
    fn folders(&self) -> Vec<PathBuf> {
        self.kind.folders().into_iter().map(|folder| folder.join(&self.name)).collect()
    }

    /// Puts a process into the group (version 1; version 2 is joined at clone).
    pub(crate) fn attach(&self, pid: i32) -> io::Result<()> {
        if matches!(self.kind, Cgroups::V1 { .. }) {
            for folder in self.folders() {
                fs::write(folder.join("cgroup.procs"), pid.to_string())?;
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

    /// Writes those of the limits that differ from the defaults of stock, or all.
    pub(crate) fn specialise(&self, limits: &SandboxLimits) -> io::Result<()> {
        if *limits != SandboxLimits::default() {
            self.set_limits(limits)?;
        }
        self.set_weight(1024)
    }

    fn set_limits(&self, limits: &SandboxLimits) -> io::Result<()> {
        let quota = u64::from(limits.cpu_millis) * PERIOD_US / 1000;
        match &self.kind {
            Cgroups::V1 { memory, cpu, pids } => {
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

    fn set_weight(&self, shares: u32) -> io::Result<()> {
        match &self.kind {
            Cgroups::V1 { cpu, .. } => fs::write(cpu.join(&self.name).join("cpu.shares"), shares.to_string()),
            Cgroups::V2 { root } => {
                let weight = (shares * 100 / 1024).max(1);
                fs::write(root.join(&self.name).join("cpu.weight"), weight.to_string())
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

/// Joins `group` while the process is made, where the kernel can.
pub(crate) fn target_of(group: &Option<OwnedFd>) -> Option<std::os::fd::BorrowedFd<'_>> {
    group.as_ref().map(AsFd::as_fd)
}
