//! Comet over a backend, with ports that live in memory and functions that are made in a line.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use nova_comet::{Backend, Comet, Runtimes, Settings};
use nova_domain::call::{
    Call, CallChain, CallSource, EventStream, FunctionError, FunctionRef, FunctionSnapshot, Outcome,
    Qualifier, TraceContext,
};
use nova_domain::fault::{Fault, FaultResult};
use nova_domain::function::{Function, Limits, Mode, PoolSettings, VersionSpec};
use nova_domain::network::NetworkPolicy;
use nova_domain::ports::{Catalog, CodeTree, CodeTrees, Invoker, Objects};
use nova_domain::runtime::{InstalledRuntime, Runtime};
use nova_domain::{Digest, FunctionId, FunctionName, RunId, Scope, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Folders below one root, by digest.
pub struct FolderTrees {
    root: PathBuf,
    made: AtomicU64,
}

impl FolderTrees {
    fn add(&self, files: &[(String, Vec<u8>)]) -> Digest {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.made.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let digest = Digest::from_bytes(bytes);
        let folder = self.root.join(digest.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        super::keeper::open_to_all(&folder);
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        digest
    }
}

#[async_trait]
impl CodeTrees for FolderTrees {
    async fn materialise(&self, digest: &Digest) -> FaultResult<CodeTree> {
        Ok(CodeTree { path: self.root.join(digest.to_string()), guard: Arc::new(()) })
    }
}

/// Functions by name.
#[derive(Default)]
pub struct MapCatalog(Mutex<HashMap<FunctionName, Arc<FunctionSnapshot>>>);

impl MapCatalog {
    pub fn put(&self, snapshot: FunctionSnapshot) {
        self.0.lock().unwrap().insert(snapshot.function.name.clone(), Arc::new(snapshot));
    }
}

#[async_trait]
impl Catalog for MapCatalog {
    async fn resolve(&self, _: &Scope, target: &FunctionRef) -> FaultResult<Arc<FunctionSnapshot>> {
        let found = self.0.lock().unwrap().get(&target.name).cloned();
        found.ok_or_else(|| Fault::not_found("function", &target.name))
    }

    async fn always_on(&self) -> FaultResult<Vec<Arc<FunctionSnapshot>>> {
        let all = self.0.lock().unwrap();
        Ok(all.values().filter(|one| one.function.pool.min_replicas > 0).cloned().collect())
    }
}

#[derive(Default)]
struct NoObjects;

#[async_trait]
impl Objects for NoObjects {
    async fn put(&self, _: Bytes) -> FaultResult<Digest> {
        Err(Fault::internal("these tests build nothing"))
    }

    async fn get(&self, digest: &Digest) -> FaultResult<Bytes> {
        Err(Fault::not_found("object", digest))
    }
}

/// Comet with everything around it.
pub struct World {
    pub comet: Comet,
    pub catalog: Arc<MapCatalog>,
    /// Ends the task that keeps the pool in order, and with it every sandbox.
    pub stop: CancellationToken,
    trees: Arc<FolderTrees>,
    made: AtomicU64,
}

/// The interpreter that the tests use; its absence is a failure, not a reason to skip.
pub fn python() -> InstalledRuntime {
    static FOUND: std::sync::OnceLock<InstalledRuntime> = std::sync::OnceLock::new();
    FOUND
        .get_or_init(|| {
            let found = Runtimes::discover();
            found.find(&Runtime::Python.into()).expect("these tests need python3 in /usr/bin").clone()
        })
        .clone()
}

/// The runtimes of the tests: Python.
pub fn runtimes() -> Runtimes {
    let mut runtimes = Runtimes::fixed(vec![python()]);
    if crate::conformance::direct_calls() {
        runtimes.offer_direct_calls();
    }
    runtimes
}

/// What a test says about a function before it is there.
pub struct Draft {
    pub snapshot: FunctionSnapshot,
    files: Vec<(String, Vec<u8>)>,
}

static CALLS: AtomicU64 = AtomicU64::new(0);

impl World {
    /// Must be made within a tokio runtime.
    pub fn new(backend: Arc<dyn Backend>, code_root: &Path, settings: Settings) -> Self {
        let trees = Arc::new(FolderTrees { root: code_root.to_owned(), made: AtomicU64::new(0) });
        let catalog = Arc::new(MapCatalog::default());
        let runtimes = runtimes();
        let comet = Comet::new(Arc::new(NoObjects), trees.clone(), backend, runtimes, settings);
        comet.set_catalog(catalog.clone());
        let stop = CancellationToken::new();
        let (keeping, token) = (comet.clone(), stop.clone());
        tokio::spawn(async move { keeping.run(token).await });
        Self { comet, catalog, stop, trees, made: AtomicU64::new(0) }
    }

    fn draft(&self, mode: Mode, runtime: Runtime, entry: &str, files: Vec<(String, Vec<u8>)>) -> Draft {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let at = Timestamp::from_micros(0);
        let function = Function {
            id: FunctionId::new(format!("id{number}")).unwrap(),
            scope: Scope::default_scope(),
            name: FunctionName::new(format!("fn{number}")).unwrap(),
            description: String::new(),
            tags: Default::default(),
            pool: PoolSettings::default(),
            invoke_policy: Default::default(),
            http: Default::default(),
            active_version: 1,
            latest_version: 1,
            revision: 1,
            created_at: at,
            updated_at: at,
        };
        let code = Digest::from_bytes([0; 32]);
        let spec = VersionSpec {
            runtime: runtime.into(),
            handler: (mode == Mode::Handler).then(|| "main.handler".to_owned()),
            mode,
            code,
            code_size: 0,
            entry: entry.to_owned(),
            env: Default::default(),
            limits: Limits { timeout_s: 20, ..Limits::default() },
            dependencies: None,
            network: Default::default(),
        };
        Draft {
            snapshot: FunctionSnapshot { function, version: 1, spec, code, installed: None, secrets: 0 },
            files,
        }
    }

    /// A Python handler, `main.handler`.
    pub fn python(&self, source: &str) -> Draft {
        self.draft(Mode::Handler, Runtime::Python, "main.py", vec![("main.py".into(), source.into())])
    }

    /// A Python handler among the probes; the event's `probe` says which.
    pub fn probe(&self, source: &str) -> Draft {
        let mut draft = self.python(source);
        draft.files.push(("base.py".into(), include_bytes!("../probes/base.py").to_vec()));
        draft
    }

    /// A program that is started for each call.
    pub fn program(&self, text: &[u8]) -> Draft {
        self.draft(Mode::Process, Runtime::Executable, "program", vec![("program".into(), text.to_vec())])
    }

    pub fn call_of(&self, function: &FunctionName, event: &Value) -> Call {
        Call {
            id: RunId::new(format!("call{}", CALLS.fetch_add(1, Ordering::Relaxed))).unwrap(),
            scope: Scope::default_scope(),
            target: FunctionRef { name: function.clone(), qualifier: Qualifier::Active },
            payload: serde_json::to_vec(event).unwrap().into(),
            source: CallSource::Api,
            chain: CallChain::default(),
            trace: TraceContext::default(),
            deadline: None,
            cancel: CancellationToken::new(),
            caller: None,
            client_context: None,
        }
    }

    pub async fn invoke(&self, function: &FunctionName, event: Value) -> FaultResult<Outcome> {
        self.comet.invoke(self.call_of(function, &event)).await
    }

    pub async fn stream(&self, function: &FunctionName, event: Value) -> FaultResult<EventStream> {
        self.comet.invoke_stream(self.call_of(function, &event)).await
    }

    /// The result of a call that must succeed.
    pub async fn value(&self, function: &FunctionName, event: Value) -> Value {
        value_of(self.invoke(function, event.clone()).await, &event)
    }

    /// The error of a call in which user code must fail.
    pub async fn error(&self, function: &FunctionName, event: Value) -> FunctionError {
        match self.invoke(function, event.clone()).await {
            Ok(Outcome { result: Err(error), .. }) => error,
            other => panic!("{event}: it should have failed: {other:?}"),
        }
    }

    /// The function as it is in the catalogue.
    pub fn catalog_snapshot(&self, function: &FunctionName) -> Arc<FunctionSnapshot> {
        self.catalog.0.lock().unwrap()[function].clone()
    }

    /// Runs one probe.
    pub async fn ask(&self, function: &FunctionName, probe: &str) -> Value {
        self.value(function, json!({ "probe": probe })).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The JSON result of a call that must have succeeded.
pub fn value_of(outcome: FaultResult<Outcome>, event: &Value) -> Value {
    match outcome {
        Ok(Outcome { result: Ok(bytes), .. }) => serde_json::from_slice(&bytes).unwrap(),
        Ok(Outcome { result: Err(error), logs, .. }) => panic!("{event}: {error:#?}\n{logs:#?}"),
        Err(fault) => panic!("{event}: {fault:?}"),
    }
}

impl Draft {
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.snapshot.spec.limits);
        self.snapshot.spec.limits.validate().unwrap();
        self
    }

    pub fn add_file(&mut self, name: &str, content: Vec<u8>) {
        self.files.push((name.to_owned(), content));
    }

    pub fn network<T: AsRef<str>>(mut self, rules: &[T]) -> Self {
        self.snapshot.spec.network = NetworkPolicy::parse(rules).unwrap();
        self
    }

    pub fn pool(mut self, change: impl FnOnce(&mut PoolSettings)) -> Self {
        change(&mut self.snapshot.function.pool);
        self.snapshot.function.pool.validate().unwrap();
        self
    }

    /// Puts the function into the catalogue.
    pub fn deploy(mut self, world: &World) -> FunctionName {
        let digest = world.trees.add(&self.files);
        self.snapshot.code = digest;
        self.snapshot.spec.code = digest;
        let name = self.snapshot.function.name.clone();
        world.catalog.put(self.snapshot);
        name
    }
}
