//! `SOCK_SEQPACKET` Unix sockets with descriptors beside the packets.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::sys::check;

/// Descriptors that one packet may carry.
const FDS_MAX: usize = 4;

fn address(path: &Path) -> io::Result<libc::sockaddr_un> {
    // SAFETY: sockaddr_un is plain data.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as u16;
    let bytes = path.as_os_str().as_bytes();
    if bytes.len() >= address.sun_path.len() {
        return Err(io::Error::other(format!(
            "socket path {} is longer than {} bytes; set a shorter run directory",
            path.display(),
            address.sun_path.len() - 1
        )));
    }
    for (to, from) in address.sun_path.iter_mut().zip(bytes) {
        *to = *from as libc::c_char;
    }
    Ok(address)
}

fn new_socket() -> io::Result<OwnedFd> {
    // SAFETY: the new descriptor is ours alone.
    unsafe {
        let fd = check(libc::socket(libc::AF_UNIX, libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC, 0))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// A connected pair, blocking mode.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: room for two; the new descriptors are ours alone.
    unsafe {
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
        check(libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()))?;
        Ok((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

fn address_length() -> libc::socklen_t {
    size_of::<libc::sockaddr_un>() as libc::socklen_t
}

/// Listens at `path`, non-blocking. A file left there is replaced.
pub(crate) fn listen(path: &Path) -> io::Result<OwnedFd> {
    let socket = new_socket()?;
    let _ = std::fs::remove_file(path);
    let address = address(path)?;
    // SAFETY: the address is valid for its length.
    unsafe {
        check(libc::bind(socket.as_raw_fd(), (&raw const address).cast(), address_length()))?;
        check(libc::listen(socket.as_raw_fd(), 16))?;
    }
    crate::sys::set_nonblocking(socket.as_raw_fd())?;
    Ok(socket)
}

/// Connects to `path`, blocking mode.
pub(crate) fn connect(path: &Path) -> io::Result<OwnedFd> {
    let socket = new_socket()?;
    let address = address(path)?;
    // SAFETY: the address is valid for its length.
    unsafe {
        check(libc::connect(socket.as_raw_fd(), (&raw const address).cast(), address_length()))?;
    }
    Ok(socket)
}

/// Accepts one connection (non-blocking) with the uid of the peer.
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<Option<(OwnedFd, u32)>> {
    let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: no address is asked for; the new descriptor is ours alone.
    let fd =
        unsafe { libc::accept4(listener.as_raw_fd(), std::ptr::null_mut(), std::ptr::null_mut(), flags) };
    if fd < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
    }
    // SAFETY: accept4 gave us this descriptor.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut credentials = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the place has the length given.
    unsafe {
        check(libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &mut length,
        ))?;
    }
    Ok(Some((socket, credentials.uid)))
}

#[repr(align(8))]
struct Control([u8; 64]);

/// Sends one packet with descriptors. `WouldBlock` if the peer does not read.
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    if fds.len() > FDS_MAX {
        return Err(io::Error::other("too many descriptors for one packet"));
    }
    let mut io_vec = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut control = Control([0; 64]);
    // SAFETY: the message points at buffers that live to the end of this function, and the
    // control buffer has room for FDS_MAX descriptors.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut io_vec;
        message.msg_iovlen = 1;
        if !fds.is_empty() {
            let size = size_of_val(fds) as u32;
            debug_assert_eq!(size_of::<BorrowedFd<'_>>(), size_of::<i32>());
            message.msg_control = control.0.as_mut_ptr().cast();
            message.msg_controllen = libc::CMSG_SPACE(size) as usize;
            let header = libc::CMSG_FIRSTHDR(&message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(size) as usize;
            let raw: Vec<i32> = fds.iter().map(|fd| fd.as_raw_fd()).collect();
            std::ptr::copy_nonoverlapping(raw.as_ptr(), libc::CMSG_DATA(header).cast(), raw.len());
        }
        let sent = libc::sendmsg(socket.as_raw_fd(), &message, libc::MSG_NOSIGNAL);
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// Receives one packet into `buffer`. `Ok(None)`: the peer closed. Fails with
/// `WouldBlock` on a non-blocking socket without a packet, and with `InvalidData` if the
/// packet did not fit.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> io::Result<Option<(usize, Vec<OwnedFd>)>> {
    let mut io_vec = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut control = Control([0; 64]);
    // SAFETY: as in `send`; descriptors found in the control buffer were just made for us.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut io_vec;
        message.msg_iovlen = 1;
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = control.0.len();
        let got = libc::recvmsg(socket.as_raw_fd(), &mut message, libc::MSG_CMSG_CLOEXEC);
        if got < 0 {
            return Err(io::Error::last_os_error());
        }
        let mut fds = Vec::new();
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
        if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "packet larger than the limit"));
        }
        if got == 0 {
            return Ok(None);
        }
        Ok(Some((got as usize, fds)))
    }
}
