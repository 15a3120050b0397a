//! Mounts into a sandbox that runs already.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use crate::protocol::MountSpec;
use crate::sys;

/// Folders of the host below which a server may have things mounted.
#[derive(Debug)]
pub(crate) struct AllowedFolders(Vec<(PathBuf, OwnedFd)>);

impl AllowedFolders {
    pub(crate) fn open(folders: &[PathBuf]) -> io::Result<Self> {
        let mut opened = Vec::new();
        for folder in folders {
            let fd = sys::open_folder(None, &sys::c_path(folder)?)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
            opened.push((folder.clone(), fd));
        }
        Ok(Self(opened))
    }

    /// The folder `path`, reached without links from an allowed one.
    fn find(&self, path: &Path) -> io::Result<OwnedFd> {
        for (root, fd) in &self.0 {
            let Ok(rest) = path.strip_prefix(root) else { continue };
            let rest = if rest.as_os_str().is_empty() { Path::new(".") } else { rest };
            return sys::open_folder(Some(fd.as_fd()), &sys::c_path(rest)?);
        }
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{} is not below a folder that the keeper may mount", path.display()),
        ))
    }
}

/// A mount that is ready to be attached.
#[derive(Debug)]
pub(crate) struct Prepared {
    tree: OwnedFd,
    target: CString,
}

/// Opens the sources as detached, read-only mounts.
pub(crate) fn prepare(allowed: &AllowedFolders, mounts: &[MountSpec]) -> io::Result<Vec<Prepared>> {
    let mut prepared = Vec::with_capacity(mounts.len());
    for mount in mounts {
        let target = Path::new(&mount.target);
        if !target.is_absolute() || target.components().any(|part| part.as_os_str() == "..") {
            return Err(io::Error::other(format!("mount target {} is not absolute", mount.target)));
        }
        let folder = allowed.find(Path::new(&mount.source))?;
        let tree = sys::open_tree(Some(folder.as_fd()), c"", false)?;
        sys::make_readonly(tree.as_fd(), false, false)?;
        prepared.push(Prepared { tree, target: sys::c_path(target)? });
    }
    Ok(prepared)
}

/// Attaches the mounts in the sandbox and resizes its `/tmp` if asked. The keeper's one
/// thread enters the sandbox's mount namespace for that moment, with paths that user code
/// cannot have touched: the tree there is read-only.
pub(crate) fn attach(
    home: BorrowedFd<'_>,
    sandbox: BorrowedFd<'_>,
    mounts: &[Prepared],
    tmp_bytes: Option<u64>,
) -> io::Result<()> {
    if mounts.is_empty() && tmp_bytes.is_none() {
        return Ok(());
    }
    sys::set_namespace(sandbox, libc::CLONE_NEWNS)?;
    let result = (|| {
        for mount in mounts {
            sys::move_mount(mount.tree.as_fd(), &mount.target)?;
        }
        if let Some(bytes) = tmp_bytes {
            let size = CString::new(format!("size={bytes},nr_inodes=65536")).map_err(io::Error::other)?;
            let flags = libc::MS_REMOUNT | libc::MS_NOSUID | libc::MS_NODEV;
            sys::mount(None, c"/tmp", None, flags, Some(&size))?;
        }
        Ok(())
    })();
    // Without the way back the keeper would work in the wrong place: it must end then.
    sys::set_namespace(home, libc::CLONE_NEWNS).map_err(|error| {
        io::Error::new(io::ErrorKind::NotConnected, format!("lost in a sandbox: {error}"))
    })?;
    result
}
