//! Processes in this sandbox beside the agent and its runtime.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::sys;

/// More zombies than this, left by the runtime, and the sandbox is replaced.
const ZOMBIES_MAX: usize = 16;
/// How often it is looked whether what was killed is gone: at first at once, then each millisecond,
/// because on a busy machine the killed must get a CPU to end.
const ROUNDS: usize = 150;
const ROUNDS_AT_ONCE: usize = 50;

/// Notices cheaply whether any process was started: the kernel shows the last pid given
/// out in this namespace at the end of `/proc/loadavg`.
#[derive(Debug)]
pub(super) struct PidWatch {
    loadavg: Option<File>,
    last: u32,
}

impl PidWatch {
    pub(super) fn new() -> Self {
        Self { loadavg: File::open("/proc/loadavg").ok(), last: 0 }
    }

    fn current(&self) -> Option<u32> {
        let mut text = [0u8; 128];
        let count = self.loadavg.as_ref()?.read_at(&mut text, 0).ok()?;
        let text = std::str::from_utf8(&text[..count]).ok()?;
        text.trim_end().rsplit(' ').next()?.parse().ok()
    }

    /// Whether a process or thread was started since the last call of this.
    pub(super) fn changed(&mut self) -> bool {
        match self.current() {
            Some(pid) if pid == self.last => false,
            Some(pid) => {
                self.last = pid;
                true
            }
            None => true,
        }
    }
}

/// What is left after the sweep.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Swept {
    Clean,
    /// Processes could not be ended, or the runtime collects zombies.
    Dirty,
}

/// Kills every process but the agent and `keep`.
pub(super) fn sweep(keep: Option<i32>) -> Swept {
    if keep.is_none() {
        sys::kill_everyone_else();
        return Swept::Clean;
    }
    for round in 0..ROUNDS {
        let (mut alive, mut zombies) = (0, 0);
        for pid in pids() {
            if pid == 1 || Some(pid) == keep {
                continue;
            }
            match state(pid) {
                Some('Z' | 'X') => zombies += 1,
                Some(_) => {
                    alive += 1;
                    sys::kill(pid, libc::SIGKILL);
                }
                None => {}
            }
        }
        if alive == 0 {
            return if zombies > ZOMBIES_MAX { Swept::Dirty } else { Swept::Clean };
        }
        if round < ROUNDS_AT_ONCE {
            std::thread::yield_now();
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    Swept::Dirty
}

fn pids() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the state follows the last one.
    stat.rsplit_once(") ")?.1.chars().next()
}

/// `root` and all its descendants that are still attached to it.
pub(super) fn descendants(root: i32) -> Vec<i32> {
    let parents: Vec<(i32, i32)> = pids()
        .filter_map(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut found = vec![root];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}
