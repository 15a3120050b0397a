//! Parts, and the order in which they start and stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use nova_artifacts::cache::CodeCache;
use nova_artifacts::objects::{ObjectStorage, S3Settings};
use nova_aurora::{Observatory, Recorder, Retention, Sink, SinkSettings};
use nova_comet::process::{KeeperLink, LinkSettings, ProcessBackend};
use nova_comet::{Comet, Runtimes};
use nova_control::access::Access;
use nova_control::audit::Audit;
use nova_control::{Functions, Quotas, Secrets};
use nova_domain::ports::{Catalog, Invoker, Objects, Sandboxes};
use nova_domain::runtime::Runtime;
use nova_domain::time::Clock;
use nova_keeper::protocol::StockSpec;
use nova_kit::clock::SystemClock;
use nova_kit::ids::Ids;
use nova_kit::seal::{KeyRing, KeyStore};
use nova_kit::{shutdown, telemetry};
use nova_nebula::{Queue, Worker};
use nova_store::{Store, StoreOptions, System};
use nova_zenith::{App, ContentSite, DevGuard, Parts, Readiness, ServeSettings, Site, Tls, TrustedProxies};
use tokio_util::sync::CancellationToken;

use super::{Prepared, keeper, memory, system as report};
use crate::settings::{ObjectSettings, PoolSettings, SecretSettings, ServerSettings};

