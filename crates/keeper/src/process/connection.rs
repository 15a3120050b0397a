//! One connected server.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use serde::Serialize;

use crate::protocol::{PACKET_MAX, Request};
use crate::socket;

/// Packets that may wait for a server that does not read; more and it is dropped.
const WAITING_MAX: usize = 1024;

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: OwnedFd,
    pub(super) greeted: bool,
    waiting: VecDeque<(Vec<u8>, Vec<OwnedFd>)>,
}

/// What a read gave.
pub(super) enum Received {
    Request(Box<Request>),
    Nothing,
    Closed,
    Malformed(String),
}

impl Connection {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self { socket, greeted: false, waiting: VecDeque::new() }
    }

    pub(super) fn receive(&self, buffer: &mut [u8]) -> Received {
        match socket::receive(self.socket.as_fd(), buffer) {
            // Servers send no descriptors; any that came are closed here.
            Ok(Some((size, _))) => match serde_json::from_slice(&buffer[..size]) {
                Ok(request) => Received::Request(Box::new(request)),
                Err(error) => Received::Malformed(error.to_string()),
            },
            Ok(None) => Received::Closed,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Received::Nothing,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Received::Malformed(error.to_string())
            }
            Err(_) => Received::Closed,
        }
    }

    /// Sends a packet, or keeps it until the server reads. `false`: the connection is of no more use.
    pub(super) fn send<T: Serialize>(&mut self, packet: &T, fds: &[BorrowedFd<'_>]) -> bool {
        let Ok(bytes) = serde_json::to_vec(packet) else { return false };
        if bytes.len() > PACKET_MAX {
            return false;
        }
        if !self.flush() {
            return false;
        }
        if self.waiting.is_empty() {
            match socket::send(self.socket.as_fd(), &bytes, fds) {
                Ok(()) => return true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
        let copies: io::Result<Vec<OwnedFd>> = fds.iter().map(|fd| fd.try_clone_to_owned()).collect();
        let Ok(copies) = copies else { return false };
        self.waiting.push_back((bytes, copies));
        self.waiting.len() <= WAITING_MAX
    }

    /// Sends what waited. `false`: the connection is of no more use.
    pub(super) fn flush(&mut self) -> bool {
        while let Some((bytes, fds)) = self.waiting.front() {
            let borrowed: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
            match socket::send(self.socket.as_fd(), bytes, &borrowed) {
                Ok(()) => drop(self.waiting.pop_front()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
        true
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}
