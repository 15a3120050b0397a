//! No other process, user, file, device, socket or network is reachable from inside.

use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Arc;
use std::time::Duration;

use nova_domain::FunctionName;
use serde_json::{Value, json};

use super::{Case, Stage, assert_all, cases, texts};
use crate::support::eventually;

const PROBES: &str = include_str!("../probes/reach.py");
/// What the kernel says to those who may not.
const REFUSED: &[&str] = &["EPERM", "EACCES"];
const REFUSED_OR_ABSENT: &[&str] = &["EPERM", "EACCES", "ENOENT", "ENXIO", "ENODEV"];

pub fn cases() -> Vec<Case> {
    cases!["reach";
        a_function_sees_no_process_but_its_own,
        the_first_process_cannot_be_read_or_traced,
        the_first_process_cannot_be_signalled,
        everything_but_the_private_folders_is_read_only,
        files_of_the_host_do_not_exist,
        the_mount_table_shows_only_what_was_put_there,
        there_are_only_harmless_devices_and_none_can_be_made,
        the_kernel_cannot_be_configured_or_read_through_proc,
        only_unix_and_internet_sockets_can_be_made,
        listeners_of_the_host_cannot_be_reached,
        no_descriptor_is_inherited,
        no_environment_of_the_keeper_is_inherited,
        a_function_has_no_user_group_or_capability_of_the_host,
        programs_with_set_user_id_give_no_rights,
        two_sandboxes_share_no_memory_no_files_and_no_user,
    ]
}

fn deploy(stage: &Stage) -> FunctionName {
    stage.world.probe(PROBES).deploy(&stage.world)
}

pub async fn a_function_sees_no_process_but_its_own(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "processes").await;
    assert_eq!(found["pids"], json!([1, found["self"]]));
}

pub async fn the_first_process_cannot_be_read_or_traced(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "pid_one").await;
    assert_all(&found, REFUSED);
}

pub async fn the_first_process_cannot_be_signalled(stage: Arc<Stage>) {
    let function = deploy(&stage);
    assert_eq!(stage.world.ask(&function, "signal_pid_one").await, "alive");
    assert_eq!(stage.world.ask(&function, "signal_everyone").await, "alive");
    assert_eq!(stage.world.ask(&function, "processes").await["pids"].as_array().unwrap().len(), 2);
}

pub async fn everything_but_the_private_folders_is_read_only(stage: Arc<Stage>) {
    let function = deploy(&stage);
    let event = json!({
        "probe": "write_read_only",
        "folders": ["/", "/usr", "/usr/bin", "/usr/lib", "/code", "/nova", "/etc", "/dev", "/var", "/run", "/mnt",
            "/srv", "/sys", "/bin", "/proc", "/proc/1", "/layers"],
        "files": ["/etc/passwd", "/etc/resolv.conf", "/nova/agent", "/nova/shim.py", "/code/main.py",
            "/usr/bin/python3", "/etc/ld.so.cache"],
    });
    let found = stage.world.value(&function, event).await;
    assert_all(&found, &["EROFS", "EACCES", "EPERM", "ENOENT"]);
    assert_all(&stage.world.ask(&function, "write_private").await, &["ok"]);
}

pub async fn files_of_the_host_do_not_exist(stage: Arc<Stage>) {
    let function = deploy(&stage);
    let secret = tempfile::NamedTempFile::new().unwrap();
    let mut paths: Vec<String> = [
        "/root",
        "/home",
        "/etc/shadow",
        "/etc/ssh",
        "/etc/machine-id",
        "/var/lib",
        "/var/log",
        "/boot",
        "/opt",
        "/work",
        "/lost+found",
        "/proc/1/root/root",
        "/sys/fs/cgroup",
        "/sys/class",
        "/run/systemd",
        "/etc/gshadow",
        "/etc/sudoers",
        "/var/run/docker.sock",
        "/run/docker.sock",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push(secret.path().display().to_string());
    paths.extend(stage.provider.private_paths().iter().map(|path| path.display().to_string()));
    paths.push(stage.provider.code_root().display().to_string());
    let found = stage.world.value(&function, json!({ "probe": "read_host", "paths": paths })).await;
    assert_all(&found, &["ENOENT", "EACCES", "EPERM"]);

    let found = stage.world.ask(&function, "root_listing").await;
    let known = [
        "bin",
        "code",
        "deps",
        "dev",
        "etc",
        "layers",
        "lib",
        "lib32",
        "lib64",
        "libx32",
        "mnt",
        "node_modules",
        "nova",
        "proc",
        "run",
        "sbin",
        "srv",
        "sys",
        "tmp",
        "usr",
        "var",
    ];
    let more: Vec<_> = texts(&found["root"]).into_iter().filter(|entry| !known.contains(entry)).collect();
    assert!(more.is_empty(), "{more:?}");
    assert_eq!(
        (&found["sys"], &found["run"], &found["tmp"], &found["shm"]),
        (&json!([]), &json!([]), &json!([]), &json!([]))
    );
}

pub async fn the_mount_table_shows_only_what_was_put_there(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "mounts").await;
    for mount in found.as_array().unwrap() {
        let [target, kind, options] = texts(mount)[..] else { panic!("{mount}") };
        let known = target == "/"
            || ["/usr", "/etc/", "/dev/", "/proc", "/tmp", "/code", "/bin", "/lib", "/sbin"]
                .iter()
                .any(|start| target.starts_with(start));
        assert!(known, "a mount that nobody asked for: {mount}");
        let options: Vec<_> = options.split(',').collect();
        let writable = ["/tmp", "/dev/shm", "/proc"].contains(&target);
        assert!(writable || options.contains(&"ro"), "writable: {mount}");
        assert!(options.contains(&"nosuid"), "with set-user-id programs: {mount}");
        let may_have_devices =
            target.starts_with("/dev/") && target != "/dev/shm" || target.starts_with("/proc/");
        assert!(
            may_have_devices || options.contains(&"nodev") || kind != "tmpfs" || target == "/",
            "{mount}"
        );
    }
}

