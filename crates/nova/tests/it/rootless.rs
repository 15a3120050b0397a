//! The server as an ordinary user: what a person without root gets, and that it leaves nothing.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::server::{allow_core_files, free_port, signal};

/// A home folder, a copy of the program where that user can reach it, and a server.
struct Home {
    folder: tempfile::TempDir,
    uid: u32,
    port: u16,
    content: u16,
    server: Option<Child>,
}

impl Home {
    /// `None` if the tests themselves run as an ordinary user: then every test here is one of this.
    fn make() -> Option<Self> {
        // SAFETY: no arguments, cannot fail.
        if unsafe { libc::geteuid() } != 0 {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("nvr").tempdir_in("/tmp").unwrap();
        let open = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder.path(), open(0o755)).unwrap();
        let program = folder.path().join("nova");
        std::fs::copy(env!("CARGO_BIN_EXE_nova"), &program).unwrap();
        std::fs::set_permissions(&program, open(0o755)).unwrap();
        // A user of the host that nobody else uses: what it leaves is told from the rest.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let uid = 3_800_000_000 + std::process::id() % 1_000_000 * 10 + COUNT.fetch_add(1, Ordering::Relaxed);
        let home = folder.path().join("home");
        std::fs::create_dir(&home).unwrap();
        chown(&home, Some(uid), Some(uid)).unwrap();
        Some(Self { folder, uid, port: free_port(), content: free_port(), server: None })
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A command of that user, with nothing of the tests' own surroundings.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.folder.path().join("nova"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.home())
            .env("NOVA_SERVER", format!("http://127.0.0.1:{}", self.port))
            .env("NOVA_DIRS_DATA", self.home().join("d"))
            .current_dir(self.home())
            .stdin(Stdio::null())
            .uid(self.uid)
            .gid(self.uid);
        command
    }

    fn nova(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.nova(arguments);
        let told = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        assert!(output.status.success(), "nova {arguments:?}: {told}\n{}", self.log());
        told
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn start(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let listen = format!("127.0.0.1:{}", self.port);
        let content = format!("127.0.0.1:{}", self.content);
        let set = "isolation.orphan_grace_s=1";
        let arguments = ["serve", "--dev", "--listen", &listen, "--content-listen", &content, "--set", set];
        let child = self.command(&arguments).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.server = Some(child);
        self.until("the server is ready", || self.http("/health/ready") == 200);
    }

    fn http(&self, path: &str) -> u16 {
        use std::io::{Read as _, Write as _};
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) else { return 0 };
        let _ = write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        );
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !done() {
            assert!(
                begun.elapsed() < Duration::from_secs(40),
                "{what}\n{:?}\n{}",
                self.processes(),
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Command lines of this user's processes.
    fn processes(&self) -> Vec<(i32, String)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let own = status
                .lines()
                .find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next()?.parse::<u32>().ok());
            if own == Some(self.uid) && !status.contains("State:\tZ") {
                let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
                found.push((pid, String::from_utf8_lossy(&line).replace('\0', " ")));
            }
        }
        found
    }

    /// The keeper itself, not the one that starts it again.
    fn keeper(&self) -> Option<i32> {
        let is = |line: &str| line.contains(" keeper {");
        let parents: Vec<i32> =
            self.processes().iter().filter(|(_, line)| is(line)).map(|one| one.0).collect();
        parents.into_iter().min()
    }

    fn sandboxes(&self) -> usize {
        self.processes()
            .iter()
            .filter(|(_, line)| !line.contains("/nova serve") && !line.contains(" keeper "))
            .count()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            signal(server.id() as i32, "TERM");
            let _ = server.wait();
        }
        // Whatever a failed test left; only processes of a user that is this test's own.
        for (pid, _) in self.processes() {
            // SAFETY: plain integers.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
}

fn mounts_below(folder: &Path) -> usize {
    let all = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    all.lines().filter(|line| line.contains(&folder.display().to_string())).count()
}

