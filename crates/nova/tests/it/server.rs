//! Starting and stopping the binary.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A running `nova serve --dev` with its own folders.
pub(crate) struct Server {
    child: Child,
    pub(crate) dir: PathBuf,
    pub(crate) address: String,
    arguments: Vec<String>,
    remove: bool,
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

static SHARED: OnceLock<Server> = OnceLock::new();

/// The server that tests share. It is stopped when the test process ends.
pub(crate) fn shared() -> &'static Server {
    extern "C" fn stop() {
        if let Some(server) = SHARED.get() {
            signal(server.pid(), "TERM");
            // Its folder goes with it.
            let begun = Instant::now();
            while server.get("/health/live").0 != 0 && begun.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = std::fs::remove_dir_all(&server.dir);
        }
    }
    SHARED.get_or_init(|| {
        // SAFETY: the handler takes no arguments and may run at any time after this.
        unsafe { libc::atexit(stop) };
        Server::start(&["--set", "isolation.orphan_grace_s=1"])
    })
}

impl Server {
    /// Starts a server in a fresh folder and waits until it is ready.
    pub(crate) fn start(extra: &[&str]) -> Self {
        Self::start_as(&["serve", "--dev"], extra)
    }

    /// The same without `--dev`.
    pub(crate) fn start_guarded(extra: &[&str]) -> Self {
        Self::start_as(&["serve"], extra)
    }

    fn start_as(how: &[&str], extra: &[&str]) -> Self {
        let dir = tempfile::Builder::new().prefix("nv").tempdir_in("/tmp").unwrap().keep();
        let port = free_port();
        let mut arguments: Vec<String> = how.iter().map(|text| (*text).to_owned()).collect();
        arguments.push("--listen".to_owned());
        arguments.push(format!("127.0.0.1:{port}"));
        if !extra.contains(&"--content-listen") {
            arguments.push("--content-listen".to_owned());
            arguments.push("127.0.0.1:0".to_owned());
        }
        arguments.push("--data-dir".to_owned());
        arguments.push(dir.join("d").display().to_string());
        // Each server in its own uid range, so that what one leaves is told from another's.
        arguments.push("--set".to_owned());
        arguments.push(format!("isolation.uid_base={}", 3_000_000 + u32::from(port) * 1000));
        arguments.push("--set".to_owned());
        arguments.push("isolation.uid_count=1000".to_owned());
        arguments.extend(extra.iter().map(|text| (*text).to_owned()));
        let child = spawn(&arguments, &dir);
        let server = Self { child, dir, address: format!("127.0.0.1:{port}"), arguments, remove: true };
        server.wait_ready();
        server
    }

    /// Host uids of its sandboxes.
    pub(crate) fn uids(&self) -> std::ops::Range<u32> {
        let port: u32 = self.address.rsplit(':').next().unwrap().parse().unwrap();
        let base = 3_000_000 + port * 1000;
        base..base + 1000
    }

    fn wait_ready(&self) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            let ready = match self.speaks_tls() {
                true => self.log().contains("nova serves"),
                false => self.get("/health/ready").0 == 200,
            };
            if ready {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server is not ready:\n{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    fn speaks_tls(&self) -> bool {
        self.arguments.iter().any(|argument| argument.starts_with("server.tls_cert="))
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.speaks_tls() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// A command of the CLI against this server.
    pub(crate) fn nova(&self, arguments: &[&str]) -> Output {
        command(&self.url()).args(arguments).output().unwrap()
    }

    /// The stdout of a command that must work.
    pub(crate) fn nova_ok(&self, arguments: &[&str]) -> String {
        let output = self.nova(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "nova {arguments:?}: {}\n{}\n{}\n--- server:\n{}",
            output.status,
            text(&output.stdout),
            text(&output.stderr),
            self.log()
        );
        text(&output.stdout)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.request("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, String) {
        self.request("POST", path, &["Content-Type: application/json"], body.as_bytes())
    }

    /// One request on a connection of its own; status and body.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> (u16, String) {
        request_to(&self.address, method, path, headers, body)
    }

    /// Makes a function from source text; panics with the answer if that fails.
    pub(crate) fn create(&self, name: &str, runtime: &str, handler: Option<&str>, code: &str, more: &str) {
        let handler = handler.map_or(String::new(), |text| format!("\"handler\": {}, ", quoted(text)));
        let more = if more.is_empty() { String::new() } else { format!(", {more}") };
        let body = format!(
            "{{\"name\": \"{name}\", \"runtime\": \"{runtime}\", {handler}\"code\": {}{more}}}",
            quoted(code)
        );
        let (status, text) = self.post("/functions", &body);
        assert_eq!(status, 201, "{text}\n{}", self.log());
    }

    /// Calls a function; status and answer as JSON.
    pub(crate) fn invoke(&self, name: &str, event: &str) -> (u16, serde_json::Value) {
        let (status, text) = self.post(&format!("/functions/{name}/invoke"), event);
        (status, serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)))
    }

    /// SIGTERM, and wait; the exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        signal(self.pid(), "TERM");
        self.wait(Duration::from_secs(40))
    }