/// Starts everything, serves, and stops everything in order.
pub(super) async fn serve(
    prepared: Prepared,
    listener: std::net::TcpListener,
    content: Option<std::net::TcpListener>,
    metrics_handle: PrometheusHandle,
) -> anyhow::Result<()> {
    let Prepared { settings, shown, dirs, runtimes, keeper: keeper_config, may_respawn, metrics } = prepared;
    let signal = shutdown::on_signals()?;
    // Background work goes on while calls drain, so it has a token of its own.
    let background = CancellationToken::new();
    tokio::spawn(telemetry::upkeep(metrics_handle, background.clone()));
    tokio::spawn(memory::give_back(background.clone()));

    let tls = certificate(&settings)?;
    let url = super::database_url(&settings, &dirs)?;
    let (store, system) =
        Store::open(&url, &StoreOptions::default()).await.with_context(|| format!("database {url}"))?;
    let storage = object_storage(&settings.objects, &dirs.data)?;
    let objects: Arc<dyn Objects> = Arc::new(storage.clone());
    let cache_bytes = settings.objects.code_cache_mb << 20;
    let trees = CodeCache::open(&dirs.cache, objects.clone(), cache_bytes)?;

    let respawn_config = keeper_config.clone();
    let (link, _) = KeeperLink::open(LinkSettings {
        socket: keeper::socket_path(&keeper_config.run_dir),
        // Without root only the keeper's own supervisor can start a privileged one again.
        respawn: may_respawn.then(|| {
            Box::new(move || keeper::spawn(&respawn_config).map(drop))
                as Box<dyn Fn() -> std::io::Result<()> + Send + Sync>
        }),
    })
    .context("the keeper cannot be reached")?;
    let backend = Arc::new(ProcessBackend::new(link));
    if let Err(error) = backend.set_stock(stock_of(&settings.pool, &runtimes)).await {
        tracing::warn!(%error, "no sandboxes are pre-started");
    }
    report_isolation(&backend).await;

    let mut own_ports = vec![listener.local_addr()?.port()];
    let content_port =
        content.as_ref().map(std::net::TcpListener::local_addr).transpose()?.map(|at| at.port());
    own_ports.extend(content_port);
    let comet_settings = comet_settings(&settings, &dirs.cache, own_ports)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Arc::new(Ids::new());
    let comet = Comet::new(objects.clone(), Arc::new(trees), backend.clone(), runtimes, comet_settings);
    let sandboxes: Arc<dyn Sandboxes> = Arc::new(comet.clone());
    let mut control_settings = nova_control::Settings::for_engine(store.engine());
    control_settings.build_wait = Duration::from_secs(settings.build.wait_s);
    let functions = Functions::new(
        store.clone(),
        objects,
        sandboxes.clone(),
        clock.clone(),
        ids.clone(),
        control_settings,
    );
    let secrets =
        Secrets::new(functions.clone(), master_keys(&settings.secrets, &dirs.data)?, system.clone());
    comet.set_secrets(Arc::new(secrets.clone()));
    reseal(&secrets).await;
    let quotas = Quotas::new(functions.clone(), system.clone());
    quotas.reload().await.context("the quotas could not be read")?;
    comet.set_quotas(Arc::new(quotas.clone()));
    let catalog: Arc<dyn Catalog> = Arc::new(functions.catalog(system.clone()));
    comet.set_catalog(catalog.clone());
    let traces = match settings.traces.otlp_endpoint.as_str() {
        "" => None,
        endpoint => {
            Some(telemetry::Traces::start(endpoint, settings.traces.ratio).map_err(anyhow::Error::msg)?)
        }
    };
    let sink = Sink::start(store.clone(), system.clone(), SinkSettings::default());
    comet.set_signals(sink.signals());
    let invoker: Arc<dyn Invoker> = Arc::new(Recorder::new(
        Arc::new(comet.clone()),
        catalog.clone(),
        sink.clone(),
        clock.clone(),
        traces.as_ref().map(telemetry::Traces::tracer),
    ));
    let observatory = Observatory::new(store.clone(), sink.clone());
    let queue = Queue::new(
        store.clone(),
        system.clone(),
        catalog,
        clock.clone(),
        ids.clone(),
        settings.queue.settings(),
    );
    let worker = Worker::new(queue.clone(), invoker.clone(), settings.queue.worker(settings.server.drain_s));

    let access = Access::new(
        store.clone(),
        system.clone(),
        clock.clone(),
        ids.clone(),
        super::access_settings(&settings, store.engine()),
    );
    access.set_vault(secrets.vault());
    let issuers = settings.access.issuers.iter().map(crate::issuers::IssuerTable::settings);
    access.set_issuers(issuers.collect::<anyhow::Result<_>>()?)?;
    if !settings.server.dev
        && let Some(made) = access.first_key().await.context("the first key could not be made")?
    {
        super::show_admin_key(&made.secret);
    }

    let pool = tokio::spawn({
        let (comet, stop) = (comet.clone(), background.clone());
        async move { comet.run(stop).await }
    });
    let builder = tokio::spawn({
        let (builder, stop) = (functions.builder(system.clone()), background.clone());
        async move { builder.run(stop).await }
    });
    let rolling = tokio::spawn({
        let (rollouts, stop) = (functions.rollouts(system.clone()), background.clone());
        async move { rollouts.run(stop).await }
    });
    let accessing = tokio::spawn({
        let (access, stop) = (access.clone(), background.clone());
        async move { access.run(stop).await }
    });
    tokio::spawn({
        let (quotas, stop) = (quotas.clone(), background.clone());
        async move { quotas.run(stop).await }
    });
    tokio::spawn({
        let retention = Retention::new(store.clone(), system.clone(), settings.runs.retention_days as u32);
        let (clock, stop) = (clock.clone(), background.clone());
        async move { retention.run(&*clock, stop).await }
    });
    tokio::spawn(collect_garbage(
        store.clone(),
        system,
        storage,
        Duration::from_secs(settings.objects.gc_grace_h * 3600),
        background.clone(),
    ));

    if let Some(tls) = &tls {
        watch_certificate(tls, background.clone())?;
    }
    // It stops with the listener, and lets its attempts end beside the calls of clients.
    let working = tokio::spawn({
        let stop = signal.clone();
        async move { worker.run(stop).await }
    });
    let address = listener.local_addr()?;
    let app = App::new(Parts {
        invoker,
        functions,
        secrets,
        access,
        audit: Audit::new(store.clone()),
        quotas,
        queue,
        observatory,
        clock,
        ids,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        metrics,
        readiness: readiness(store.clone(), backend.clone()),
        guard: settings.server.dev.then(|| DevGuard::new([address.port()])),
        site: Site::new(tls.is_some(), settings.server.public_origins.iter().cloned()),
        content: content_port.map(|port| ContentSite {
            port,
            tls: tls.is_some(),
            rates: settings.content.rates(),
            public_url: (!settings.content.public_url.is_empty())
                .then(|| settings.content.public_url.clone()),
        }),
    });
    let fixed = nova_api::v1::SystemView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        dev: settings.server.dev,
        database: url.to_string(),
        settings: shown,
        ..nova_api::v1::SystemView::default()
    };
    app.set_system(report::report(fixed, backend.clone()));
    app.mark_started();
    tracing::info!(%address, database = %url, "nova serves");
    let drain = Duration::from_secs(settings.server.drain_s);
    // 1. Stop listening and drain calls.
    let serving = ServeSettings {
        max_connections: settings.server.max_connections as usize,
        drain,
        tls,
        proxies: TrustedProxies::new(settings.server.proxies()?),
        ..ServeSettings::default()
    };
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let beside = match content {
        Some(content) => {
            let address = content.local_addr()?;
            let content = tokio::net::TcpListener::from_std(content)?;
            tracing::info!(%address, "functions are served to outside");
            Some(tokio::spawn(nova_zenith::serve_content(
                content,
                app.clone(),
                signal.clone(),
                serving.clone(),
            )))
        }
        None => None,
    };
    let served = nova_zenith::serve(listener, app, signal.clone(), serving).await;
    // It may have ended by itself; what runs beside it must not wait for a signal then.
    signal.cancel();
    if let Some(beside) = beside {
        // It stops by the same signal, and drains as long.
        let _ = beside.await;
    }
    let _ = working.await;
    tracing::info!("stopping");
    // 2. Stop background work, then sandboxes.
    background.cancel();
    let _ = tokio::time::timeout(Duration::from_secs(5), async {
        tokio::join!(pool, builder, rolling, accessing)
    })
    .await;
    if let Err(error) = backend.shutdown().await {
        tracing::warn!(%error, "the keeper did not stop");
    }
    // 3. Flush and close.
    if tokio::time::timeout(Duration::from_secs(10), sink.flush()).await.is_err() {
        tracing::error!("run records could not be flushed in time");
    }
    store.close().await;
    if let Some(traces) = traces {
        let _ = tokio::task::spawn_blocking(move || traces.stop()).await;
    }
    tracing::info!("stopped");
    served.context("the server ended")
}

