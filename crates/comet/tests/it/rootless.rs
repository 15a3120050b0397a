//! The keeper as an ordinary user: weaker, and honest about it.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nova_comet::Settings;
use nova_comet::process::{KeeperLink, LinkSettings, ProcessBackend};
use nova_domain::call::FunctionErrorKind;
use nova_keeper::process::SOCKET_NAME;
use serde_json::json;

use crate::support::keeper::{CANARY, command, config, open_to_all};
use crate::support::world::World;
use crate::support::{eventually, host, trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("rootless::an_ordinary_user_gets_isolation_and_is_told_what_is_missing", smoke),
        trial("rootless::without_control_groups_the_keeper_refuses_unless_told", refuses),
    ]
}

const PROBES: &str = include_str!("probes/reach.py");

/// A user of the host that nobody else uses.
fn user() -> u32 {
    3_900_000_000 + std::process::id() % 1_000_000
}

struct Rootless {
    child: Child,
    config: nova_keeper::process::Config,
    folder: tempfile::TempDir,
    program: std::path::PathBuf,
}

impl Rootless {
    fn prepare() -> (tempfile::TempDir, std::path::PathBuf, nova_keeper::process::Config) {
        let folder = tempfile::Builder::new().prefix("nova-it-").tempdir().unwrap();
        open_to_all(folder.path());
        // The test program lies where only root may read.
        let program = folder.path().join("it");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut config = config(folder.path(), 0, 20_000);
        for path in [&config.run_dir, &config.mountable[0]] {
            std::fs::create_dir_all(path).unwrap();
            open_to_all(path);
        }
        chown(&config.run_dir, Some(user()), Some(user())).unwrap();
        // Inside its own namespace the keeper sees root, who is not mapped, as this one.
        config.server_uid = 65_534;
        (folder, program, config)
    }

    fn start() -> Self {
        let (folder, program, mut config) = Self::prepare();
        config.allow_without_cgroups = true;
        let child = until_not_busy(|| command(&program, &config).uid(user()).gid(user()).spawn());
        Self { child, config, folder, program }
    }

    async fn connect(&mut self) -> Arc<ProcessBackend> {
        let socket = self.config.run_dir.join(SOCKET_NAME);
        let begun = Instant::now();
        loop {
            match KeeperLink::open(LinkSettings { socket: socket.clone(), respawn: None }) {
                Ok((link, greeting)) => {
                    assert!(greeting.rootless);
                    return Arc::new(ProcessBackend::new(link));
                }
                Err(error) => {
                    let ended = self.child.try_wait().unwrap();
                    assert!(ended.is_none(), "the keeper could not start: {ended:?}");
                    assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }
}

impl Drop for Rootless {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn smoke() {
    let mut rootless = Rootless::start();
    let backend = rootless.connect().await;
    assert!(rootless.program.exists());
    let status = backend.status().await.unwrap();
    let missing: Vec<_> = status.layers.iter().filter(|layer| !layer.active).collect();
    let names: Vec<_> = missing.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["limits", "own user per sandbox"]);
    assert!(missing.iter().all(|layer| layer.detail.contains("start Nova as root")), "{missing:?}");

    let world = World::new(backend.clone(), &rootless.config.mountable[0], Settings::default());
    let function = world.probe(PROBES).limits(|limits| limits.timeout_s = 3).deploy(&world);
    let found = world.ask(&function, "processes").await;
    assert_eq!(found["pids"], json!([1, found["self"]]));
    let found = world.ask(&function, "identity").await;
    for field in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(found[field], "0000000000000000", "{field}");
    }
    assert_eq!((&found["NoNewPrivs"], &found["Seccomp"]), (&json!("1"), &json!("2")));
    let paths = ["/root", "/home", "/etc/shadow", rootless.folder.path().to_str().unwrap()];
    let found = world.value(&function, json!({ "probe": "read_host", "paths": paths })).await;
    assert!(found.as_object().unwrap().values().all(|answer| answer == "ENOENT"), "{found}");
    let event =
        json!({ "probe": "write_read_only", "folders": ["/", "/usr", "/code", "/nova"], "files": [] });
    let found = world.value(&function, event).await;
    assert!(found.as_object().unwrap().values().all(|answer| answer != "ok"), "{found}");
    let found = world.ask(&function, "pid_one").await;
    assert!(found.as_object().unwrap().values().all(|answer| answer != "ok"), "{found}");
    let found = world.value(&function, json!({ "probe": "environment", "canary": CANARY })).await;
    assert_eq!(found["canary"], false);
    let found =
        world.value(&function, json!({ "probe": "connect", "tcp": [], "abstract": [], "unix": [] })).await;
    assert_eq!(found["interfaces"], json!(["lo"]));
    let error = world.error(&function, json!({ "probe": "hold", "seconds": 30 })).await;
    assert_eq!(error.kind, FunctionErrorKind::Timeout);

    backend.shutdown().await.unwrap();
    eventually("the keeper has ended", || rootless.child.try_wait().unwrap()).await;
    let left = host::processes_of(&(user()..user() + 1));
    assert!(left.is_empty(), "{left:?}");
}

/// A program that was just copied cannot be started while a process that another test is
/// just forking still holds the copy open for writing.
fn until_not_busy<T>(mut start: impl FnMut() -> std::io::Result<T>) -> T {
    loop {
        match start() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            other => return other.unwrap(),
        }
    }
}

async fn refuses() {
    let (_folder, program, config) = Rootless::prepare();
    let output = until_not_busy(|| command(&program, &config).uid(user()).gid(user()).output());
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("no control groups") && text.contains("allow_without_cgroups"), "{text}");
}
