//! Starting the runtime and the processes of calls.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::sys::{self, OomScore};
use crate::descriptors;
use crate::protocol::DIRECT_ARGUMENT;

/// A program with its arguments and whole environment.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Program {
    /// Absolute path of the program, then its arguments.
    pub argv: Vec<String>,
    pub env: BTreeMap<String, String>,
}

impl Program {
    pub(super) fn command(&self, file_size: Option<u64>) -> io::Result<Command> {
        let (program, arguments) =
            self.argv.split_first().ok_or_else(|| io::Error::other("the command is empty"))?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(&self.env);
        // SAFETY: the closure makes only async-signal-safe system calls.
        unsafe {
            command.pre_exec(move || {
                sys::unblock_signals()?;
                sys::prepare_child(file_size)
            });
        }
        Ok(command)
    }
}

/// The interpreter that stays up: its pid, its shim's socket and its output.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) pid: i32,
    pub(super) socket: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    /// The host's end and the shim's, if the shim takes direct calls.
    pub(super) direct: Option<(OwnedFd, OwnedFd)>,
}

/// Starts the interpreter with the shim's socket as descriptor 3.
pub(super) fn start_runtime(program: &Program, oom: &OomScore) -> io::Result<Started> {
    let (ours, theirs) = sys::socket_pair()?;
    let mut command = program.command(None)?;
    let socket = theirs.as_raw_fd();
    let wants = program.argv.iter().any(|argument| argument == DIRECT_ARGUMENT);
    let direct = wants.then(descriptors::packet_pair).transpose()?;
    let packets = direct.as_ref().map(|(_, shim)| shim.as_raw_fd());
    // Above what they become, so that none is in the way of the other.
    let (socket_copy, packets_copy) =
        (sys::duplicate_above(socket, 10)?, packets.map(|fd| sys::duplicate_above(fd, 10)).transpose()?);
    let (socket, packets) = (socket_copy.as_raw_fd(), packets_copy.as_ref().map(AsRawFd::as_raw_fd));
    // SAFETY: dup2 is async-signal-safe, and the copies are open until after the spawn.
    unsafe {
        command.pre_exec(move || {
            sys::duplicate_onto(socket, 3)?;
            packets.map_or(Ok(()), |packets| sys::duplicate_onto(packets, 4))
        });
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = oom.spawn_victims(|| command.spawn())?;
    let (stdout, stderr) = outputs(&mut child)?;
    Ok(Started { pid: child.id() as i32, socket: ours, stdout, stderr, direct })
}

/// A process of one call.
#[derive(Debug)]
pub(super) struct CallProcess {
    pub(super) pid: i32,
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Starts a process for one call in `directory`.
pub(super) fn start_call(
    program: &Program,
    directory: &str,
    file_size: u64,
    oom: &OomScore,
) -> io::Result<CallProcess> {
    let mut command = program.command(Some(file_size))?;
    command.current_dir(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = oom.spawn_victims(|| command.spawn())?;
    let stdin: OwnedFd = child.stdin.take().ok_or_else(|| io::Error::other("no stdin"))?.into();
    sys::set_nonblocking(stdin.as_raw_fd())?;
    let (stdout, stderr) = outputs(&mut child)?;
    Ok(CallProcess { pid: child.id() as i32, stdin, stdout, stderr })
}

fn outputs(child: &mut std::process::Child) -> io::Result<(OwnedFd, OwnedFd)> {
    let stdout: OwnedFd = child.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?.into();
    let stderr: OwnedFd = child.stderr.take().ok_or_else(|| io::Error::other("no stderr"))?.into();
    sys::set_nonblocking(stdout.as_raw_fd())?;
    sys::set_nonblocking(stderr.as_raw_fd())?;
    Ok((stdout, stderr))
}