/// What `/health/ready` asks.
fn readiness(store: Store, backend: Arc<ProcessBackend>) -> Readiness {
    Arc::new(move || {
        let (store, backend) = (store.clone(), backend.clone());
        Box::pin(async move {
            let database = store.ping().await.map_err(|fault| fault.message().to_owned());
            let keeper = backend.status().await.map(drop).map_err(|error| error.to_string());
            BTreeMap::from([("database".to_owned(), database), ("keeper".to_owned(), keeper)])
        })
    })
}

/// The certificate of the settings, if there is one.
fn certificate(settings: &ServerSettings) -> anyhow::Result<Option<Tls>> {
    let server = &settings.server;
    if server.tls_cert.is_empty() {
        return Ok(None);
    }
    let tls = Tls::load(server.tls_cert.as_ref(), server.tls_key.as_ref());
    tls.map(Some).context("settings `server.tls_cert` and `server.tls_key`")
}

/// Reads the certificate again when its files change, and at SIGHUP.
fn watch_certificate(tls: &Tls, stop: CancellationToken) -> anyhow::Result<()> {
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    let nudged = Arc::new(tokio::sync::Notify::new());
    let (tls, told, stopped) = (tls.clone(), nudged.clone(), stop.clone());
    tokio::spawn(async move { tls.watch(told, stopped).await });
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => nudged.notify_one(),
            }
        }
    });
    Ok(())
}

fn object_storage(settings: &ObjectSettings, data: &std::path::Path) -> anyhow::Result<ObjectStorage> {
    if settings.s3_bucket.is_empty() {
        return Ok(ObjectStorage::local(data)?);
    }
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    Ok(ObjectStorage::s3(&S3Settings {
        bucket: settings.s3_bucket.clone(),
        prefix: String::new(),
        endpoint: text(&settings.s3_endpoint),
        region: settings.s3_region.clone(),
        access_key_id: text(&settings.s3_access_key),
        secret_access_key: text(&settings.s3_secret_key),
        allow_http: settings.s3_endpoint.starts_with("http://"),
    })?)
}

/// The keys that seal secrets: of the setting, else of the file, which is made at the first start.
fn master_keys(settings: &SecretSettings, data: &std::path::Path) -> anyhow::Result<KeyStore> {
    let keys = match settings.keys.as_str() {
        "" => KeyStore::file(&settings.path(data))?,
        keys => KeyStore::fixed(KeyRing::parse(keys).context("setting `secrets.keys`")?),
    };
    for key in keys.ring().weak() {
        tracing::warn!(%key, "a master key is not random and can be guessed; `nova doctor` says what to do");
    }
    Ok(keys)
}

