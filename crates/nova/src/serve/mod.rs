//! `nova serve`: the composition root. Builds concrete parts, starts them, stops them in order.
//!
//! ```text
//! as root:   settings, runtimes found, folders, keeper started   (one thread)
//! then:      root given up for good
//! then:      store, objects, comet, control, aurora, zenith      (async runtime)
//! ```

pub(crate) mod keeper;
mod memory;
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
    let format = LogFormat::parse(&settings.log.format).unwrap_or(LogFormat::Json);
    telemetry::start_logs(&settings.log.level, format).map_err(anyhow::Error::msg)?;
    let address: std::net::SocketAddr = settings.server.listen.parse().with_context(|| {
        format!("`server.listen` is no address: {:?}; write it like 127.0.0.1:9000", settings.server.listen)
    })?;
    if settings.server.dev && !address.ip().is_loopback() {
        bail!(
            "--dev serves on loopback only, and {address} is reachable from outside; use 127.0.0.1, or serve without --dev"
        );
    }
    let content = settings.content.address(address)?;
    if let Some(content) = content.filter(|content| settings.server.dev && !content.ip().is_loopback()) {
        bail!(
            "--dev serves on loopback only, and `content.listen` {content} is reachable from outside; use 127.0.0.1"
        );
    }
    let root = privileges::is_root();
    let dirs =
        Dirs::resolve(&Surroundings::here(), &settings.dirs.data, &settings.dirs.cache, &settings.dirs.run);
    let owner = root.then_some(settings.isolation.server_uid as u32);
    make_folders(&dirs, &settings, owner)?;
    let mut runtimes = Runtimes::discover();
    if settings.pool.direct_calls {
        runtimes.offer_direct_calls();
    }
    let keeper = keeper_config(&settings, &dirs, &mut runtimes)?;
    // Taken before anything heavy: a second server on this address fails here.
    let listener =
        std::net::TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    let content = content.map(bind_content).transpose()?;
    keeper::ensure(&keeper)?;
    if let Some(uid) = owner {
        privileges::give_up(uid).context("root could not be given up")?;
    }
    privileges::hide().context("the process cannot be hidden from others of its user")?;
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
    let result = runtime.block_on(wire::serve(prepared, listener, content, handle));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

/// The listener for what users wrote.
fn bind_content(address: std::net::SocketAddr) -> anyhow::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address).with_context(|| {
        format!("cannot listen on {address} for content; choose another with --content-listen, or `off`")
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
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

/// Where the database of these settings is.
pub(crate) fn database_url(
    settings: &ServerSettings,
    dirs: &Dirs,
) -> anyhow::Result<nova_store::DatabaseUrl> {
    Ok(match settings.database.url.as_str() {
        "" => nova_store::DatabaseUrl::Sqlite(dirs.data.join("db")),
        url => nova_store::DatabaseUrl::parse(url)?,
    })
}

/// The settings of access, for the engine of the database.
pub(crate) fn access_settings(
    settings: &ServerSettings,
    engine: &str,
) -> nova_control::access::AccessSettings {
    use std::time::Duration;
    let access = &settings.access;
    nova_control::access::AccessSettings {
        session: Duration::from_secs(access.session_m * 60),
        invitation: Duration::from_secs(access.invitation_h * 3600),
        attempts_per_minute: access.attempts_per_minute as u32,
        ..nova_control::access::AccessSettings::for_engine(engine)
    }
}

/// Makes a new admin key on the database itself.
pub(crate) async fn reset_admin_key(
    settings: &ServerSettings,
    url: &nova_store::DatabaseUrl,
) -> anyhow::Result<String> {
    use std::sync::Arc;
    let (store, system) = nova_store::Store::open(url, &nova_store::StoreOptions::default())
        .await
        .with_context(|| format!("database {url}"))?;
    let access = nova_control::access::Access::new(
        store.clone(),
        system,
        Arc::new(nova_kit::clock::SystemClock),
        Arc::new(nova_kit::ids::Ids::new()),
        access_settings(settings, store.engine()),
    );
    let made = access.reset_admin_key().await;
    store.close().await;
    Ok(made?.secret)
}

/// Looks through every audit log of a database.
pub(crate) async fn verify_audit(
    url: &nova_store::DatabaseUrl,
) -> anyhow::Result<Vec<nova_api::v1::AuditVerification>> {
    let (store, system) = nova_store::Store::open(url, &nova_store::StoreOptions::default())
        .await
        .with_context(|| format!("database {url}"))?;
    let mut found = Vec::new();
    for chain in store.audit().chains(&system).await? {
        found.push(store.audit().verify(&chain, None).await?.into());
    }
    store.close().await;
    Ok(found)
}

/// Shows the first key. Only here, and not in the log, which may be kept and read by others.
fn show_admin_key(secret: &str) {
    let text = format!(
        "\nThis server had no key yet. Here is one that may do everything; it is shown this one time:\n\n    {secret}\n\n\
         Use it: nova login    (and paste it)\n\
         Lost it: stop the server and run `nova key reset-admin` with the same settings.\n\n"
    );
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::error!("the first key could not be shown; make another with `nova key reset-admin`");
    }
}
