//! State of one call in flight.

use std::os::fd::OwnedFd;
use std::time::Instant;

use super::logs::{LineSplitter, LogBuffer, Source};
use super::sys::Ended;

/// Where a call runs.
#[derive(Debug)]
pub(super) enum Place {
    /// In the runtime, behind the shim.
    Runtime,
    /// In the runtime; the host gave it to the shim directly.
    Direct,
    /// In a process of its own.
    Process(Box<ProcessCall>),
}

#[derive(Debug)]
pub(super) struct ProcessCall {
    pub(super) pid: i32,
    /// Open while some of the event is unsent.
    pub(super) stdin: Option<OwnedFd>,
    pub(super) input: Vec<u8>,
    pub(super) sent: usize,
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: Option<OwnedFd>,
    pub(super) errors: LineSplitter,
    /// The response so far (not used when streaming).
    pub(super) output: Vec<u8>,
    pub(super) ended: Option<Ended>,
}

/// Why a call was ended before it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    Timeout,
    Cancelled,
    TooLarge,
}

#[derive(Debug)]
pub(super) struct Call {
    /// Number of the call in this sandbox; also marks its descriptors in epoll.
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) stream: bool,
    pub(super) started: Instant,
    pub(super) deadline: Instant,
    pub(super) timeout_ms: u64,
    pub(super) log: LogBuffer,
    pub(super) stopped: Option<Stopped>,
}

impl ProcessCall {
    pub(super) fn new(process: super::process::CallProcess, input: Vec<u8>) -> Self {
        Self {
            pid: process.pid,
            stdin: Some(process.stdin),
            input,
            sent: 0,
            stdout: Some(process.stdout),
            stderr: Some(process.stderr),
            errors: LineSplitter::new(Source::Stderr),
            output: Vec::new(),
            ended: None,
        }
    }
}
