//! Making a sandbox: the parent's and the child's side of it. The child first becomes a
//! *shell*: all of the isolation with nothing in it. That takes milliseconds and is done
//! ahead. What it shall run it is told later, and only that is left to do then.

use std::convert::Infallible;
use std::ffi::{CStr, CString};
use std::fs;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd, RawFd};

use nova_agent::guest::{CHANNEL_FD, EGRESS_FD, Start};
use nova_agent::packet;
use nova_agent::shims::SHIM_DIR;
use seccompiler::BpfProgram;

use super::INSIDE_UID;
use super::cgroup::{self, Cgroup};
use super::rootfs::Template;
use crate::protocol::{Program, SandboxLimits};
use crate::sys::{self, Cloned};

/// Descriptor on which the child reports why it failed; closed on exec.
const REPORT_FD: i32 = 5;
/// Descriptor on which it is told what to run; closed on exec.
const ORDER_FD: i32 = 6;
/// Longest such order.
const ORDER_MAX: usize = 64 * 1024;
/// Open files of a process in a sandbox.
const OPEN_FILES: u64 = 4096;

/// What all sandboxes of a keeper have in common.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) template: Template,
    pub(crate) filters: Vec<BpfProgram>,
    /// The keeper runs in a user namespace of its own and has one uid only.
    pub(crate) rootless: bool,
}

/// A shell that is being made.
#[derive(Debug)]
pub(crate) struct Born {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
    /// The host's end of the channel to the agent.
    pub(crate) channel: OwnedFd,
    /// The host's end of the link on which the agent asks for connections.
    pub(crate) egress: OwnedFd,
    /// Says why the child failed, if it does.
    pub(crate) report: OwnedFd,
    /// Where it waits to be told what to run.
    pub(crate) order: OwnedFd,
    pub(crate) mount_namespace: OwnedFd,
}

/// Has a shell start the agent, and `runtime` in it. The sandbox is whole once its end of
/// the report pipe is closed, by exec.
pub(crate) fn start(order: OwnedFd, runtime: Option<&Program>) -> io::Result<()> {
    let start = serde_json::to_vec(&Start { runtime: runtime.cloned() })?;
    if start.len() > ORDER_MAX {
        return Err(io::Error::other("the runtime's command is too long"));
    }
    // Fits into the pipe, whose end says that this was all.
    fs::File::from(order).write_all(&start)
}

/// Makes the shell of a sandbox with host uid `uid` in `group`.
pub(crate) fn make_shell(recipe: &Recipe, group: &Cgroup, uid: u32) -> io::Result<Born> {
    let tree = recipe.template.copy()?;
    let (channel, guest_channel) = sys::socket_pair()?;
    let (egress, guest_egress) = packet::pair()?;
    let (report, report_write) = sys::pipe()?;
    let (order_read, order) = sys::pipe()?;
    let (go_read, go_write) = sys::pipe()?;
    let clone_into = group.clone_target()?;
    let flags = libc::CLONE_NEWUSER | libc::CLONE_NEWPID | libc::CLONE_NEWNS;
    match sys::clone_process(flags, cgroup::target_of(&clone_into))? {
        Cloned::Child => {
            // Our copy of the write end would keep the pipe open if the keeper died now.
            drop((go_write, order));
            let (channel, egress) = (guest_channel, guest_egress);
            let (report, go, order) = (report_write, go_read, order_read);
            let child = Child { recipe, group, tree, channel, egress, report, go, order };
            child.become_sandbox()
        }
        Cloned::Parent { pid, pidfd } => {
            let made = (|| {
                write_maps(pid, uid, recipe.rootless)?;
                let mount_namespace = fs::File::open(format!("/proc/{pid}/ns/mnt"))?.into();
                sys::write_all(go_write.as_fd(), b"g");
                Ok(mount_namespace)
            })();
            match made {
                Ok(mount_namespace) => {
                    Ok(Born { pid, pidfd, channel, egress, report, order, mount_namespace })
                }
                Err(error) => {
                    let _ = sys::signal_pidfd(pidfd.as_fd(), libc::SIGKILL);
                    while !sys::reap(pidfd.as_fd()) {
                        std::thread::yield_now();
                    }
                    Err(error)
                }
            }
        }
    }
}

fn write_maps(pid: i32, uid: u32, rootless: bool) -> io::Result<()> {
    if rootless {
        fs::write(format!("/proc/{pid}/setgroups"), "deny")?;
    }
    let map = format!("{INSIDE_UID} {uid} 1");
    fs::write(format!("/proc/{pid}/uid_map"), &map)?;
    fs::write(format!("/proc/{pid}/gid_map"), &map)
}

struct Child<'a> {
    recipe: &'a Recipe,
    group: &'a Cgroup,
    tree: OwnedFd,
    channel: OwnedFd,
    egress: OwnedFd,
    report: OwnedFd,
    go: OwnedFd,
    order: OwnedFd,
}

