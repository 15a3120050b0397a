//! Giving up root for good.

use std::io;
use std::os::unix::fs::chown;
use std::path::Path;

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Whether this process runs as root.
pub(super) fn is_root() -> bool {
    // SAFETY: no arguments, cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// Gives a folder with everything in it to `uid`. Links are not followed.
pub(super) fn hand_over(path: &Path, uid: u32) -> io::Result<()> {
    let kind = std::fs::symlink_metadata(path)?;
    let owner = std::os::unix::fs::MetadataExt::uid(&kind);
    if owner != uid {
        std::os::unix::fs::lchown(path, Some(uid), Some(uid))?;
    }
    // A folder that is ours already was handed over whole, or made by us.
    if kind.is_dir() && owner != uid {
        for entry in std::fs::read_dir(path)? {
            hand_over(&entry?.path(), uid)?;
        }
    }
    Ok(())
}

/// Makes a folder for `uid` with mode 0700.
pub(super) fn private_folder(path: &Path, uid: Option<u32>) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    match uid {
        Some(uid) => hand_over(path, uid).and_then(|()| chown(path, Some(uid), Some(uid))),
        None => Ok(()),
    }
}

/// Lets this process have as many descriptors as the host allows it: each connection is one.
pub(super) fn raise_open_files() -> io::Result<()> {
    // SAFETY: `limit` is a valid place for the answer, and valid for the second call.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        check(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit))?;
        limit.rlim_cur = limit.rlim_max;
        check(libc::setrlimit(libc::RLIMIT_NOFILE, &limit))
    }
}

/// Other processes of its user cannot look into this one, and it leaves no core file: it holds the master
/// key and secrets. A change of the user does that on some hosts only (`fs.suid_dumpable`), and a
/// server that an ordinary user starts changes none.
pub(super) fn hide() -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) })
}

/// Becomes `uid` without further groups, capabilities, or a way back. The process must
/// have one thread.
pub(super) fn give_up(uid: u32) -> io::Result<()> {
    // SAFETY: plain integers; an empty list of groups is allowed.
    unsafe {
        check(libc::setgroups(0, std::ptr::null()))?;
        check(libc::setresgid(uid, uid, uid))?;
        check(libc::setresuid(uid, uid, uid))?;
        check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
        if libc::setuid(0) == 0 {
            return Err(io::Error::other("root could be taken back"));
        }
    }
    Ok(())
}
