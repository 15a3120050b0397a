//! `SOCK_SEQPACKET` Unix sockets by path.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(crate) use nova_agent::packet::{receive, send};

use crate::sys::check;

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
