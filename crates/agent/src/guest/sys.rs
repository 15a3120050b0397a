//! The few kernel calls the agent needs, each behind a safe function.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Makes this process invisible to `ptrace`, `/proc/PID/mem` and `/proc/PID/fd` of its own user.
pub(super) fn hide_self() -> io::Result<()> {
    // SAFETY: PR_SET_DUMPABLE takes plain integers.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) }).map(drop)
}

/// The agent's own place in the order in which the kernel picks victims at the memory
/// limit. Opened before [`hide_self`]: an undumpable process may not open it.
#[derive(Debug)]
pub(super) struct OomScore(Option<(std::fs::File, String)>);

impl OomScore {
    pub(super) fn open() -> Self {
        let opened = std::fs::OpenOptions::new().read(true).write(true).open("/proc/self/oom_score_adj");
        Self(opened.ok().and_then(|file| {
            let own = std::io::read_to_string(&file).ok()?.trim().to_owned();
            Some((file, own))
        }))
    }

    /// Runs `spawn`, whose children inherit the first place among the victims. They do not
    /// take it themselves, because a child would have to be dumpable for that while it is
    /// still a copy of the agent with the agent's descriptors.
    pub(super) fn spawn_victims<T>(&self, spawn: impl FnOnce() -> T) -> T {
        let set = |score: &str| {
            if let Some((file, _)) = &self.0 {
                // Best effort: without it the kernel picks by size, which is seldom the agent.
                let _ = std::os::unix::fs::FileExt::write_at(file, score.as_bytes(), 0);
            }
        };
        set("1000");
        let result = spawn();
        set(self.0.as_ref().map_or("0", |(_, own)| own));
        result
    }
}

/// In a child between fork and exec: no core files, files at most `file_size` bytes, a
/// session of its own.
pub(super) fn prepare_child(file_size: Option<u64>) -> io::Result<()> {
    // SAFETY: plain system calls; async-signal-safe.
    unsafe {
        check(libc::setsid())?;
        // At 1 programs of the host that take cores (`core_pattern` with a pipe) get none either.
        let one = libc::rlimit { rlim_cur: 1, rlim_max: 1 };
        if libc::setrlimit(libc::RLIMIT_CORE, &one) != 0 {
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            check(libc::setrlimit(libc::RLIMIT_CORE, &none))?;
        }
        if let Some(bytes) = file_size {
            let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
            check(libc::setrlimit(libc::RLIMIT_FSIZE, &limit))?;
        }
    }
    Ok(())
}

/// Limits the size of files that process `pid` (ours) may write from now on.
pub(super) fn limit_file_size(pid: i32, bytes: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: `limit` outlives the call; the old limit is not asked for.
    check(unsafe { libc::prlimit(pid, libc::RLIMIT_FSIZE, &limit, std::ptr::null_mut()) }).map(drop)
}

/// Sends SIGKILL to every process of this pid namespace but the agent (pid 1) itself.
pub(super) fn kill_everyone_else() {
    // SAFETY: as pid 1 of its namespace, -1 spares the caller.
    unsafe { libc::kill(-1, libc::SIGKILL) };
}

/// Sends a signal to one process; a process that is gone is fine.
pub(super) fn kill(pid: i32, signal: i32) {
    // SAFETY: plain integers.
    unsafe { libc::kill(pid, signal) };
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Exited(i32),
    Signaled(i32),
}

/// Reaps one ended child, ours or adopted.
pub(super) fn reap() -> Option<(i32, Ended)> {
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result.
    let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
    if pid <= 0 {
        return None;
    }
    let ended = if libc::WIFSIGNALED(status) {
        Ended::Signaled(libc::WTERMSIG(status))
    } else {
        Ended::Exited(libc::WEXITSTATUS(status))
    };
    Some((pid, ended))
}

/// A descriptor that becomes readable when a child ends or a stop signal arrives.
pub(super) fn signal_fd() -> io::Result<OwnedFd> {
    // SAFETY: the set is initialised by sigemptyset before use; the new fd is ours alone.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT] {
            libc::sigaddset(&mut set, signal);
        }
        check(libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()))?;
        let fd = check(libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// In a child between fork and exec: no signal stays blocked.
pub(super) fn unblock_signals() -> io::Result<()> {
    // SAFETY: the set is initialised by sigemptyset.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        check(libc::sigprocmask(libc::SIG_SETMASK, &set, std::ptr::null_mut())).map(drop)
    }
}

/// Empties a signal descriptor; the numbers of the signals that came. A stop signal
/// counts only if it comes from outside: user code must not end the sandbox that way.
pub(super) fn read_signals(fd: BorrowedFd<'_>) -> Vec<i32> {
    let mut seen = Vec::new();
    loop {
        // SAFETY: signalfd_siginfo is plain data, and read gets its exact size.
        let mut info: libc::signalfd_siginfo = unsafe { std::mem::zeroed() };
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: as above.
        let got = unsafe { libc::read(fd.as_raw_fd(), (&raw mut info).cast(), size) };
        if got != size as isize {
            return seen;
        }
        let signal = info.ssi_signo as i32;
        // The kernel shows senders in a parent pid namespace as 0.
        if signal == libc::SIGCHLD || info.ssi_pid == 0 {
            seen.push(signal);
        }
    }
}

