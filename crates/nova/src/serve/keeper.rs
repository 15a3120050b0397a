//! Starting the keeper, and the keeper's own entry.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nova_keeper::client::{Connection, Greeting};
use nova_keeper::process::{Config, SOCKET_NAME};

/// How long a new keeper may take until its socket is there.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// `nova keeper CONFIG`: the keeper, or the one that starts it again.
pub(crate) fn run(config: &str, supervise: bool) -> anyhow::Result<()> {
    if !supervise {
        let config: Config = serde_json::from_str(config).context("the configuration is not valid")?;
        return nova_keeper::process::run(config).context("keeper");
    }
    // Every death of a keeper takes its sandboxes along; a fresh one removes what is left.
    let mut wait = Duration::from_millis(100);
    loop {
        let begun = Instant::now();
        let status = Command::new(std::env::current_exe()?).args(["keeper", config]).status()?;
        if status.success() {
            return Ok(());
        }
        eprintln!("nova-keeper: ended ({status}); starting it again");
        wait = if begun.elapsed() > Duration::from_secs(60) { Duration::from_millis(100) } else { wait * 2 };
        if wait > Duration::from_secs(30) {
            anyhow::bail!("the keeper does not stay up");
        }
        std::thread::sleep(wait);
    }
}

/// The keeper's socket in a run directory.
pub(super) fn socket_path(run_dir: &Path) -> PathBuf {
    run_dir.join(SOCKET_NAME)
}

/// Finds a running keeper, or starts one that outlives this process.
pub(super) fn ensure(config: &Config) -> anyhow::Result<Greeting> {
    let socket = socket_path(&config.run_dir);
    if let Ok((_, greeting)) = Connection::open(&socket) {
        return Ok(greeting);
    }
    let mut child = spawn(config)?;
    let begun = Instant::now();
    loop {
        match Connection::open(&socket) {
            Ok((_, greeting)) => return Ok(greeting),
            Err(error) if begun.elapsed() > START_TIMEOUT => {
                return Err(error)
                    .with_context(|| format!("the keeper does not answer at {}", socket.display()));
            }
            Err(_) => {}
        }
        if let Some(status) = child.try_wait()? {
            anyhow::bail!("the keeper could not start ({status}); it says why above");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts the keeper's supervisor in a session of its own: it shall not get the
/// terminal's signals, and goes on when this process is killed.
pub(super) fn spawn(config: &Config) -> io::Result<std::process::Child> {
    let text = serde_json::to_string(config)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["keeper", "--supervise", &text]).stdin(Stdio::null()).current_dir("/");
    // SAFETY: setsid is async-signal-safe.
    unsafe {
        command.pre_exec(|| if libc::setsid() < 0 { Err(io::Error::last_os_error()) } else { Ok(()) });
    }
    command.spawn()
}
