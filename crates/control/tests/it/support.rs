//! A service with its store in a directory of its own, and sandboxes that do as told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use nova_control::{Change, Create, Functions, Settings, Source};
use nova_domain::function::{Env, Limits, PoolSettings};
use nova_domain::ports::{BuildRequest, Objects, Sandboxes};
use nova_domain::runtime::{InstalledRuntime, Runtime, RuntimeRef};
use nova_domain::version::{Build, CompileStatus};
use nova_domain::{Clock, Code, Digest, Fault, FaultResult, FunctionId, FunctionName, Scope, Timestamp};
use nova_kit::ids::Ids;
use nova_store::repo::FunctionWithVersion;
use nova_store::{DatabaseUrl, Store, StoreOptions, System};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

pub(crate) struct World {
    pub(crate) functions: Functions,
    pub(crate) system: System,
    pub(crate) store: Store,
    pub(crate) sandboxes: Arc<ScriptedSandboxes>,
    pub(crate) objects: Arc<MemoryObjects>,
    pub(crate) scope: Scope,
    pub(crate) clock: Arc<StepClock>,
    _dir: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings { build_wait: Duration::from_millis(50), ..Settings::default() }).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let url = DatabaseUrl::parse(&format!("sqlite:{}", dir.path().display())).expect("valid");
        let (store, system) = Store::open(&url, &StoreOptions::default()).await.expect("opens");
        let sandboxes = Arc::new(ScriptedSandboxes::default());
        let objects = Arc::new(MemoryObjects::default());
        let clock = Arc::new(StepClock(AtomicI64::new(1_000_000)));
        let functions = Functions::new(
            store.clone(),
            objects.clone(),
            sandboxes.clone(),
            clock.clone(),
            Arc::new(Ids::new()),
            settings,
        );
        let scope = Scope::default_scope();
        Self { functions, system, store, sandboxes, objects, scope, clock, _dir: dir }
    }

    /// Another process over the same store.
    pub(crate) fn again(&self) -> Functions {
        Functions::new(
            self.store.clone(),
            self.objects.clone(),
            self.sandboxes.clone(),
            self.clock.clone(),
            Arc::new(Ids::new()),
            Settings::default(),
        )
    }

    /// The service once more over the same store, as another server has it.
    pub(crate) fn functions_again(&self) -> Functions {
        let clock = Arc::new(StepClock(AtomicI64::new(1_000_000)));
        let (objects, sandboxes) = (self.objects.clone(), self.sandboxes.clone());
        Functions::new(
            self.store.clone(),
            objects,
            sandboxes,
            clock,
            Arc::new(Ids::new()),
            Settings::default(),
        )
    }

    pub(crate) async fn create(&self, create: Create) -> FaultResult<FunctionWithVersion> {
        self.functions.create(&self.scope, create).await
    }

    pub(crate) async fn update(&self, function: &str, change: Change) -> FaultResult<FunctionWithVersion> {
        self.functions.update(&self.scope, &name(function), change).await
    }

    pub(crate) async fn get(&self, function: &str) -> FunctionWithVersion {
        self.functions.get(&self.scope, &name(function)).await.expect("is there")
    }

    /// Builds everything that waits.
    pub(crate) async fn build_all(&self) -> usize {
        self.functions.builder(self.system.clone()).run_once().await.expect("searches")
    }
}

pub(crate) fn name(text: &str) -> FunctionName {
    FunctionName::new(text).expect("a valid name")
}

pub(crate) fn code(text: &str) -> Source {
    Source::Files { code: Some(text.to_owned()), files: BTreeMap::new() }
}

pub(crate) fn files(files: &[(&str, &str)]) -> Source {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Source::Files { code: None, files }
}

/// A function with defaults for everything but these.
pub(crate) fn new_function(called: &str, runtime: Runtime, source: Source) -> Create {
    Create {
        name: name(called),
        runtime: RuntimeRef::from(runtime),
        handler: None,
        mode: None,
        source,
        entry: None,
        env: Env::new(),
        limits: Limits::default(),
        network: Default::default(),
        pool: PoolSettings::default(),
        http: Default::default(),
        http_cors: None,
        http_rates: Default::default(),
        description: String::new(),
        tags: BTreeMap::new(),
        invoke_policy: Default::default(),
    }
}