    pub(crate) fn wait(&mut self, bound: Duration) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < bound {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server did not end:\n{}", self.log());
    }

    /// Kills the server without notice and starts it again in the same folder.
    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        self.child = spawn(&self.arguments, &self.dir);
        self.wait_ready();
    }

    /// Ends it as a crash would; how it ended.
    pub(crate) fn abort(&mut self) -> std::process::ExitStatus {
        signal(self.pid(), "ABRT");
        self.child.wait().unwrap()
    }

    /// Kills it without notice.
    pub(crate) fn kill(&mut self) {
        signal(self.pid(), "KILL");
        self.child.wait().unwrap();
    }

    /// Starts it again in the same folder, after a stop.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.arguments, &self.dir);
        self.wait_ready();
    }

    /// Processes that run under one of its sandboxes' uids.
    pub(crate) fn sandbox_processes(&self) -> Vec<u32> {
        let uids = self.uids();
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let uid = status
                .lines()
                .find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next()?.parse().ok());
            if uid.is_some_and(|uid: u32| uids.contains(&uid)) {
                found.push(pid);
            }
        }
        found
    }

    /// Control groups of its keeper.
    pub(crate) fn cgroups(&self) -> Vec<PathBuf> {
        let label = nova_keeper::process::label(&self.dir.join("d/run"));
        let mut found = Vec::new();
        for controller in ["memory", "cpu", "pids", ""] {
            find_folder(&Path::new("/sys/fs/cgroup").join(controller), &label, 4, &mut found);
        }
        found.sort();
        found.dedup();
        found
    }
}

fn find_folder(folder: &Path, name: &str, depth: u32, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if entry.file_name().to_string_lossy() == name {
            found.push(entry.path());
        } else if depth > 0 {
            find_folder(&entry.path(), name, depth - 1, found);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            signal(self.pid(), "TERM");
            let _ = self.child.wait();
        }
        if self.remove {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

fn spawn(arguments: &[String], dir: &Path) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("log")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_nova"))
        .args(arguments)
        .env("NOVA_LOG_LEVEL", "info")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Whoever is started from now on may leave core files, if the host lets anybody.
pub(crate) fn allow_core_files() {
    // SAFETY: `limit` is a valid place for the answer, and valid for the second call.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        assert_eq!(libc::getrlimit(libc::RLIMIT_CORE, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max;
        assert_eq!(libc::setrlimit(libc::RLIMIT_CORE, &limit), 0);
    }
}

/// The CLI, pointed at a server.
pub(crate) fn command(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nova"));
    command.env("NOVA_SERVER", url).stdin(Stdio::null());
    command
}

pub(crate) fn signal(pid: i32, name: &str) {
    let status = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// One request on a connection of its own, to any listener; status and body.
pub(crate) fn request_to(
    address: &str,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(address) else { return (0, String::new()) };
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    // A server that refuses early closes; what it said is what counts.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    parse(&answer)
}

fn parse(answer: &[u8]) -> (u16, String) {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return (0, text.into_owned()) };
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    (status, if chunked { unchunk(body) } else { body.to_owned() })
}

fn unchunk(body: &str) -> String {
    let (mut rest, mut out) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { break };
        if size == 0 || after.len() < size {
            break;
        }
        out.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    out
}