/// A connected pair of stream sockets, both closed on exec, the first non-blocking.
pub(super) fn socket_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: `fds` has room for two; the new fds are ours alone.
    unsafe {
        check(libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0, fds.as_mut_ptr()))?;
        let pair = (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1]));
        set_nonblocking(pair.0.as_raw_fd())?;
        Ok(pair)
    }
}

/// Keeps `fd` from programs that this process starts.
pub(super) fn close_on_exec(fd: RawFd) -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) }).map(drop)
}

/// Makes reads and writes of `fd` return at once.
pub(super) fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: F_GETFL and F_SETFL take plain integers.
    unsafe {
        let flags = check(libc::fcntl(fd, libc::F_GETFL))?;
        check(libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK)).map(drop)
    }
}

/// A copy of `from` with a number of at least `lowest`, closed on exec.
pub(super) fn duplicate_above(from: RawFd, lowest: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: plain integers; the new fd is ours alone.
    unsafe { Ok(OwnedFd::from_raw_fd(check(libc::fcntl(from, libc::F_DUPFD_CLOEXEC, lowest))?)) }
}

/// Takes nothing more from the other side of a socket, which learns of it; what it sent
/// before can still be read.
pub(super) fn shut_reading(fd: RawFd) -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::shutdown(fd, libc::SHUT_RD) }).map(drop)
}

/// Makes reads and writes of `fd` wait.
pub(super) fn set_blocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: F_GETFL and F_SETFL take plain integers.
    unsafe {
        let flags = check(libc::fcntl(fd, libc::F_GETFL))?;
        check(libc::fcntl(fd, libc::F_SETFL, flags & !libc::O_NONBLOCK)).map(drop)
    }
}

/// Writes `text` into the pipe whose reading end is `fd`; fails instead of waiting.
pub(super) fn write_into_pipe(fd: RawFd, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = format!("/proc/self/fd/{fd}");
    let mut pipe = std::fs::OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    pipe.write_all(text.as_bytes())
}

/// Ends this process by a signal, as far as the signal ends processes.
pub(super) fn die_by(signal: i32) {
    let _ = unblock_signals();
    // SAFETY: plain integers; the default action of the signal is what is wanted.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// Duplicates `from` onto `to` without close-on-exec (in a child between fork and exec).
pub(super) fn duplicate_onto(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: plain integers; dup2 clears close-on-exec unless both are equal.
    unsafe {
        if from == to {
            return check(libc::fcntl(to, libc::F_SETFD, 0)).map(drop);
        }
        check(libc::dup2(from, to)).map(drop)
    }
}

/// Reads what is there. `Ok(None)`: nothing now. `Ok(Some(0))`: the end.
pub(super) fn read(fd: RawFd, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    // SAFETY: the buffer is valid for its length.
    let got = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
    settle(got)
}

/// Writes what fits. `Ok(None)`: nothing now.
pub(super) fn write(fd: RawFd, bytes: &[u8]) -> io::Result<Option<usize>> {
    // SAFETY: the bytes are valid for their length.
    let put = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    settle(put)
}

fn settle(result: isize) -> io::Result<Option<usize>> {
    if result >= 0 {
        return Ok(Some(result as usize));
    }
    let error = io::Error::last_os_error();
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
        _ => Err(error),
    }
}

/// The kernel's event queue.
#[derive(Debug)]
pub(super) struct Epoll(OwnedFd);

/// Interest in or occurrence of readiness.
pub(super) const READ: u32 = libc::EPOLLIN as u32;
pub(super) const WRITE: u32 = libc::EPOLLOUT as u32;

impl Epoll {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: the new fd is ours alone.
        unsafe { Ok(Self(OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?))) }
    }

    fn control(&self, operation: i32, fd: RawFd, token: u64, interest: u32) -> io::Result<()> {
        let mut event = libc::epoll_event { events: interest, u64: token };
        // SAFETY: `event` outlives the call.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd, &mut event) }).map(drop)
    }

    pub(super) fn add(&self, fd: RawFd, token: u64, interest: u32) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, token, interest)
    }

    pub(super) fn change(&self, fd: RawFd, token: u64, interest: u32) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, token, interest)
    }

    pub(super) fn remove(&self, fd: RawFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    /// Waits for events; `None` waits for ever. Fills `out` with (token, readiness).
    pub(super) fn wait(&self, timeout: Option<Duration>, out: &mut Vec<(u64, u32)>) -> io::Result<()> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 32];
        // Rounded up, so that a deadline is over when we wake for it.
        let millis = timeout.map_or(-1, |time| time.as_micros().div_ceil(1000).min(60_000) as i32);
        // SAFETY: the array has room for the count given.
        let count = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), 32, millis) };
        out.clear();
        if count < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        out.extend(events[..count as usize].iter().map(|event| (event.u64, event.events)));
        Ok(())
    }
}

/// Microseconds since the Unix epoch.
pub(super) fn now_micros() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as i64)
}
