//! How one sandbox is made.
//!
//! ```text
//! keeper                                   child (own user, mount and pid namespace)
//!   open_tree(template) ----------------->   waits
//!   clone3 -> pid, pidfd                     enters its control groups
//!   uid_map, gid_map, "go" -------------->   net, ipc, uts, cgroup namespaces
//!                                            root = template (read-only), /proc, /tmp, /dev/shm
//!                                            own uid, no capabilities, seccomp
//!                                            exec agent
//!   late: limits, /code mounted in   <-----  agent (and runtime) up, nothing known of a function
//!   Init, handed on for the server  ----->   loads the function
//! ```

pub(crate) mod cgroup;
pub(crate) mod late;
pub(crate) mod launch;
pub(crate) mod rootfs;
pub(crate) mod seccomp;

/// The user and group of every process in a sandbox, as seen inside.
pub(crate) const INSIDE_UID: u32 = 1000;