#[test]
fn an_ordinary_user_deploys_calls_and_streams_and_is_told_what_is_missing() {
    let Some(mut home) = Home::make() else { return };
    home.start();
    for runtime in ["python", "node", "ruby", "go"] {
        let name = format!("hello-{runtime}");
        home.ok(&["init", runtime, &name]);
        home.ok(&["deploy", &name]);
        let told = home.ok(&["invoke", &name, "-d", "{\"name\": \"Ada\"}"]);
        assert!(told.contains("Hello, Ada!"), "{told}");
    }
    std::fs::write(home.home().join("s.py"), "for i in range(3):\n    print('chunk', i, flush=True)\n")
        .unwrap();
    home.ok(&["fn", "create", "streams", "--runtime", "python", "--code", "s.py"]);
    assert_eq!(home.ok(&["invoke", "streams", "--stream"]), "chunk 0\nchunk 1\nchunk 2\n");

    // Inside it is nobody's machine all the same: no other process, no network, no host files.
    let probe = "import os, socket\ndef handler(event, context):\n    pids = [p for p in os.listdir('/proc') if p.isdigit()]\n    \
                 lines = [open('/proc/%s/cmdline' % p).read() for p in pids]\n    \
                 return {'uid': os.getuid(), 'foreign': [l for l in lines if 'serve' in l or 'keeper' in l],\n        \
                 'links': os.listdir('/sys/class/net') if os.path.exists('/sys/class/net') else [],\n        \
                 'home': os.path.exists(event['home']), 'writable': os.access('/', os.W_OK)}\n";
    std::fs::write(home.home().join("probe.py"), probe).unwrap();
    home.ok(&[
        "fn",
        "create",
        "probe",
        "--runtime",
        "python",
        "--code",
        "probe.py",
        "--handler",
        "probe.handler",
    ]);
    let told = home.ok(&["invoke", "probe", "-d", &format!("{{\"home\": {:?}}}", home.home())]);
    let seen: serde_json::Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"));
    assert_eq!((&seen["uid"], &seen["foreign"]), (&1000.into(), &serde_json::json!([])), "{seen}");
    assert_eq!((&seen["home"], &seen["writable"]), (&false.into(), &false.into()), "{seen}");

    let doctor = home.ok(&["doctor"]);
    assert!(doctor.contains("rootless"), "{doctor}");
    let missing: Vec<&str> = doctor.lines().filter(|line| line.contains("MISSING")).collect();
    assert!(missing.iter().any(|line| line.contains("own user per sandbox")), "{doctor}");
    for line in &missing {
        let says = ["start Nova as root", "install it", "delegate"].iter().any(|text| line.contains(text));
        assert!(says, "what to do about it is not said: {line}\n{doctor}");
    }

    let mut server = home.server.take().unwrap();
    signal(server.id() as i32, "TERM");
    assert!(server.wait().unwrap().success(), "{}", home.log());
    home.until("everything ended", || home.processes().is_empty());
    assert_eq!(mounts_below(home.folder.path()), 0);
}

#[test]
fn killed_keepers_and_servers_of_an_ordinary_user_come_back_and_leave_nothing() {
    let Some(mut home) = Home::make() else { return };
    home.start();
    home.ok(&["init", "python", "hello"]);
    home.ok(&["deploy", "hello"]);
    home.ok(&["invoke", "hello"]);
    let first = home.keeper().expect("a keeper");
    signal(first, "KILL");
    home.until("another keeper is there", || home.keeper().is_some_and(|pid| pid != first));
    home.until("calls work again", || home.nova(&["invoke", "hello"]).status.success());

    let mut server = home.server.take().unwrap();
    signal(server.id() as i32, "KILL");
    server.wait().unwrap();
    // The keeper waits the grace time for another server, then ends with all that it made.
    home.until("sandboxes without a server end", || home.sandboxes() == 0);
    home.start();
    home.ok(&["invoke", "hello"]);

    // Both at once, with a call in the middle.
    std::fs::write(home.home().join("slow.py"), "import time\ndef handler(e, c):\n    time.sleep(30)\n")
        .unwrap();
    home.ok(&[
        "fn",
        "create",
        "slow",
        "--runtime",
        "python",
        "--code",
        "slow.py",
        "--handler",
        "slow.handler",
    ]);
    let mut caller = home.command(&["invoke", "slow"]).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let mut server = home.server.take().unwrap();
    signal(server.id() as i32, "KILL");
    signal(home.keeper().expect("a keeper"), "KILL");
    server.wait().unwrap();
    assert!(!caller.wait().unwrap().success(), "a call that broke off is no success");
    home.until("everything ended", || home.processes().is_empty());
    home.start();
    home.ok(&["invoke", "hello"]);
    let mut server = home.server.take().unwrap();
    signal(server.id() as i32, "TERM");
    assert!(server.wait().unwrap().success(), "{}", home.log());
    home.until("everything ended", || home.processes().is_empty());
    assert_eq!(mounts_below(home.folder.path()), 0);
    let run = home.home().join("d/run");
    let left: Vec<_> =
        std::fs::read_dir(&run).into_iter().flatten().flatten().map(|one| one.file_name()).collect();
    assert!(
        left.iter().all(|name| name.to_string_lossy().starts_with("keeper") || name == "root"),
        "{left:?}"
    );
}

#[test]
fn a_crash_of_an_ordinary_users_server_leaves_no_core_file_with_secrets() {
    use std::os::unix::process::ExitStatusExt as _;
    allow_core_files();
    let Some(mut home) = Home::make() else { return };
    home.start();
    let keeper = home.keeper().expect("a keeper");
    let limits = std::fs::read_to_string(format!("/proc/{keeper}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("1"), "{core}");
    let mut server = home.server.take().unwrap();
    signal(server.id() as i32, "ABRT");
    let ended = server.wait().unwrap();
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(libc::SIGABRT), false));
    home.until("everything ended", || home.processes().is_empty());
}
