//! Kernel calls of the keeper, each behind a safe function. All `unsafe` of this crate is
//! here and in `socket.rs`.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn check_long(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

pub(crate) fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}

pub(crate) fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: plain integers.
    unsafe {
        let flags = check(libc::fcntl(fd, libc::F_GETFL))?;
        check(libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK)).map(drop)
    }
}

/// A connected pair of stream sockets, closed on exec.
pub(crate) fn socket_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: room for two; the new descriptors are ours alone.
    unsafe {
        check(libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0, fds.as_mut_ptr()))?;
        Ok((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

/// A pipe (read end, write end), closed on exec.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: room for two; the new descriptors are ours alone.
    unsafe {
        check(libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC))?;
        Ok((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

/// What [`clone_process`] returns, once in each process.
pub(crate) enum Cloned {
    Parent { pid: i32, pidfd: OwnedFd },
    Child,
}

/// Joins the group of `clone_args.cgroup`; libc's constant is too narrow.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Like fork, into the new namespaces of `flags`. The caller must have one thread only.
pub(crate) fn clone_process(flags: i32, cgroup: Option<BorrowedFd<'_>>) -> io::Result<Cloned> {
    let mut pidfd: RawFd = -1;
    // SAFETY: clone_args is plain data.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = (flags as u32 as u64) | libc::CLONE_PIDFD as u64;
    arguments.pidfd = (&raw mut pidfd) as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: without a stack the child runs on a copy of ours; one thread, so no lock is held.
    let result = check_long(unsafe {
        libc::syscall(libc::SYS_clone3, &raw mut arguments, size_of::<libc::clone_args>())
    })?;
    if result == 0 {
        return Ok(Cloned::Child);
    }
    // SAFETY: the kernel stored a new descriptor there.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Cloned::Parent { pid: result as i32, pidfd })
}

/// Ends this (child) process at once.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: never returns, runs no handlers of the parent's copy.
    unsafe { libc::_exit(code) }
}

pub(crate) fn unshare(flags: i32) -> io::Result<()> {
    // SAFETY: plain integer.
    check(unsafe { libc::unshare(flags) }).map(drop)
}

pub(crate) fn set_namespace(namespace: BorrowedFd<'_>, kind: i32) -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::setns(namespace.as_raw_fd(), kind) }).map(drop)
}

/// `mount(2)`. `source` and `data` may be absent.
pub(crate) fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: libc::c_ulong,
    data: Option<&CStr>,
) -> io::Result<()> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: all pointers are NUL-terminated texts or null.
    check(unsafe {
        libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(data).cast())
    })
    .map(drop)
}

pub(crate) fn unmount(target: &CStr) -> io::Result<()> {
    // SAFETY: NUL-terminated.
    check(unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) }).map(drop)
}

/// Makes the current directory the root and drops the old one.
pub(crate) fn pivot_here() -> io::Result<()> {
    // SAFETY: NUL-terminated texts.
    check_long(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) })?;
    unmount(c".")?;
    // SAFETY: NUL-terminated.
    check(unsafe { libc::chdir(c"/".as_ptr()) }).map(drop)
}

/// A detached copy of the mount tree at `path`, or at the descriptor if `path` is empty.
pub(crate) fn open_tree(
    directory: Option<BorrowedFd<'_>>,
    path: &CStr,
    recursive: bool,
) -> io::Result<OwnedFd> {
    let mut flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    if recursive {
        flags |= libc::AT_RECURSIVE as u32;
    }
    if path.is_empty() {
        flags |= libc::AT_EMPTY_PATH as u32;
    }
    let directory = directory.map_or(libc::AT_FDCWD, |fd| fd.as_raw_fd());
    // SAFETY: NUL-terminated; the new descriptor is ours alone.
    unsafe {
        let fd = check_long(libc::syscall(libc::SYS_open_tree, directory, path.as_ptr(), flags))?;
        Ok(OwnedFd::from_raw_fd(fd as RawFd))
    }
}

const MOUNT_ATTR_RDONLY: u64 = 0x1;
const MOUNT_ATTR_NOSUID: u64 = 0x2;
const MOUNT_ATTR_NODEV: u64 = 0x4;

/// Makes a mount tree read-only without set-user-id programs; without devices if asked.
pub(crate) fn make_readonly(tree: BorrowedFd<'_>, devices: bool, recursive: bool) -> io::Result<()> {
    #[repr(C)]
    struct MountAttr {
        set: u64,
        clear: u64,
        propagation: u64,
        user_namespace: u64,
    }
    let set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | if devices { 0 } else { MOUNT_ATTR_NODEV };
    let attributes = MountAttr { set, clear: 0, propagation: 0, user_namespace: 0 };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the structure is as the kernel defines it and outlives the call.
    check_long(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attributes,
            size_of::<MountAttr>(),
        )
    })
    .map(drop)
}

