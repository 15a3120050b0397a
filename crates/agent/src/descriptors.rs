//! Descriptors that go along with bytes over a Unix socket (`SCM_RIGHTS`), and packets on
//! connected pairs. What both sides of the channel need of it, behind safe functions.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Most descriptors of one message.
pub const DESCRIPTORS_MAX: usize = 4;

#[repr(align(8))]
struct Control([u8; 64]);

fn check(result: isize) -> io::Result<usize> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as usize) }
}

/// A connected pair of packet sockets, both closed on exec. Packets keep their bounds and
/// their order, and each is read once, whoever reads it.
pub fn packet_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: `fds` has room for two; the new fds are ours alone.
    unsafe {
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
        check(libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()) as isize)?;
        Ok((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

/// Sends one packet without waiting: `WouldBlock` if there is no room.
pub fn send_packet(socket: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the bytes are valid for their length.
    check(unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) }).map(drop)
}

/// Takes one packet without waiting: its whole length, also where `buffer` is shorter; 0 is
/// the end. `WouldBlock` if there is none.
pub fn take_packet(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    // SAFETY: the buffer is valid for its length.
    check(unsafe { libc::recv(socket.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), flags) })
}

/// Whether the descriptor is a packet socket of the Unix family.
pub fn is_packet_socket(fd: BorrowedFd<'_>) -> bool {
    let option = |name| {
        let (mut value, mut size) = (0i32, size_of::<i32>() as libc::socklen_t);
        // SAFETY: `value` has room for the `size` bytes that are announced.
        let result = unsafe {
            libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, name, (&raw mut value).cast(), &mut size)
        };
        (result == 0).then_some(value)
    };
    option(libc::SO_DOMAIN) == Some(libc::AF_UNIX) && option(libc::SO_TYPE) == Some(libc::SOCK_SEQPACKET)
}

/// Sends what fits of `bytes`, and with its first byte the descriptors.
pub fn send_with(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    if fds.is_empty() || bytes.is_empty() {
        return Err(io::Error::other("descriptors go with at least one byte"));
    }
    send_message(socket, bytes, fds, libc::MSG_DONTWAIT)
}

/// Receives bytes, and adds the descriptors that come with them to `fds`. 0 is the end.
pub fn receive_with(socket: BorrowedFd<'_>, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
    receive_message(socket, buffer, fds, libc::MSG_DONTWAIT).map(|(size, _)| size)
}

/// Sends one message with any descriptors; how much of it went.
pub(crate) fn send_message(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
    flags: i32,
) -> io::Result<usize> {
    if fds.len() > DESCRIPTORS_MAX {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    let raw: Vec<i32> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let size = size_of_val(&raw[..]) as u32;
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut control = Control([0; 64]);
    // SAFETY: the message points at buffers that live to the end of this function, and the
    // control buffer has room for DESCRIPTORS_MAX descriptors.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        if !raw.is_empty() {
            message.msg_control = control.0.as_mut_ptr().cast();
            message.msg_controllen = libc::CMSG_SPACE(size) as usize;
            let header = libc::CMSG_FIRSTHDR(&message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(size) as usize;
            std::ptr::copy_nonoverlapping(raw.as_ptr(), libc::CMSG_DATA(header).cast(), raw.len());
        }
        check(libc::sendmsg(socket.as_raw_fd(), &message, flags | libc::MSG_NOSIGNAL))
    }
}

/// Receives one message: its size, and the flags that tell whether something was cut.
pub(crate) fn receive_message(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    fds: &mut Vec<OwnedFd>,
    flags: i32,
) -> io::Result<(usize, i32)> {
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut control = Control([0; 64]);
    // SAFETY: as in `send_message`; descriptors found in the control buffer were just made for us.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = control.0.len();
        let got = check(libc::recvmsg(socket.as_raw_fd(), &mut message, flags | libc::MSG_CMSG_CLOEXEC))?;
        let mut header = libc::CMSG_FIRSTHDR(&message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS {
                let bytes = (*header).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                let data: *const i32 = libc::CMSG_DATA(header).cast();
                for index in 0..bytes / size_of::<i32>() {
                    fds.push(OwnedFd::from_raw_fd(data.add(index).read_unaligned()));
                }
            }
            header = libc::CMSG_NXTHDR(&message, header);
        }
        Ok((got, message.msg_flags))
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn descriptors_arrive_with_the_bytes_they_were_sent_with() {
        let (one, other) = UnixStream::pair().expect("pair");
        let (left, right) = packet_pair().expect("pair");
        let sent = send_with(one.as_fd(), b"hello", &[left.as_fd(), right.as_fd()]).expect("sent");
        assert_eq!(sent, 5);
        drop(right);
        let (mut buffer, mut fds) = ([0; 16], Vec::new());
        assert_eq!(receive_with(other.as_fd(), &mut buffer, &mut fds).expect("received"), 5);
        assert_eq!(fds.len(), 2);
        assert!(fds.iter().all(|fd| is_packet_socket(fd.as_fd())) && !is_packet_socket(one.as_fd()));
        send_packet(left.as_fd(), b"one").expect("sent");
        send_packet(left.as_fd(), b"two").expect("sent");
        let taken = |buffer: &mut [u8]| take_packet(fds[1].as_fd(), buffer);
        assert_eq!((taken(&mut buffer).expect("taken"), &buffer[..3]), (3, &b"one"[..]));
        assert_eq!(taken(&mut [0]).expect("a packet that is cut tells its length"), 3);
        assert_eq!(taken(&mut buffer).expect_err("none left").kind(), io::ErrorKind::WouldBlock);
        drop((left, fds.remove(0)));
        assert_eq!(take_packet(fds[0].as_fd(), &mut buffer).expect("the end"), 0);
    }
}
