//! The root file system that all sandboxes share, read-only: the host's `/usr`, a small
//! `/etc`, a few devices, the agent and its shims. It is built once, in the keeper's own
//! mount namespace; a sandbox gets a copy of the mount tree, which is one system call.

use std::ffi::CString;
use std::fs;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nova_agent::shims::{SHIM_DIR, SHIMS};

use crate::process::Config;
use crate::sys;

/// Folders that exist in every sandbox as places to mount on.
const FOLDERS: &[&str] = &[
    "code", "deps", "dev", "dev/shm", "etc", "layers", "mnt", "nova", "proc", "run", "srv", "sys", "tmp",
    "usr", "var",
];
const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom"];
/// From the host, if they are there.
const ETC: &[&str] = &[
    "alternatives",
    "ca-certificates",
    "debian_version",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "os-release",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
];
const ETC_FILES: &[(&str, &str)] = &[
    ("passwd", "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nnova:x:1000:1000:nova:/tmp:/bin/sh\n"),
    ("group", "root:x:0:\nnova:x:1000:\n"),
    ("hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"),
    ("hostname", "sandbox\n"),
    ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    // The agent answers there; a name may take a while to be looked up outside.
    ("resolv.conf", "nameserver 127.0.0.53\noptions timeout:10 attempts:2\n"),
];

/// The finished template.
#[derive(Debug)]
pub(crate) struct Template {
    /// Where it is mounted in the keeper's mount namespace; also where a child attaches its copy.
    pub(crate) path: CString,
}

fn at(error: io::Error, what: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", what.display()))
}

fn bind(source: &Path, target: &Path) -> io::Result<()> {
    let (from, to) = (sys::c_path(source)?, sys::c_path(target)?);
    sys::mount(Some(&from), &to, None, libc::MS_BIND | libc::MS_REC, None).map_err(|error| at(error, target))
}

fn write_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    // The umask may have taken bits away.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

impl Template {
    /// Builds the template at `path` (made if absent). Folders of the host outside `/usr`
    /// that interpreters need appear under the same path.
    pub(crate) fn build(path: &Path, config: &Config) -> io::Result<Self> {
        fs::create_dir_all(path).map_err(|error| at(error, path))?;
        let target = sys::c_path(path)?;
        sys::mount(Some(c"nova"), &target, Some(c"tmpfs"), 0, Some(c"size=32m,mode=0755"))
            .map_err(|error| at(error, path))?;
        for folder in FOLDERS {
            make_folder(&path.join(folder))?;
        }
        bind(Path::new("/usr"), &path.join("usr"))?;
        for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            copy_link_or_bind(&Path::new("/").join(name), &path.join(name))?;
        }
        std::os::unix::fs::symlink("/tmp", path.join("var/tmp"))?;
        // Where Node.js looks for the modules of `/code`, after `/code/node_modules`.
        std::os::unix::fs::symlink("/deps/node_modules", path.join("node_modules"))?;
        build_dev(&path.join("dev"))?;
        build_etc(&path.join("etc"))?;
        let nova = path.join(SHIM_DIR.trim_start_matches('/'));
        write_file(&nova.join("agent"), crate::AGENT, 0o555)?;
        for (name, text) in SHIMS {
            write_file(&nova.join(name), text.as_bytes(), 0o444)?;
        }
        for (name, file) in &config.files {
            // A name, not a path: the files lie beside the shims.
            if name.contains('/') || name.starts_with('.') {
                return Err(io::Error::other(format!("{name:?} is no name for a file")));
            }
            write_file(&nova.join(name), &fs::read(file).map_err(|error| at(error, file))?, 0o444)?;
        }
        for folder in &config.mount_points {
            make_folder(&path.join(folder.strip_prefix("/").unwrap_or(folder)))?;
        }
        for folder in &config.exposed {
            if !folder.starts_with("/usr") && folder.is_dir() {
                let inside = path.join(folder.strip_prefix("/").unwrap_or(folder));
                make_folder(&inside)?;
                bind(folder, &inside)?;
            }
        }
        let tree = sys::open_folder(None, &target)?;
        sys::make_readonly(tree.as_fd(), true, true)?;
        Ok(Self { path: target })
    }

    /// A detached copy of the whole tree.
    pub(crate) fn copy(&self) -> io::Result<OwnedFd> {
        sys::open_tree(None, &self.path, true)
    }
}

/// Makes a folder and its parents, each readable by all.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    fs::create_dir(path).map_err(|error| at(error, path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

fn copy_link_or_bind(host: &Path, inside: &Path) -> io::Result<()> {
    match fs::symlink_metadata(host) {
        Ok(kind) if kind.is_symlink() => std::os::unix::fs::symlink(fs::read_link(host)?, inside),
        Ok(kind) if kind.is_dir() => {
            make_folder(inside)?;
            bind(host, inside)
        }
        _ => Ok(()),
    }
}

fn build_dev(dev: &Path) -> io::Result<()> {
    for name in DEVICES {
        write_file(&dev.join(name), b"", 0o666)?;
        bind(&Path::new("/dev").join(name), &dev.join(name))?;
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        std::os::unix::fs::symlink(target, dev.join(name))?;
    }
    Ok(())
}

fn build_etc(etc: &Path) -> io::Result<()> {
    for (name, text) in ETC_FILES {
        write_file(&etc.join(name), text.as_bytes(), 0o444)?;
    }
    for name in ETC {
        let (host, inside) = (Path::new("/etc").join(name), etc.join(name));
        let Ok(kind) = fs::metadata(&host) else { continue };
        if let Some(parent) = inside.parent() {
            make_folder(parent)?;
        }
        if kind.is_dir() {
            make_folder(&inside)?;
        } else {
            write_file(&inside, b"", 0o444)?;
        }
        bind(&host, &inside)?;
    }
    Ok(())
}