/// Attaches a detached mount tree at `target`.
pub(crate) fn move_mount(tree: BorrowedFd<'_>, target: &CStr) -> io::Result<()> {
    const MOVE_MOUNT_F_EMPTY_PATH: u32 = 0x4;
    // SAFETY: NUL-terminated texts.
    check_long(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH,
        )
    })
    .map(drop)
}

/// Opens a folder (path only). With `beneath`, relative to it and never outside or by links.
pub(crate) fn open_folder(beneath: Option<BorrowedFd<'_>>, path: &CStr) -> io::Result<OwnedFd> {
    // SAFETY: open_how is plain data.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC) as u64;
    if beneath.is_some() {
        how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_SYMLINKS | libc::RESOLVE_NO_MAGICLINKS;
    }
    let at = beneath.map_or(libc::AT_FDCWD, |fd| fd.as_raw_fd());
    // SAFETY: NUL-terminated; the new descriptor is ours alone.
    unsafe {
        let fd = check_long(libc::syscall(
            libc::SYS_openat2,
            at,
            path.as_ptr(),
            &raw const how,
            size_of::<libc::open_how>(),
        ))?;
        Ok(OwnedFd::from_raw_fd(fd as RawFd))
    }
}

pub(crate) fn change_directory(path: &CStr) -> io::Result<()> {
    // SAFETY: NUL-terminated.
    check(unsafe { libc::chdir(path.as_ptr()) }).map(drop)
}

pub(crate) fn set_hostname(name: &str) -> io::Result<()> {
    // SAFETY: the text is valid for its length.
    check(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }).map(drop)
}

/// Sets the loopback interface of this network namespace up.
pub(crate) fn loopback_up() -> io::Result<()> {
    // SAFETY: ifreq is plain data, the name fits, the socket is ours and closed at the end.
    unsafe {
        let socket = OwnedFd::from_raw_fd(check(libc::socket(
            libc::AF_INET,
            libc::SOCK_DGRAM | libc::SOCK_CLOEXEC,
            0,
        ))?);
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        check(libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request)).map(drop)
    }
}

/// Makes every IPv4 address local in this network namespace, so that the agent can take
/// connections to any of them. There is no way out of the namespace before or after.
pub(crate) fn all_addresses_local() -> io::Result<()> {
    const LOOPBACK_INDEX: u32 = 1;
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_CREATE | libc::NLM_F_ACK) as u16;
    let mut message = Vec::with_capacity(36);
    // nlmsghdr: length, type, flags, sequence, port
    message.extend_from_slice(&36u32.to_ne_bytes());
    message.extend_from_slice(&libc::RTM_NEWROUTE.to_ne_bytes());
    message.extend_from_slice(&flags.to_ne_bytes());
    message.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
    // rtmsg: local 0.0.0.0/0 in the table of local addresses
    let (table, protocol) = (libc::RT_TABLE_LOCAL, libc::RTPROT_BOOT);
    let (scope, kind) = (libc::RT_SCOPE_HOST, libc::RTN_LOCAL);
    message.extend_from_slice(&[libc::AF_INET as u8, 0, 0, 0, table, protocol, scope, kind, 0, 0, 0, 0]);
    // rtattr: through the loopback device
    message.extend_from_slice(&8u16.to_ne_bytes());
    message.extend_from_slice(&libc::RTA_OIF.to_ne_bytes());
    message.extend_from_slice(&LOOPBACK_INDEX.to_ne_bytes());
    let mut answer = [0u8; 128];
    // SAFETY: both buffers are valid for the lengths given; the socket is ours and closed at the end.
    let got = unsafe {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        let socket = OwnedFd::from_raw_fd(check(libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE))?);
        let sent = libc::send(socket.as_raw_fd(), message.as_ptr().cast(), message.len(), 0);
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        libc::recv(socket.as_raw_fd(), answer.as_mut_ptr().cast(), answer.len(), 0)
    };
    // nlmsgerr: the header, then the error number, negative.
    match answer.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes) {
        Some(0) if got >= 20 => Ok(()),
        Some(error) if got >= 20 => Err(io::Error::from_raw_os_error(-error)),
        _ => Err(io::Error::other("the kernel's answer about a route is cut")),
    }
}

/// Becomes this user and group for good, without further groups where that is allowed.
pub(crate) fn become_user(uid: u32, gid: u32, drop_groups: bool) -> io::Result<()> {
    // SAFETY: plain integers; a null list of length 0 is allowed.
    unsafe {
        if drop_groups {
            check(libc::setgroups(0, std::ptr::null()))?;
        }
        check(libc::setresgid(gid, gid, gid))?;
        check(libc::setresuid(uid, uid, uid)).map(drop)
    }
}

