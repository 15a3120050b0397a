//! Where on version 2 the groups of sandboxes may lie.
//!
//! A group that hands controllers on to groups below it holds no processes itself; only the
//! root of all may. So where we were started in a group of our own, as a service is, its
//! processes (the server, whoever starts keepers, and we) go into a leaf of it. Where
//! others live in our group, or it lacks a controller, there is the top for one who is root.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{make, own_cgroup, processes_in};

const MOUNT: &str = "/sys/fs/cgroup";
const CONTROLLERS: [&str; 3] = ["memory", "cpu", "pids"];
/// The leaf for the server and its keeper. The next keeper is started from there.
const SERVER: &str = "nova-server";
/// How often we look for processes of ours that were started while others moved.
const ROUNDS: usize = 20;

/// Makes the folder `label`, in which a sandbox's group has all the controllers.
pub(super) fn find(label: &str) -> io::Result<PathBuf> {
    let mount = Path::new(MOUNT);
    if !mount.join("cgroup.controllers").exists() {
        return Err(io::Error::other(format!("{MOUNT} is not a mount of cgroup2")));
    }
    let base = mount.join(base_of(&own_cgroup("")?));
    prepare(&base, label).or_else(|here| {
        if base == mount {
            return Err(here);
        }
        prepare(mount, label).map_err(|top| io::Error::new(top.kind(), format!("{here}; {top}")))
    })
}

/// The group that a keeper which is in `own` was given, relative to the mount.
fn base_of(own: &Path) -> &Path {
    match own.parent() {
        Some(above) if own.ends_with(SERVER) => above,
        _ => own,
    }
}

fn prepare(base: &Path, label: &str) -> io::Result<PathBuf> {
    let told = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", base.display()));
    let offered = fs::read_to_string(base.join("cgroup.controllers")).map_err(told)?;
    let missing = missing_in(&offered);
    if !missing.is_empty() {
        return Err(told(io::Error::other(format!("no controller {}", missing.join(", ")))));
    }
    let root = make(base.join(label))?;
    hand_on_from(base).and_then(|()| hand_on(&root)).map_err(|error| {
        let _ = fs::remove_dir(&root);
        told(error)
    })?;
    Ok(root)
}

fn missing_in(offered: &str) -> Vec<&'static str> {
    CONTROLLERS.into_iter().filter(|needed| !offered.split_whitespace().any(|have| have == *needed)).collect()
}

/// Has the groups below get the controllers.
fn hand_on(group: &Path) -> io::Result<()> {
    let all = CONTROLLERS.map(|name| format!("+{name}")).join(" ");
    fs::write(group.join("cgroup.subtree_control"), all)
}

/// The same for a group in which processes may be: all of our program go into a leaf. If that
/// cannot be done they are where they were.
fn hand_on_from(base: &Path) -> io::Result<()> {
    let first = hand_on(base);
    if !is_busy(&first) {
        return first;
    }
    let leaf = make(base.join(SERVER))?;
    let mut moved = Vec::new();
    let emptied = hand_on_emptied(base, &leaf, &mut moved);
    if emptied.is_err() {
        move_all(&moved, base);
        let _ = fs::remove_dir(&leaf);
    }
    emptied
}

fn hand_on_emptied(base: &Path, leaf: &Path, moved: &mut Vec<i32>) -> io::Result<()> {
    for _ in 0..ROUNDS {
        let strangers = strangers_in(base);
        if !strangers.is_empty() {
            let names = strangers.join(", ");
            return Err(io::Error::other(format!("other programs are in this group: {names}")));
        }
        let here = processes_in(base);
        move_all(&here, leaf);
        moved.extend(here);
        let done = hand_on(base);
        if !is_busy(&done) {
            return done;
        }
    }
    Err(io::Error::other("new processes appear faster than they can be moved"))
}

fn is_busy(result: &io::Result<()>) -> bool {
    result.as_ref().is_err_and(|error| error.raw_os_error() == Some(libc::EBUSY))
}

fn move_all(processes: &[i32], group: &Path) {
    for pid in processes {
        // It may have ended; whether it had to be moved shows by what comes next.
        let _ = fs::write(group.join("cgroup.procs"), pid.to_string());
    }
}

/// Names of the processes of other programs than ours.
fn strangers_in(group: &Path) -> Vec<String> {
    let program = |pid: &str| fs::read_link(format!("/proc/{pid}/exe")).ok();
    let ours = program("self");
    let mut names: Vec<String> = processes_in(group)
        .into_iter()
        .filter(|pid| program(&pid.to_string()) != ours)
        // One that ended meanwhile has no name.
        .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keeper_that_is_started_again_finds_the_place_of_the_first_one() {
        for (own, base) in [
            ("", ""),
            ("system.slice/nova.service", "system.slice/nova.service"),
            ("system.slice/nova.service/nova-server", "system.slice/nova.service"),
            ("nova-server", ""),
            ("my-nova-server", "my-nova-server"),
        ] {
            assert_eq!(base_of(Path::new(own)), Path::new(base), "{own}");
        }
    }

    #[test]
    fn a_group_without_a_controller_is_refused_with_its_place_and_left_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let group = folder.path();
        fs::write(group.join("cgroup.controllers"), "cpuset memory hugetlb pids\n").expect("a file");
        let error = prepare(group, "nova-test").expect_err("there is no cpu").to_string();
        assert_eq!(error, format!("{}: no controller cpu", group.display()));
        assert!(!group.join("nova-test").exists());
        assert_eq!(missing_in("cpuset cpu io memory pids"), Vec::<&str>::new());
    }
}
