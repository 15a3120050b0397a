//! Packets with descriptors beside them, on connected `SOCK_SEQPACKET` Unix sockets.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

pub use crate::descriptors::packet_pair as pair;
use crate::descriptors::{receive_message, send_message};

/// Sends one packet with at most four descriptors. `WouldBlock` if the socket does not wait
/// and the peer does not read.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    send_message(socket, bytes, fds, 0).map(drop)
}

/// Receives one packet into `buffer`. `Ok(None)`: the peer closed. Fails with
/// `WouldBlock` on a non-blocking socket without a packet, and with `InvalidData` if the
/// packet did not fit.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Option<(usize, Vec<OwnedFd>)>> {
    let mut fds = Vec::new();
    let (size, flags) = receive_message(socket, buffer, &mut fds, 0)?;
    if flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "packet larger than the limit"));
    }
    Ok((size > 0).then_some((size, fds)))
}
