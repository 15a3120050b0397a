//! One keeper for each run directory.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a killed keeper's children may take to end. They hold its lock until then.
const LAST_CHILDREN: Duration = Duration::from_secs(5);

/// One keeper per run directory. The lock goes with the process.
pub(super) fn lock(run_dir: &Path) -> io::Result<File> {
    lock_within(&run_dir.join("keeper.lock"), LAST_CHILDREN).map_err(|error| {
        let text = format!("another keeper runs for {}", run_dir.display());
        if error.kind() == io::ErrorKind::AddrInUse { io::Error::new(error.kind(), text) } else { error }
    })
}

/// Locks the file and writes our pid into it. Waits only if the process that is named there is no more.
fn lock_within(path: &Path, wait: Duration) -> io::Result<File> {
    let mut file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
    let begun = Instant::now();
    while file.try_lock().is_err() {
        if holder_lives(path) || begun.elapsed() >= wait {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    file.set_len(0)?;
    file.write_all(std::process::id().to_string().as_bytes())?;
    Ok(file)
}

fn holder_lives(lock: &Path) -> bool {
    let pid = std::fs::read_to_string(lock).ok().and_then(|text| text.trim().parse::<u32>().ok());
    // Without a number nobody knows: as if it lived.
    pid.is_none_or(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    /// A lock file that names `pid` and is locked by somebody.
    fn held(path: &Path, pid: u32) -> File {
        std::fs::write(path, pid.to_string()).expect("a file");
        let file = File::open(path).expect("it is there");
        file.try_lock().expect("nobody has it");
        file
    }

    #[test]
    fn children_of_a_killed_keeper_that_hold_its_lock_are_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let mut dead = std::process::Command::new("/bin/true").spawn().expect("a process");
        dead.wait().expect("it ends");
        let held = held(&path, dead.id());
        assert!(lock_within(&path, Duration::ZERO).is_err());
        let children = std::thread::spawn(move || drop(held));
        let ours = lock_within(&path, LONG).expect("they end");
        children.join().expect("no panic");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), std::process::id().to_string());
        drop(ours);
    }

    #[test]
    fn a_keeper_that_lives_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let _held = held(&path, std::process::id());
        let error = lock_within(&path, LONG).expect_err("at once");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