/// SIGKILL for this process as soon as its parent (its one thread) ends.
pub(crate) fn die_with_parent() -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) }).map(drop)
}

/// Gives up every capability, now and over exec, and any way to gain one.
pub(crate) fn drop_capabilities() -> io::Result<()> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    // SAFETY: plain integers; header and data are as version 3 of the interface defines them.
    unsafe {
        for capability in 0..64 {
            if libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 {
                let error = io::Error::last_os_error();
                // Numbers past the last capability of this kernel.
                if error.raw_os_error() == Some(libc::EINVAL) {
                    break;
                }
                return Err(error);
            }
        }
        check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
        let header = Header { version: 0x2008_0522, pid: 0 };
        let none = [0u32; 6];
        check_long(libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr())).map(drop)
    }
}

/// Loads a seccomp filter for this thread (no new privileges must be set).
pub(crate) fn load_seccomp(program: &[seccompiler::sock_filter]) -> io::Result<()> {
    seccompiler::apply_filter(program).map_err(io::Error::other)
}

pub(crate) fn set_limit(resource: libc::__rlimit_resource_t, soft: u64, hard: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: the structure outlives the call.
    check(unsafe { libc::setrlimit(resource, &limit) }).map(drop)
}

/// No core file, and no core for a program of the host that takes them (`core_pattern` with a pipe):
/// those get one at a limit of 0 too, and none at a limit of 1.
pub(crate) fn no_core_files() -> io::Result<()> {
    set_limit(libc::RLIMIT_CORE, 1, 1)
}

/// Moves `from` to descriptor `to`; closed on exec only if `close_on_exec`.
pub(crate) fn move_descriptor(from: RawFd, to: RawFd, close_on_exec: bool) -> io::Result<()> {
    // SAFETY: plain integers.
    unsafe {
        if from != to {
            check(libc::dup2(from, to))?;
        }
        check(libc::fcntl(to, libc::F_SETFD, if close_on_exec { libc::FD_CLOEXEC } else { 0 })).map(drop)
    }
}

/// A copy of a descriptor at number `least` or above, closed on exec.
pub(crate) fn duplicate_above(fd: RawFd, least: RawFd) -> io::Result<RawFd> {
    // SAFETY: plain integers.
    check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, least) })
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: in the child of a clone, where nothing uses those descriptors any more.
    check_long(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) }).map(drop)
}

/// Closes every descriptor but the standard ones and `kept`, which gets number 3.
pub(crate) fn keep_only(kept: OwnedFd) -> io::Result<OwnedFd> {
    move_descriptor(kept.into_raw_fd(), 3, true)?;
    close_from(4)?;
    // SAFETY: nothing else in this process owns the number: all that did is gone with this call.
    Ok(unsafe { OwnedFd::from_raw_fd(3) })
}

/// Replaces this process by `program` with an empty environment.
pub(crate) fn execute(program: &CStr, arguments: &[&CStr]) -> io::Error {
    let mut list: Vec<*const libc::c_char> = arguments.iter().map(|text| text.as_ptr()).collect();
    list.push(std::ptr::null());
    let environment = [std::ptr::null()];
    // SAFETY: both lists end with null, the texts with NUL.
    unsafe { libc::execve(program.as_ptr(), list.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// No signal is blocked and all have their default meaning.
pub(crate) fn reset_signals() -> io::Result<()> {
    // SAFETY: the set is initialised by sigemptyset.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        check(libc::sigprocmask(libc::SIG_SETMASK, &set, std::ptr::null_mut())).map(drop)
    }
}

/// A descriptor that becomes readable on SIGTERM and SIGINT; SIGHUP is ignored.
pub(crate) fn signal_fd() -> io::Result<OwnedFd> {
    // SAFETY: the set is initialised by sigemptyset; the new descriptor is ours alone.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGTERM);
        libc::sigaddset(&mut set, libc::SIGINT);
        libc::signal(libc::SIGHUP, libc::SIG_IGN);
        check(libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()))?;
        let fd = check(libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

pub(crate) fn kill(pid: i32, signal: i32) {
    // SAFETY: plain integers.
    unsafe { libc::kill(pid, signal) };
}

pub(crate) fn signal_pidfd(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    // SAFETY: plain integers and a null siginfo.
    check_long(unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, std::ptr::null::<u8>(), 0)
    })
    .map(drop)
}

/// Reaps the child behind a pidfd; whether it had ended.
pub(crate) fn reap(pidfd: BorrowedFd<'_>) -> bool {
    // SAFETY: siginfo is plain data and outlives the call.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let id = pidfd.as_raw_fd() as libc::id_t;
        let result = libc::waitid(libc::P_PIDFD, id, &mut info, libc::WEXITED | libc::WNOHANG);
        result == 0 && info.si_pid() != 0
    }
}

