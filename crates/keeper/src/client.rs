//! The server's end of the keeper's socket. Plain calls on one descriptor, so that any
//! event loop can drive it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;

use crate::protocol::{FromKeeper, PACKET_MAX, PROTOCOL_VERSION, Reply, ReplyBody, Request, RequestBody};
use crate::socket;

/// A connection to a keeper.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
}

/// What a keeper says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    pub build: String,
    pub pid: u32,
    pub rootless: bool,
}

impl Connection {
    /// Connects and says hello, blocking. Fails if the keeper speaks another protocol.
    pub fn open(path: &Path) -> io::Result<(Self, Greeting)> {
        let connection = Self { socket: socket::connect(path)? };
        let build = env!("CARGO_PKG_VERSION").to_owned();
        let hello = Request { id: 0, body: RequestBody::Hello { protocol: PROTOCOL_VERSION, build } };
        match connection.call(&hello)? {
            (ReplyBody::Hello { protocol: PROTOCOL_VERSION, build, pid, rootless }, _) => {
                Ok((connection, Greeting { build, pid, rootless }))
            }
            (ReplyBody::Hello { protocol, build, .. }, _) => Err(io::Error::other(format!(
                "the running keeper ({build}) speaks protocol {protocol}, this server {PROTOCOL_VERSION}"
            ))),
            (other, _) => Err(io::Error::other(format!("unexpected answer to hello: {other:?}"))),
        }
    }

    /// Sends a request and waits for its reply, blocking; packets of others are dropped.
    pub fn call(&self, request: &Request) -> io::Result<(ReplyBody, Vec<OwnedFd>)> {
        self.send(request)?;
        loop {
            match self.receive()? {
                Some((FromKeeper::Reply(Reply { id, body }), fds)) if id == request.id => {
                    return Ok((body, fds));
                }
                Some(_) => {}
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// Sends one request.
    pub fn send(&self, request: &Request) -> io::Result<()> {
        let bytes = serde_json::to_vec(request)?;
        if bytes.len() > PACKET_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "request larger than a packet"));
        }
        socket::send(self.socket.as_fd(), &bytes, &[])
    }

    /// Receives one packet; `None` when the keeper is gone.
    pub fn receive(&self) -> io::Result<Option<(FromKeeper, Vec<OwnedFd>)>> {
        let mut buffer = vec![0; PACKET_MAX];
        match socket::receive(self.socket.as_fd(), &mut buffer)? {
            Some((size, fds)) => Ok(Some((serde_json::from_slice(&buffer[..size])?, fds))),
            None => Ok(None),
        }
    }

    /// Makes [`Self::send`] and [`Self::receive`] return `WouldBlock` instead of waiting.
    pub fn set_nonblocking(&self) -> io::Result<()> {
        crate::sys::set_nonblocking(self.socket.as_raw_fd())
    }
}

impl AsRawFd for Connection {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
