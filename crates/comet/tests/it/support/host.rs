//! The host as `/proc` and the cgroup hierarchies show it.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A process on the host.
#[derive(Debug, Clone)]
pub struct HostProcess {
    pub pid: i32,
    pub uid: u32,
    pub comm: String,
    pub state: char,
}

fn read_process(pid: i32) -> Option<HostProcess> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some(HostProcess {
        pid,
        uid: field("Uid:")?.split_whitespace().next()?.parse().ok()?,
        comm: field("Name:")?.to_owned(),
        state: field("State:")?.chars().next()?,
    })
}

/// Every process whose real user is in the range.
pub fn processes_of(uids: &Range<u32>) -> Vec<HostProcess> {
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(read_process)
        .filter(|process| uids.contains(&process.uid))
        .collect()
}

/// Folders of control groups of that name, in every hierarchy.
pub fn cgroups_named(name: &str) -> Vec<PathBuf> {
    fn search(folder: &Path, name: &str, depth: u32, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if entry.file_name().to_str().is_some_and(|own| own.starts_with(name)) {
                found.push(entry.path());
            } else if depth > 0 {
                search(&entry.path(), name, depth - 1, found);
            }
        }
    }
    let mut found = Vec::new();
    search(Path::new("/sys/fs/cgroup"), name, 6, &mut found);
    found
}

/// This host has control groups of version 2, all controllers in one hierarchy.
pub fn has_one_hierarchy() -> bool {
    Path::new("/sys/fs/cgroup/cgroup.controllers").exists()
}

/// Mounts that this process sees and whose line holds the text.
pub fn mounts_with(text: &str) -> Vec<String> {
    fs::read_to_string("/proc/self/mountinfo")
        .unwrap()
        .lines()
        .filter(|line| line.contains(text))
        .map(str::to_owned)
        .collect()
}