type Step<T> = Result<T, (&'static str, io::Error)>;

fn step<T>(name: &'static str, result: io::Result<T>) -> Step<T> {
    result.map_err(|error| (name, error))
}

impl Child<'_> {
    fn become_sandbox(self) -> ! {
        let mut report = self.report.as_raw_fd();
        let Err((name, error)) = self.set_up(&mut report);
        sys::write_raw(report, format!("{name}: {error}").as_bytes());
        sys::exit_now(70)
    }

    fn set_up(&self, report: &mut RawFd) -> Step<Infallible> {
        // By ourselves, because it may take long: the keeper has others to serve meanwhile.
        step("control groups", self.group.enter())?;
        if sys::read_some(self.go.as_fd(), 1).is_empty() {
            sys::exit_now(71); // The keeper gave up or died.
        }
        let others = libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS | libc::CLONE_NEWCGROUP;
        step("namespaces", sys::unshare(others))?;
        step("mounts", self.mount_root())?;
        step("hostname", sys::set_hostname("sandbox"))?;
        step("loopback", sys::loopback_up())?;
        step("addresses", sys::all_addresses_local())?;
        // The agent has no rights: it could not answer on ports 53 and 443 otherwise.
        step("ports", fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0"))?;
        step("descriptors", self.arrange_descriptors())?;
        *report = REPORT_FD;
        step("limits", sys::set_limit(libc::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES))?;
        step("limits", sys::no_core_files())?;
        step("user", sys::become_user(INSIDE_UID, INSIDE_UID, !self.recipe.rootless))?;
        step("parent", sys::die_with_parent())?;
        step("capabilities", sys::drop_capabilities())?;
        step("signals", sys::reset_signals())?;
        let agent = step("agent", CString::new(format!("{SHIM_DIR}/agent")).map_err(io::Error::other))?;
        for filter in &self.recipe.filters {
            step("seccomp", sys::load_seccomp(filter))?;
        }
        let start = sys::read_whole(ORDER_FD, ORDER_MAX);
        if start.is_empty() {
            sys::exit_now(71); // Nobody wants us any more.
        }
        let start = step("agent", CString::new(start).map_err(io::Error::other))?;
        Err(("agent", sys::execute(&agent, &[c"nova-agent", &start])))
    }

    /// The template as root, with a `/proc`, `/tmp` and `/dev/shm` of our own.
    fn mount_root(&self) -> io::Result<()> {
        sys::mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE, None)?;
        sys::move_mount(self.tree.as_fd(), &self.recipe.template.path)?;
        sys::change_directory(&self.recipe.template.path)?;
        let quiet = libc::MS_NOSUID | libc::MS_NODEV;
        sys::mount(Some(c"proc"), c"proc", Some(c"proc"), quiet | libc::MS_NOEXEC, None)?;
        let limits = SandboxLimits::default();
        let tmp = tmpfs_options(limits.tmp_bytes)?;
        sys::mount(Some(c"tmp"), c"tmp", Some(c"tmpfs"), quiet, Some(&tmp))?;
        sys::mount(Some(c"shm"), c"dev/shm", Some(c"tmpfs"), quiet, Some(&tmp))?;
        for hidden in HIDDEN {
            // Not on every kernel; a file that is absent needs no cover. The template's own
            // device: its mount is read-only already, and a bind mount inherits that.
            let _ = sys::mount(Some(c"dev/null"), hidden, None, libc::MS_BIND, None);
        }
        sys::pivot_here()
    }

    fn arrange_descriptors(&self) -> io::Result<()> {
        // First out of the way of the numbers that are given out below.
        let channel = sys::duplicate_above(self.channel.as_raw_fd(), 10)?;
        let egress = sys::duplicate_above(self.egress.as_raw_fd(), 10)?;
        let report = sys::duplicate_above(self.report.as_raw_fd(), 10)?;
        let order = sys::duplicate_above(self.order.as_raw_fd(), 10)?;
        let null = fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
        // Given away: it is closed with all others below.
        let null = sys::duplicate_above(null.into_raw_fd(), 10)?;
        for standard in 0..=2 {
            sys::move_descriptor(null, standard, false)?;
        }
        sys::move_descriptor(channel, CHANNEL_FD, false)?;
        sys::move_descriptor(egress, EGRESS_FD, false)?;
        sys::move_descriptor(report, REPORT_FD, true)?;
        sys::move_descriptor(order, ORDER_FD, true)?;
        sys::close_from(ORDER_FD as u32 + 1)
    }
}

/// Files of `/proc` that tell about the host and not about the sandbox.
const HIDDEN: &[&CStr] =
    &[c"proc/keys", c"proc/key-users", c"proc/timer_list", c"proc/sched_debug", c"proc/kmsg"];

fn tmpfs_options(bytes: u64) -> io::Result<CString> {
    CString::new(format!("size={bytes},nr_inodes=65536,mode=1777")).map_err(io::Error::other)
}
