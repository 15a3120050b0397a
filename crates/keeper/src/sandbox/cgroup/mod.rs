//! Memory, CPU and process limits by control groups, version 1 or 2.
//!
//! Moving a process between groups can take the kernel ten milliseconds and more, and
//! making or removing a group waits for whoever moves one. So nothing of that is on the
//! path of a call: a sandbox's first process enters its groups by itself while it is being
//! made, and the [porter](crate::process) does the rest.

mod group;
mod v2;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) use group::{Cgroup, Pace, target_of};

/// Where this host's control groups are and which layout they have.
#[derive(Debug, Clone)]
pub(crate) enum Cgroups {
    /// One folder of ours in each controller's hierarchy.
    V1 {
        memory: PathBuf,
        cpu: PathBuf,
        pids: PathBuf,
        /// For sandboxes that are being started ahead: they get what CPU time others leave.
        /// It lies beside `cpu`, not in it, because the kernel compares neighbours.
        idle: PathBuf,
    },
    /// One folder of ours, with a group for each sandbox.
    V2 { root: PathBuf },
    /// None that we may use, and why.
    None { reason: String },
}

/// Makes a folder, or takes the one that is there.
fn make(path: PathBuf) -> io::Result<PathBuf> {
    match fs::create_dir(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
        }
        _ => Ok(path),
    }
}

impl Cgroups {
    /// Finds what this process may use and makes the folder `label` in it.
    pub(crate) fn find(label: &str) -> Self {
        match Self::find_v1(label) {
            Ok(found) => found,
            Err(v1) => match v2::find(label) {
                Ok(root) => Self::V2 { root },
                Err(v2) => Self::None { reason: format!("v1: {v1}; v2: {v2}") },
            },
        }
    }

    fn find_v1(label: &str) -> io::Result<Self> {
        let base = |controller: &str| -> io::Result<PathBuf> {
            Ok(Path::new("/sys/fs/cgroup").join(controller).join(own_cgroup(controller)?))
        };
        let (memory, pids) = (make(base("memory")?.join(label))?, make(base("pids")?.join(label))?);
        let cpu = make(base("cpu")?.join(label))?;
        let idle = make(base("cpu")?.join(format!("{label}-idle")))?;
        let _ = fs::write(memory.join("memory.use_hierarchy"), "1");
        // Kernels before 5.15 know only small shares.
        if fs::write(idle.join("cpu.idle"), "1").is_err() {
            fs::write(idle.join("cpu.shares"), "2")?;
        }
        Ok(Self::V1 { memory, cpu, pids, idle })
    }

    pub(crate) fn exist(&self) -> bool {
        !matches!(self, Self::None { .. })
    }

    fn folders(&self) -> Vec<&PathBuf> {
        match self {
            Self::V1 { memory, cpu, pids, idle } => vec![memory, cpu, pids, idle],
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
            killed += kill_until_empty(folder, deadline, |_| true);
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    killed +=
                        kill_until_empty(&entry.path(), deadline, |group| fs::remove_dir(group).is_ok());
                }
            }
        }
        killed
    }

    /// Removes our folders with every group in them; there must be no processes any more.
    pub(crate) fn remove(&self) {
        self.remove_leftovers();
        for folder in self.folders() {
            let _ = fs::remove_dir(folder);
        }
    }

    /// The groups of the sandbox `name`, made or not.
    pub(crate) fn group(&self, name: &str) -> Cgroup {
        Cgroup::new(self.clone(), name.to_owned())
    }
}

/// Kills what is in a group until it is empty and `done` says so; how many were found.
fn kill_until_empty(group: &Path, deadline: Instant, done: impl Fn(&Path) -> bool) -> usize {
    let mut killed = 0;
    while Instant::now() < deadline {
        let processes = processes_in(group);
        if processes.is_empty() && done(group) {
            break;
        }
        killed += processes.len();
        for pid in processes {
            crate::sys::kill(pid, libc::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    killed
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