/// Goes on with what a rotation left, or follows a key that was added by hand.
async fn reseal(secrets: &Secrets) {
    match secrets.reseal_old().await {
        Ok(done) if done.unreadable > 0 => tracing::error!(
            secrets = done.unreadable,
            "secrets were sealed with a master key that is not there; put it back (see docs/secrets.md)"
        ),
        Ok(done) if done.resealed > 0 => {
            tracing::info!(key = %done.key_id, secrets = done.resealed, "secrets were sealed with the newest master key");
        }
        Ok(_) => {}
        Err(fault) => tracing::warn!(error = %fault.log_line(), "secrets could not be looked through"),
    }
}

/// Which sandboxes are kept pre-started: of the best interpreter of each language.
fn stock_of(settings: &PoolSettings, runtimes: &Runtimes) -> Vec<StockSpec> {
    let mut stock = vec![StockSpec { key: String::new(), runtime: None, target: settings.stock_bare as u32 }];
    let targets = [
        (Runtime::Python, settings.stock_python),
        (Runtime::Node, settings.stock_node),
        (Runtime::Ruby, settings.stock_ruby),
    ];
    for (runtime, target) in targets {
        if let Ok(found) = runtimes.find(&runtime.into()) {
            stock.push(StockSpec {
                key: nova_comet::runtimes::stock_key(found),
                runtime: runtimes.shim_program(found),
                target: target as u32,
            });
        }
    }
    stock
}

fn comet_settings(
    settings: &ServerSettings,
    cache: &std::path::Path,
    own_ports: Vec<u16>,
) -> anyhow::Result<nova_comet::Settings> {
    let (pool, build, egress) = (&settings.pool, &settings.build, &settings.egress);
    Ok(nova_comet::Settings {
        max_sandboxes: pool.max_sandboxes as usize,
        stream_chunk: pool.stream_chunk as usize,
        build: nova_comet::BuildSettings {
            memory_mb: build.memory_mb as u32,
            timeout_s: build.timeout_s as u32,
            tmp_mb: build.tmp_mb as u32,
            cpu_millis: build.cpu_millis as u32,
            registries: build.registries()?,
            cache: Some(cache.join("builds")),
        },
        egress: nova_comet::egress::EgressSettings {
            connections_per_sandbox: egress.connections_per_sandbox as usize,
            connections: egress.connections as usize,
            connects_per_second: egress.connects_per_second as u32,
            bytes_per_hour: egress.mb_per_hour << 20,
            connect_timeout: Duration::from_secs(egress.connect_timeout_s),
            never: egress.never()?,
            own_ports,
            ..nova_comet::egress::EgressSettings::default()
        },
        ..nova_comet::Settings::default()
    })
}

/// Says which layers of isolation this host does not give.
async fn report_isolation(backend: &ProcessBackend) {
    match backend.status().await {
        Ok(status) => {
            for layer in status.layers.iter().filter(|layer| !layer.active) {
                tracing::warn!(layer = %layer.name, detail = %layer.detail, "a layer of isolation is missing");
            }
        }
        Err(error) => tracing::warn!(%error, "the keeper does not tell its state"),
    }
}

/// Removes objects that no version refers to, once at start and then every hour.
async fn collect_garbage(
    store: Store,
    system: System,
    storage: ObjectStorage,
    grace: Duration,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(Duration::from_secs(3600));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let mut referenced = std::collections::HashSet::new();
        let mut page = nova_store::PageRequest::largest();
        let collected = loop {
            match store.versions().referenced_objects(&system, &page).await {
                Ok(found) => {
                    referenced.extend(found.items);
                    match found.next_cursor {
                        Some(cursor) => page = page.after(cursor),
                        None => break storage.collect(&referenced, SystemClock.now(), grace).await,
                    }
                }
                Err(fault) => break Err(fault),
            }
        };
        match collected {
            Ok(done) if done.deleted > 0 => {
                tracing::info!(
                    objects = done.deleted,
                    bytes = done.deleted_bytes,
                    "unused objects were removed"
                );
            }
            Ok(_) => {}
            Err(fault) => tracing::warn!(error = %fault.log_line(), "unused objects could not be removed"),
        }
    }
}
