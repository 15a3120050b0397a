//! Keepers that tests start, and what each may leave behind: nothing.

use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nova_keeper::client::Connection;
use nova_keeper::process::{Config, SOCKET_NAME, label};
use nova_keeper::protocol::{ReplyBody, Request, RequestBody, SandboxInfo};
use tempfile::TempDir;

use super::host;

/// In the keeper's environment, and nowhere inside.
pub const CANARY: &str = "canary-in-the-environment-of-the-keeper";
/// Host uids of one keeper.
const UIDS: u32 = 200;

/// The role `keeper` of this program.
pub fn run(config: &str) -> ExitCode {
    let config: Config = serde_json::from_str(config).unwrap();
    match nova_keeper::process::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keeper: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A keeper process with its own run directory, uid range and folder of code.
pub struct KeeperProcess {
    pub config: Config,
    child: Arc<Mutex<Child>>,
    /// Its time is over: nobody may start it again.
    over: Arc<AtomicBool>,
    folder: TempDir,
}

/// Keepers that are shared by tests, with their folders; ended with the program.
static SHARED: Mutex<Vec<(Arc<Mutex<Child>>, PathBuf)>> = Mutex::new(Vec::new());

fn next_uid_base() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Other test programs may run at the same time: pids (below 100,000) tell them apart.
    1_000_000_000 + std::process::id() % 100_000 * 20_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 100 * UIDS
}

impl KeeperProcess {
    /// Starts one that ends `grace_ms` after its last server is gone.
    pub fn start(grace_ms: u64) -> Self {
        let folder = tempfile::Builder::new().prefix("nova-it-").tempdir().unwrap();
        open_to_all(folder.path());
        let config = config(folder.path(), next_uid_base(), grace_ms);
        std::fs::create_dir_all(&config.mountable[0]).unwrap();
        open_to_all(&config.mountable[0]);
        let child = spawn(&config).unwrap();
        let keeper = Self { config, child: Arc::new(Mutex::new(child)), over: Arc::default(), folder };
        keeper.wait_until_up();
        keeper
    }

    /// One that is not ended before the program ends.
    pub fn shared(self) -> Self {
        SHARED.lock().unwrap().push((self.child.clone(), self.folder().to_owned()));
        self
    }

    /// A closure that starts a keeper anew with the same configuration.
    pub fn respawn(&self) -> Box<dyn Fn() -> io::Result<()> + Send + Sync> {
        let (config, child, over) = (self.config.clone(), self.child.clone(), self.over.clone());
        Box::new(move || {
            let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
            if !over.load(Ordering::SeqCst) && child.try_wait()?.is_some() {
                *child = spawn(&config)?;
            }
            Ok(())
        })
    }

    pub fn start_again(&self) {
        (self.respawn())().unwrap();
        self.wait_until_up();
    }

    fn wait_until_up(&self) {
        let begun = Instant::now();
        while Connection::open(&self.socket()).is_err() {
            let ended = self.child.lock().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the keeper could not start: {ended:?}");
            assert!(begun.elapsed() < Duration::from_secs(10), "the keeper is not up within 10 s");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn pid(&self) -> i32 {
        self.child.lock().unwrap().id() as i32
    }

    pub fn has_ended(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_some()
    }

    pub fn socket(&self) -> PathBuf {
        self.config.run_dir.join(SOCKET_NAME)
    }

    /// Folder for code, below which folders may be mounted.
    pub fn code_root(&self) -> &Path {
        &self.config.mountable[0]
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn uids(&self) -> Range<u32> {
        self.config.uid_base..self.config.uid_base + self.config.uid_count
    }

    pub fn label(&self) -> String {
        label(&self.config.run_dir)
    }

    pub fn kill(&self) {
        kill(self.pid(), libc::SIGKILL);
        self.child.lock().unwrap().wait().unwrap();
    }

    pub fn connect(&self) -> Connection {
        Connection::open(&self.socket()).unwrap().0
    }

    /// Every sandbox that the keeper has now.
    pub fn sandboxes(&self) -> Vec<SandboxInfo> {
        match self.connect().call(&Request { id: 1, body: RequestBody::List }).unwrap() {
            (ReplyBody::Sandboxes { sandboxes }, _) => sandboxes,
            (other, _) => panic!("{other:?}"),
        }
    }

    /// Those that a server has or had; not what is kept ready.
    pub fn leased(&self) -> Vec<SandboxInfo> {
        self.sandboxes().into_iter().filter(|one| one.leased).collect()
    }

    /// What is on the host that should not outlive the keeper.
    pub fn left_behind(&self) -> Vec<String> {
        let mut left: Vec<String> = host::processes_of(&self.uids())
            .into_iter()
            .map(|process| format!("process {process:?}"))
            .collect();
        left.extend(host::cgroups_named(&self.label()).into_iter().map(|path| format!("cgroup {path:?}")));
        left.extend(host::mounts_with(self.folder.path().to_str().unwrap()));
        for entry in std::fs::read_dir(&self.config.run_dir).unwrap().flatten() {
            // The lock file stays: removing it would let two keepers lock two files.
            let empty_folder = std::fs::read_dir(entry.path()).is_ok_and(|mut below| below.next().is_none());
            if entry.file_name() != "keeper.lock" && !empty_folder {
                left.push(format!("file {:?}", entry.path()));
            }
        }
        left
    }
}

impl Drop for KeeperProcess {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        end(&mut child);
    }
}

fn end(child: &mut Child) {
    kill(child.id() as i32, libc::SIGTERM);
    let begun = Instant::now();
    while child.try_wait().is_ok_and(|ended| ended.is_none()) {
        if begun.elapsed() > Duration::from_secs(8) {
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Ends the shared keepers. Statics are not dropped.
pub fn end_all() {
    for (child, folder) in SHARED.lock().unwrap().drain(..) {
        end(&mut child.lock().unwrap_or_else(PoisonError::into_inner));
        let _ = std::fs::remove_dir_all(folder);
    }
}

pub fn config(folder: &Path, uid_base: u32, orphan_grace_ms: u64) -> Config {
    Config {
        run_dir: folder.join("run"),
        server_uid: 0,
        mountable: vec![folder.join("code")],
        exposed: Vec::new(),
        mount_points: Vec::new(),
        files: Vec::new(),
        uid_base,
        uid_count: UIDS,
        orphan_grace_ms,
        allow_without_cgroups: false,
    }
}

fn spawn(config: &Config) -> io::Result<Child> {
    let mut command = command(&std::env::current_exe()?, config);
    // A file that was opened without close-on-exec, as careless callers leave them.
    let open = std::fs::File::open("/etc/shadow")?;
    // SAFETY: dup2 is async-signal-safe, and `open` is open until after the spawn.
    unsafe {
        command.pre_exec(move || {
            if libc::dup2(open.as_raw_fd(), 77) < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        });
    }
    command.spawn()
}

/// `PROGRAM keeper CONFIG` with a secret in its environment.
pub fn command(program: &Path, config: &Config) -> Command {
    let mut command = Command::new(program);
    command.args(["keeper", &serde_json::to_string(config).unwrap()]);
    command.env("NOVA_TEST_SECRET", CANARY).stdin(Stdio::null()).current_dir("/");
    command
}

pub fn kill(pid: i32, signal: i32) {
    // SAFETY: plain integers; the pid is one that the test found in its own range.
    unsafe { libc::kill(pid, signal) };
}

/// Temp dirs are private to root; sandboxes of other users must read what lies below.
pub fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}
