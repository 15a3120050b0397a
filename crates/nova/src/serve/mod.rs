//! `nova serve`: the composition root. Builds concrete parts, starts them, stops them in order.
//!
//! ```text
//! as root:   settings, runtimes found, folders, keeper started   (one thread)
//! then:      root given up for good
//! then:      store, objects, comet, control, aurora, zenith      (async runtime)
//! ```

pub(crate) mod keeper;
mod privileges;
mod system;
mod wire;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use nova_comet::Runtimes;
use nova_kit::dirs::{Dirs, Surroundings};
use nova_kit::telemetry::{self, LogFormat};

use crate::cli::ServerOptions;
use crate::settings::ServerSettings;

/// The keeper's socket in a run directory.
pub(crate) fn keeper_socket(run_dir: &std::path::Path) -> PathBuf {
    keeper::socket_path(run_dir)
}

/// What is found out and made before privileges are given up.
struct Prepared {
    settings: ServerSettings,
    /// The settings as people see them, with their origins.
    shown: Vec<nova_api::v1::SettingView>,
    dirs: Dirs,
    runtimes: Runtimes,
    keeper: nova_keeper::process::Config,
    /// Whether this process may start a keeper again by itself.
    may_respawn: bool,
    metrics: std::sync::Arc<dyn Fn() -> String + Send + Sync>,
}

/// Runs a server until it is told to stop.
pub(crate) fn run(options: &ServerOptions) -> anyhow::Result<()> {
    let loaded = options.load()?;
    let shown = system::settings(&loaded);
    let settings = loaded.settings;
    if !settings.server.dev {
        bail!(
            "this version of Nova has no access control yet, so it serves only with --dev (loopback, one user); \
             see docs/security.md"
        );
    }
    let format = LogFormat::parse(&settings.log.format).unwrap_or(LogFormat::Json);
    telemetry::start_logs(&settings.log.level, format).map_err(anyhow::Error::msg)?;
    let address: std::net::SocketAddr = settings.server.listen.parse().with_context(|| {
        format!("`server.listen` is no address: {:?}; write it like 127.0.0.1:9000", settings.server.listen)
    })?;
    if !address.ip().is_loopback() {
        bail!("--dev serves on loopback only, and {address} is reachable from outside; use 127.0.0.1");
    }
    let root = privileges::is_root();
    let dirs =
        Dirs::resolve(&Surroundings::here(), &settings.dirs.data, &settings.dirs.cache, &settings.dirs.run);
    let owner = root.then_some(settings.isolation.server_uid as u32);
    make_folders(&dirs, &settings, owner)?;
    let mut runtimes = Runtimes::discover();
    let keeper = keeper_config(&settings, &dirs, &mut runtimes)?;
    // Taken before anything heavy: a second server on this address fails here.
    let listener =
        std::net::TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    keeper::ensure(&keeper)?;
    if let Some(uid) = owner {
        privileges::give_up(uid).context("root could not be given up")?;
    }
    if let Err(error) = privileges::raise_open_files() {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let handle = telemetry::start_metrics().map_err(anyhow::Error::msg)?;
    let rendering = handle.clone();
    let metrics = std::sync::Arc::new(move || rendering.render());
    let threads = match settings.server.threads {
        0 => std::thread::available_parallelism().map_or(1, |count| count.get() / 2).max(1),
        count => count as usize,
    };
    let prepared = Prepared { settings, shown, dirs, runtimes, keeper, may_respawn: !root, metrics };
    // One thread has no hand-over between threads, which is worth more than the second
    // thread until there are more than two CPUs.
    let mut builder = if threads == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    let runtime = builder.enable_all().build().context("start")?;
    let result = runtime.block_on(wire::serve(prepared, listener, handle));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

/// Data and cache are the server's alone; the run folder may be entered, not listed.
fn make_folders(dirs: &Dirs, settings: &ServerSettings, owner: Option<u32>) -> anyhow::Result<()> {
    let shown = |path: &PathBuf| format!("cannot make {}", path.display());
    privileges::private_folder(&dirs.data, owner).with_context(|| shown(&dirs.data))?;
    privileges::private_folder(&dirs.cache, owner).with_context(|| shown(&dirs.cache))?;
    if let Some(dir) = settings.database.url.strip_prefix("sqlite:") {
        let dir = PathBuf::from(dir);
        privileges::private_folder(&dir, owner).with_context(|| shown(&dir))?;
    }
    std::fs::create_dir_all(&dirs.run).with_context(|| shown(&dirs.run))?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(&dirs.run, mode).with_context(|| shown(&dirs.run))?;
    // The cache holds code; the keeper mounts from there, so it must exist when it starts.
    // Objects are named too: the data folder itself may have to be open for others, see below.
    for path in [dirs.cache.join("code"), dirs.cache.join("shims"), dirs.data.join("objects")] {
        privileges::private_folder(&path, owner).with_context(|| shown(&path))?;
    }
    // With only a data directory set, the others lie below it and must be reachable.
    if dirs.run.starts_with(&dirs.data) {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(&dirs.data, mode).with_context(|| shown(&dirs.data))?;
    }
    Ok(())
}

fn keeper_config(
    settings: &ServerSettings,
    dirs: &Dirs,
    runtimes: &mut Runtimes,
) -> anyhow::Result<nova_keeper::process::Config> {
    let isolation = &settings.isolation;
    let files =
        runtimes.compile_shims(&dirs.cache.join("shims")).context("the Python shim does not compile")?;
    let mut mountable = vec![dirs.cache.join("code")];
    mountable.extend(runtimes.compiler_roots());
    Ok(nova_keeper::process::Config {
        run_dir: dirs.run.clone(),
        server_uid: if privileges::is_root() { isolation.server_uid as u32 } else { u32::MAX },
        mountable,
        exposed: runtimes.interpreter_roots(),
        mount_points: runtimes.compiler_roots(),
        files,
        uid_base: isolation.uid_base as u32,
        uid_count: isolation.uid_count as u32,
        orphan_grace_ms: isolation.orphan_grace_s * 1000,
        allow_without_cgroups: isolation.allow_without_cgroups || settings.server.dev,
    })
}
