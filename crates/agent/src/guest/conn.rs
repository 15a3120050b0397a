//! A non-blocking framed connection with a write buffer.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::sys;
use crate::descriptors;
use crate::protocol::{FrameBuffer, encode_frame};

const READ_SIZE: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Conn {
    fd: OwnedFd,
    input: FrameBuffer,
    output: Vec<u8>,
    sent: usize,
}

impl Conn {
    /// Takes a descriptor that is already non-blocking.
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self { fd, input: FrameBuffer::default(), output: Vec::new(), sent: 0 }
    }

    pub(super) fn raw(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Reads once. `Ok(false)`: the other side closed.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        let size = READ_SIZE.max(self.input.missing().min(1 << 20));
        let got = {
            let fd = self.fd.as_raw_fd();
            let space = self.input.space(size);
            sys::read(fd, space)
        };
        match got {
            Ok(count) => {
                self.input.filled(size, count.unwrap_or(0));
                Ok(count != Some(0))
            }
            Err(error) => {
                self.input.filled(size, 0);
                Err(error)
            }
        }
    }

    /// The frames read so far.
    pub(super) fn frames(&mut self) -> &mut FrameBuffer {
        &mut self.input
    }

    /// Queues a frame and sends what can be sent now.
    pub(super) fn send(&mut self, body: &[u8]) -> io::Result<()> {
        encode_frame(body, &mut self.output).map_err(io::Error::other)?;
        self.flush()
    }

    /// Queues a frame that takes descriptors along; nothing else may wait to be sent.
    pub(super) fn send_with(&mut self, body: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        encode_frame(body, &mut self.output).map_err(io::Error::other)?;
        match descriptors::send_with(self.fd.as_fd(), &self.output[self.sent..], fds) {
            Ok(count) => self.sent += count,
            Err(error) => return Err(error),
        }
        self.flush()
    }

    /// Sends what can be sent now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.sent < self.output.len() {
            match sys::write(self.fd.as_raw_fd(), &self.output[self.sent..])? {
                Some(count) => self.sent += count,
                None => return Ok(()),
            }
        }
        self.output.clear();
        self.sent = 0;
        if self.output.capacity() > 1 << 20 {
            self.output.shrink_to(READ_SIZE);
        }
        Ok(())
    }

    /// Bytes that wait to be sent.
    pub(super) fn backlog(&self) -> usize {
        self.output.len() - self.sent
    }
}
