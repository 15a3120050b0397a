//! The agent: process 1 of a sandbox. It starts the runtime, passes calls to it,
//! captures what user code prints, keeps time, reaps, and leaves nothing running after
//! a call. One thread, one event loop, no allocation that user code controls without bound.
//!
//! ```text
//! host <- frames on descriptor 3 -> agent <- frames on a socket pair -> shim + user code
//!      <- packets on descriptor 4 ->      <- DNS, TCP on loopback  -> user code
//!                                         <- pipes: stdin, stdout, stderr -> process of a call
//! ```
//!
//! User code shares the agent's user, so the agent makes itself undumpable (no ptrace, no
//! `/proc/1/mem`), and the host's channel exists only in the agent.

mod agent;
mod call;
mod conn;
mod dns;
mod egress;
pub mod lambda;
mod logs;
mod process;
mod sys;
mod tree;

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use serde::{Deserialize, Serialize};

pub use process::Program;

/// What the keeper tells the agent on its command line.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Start {
    /// The interpreter with its shim, started before it is known for which function.
    pub runtime: Option<Program>,
}

/// The descriptor on which the agent finds the channel to the host.
pub const CHANNEL_FD: i32 = 3;
/// The descriptor on which it finds the link for connections.
pub const EGRESS_FD: i32 = 4;

/// Runs the agent until the host says stop or its channel closes. Returns the exit code.
pub fn run(start: Start) -> io::Result<i32> {
    let oom = sys::OomScore::open();
    sys::hide_self()?;
    // It survived our own exec; no program that we start may have it.
    sys::close_on_exec(CHANNEL_FD)?;
    sys::close_on_exec(EGRESS_FD)?;
    // SAFETY: the keeper hands both over as these descriptors and nothing else uses them.
    let (channel, link) = unsafe { (OwnedFd::from_raw_fd(CHANNEL_FD), OwnedFd::from_raw_fd(EGRESS_FD)) };
    agent::Agent::new(channel, link, start, oom)?.run()
}
