//! Packed trees onto disk, beneath a directory handle: every step is relative to the
//! directory above it and follows no link, so that nothing can be led elsewhere.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use bytes::Bytes;
use nova_domain::Fault;
use rustix::fs::{CWD, Mode, OFlags, fchmod, mkdirat, openat};
use rustix::io::Errno;

use super::{TreeFile, read};
use crate::disk_fault;

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const NEW_FILE: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Unpacks a canonical archive into `dir`, which must exist and should be empty: files
/// 0644 or 0755, directories 0755, whatever the umask. Returns the bytes of all files.
/// Blocking; leaves half a tree behind if it fails.
pub fn unpack(archive: &Bytes, dir: &Path) -> Result<u64, Fault> {
    let tree = read(archive)?;
    let failed = |what: &str, error: Errno| disk_fault(what, dir, error.into());
    let root = openat(CWD, dir, DIRECTORY, Mode::empty()).map_err(|error| failed("open", error))?;
    // Paths are sorted: the directory of the file before is mostly the one of the next.
    let mut open: (String, Option<OwnedFd>) = (String::new(), None);
    for (path, file) in tree.iter() {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if parent != open.0 {
            let made =
                make_directories(root.as_fd(), parent).map_err(|error| failed("unpack into", error))?;
            open = (parent.to_owned(), made);
        }
        let parent = open.1.as_ref().unwrap_or(&root);
        write_file(parent.as_fd(), name, file).map_err(|error| disk_fault("unpack into", dir, error))?;
    }
    Ok(tree.total_size())
}

/// Opens `path` below `root`, making what is missing. `None` for the root itself.
fn make_directories(root: BorrowedFd<'_>, path: &str) -> Result<Option<OwnedFd>, Errno> {
    let mut current: Option<OwnedFd> = None;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let at = current.as_ref().map_or(root, |fd| fd.as_fd());
        let mode = Mode::from_raw_mode(0o755);
        let made = match mkdirat(at, part, mode) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(error),
        };
        let next = openat(at, part, DIRECTORY, Mode::empty())?;
        if made {
            fchmod(&next, mode)?;
        }
        current = Some(next);
    }
    Ok(current)
}

fn write_file(parent: BorrowedFd<'_>, name: &str, file: &TreeFile) -> std::io::Result<()> {
    let mode = Mode::from_raw_mode(if file.executable { 0o755 } else { 0o644 });
    let mut target = File::from(openat(parent, name, NEW_FILE, mode)?);
    fchmod(&target, mode)?;
    target.write_all(&file.bytes)
}