pub async fn there_are_only_harmless_devices_and_none_can_be_made(stage: Arc<Stage>) {
    let function = deploy(&stage);
    assert_all(&stage.world.ask(&function, "devices").await, REFUSED_OR_ABSENT);
    let found = stage.world.ask(&function, "root_listing").await;
    let known = ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"];
    assert_eq!(texts(&found["dev"]), known);
}

pub async fn the_kernel_cannot_be_configured_or_read_through_proc(stage: Arc<Stage>) {
    let function = deploy(&stage);
    assert_all(&stage.world.ask(&function, "proc_files").await, &["EACCES", "EPERM", "EROFS", "ENOENT"]);
    let found = stage.world.ask(&function, "proc_secrets").await;
    for (file, content) in found.as_object().unwrap() {
        let hidden = content == 0 || content.as_str().is_some_and(|text| REFUSED_OR_ABSENT.contains(&text));
        // Addresses are zeros for those without rights: such lines are not counted. Names
        // of memory areas without addresses tell nothing about this host's tenants.
        assert!(hidden || file == "iomem", "/proc/{file} tells {content}");
    }
}

pub async fn only_unix_and_internet_sockets_can_be_made(stage: Arc<Stage>) {
    let function = deploy(&stage);
    assert_all(&stage.world.ask(&function, "sockets").await, &["EPERM"]);
    assert_all(&stage.world.ask(&function, "useful_sockets").await, &["ok"]);
}

pub async fn listeners_of_the_host_cannot_be_reached(stage: Arc<Stage>) {
    let function = deploy(&stage);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let everywhere = TcpListener::bind("[::]:0").unwrap();
    let everywhere_port = everywhere.local_addr().unwrap().port();
    let name = format!("nova-it-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract_listener = UnixListener::bind_addr(&address).unwrap();
    let event = json!({
        "probe": "connect",
        "tcp": [["127.0.0.1", port], ["::1", everywhere_port], ["10.0.0.1", 80], ["192.168.0.1", 80],
            ["169.254.169.254", 80]],
        "abstract": [name],
        "unix": stage.provider.sockets(),
    });
    let mut found = stage.world.value(&function, event).await;
    let interfaces = found.as_object_mut().unwrap().remove("interfaces").unwrap();
    assert_eq!(interfaces, json!(["lo"]));
    assert_all(&found, &["ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "ENOENT", "EADDRNOTAVAIL"]);
    for listener in [listener, everywhere] {
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody came");
    }
}

pub async fn no_descriptor_is_inherited(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "descriptors").await;
    let mut expected = json!({"0": "/dev/null", "1": "pipe", "2": "pipe", "3": "socket"});
    if super::direct_calls() {
        // What the shim has to take calls, and to see whether one left something behind.
        expected["4"] = json!("socket");
        expected["5"] = json!("pipe");
        expected["6"] = json!("pipe");
        expected["7"] = json!("/proc/loadavg");
    }
    assert_eq!(found, expected);
    let program = b"#!/usr/bin/python3 -IS
import os
for fd in sorted(os.listdir('/proc/self/fd')):
    try:
        print(os.readlink('/proc/self/fd/' + fd).split(':')[0])
    except FileNotFoundError:
        pass
";
    let function = stage.world.program(program).deploy(&stage.world);
    let found = stage.world.value(&function, Value::Null).await;
    // Above all not the agent's channel to the host, which is a socket.
    let found: Vec<_> = found.as_str().unwrap().lines().filter(|link| *link != "/code/program").collect();
    assert_eq!(found, ["pipe", "pipe", "pipe"]);
}

pub async fn no_environment_of_the_keeper_is_inherited(stage: Arc<Stage>) {
    let event = json!({ "probe": "environment", "canary": stage.provider.canary() });
    let found = stage.world.value(&deploy(&stage), event).await;
    assert_eq!((&found["canary"], &found["canary in memory"]), (&json!(false), &json!(false)));
    for name in texts(&found["names"]) {
        let known =
            ["PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE"].contains(&name) || name.starts_with("NOVA_");
        assert!(known && name != "NOVA_TEST_SECRET", "{name}");
    }
}

pub async fn a_function_has_no_user_group_or_capability_of_the_host(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "identity").await;
    for field in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(found[field], "0000000000000000", "{field}");
    }
    for field in ["Uid", "Gid"] {
        assert_eq!(found[field], "1000\t1000\t1000\t1000", "{field}");
    }
    assert_eq!(
        (&found["NoNewPrivs"], &found["Seccomp"], &found["Groups"]),
        (&json!("1"), &json!("2"), &json!(""))
    );
    for way in ["setuid", "setgid", "setgroups", "chown"] {
        assert!(["EPERM", "EINVAL"].contains(&found[way].as_str().unwrap()), "{way}: {}", found[way]);
    }
    assert_eq!(found["uid_map"], "1", "one user is mapped");
    assert_eq!(found["oom"], "1000", "user code is the first victim at the memory limit");
}

