//! The keeper process.

mod connection;
mod keeper;
mod launch;
mod lock;
mod porter;
mod report;
mod sandbox;
mod stock;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::sandbox::cgroup::Cgroups;
use crate::sandbox::late::AllowedFolders;
use crate::sandbox::launch::Recipe;
use crate::sandbox::{rootfs, seccomp};
use crate::{socket, sys};

/// What the keeper is started with. It takes none of this from a server later.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder for the socket and the template; nobody else needs to enter it but the server.
    pub run_dir: PathBuf,
    /// User that may connect beside the keeper's own.
    pub server_uid: u32,
    /// Folders below which a server may have folders mounted into sandboxes.
    pub mountable: Vec<PathBuf>,
    /// Folders outside `/usr` that interpreters need; visible in every sandbox.
    pub exposed: Vec<PathBuf>,
    /// Further empty folders in every sandbox, as places for late mounts.
    #[serde(default)]
    pub mount_points: Vec<PathBuf>,
    /// Further files beside the shims: name, and the file of the host with its content.
    #[serde(default)]
    pub files: Vec<(String, PathBuf)>,
    /// First host uid of sandboxes, and how many there are.
    pub uid_base: u32,
    pub uid_count: u32,
    /// How long function sandboxes go on after their server is gone, milliseconds.
    pub orphan_grace_ms: u64,
    /// Goes on without control groups (no memory, CPU and process limits).
    pub allow_without_cgroups: bool,
}

/// Name of the keeper's socket in the run directory.
pub const SOCKET_NAME: &str = "keeper.sock";

/// The label of everything that belongs to the keeper of this run directory: control
/// groups carry it, so that the next keeper finds what an earlier one left.
pub fn label(run_dir: &std::path::Path) -> String {
    // FNV-1a: no secret, only short and the same each time.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in run_dir.as_os_str().as_encoded_bytes() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("nova-{:08x}", hash as u32)
}

/// Runs the keeper until it is told to stop, or has nothing left to keep: no server for
/// the grace period and no sandbox that outlives one. The process must have one thread.
pub fn run(config: Config) -> io::Result<()> {
    std::fs::create_dir_all(&config.run_dir)?;
    // It hands secrets to sandboxes.
    sys::no_core_files()?;
    let lock = lock::lock(&config.run_dir)?;
    // Before we are in a user namespace of our own, from which our server cannot be looked at.
    let cgroups = Cgroups::find(&label(&config.run_dir));
    let rootless = sys::effective_uid() != 0;
    let result =
        enter(&config, &cgroups, rootless).and_then(|uids| keep(config, cgroups.clone(), uids, rootless));
    if result.is_err() {
        cgroups.remove();
    }
    drop(lock);
    result
}

/// Goes where the keeper works. Returns the host uids of sandboxes: the first, and how many.
fn enter(config: &Config, cgroups: &Cgroups, rootless: bool) -> io::Result<(u32, u32)> {
    let mut uids = (config.uid_base, config.uid_count);
    if rootless {
        uids = enter_own_namespace()?;
    } else {
        sys::unshare(libc::CLONE_NEWNS)?;
    }
    // Nothing that is mounted from here on is seen by the host, and it goes when we go.
    sys::mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE, None).map_err(explain_root)?;
    if let (Cgroups::None { reason }, false) = (cgroups, config.allow_without_cgroups) {
        return Err(io::Error::other(format!(
            "this host gives no control groups, so memory, CPU and process limits would not hold ({reason}); \
             run `nova doctor`, or set `isolation.allow_without_cgroups`"
        )));
    }
    let killed = cgroups.remove_leftovers();
    if killed > 0 {
        eprintln!("nova-keeper: ended {killed} processes that an earlier keeper had left");
    }
    Ok(uids)
}

/// The kernel changes how mounts spread only at a mount, which the root of a `chroot` need not be.
fn explain_root(error: io::Error) -> io::Error {
    if error.raw_os_error() != Some(libc::EINVAL) {
        return io::Error::new(error.kind(), format!("mounts could not be made private: {error}"));
    }
    io::Error::other(
        "mounts could not be made private, because / is no mount of its own, as in a chroot; \
         bind-mount the folder onto itself and enter it with pivot_root, or use a container",
    )
}

/// The keeper's life, once it has a place of its own.
fn keep(config: Config, cgroups: Cgroups, uids: (u32, u32), rootless: bool) -> io::Result<()> {
    let recipe = Recipe {
        template: rootfs::Template::build(&config.run_dir.join("root"), &config)?,
        filters: seccomp::programs()?,
        rootless,
    };
    let mountable = AllowedFolders::open(&config.mountable)?;
    let home: OwnedFd = std::fs::File::open("/proc/self/ns/mnt")?.into();
    let signals = sys::signal_fd()?;
    let path = config.run_dir.join(SOCKET_NAME);
    let listener = socket::listen(&path)?;
    if !rootless {
        std::os::unix::fs::chown(&path, Some(config.server_uid), None)?;
    }
    let result = keeper::Keeper::new(config, recipe, cgroups, mountable, home, uids)?
        .run(listener.as_fd(), signals.as_fd());
    let _ = std::fs::remove_file(&path);
    result
}

/// As an ordinary user: a user namespace in which this user is root, and the one uid there is.
fn enter_own_namespace() -> io::Result<(u32, u32)> {
    let (uid, gid) = (sys::effective_uid(), sys::effective_gid());
    sys::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!(
                "this host does not let an ordinary user make user namespaces ({error}); allow it \
                 (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces), or start Nova as root"
            ),
        )
    })?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    // Inside, our only uid is 0; sandboxes map their user onto it.
    Ok((0, 1))
}
