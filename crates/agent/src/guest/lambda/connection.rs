//! One connection of the user's runtime to the Runtime API.

use std::io;
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};

use super::super::sys;
use super::api::Route;
use super::body::Body;

/// A request whose body is being read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) route: Route,
    pub(super) body: Body,
    /// The body so far, where it is not passed on piece by piece.
    pub(super) collected: Vec<u8>,
    /// More came than may be collected; the rest is read and thrown away.
    pub(super) too_large: bool,
    /// Pieces go to the caller as they come.
    pub(super) passes_on: bool,
    pub(super) streaming: bool,
    pub(super) error_type: Option<String>,
    pub(super) keep_alive: bool,
}

#[derive(Debug, Default)]
pub(super) enum State {
    /// Between requests, or in the middle of a head.
    #[default]
    Head,
    Body(Box<Reading>),
    /// It asked for the next call, and there is none yet.
    Waiting {
        keep_alive: bool,
    },
}

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// What was read and not used yet: at most a head, or one piece of a body.
    pub(super) input: Vec<u8>,
    pub(super) output: Vec<u8>,
    sent: usize,
    pub(super) state: State,
    /// Ends once what waits was sent.
    pub(super) closing: bool,
    /// What epoll was told last.
    pub(super) interest: u32,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            state: State::Head,
            closing: false,
            interest: sys::READ,
        })
    }

    pub(super) fn raw(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Reads once. `Ok(false)`: the other side is gone. `None`: nothing is there now.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<Option<bool>> {
        match sys::read(self.raw(), buffer)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(count) => {
                self.input.extend_from_slice(&buffer[..count]);
                Ok(Some(true))
            }
        }
    }

    /// Sends what can be sent now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.sent < self.output.len() {
            match sys::write(self.raw(), &self.output[self.sent..])? {
                Some(count) => self.sent += count,
                None => return Ok(()),
            }
        }
        self.output = Vec::new();
        self.sent = 0;
        Ok(())
    }

    /// Whether something waits to be sent.
    pub(super) fn has_output(&self) -> bool {
        !self.output.is_empty()
    }
}