pub async fn programs_with_set_user_id_give_no_rights(stage: Arc<Stage>) {
    let found = stage.world.ask(&deploy(&stage), "set_user_id").await;
    let programs = found["nosuid"].as_object().unwrap();
    assert!(!programs.is_empty(), "this host has no set-user-id program in /usr to try");
    assert!(programs.values().all(|nosuid| *nosuid == true), "{programs:?}");
    assert_ne!(found["su"], 0);
    assert_eq!((&found["su says"], &found["own"]), (&json!(""), &json!("1000")));
}

pub async fn two_sandboxes_share_no_memory_no_files_and_no_user(stage: Arc<Stage>) {
    let (one, other) = (deploy(&stage), deploy(&stage));
    let key = 0x4e4f_5641;
    // SAFETY: plain integers; the segment is removed below.
    let of_host = unsafe { libc::shmget(key + 1, 4096, libc::IPC_CREAT | 0o666) };
    assert!(of_host >= 0);
    let ask = |make: bool, key: i32| json!({ "probe": "shared_memory", "make": make, "key": key });
    let made = stage.world.value(&one, ask(true, key)).await;
    assert_eq!((&made["shm"], &made["sem"], &made["msg"]), (&json!("ok"), &json!("ok"), &json!("ok")));
    assert_eq!(made["files"].as_array().unwrap().len(), 2);
    for (function, key) in [(&other, key), (&other, key + 1), (&one, key + 1)] {
        let found = stage.world.value(function, ask(false, key)).await;
        for kind in ["shm", "sem", "msg"] {
            assert_eq!(found[kind], "ENOENT", "{kind} {key:x}");
        }
        assert_eq!((&found["mq"], &found["host"]), (&json!("EPERM"), &json!("sandbox")));
        if function == &other {
            assert_eq!((&found["files"], &found["abstract"]), (&json!([]), &json!("ECONNREFUSED")));
        }
    }
    // SAFETY: plain integers.
    unsafe { libc::shmctl(of_host, libc::IPC_RMID, std::ptr::null_mut()) };

    if stage.provider.host_uids().is_none() {
        return;
    }
    let hold = json!({ "probe": "hold", "seconds": 1.5 });
    let users = eventually_two_users(&stage);
    let (first, second, users) =
        tokio::join!(stage.world.value(&one, hold.clone()), stage.world.value(&other, hold.clone()), users);
    assert_eq!((first, second), (json!(1000), json!(1000)));
    assert!(users);
}

/// Every sandbox has one first process and one user, and no user is the test's own.
async fn eventually_two_users(stage: &Stage) -> bool {
    tokio::time::sleep(Duration::from_millis(200)).await;
    eventually("one user for each sandbox", || {
        let processes = stage.provider.processes();
        let agents: Vec<_> = processes.iter().filter(|one| one.comm == "agent").map(|one| one.uid).collect();
        let mut users = agents.clone();
        users.sort_unstable();
        users.dedup();
        (agents.len() >= 2 && users.len() == agents.len() && !users.contains(&0)).then_some(true)
    })
    .await
}
