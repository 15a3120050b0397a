//! The porter: a child of the keeper that does with control groups what may take the
//! kernel long, so that the keeper never waits for it. It brings sandboxes in stock down
//! to idle CPUs and back to the pace of the others, and removes groups of those that ended. It knows nothing else, takes
//! nothing from servers, and ends with the keeper.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connection::Connection;
use crate::sandbox::cgroup::{Cgroups, Pace};
use crate::socket;
use crate::sys::{self, Cloned};

/// Something to be done with the groups of a sandbox.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Task {
    Slow { sandbox: u64, group: String },
    Promote { sandbox: u64, group: String },
    Remove { group: String },
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) task: Task,
    pub(super) done: bool,
}

/// The keeper's end.
#[derive(Debug)]
pub(super) struct Porter {
    connection: Connection,
    pidfd: OwnedFd,
}

impl Porter {
    /// Starts one. The process must have one thread.
    pub(super) fn start(cgroups: &Cgroups) -> io::Result<Self> {
        let (ours, theirs) = socket::pair()?;
        match sys::clone_process(0, None)? {
            Cloned::Child => {
                let code = match work(theirs, cgroups) {
                    Ok(()) => 0,
                    Err(error) => {
                        eprintln!("nova-keeper: the porter gave up: {error}");
                        1
                    }
                };
                sys::exit_now(code)
            }
            Cloned::Parent { pidfd, .. } => {
                sys::set_nonblocking(std::os::fd::AsRawFd::as_raw_fd(&ours))?;
                Ok(Self { connection: Connection::new(ours), pidfd })
            }
        }
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.socket.as_fd()
    }

    /// Hands a task over. `false`: the porter is gone.
    pub(super) fn give(&mut self, task: Task) -> bool {
        self.connection.send(&task, &[])
    }

    /// Hands over what had to wait. `false`: the porter is gone.
    pub(super) fn flush(&mut self) -> bool {
        self.connection.flush()
    }

    /// The next report. `Ok(None)`: none is there. An error: the porter is gone.
    pub(super) fn report(&self, buffer: &mut [u8]) -> io::Result<Option<Report>> {
        match socket::receive(self.as_fd(), buffer) {
            Ok(Some((size, _))) => {
                serde_json::from_slice(&buffer[..size]).map(Some).map_err(io::Error::other)
            }
            Ok(None) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Ends it and waits until it is gone.
    pub(super) fn end(self) {
        let _ = sys::signal_pidfd(self.pidfd.as_fd(), libc::SIGKILL);
        while !sys::reap(self.pidfd.as_fd()) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The child's life.
fn work(channel: OwnedFd, cgroups: &Cgroups) -> io::Result<()> {
    sys::die_with_parent()?;
    let channel = sys::keep_only(channel)?;
    let mut buffer = [0u8; 512];
    while let Some((size, _)) = socket::receive(channel.as_fd(), &mut buffer)? {
        let task: Task = serde_json::from_slice(&buffer[..size])?;
        let done = match &task {
            Task::Slow { group, .. } => cgroups.group(group).set_pace(Pace::Idle).is_ok(),
            Task::Promote { group, .. } => cgroups.group(group).set_pace(Pace::Normal).is_ok(),
            Task::Remove { group } => cgroups.group(group).remove(),
        };
        socket::send(channel.as_fd(), &serde_json::to_vec(&Report { task, done })?, &[])?;
    }
    Ok(())
}