/// Whether bytes wait on a socket (without taking them).
pub(crate) fn has_input(fd: BorrowedFd<'_>) -> bool {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry.
    unsafe { libc::poll(&mut poll, 1, 0) == 1 && poll.revents & libc::POLLIN != 0 }
}

/// Whether the other end of a pipe was closed without a word; the error is what was written.
pub(crate) fn is_closed(fd: BorrowedFd<'_>) -> Result<bool, String> {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry.
    if unsafe { libc::poll(&mut poll, 1, 0) } != 1 {
        return Ok(false);
    }
    let said = if poll.revents & libc::POLLIN != 0 { read_some(fd, 1024) } else { Vec::new() };
    if said.is_empty() { Ok(true) } else { Err(String::from_utf8_lossy(&said).into_owned()) }
}

/// Reads at most `limit` bytes that are there now.
pub(crate) fn read_some(fd: BorrowedFd<'_>, limit: usize) -> Vec<u8> {
    let mut bytes = vec![0u8; limit];
    // SAFETY: the buffer is valid for its length.
    let got = unsafe { libc::read(fd.as_raw_fd(), bytes.as_mut_ptr().cast(), limit) };
    bytes.truncate(got.max(0) as usize);
    bytes
}

/// Reads until the end, at most `limit` bytes.
pub(crate) fn read_whole(fd: RawFd, limit: usize) -> Vec<u8> {
    let mut bytes = vec![0u8; limit];
    let mut size = 0;
    while size < limit {
        // SAFETY: the buffer is valid for the rest of its length.
        let got = unsafe { libc::read(fd, bytes.as_mut_ptr().add(size).cast(), limit - size) };
        if got <= 0 {
            break;
        }
        size += got as usize;
    }
    bytes.truncate(size);
    bytes
}

pub(crate) fn write_all(fd: BorrowedFd<'_>, bytes: &[u8]) {
    // SAFETY: the bytes are valid for their length.
    unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
}

/// Sends a length and `body` on a stream socket, at once or not at all.
pub(crate) fn send_frame(socket: BorrowedFd<'_>, body: &[u8]) -> io::Result<()> {
    let mut frame = Vec::with_capacity(4 + body.len());
    frame.extend_from_slice(&(body.len() as u32).to_be_bytes());
    frame.extend_from_slice(body);
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the bytes are valid for their length.
    let sent = unsafe { libc::send(socket.as_raw_fd(), frame.as_ptr().cast(), frame.len(), flags) };
    match sent {
        sent if sent == frame.len() as isize => Ok(()),
        sent if sent < 0 => Err(io::Error::last_os_error()),
        _ => Err(io::Error::other("the channel took a part of a frame only")),
    }
}

/// Like [`write_all`] on a number that may be closed, which fails harmlessly.
pub(crate) fn write_raw(fd: RawFd, bytes: &[u8]) {
    // SAFETY: the bytes are valid for their length.
    unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
}

pub(crate) fn effective_uid() -> u32 {
    // SAFETY: no arguments.
    unsafe { libc::geteuid() }
}

pub(crate) fn effective_gid() -> u32 {
    // SAFETY: no arguments.
    unsafe { libc::getegid() }
}

/// The kernel's event queue.
#[derive(Debug)]
pub(crate) struct Epoll(OwnedFd);

impl Epoll {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: the new descriptor is ours alone.
        unsafe { Ok(Self(OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?))) }
    }

    pub(crate) fn add(&self, fd: BorrowedFd<'_>, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        // SAFETY: the event outlives the call.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), libc::EPOLL_CTL_ADD, fd.as_raw_fd(), &mut event) })
            .map(drop)
    }

    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) {
        // SAFETY: the event may be null on removal.
        unsafe {
            libc::epoll_ctl(self.0.as_raw_fd(), libc::EPOLL_CTL_DEL, fd.as_raw_fd(), std::ptr::null_mut())
        };
    }

    /// Waits; the tokens that are ready. `None` waits for ever.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> io::Result<Vec<u64>> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
        let millis = timeout.map_or(-1, |time| time.as_micros().div_ceil(1000).min(60_000) as i32);
        // SAFETY: room for the count given.
        let count = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), 64, millis) };
        if count < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(Vec::new()) } else { Err(error) };
        }
        Ok(events[..count as usize].iter().map(|event| event.u64).collect())
    }
}