/// Time that goes on by one millisecond with each look.
pub(crate) struct StepClock(AtomicI64);

impl StepClock {
    /// Moves it on.
    pub(crate) fn step(&self, by: Duration) {
        self.0.fetch_add(by.as_micros() as i64, Ordering::Relaxed);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1000, Ordering::Relaxed))
    }
}

#[derive(Default)]
pub(crate) struct MemoryObjects(Mutex<HashMap<Digest, Bytes>>);

impl MemoryObjects {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().expect("not poisoned").len()
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn put(&self, bytes: Bytes) -> FaultResult<Digest> {
        let digest = Digest::from_bytes(Sha256::digest(&bytes).into());
        self.0.lock().expect("not poisoned").insert(digest, bytes);
        Ok(digest)
    }

    async fn get(&self, digest: &Digest) -> FaultResult<Bytes> {
        let found = self.0.lock().expect("not poisoned").get(digest).cloned();
        found.ok_or_else(|| Fault::not_found("object", digest))
    }
}

/// Builds end as scripted (success without a script); `hold` keeps them until `release`.
#[derive(Default)]
pub(crate) struct ScriptedSandboxes {
    pub(crate) script: Mutex<VecDeque<FaultResult<Build>>>,
    pub(crate) built: Mutex<Vec<BuildRequest>>,
    pub(crate) retired: Mutex<Vec<(FunctionId, Vec<u32>)>>,
    pub(crate) missing: Mutex<Vec<Runtime>>,
    pub(crate) hold: std::sync::atomic::AtomicBool,
    pub(crate) release: Notify,
    pub(crate) began: Notify,
}

impl ScriptedSandboxes {
    pub(crate) fn next_build(&self, build: FaultResult<Build>) {
        self.script.lock().expect("not poisoned").push_back(build);
    }

    pub(crate) fn builds(&self) -> usize {
        self.built.lock().expect("not poisoned").len()
    }

    pub(crate) fn last_retired(&self) -> Option<(FunctionId, Vec<u32>)> {
        self.retired.lock().expect("not poisoned").last().cloned()
    }
}

pub(crate) fn failed(output: &str) -> FaultResult<Build> {
    Ok(Build { status: CompileStatus::Failed, output: output.to_owned(), artifact: None })
}

#[async_trait]
impl Sandboxes for ScriptedSandboxes {
    async fn build(&self, request: BuildRequest) -> FaultResult<Build> {
        let artifact = Digest::from_bytes(Sha256::digest(request.code.as_bytes()).into());
        self.built.lock().expect("not poisoned").push(request);
        self.began.notify_one();
        if self.hold.load(Ordering::Relaxed) {
            self.release.notified().await;
        }
        let scripted = self.script.lock().expect("not poisoned").pop_front();
        scripted.unwrap_or_else(|| {
            let output = "warning: unused".to_owned();
            Ok(Build { status: CompileStatus::Success, output, artifact: Some(artifact) })
        })
    }

    fn runtimes(&self) -> Vec<InstalledRuntime> {
        let missing = self.missing.lock().expect("not poisoned");
        let there = |runtime: &&Runtime| !missing.contains(runtime) && !runtime.is_executable();
        let found = |runtime: &Runtime| InstalledRuntime {
            runtime: *runtime,
            version: "3.11.2".to_owned(),
            path: "/usr/bin/it".to_owned(),
            root: None,
        };
        Runtime::ALL.iter().filter(there).map(found).collect()
    }

    fn retire(&self, function: &FunctionId, keep: &[u32]) {
        self.retired.lock().expect("not poisoned").push((function.clone(), keep.to_vec()));
    }
}

pub(crate) fn code_of(result: FaultResult<impl Sized>) -> Code {
    match result {
        Ok(_) => panic!("it should have been refused"),
        Err(fault) => fault.code(),
    }
}
