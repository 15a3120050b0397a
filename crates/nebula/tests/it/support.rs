//! A queue and a worker, the functions that it knows, and an invoker that answers as scripted.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use nova_domain::access::Names;
use nova_domain::call::{
    Call, CallChain, CallSource, EventStream, FunctionError, FunctionErrorKind, FunctionRef,
    FunctionSnapshot, Outcome, Qualifier, TraceContext, cancelled,
};
use nova_domain::function::{Env, Function, Limits, Mode, PoolSettings, VersionSpec};
use nova_domain::job::{Job, RetrySettings};
use nova_domain::ports::{Catalog, Invoker};
use nova_domain::run::Usage;
use nova_domain::runtime::Runtime;
use nova_domain::{
    Clock, Digest, Fault, FaultResult, FunctionId, FunctionName, JobId, RunId, Scope, Timestamp,
};
use nova_kit::ids::Ids;
use nova_nebula::{AcceptedJob, Queue, QueueSettings, Worker, WorkerSettings};
use nova_store::{DatabaseUrl, Store, StoreOptions};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// When the clock of a test begins.
pub(crate) const BEGIN: i64 = 1_700_000_000_000_000;

pub(crate) struct Bench {
    pub(crate) queue: Queue,
    pub(crate) worker: Worker,
    pub(crate) invoker: Arc<ScriptedInvoker>,
    pub(crate) catalog: Arc<ScriptedCatalog>,
    pub(crate) clock: Arc<StepClock>,
    settings: WorkerSettings,
    _dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(QueueSettings::default(), WorkerSettings::default()).await
    }

    /// A queue that knows the functions `mail` and `slow`.
    pub(crate) async fn with(queue: QueueSettings, settings: WorkerSettings) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let url = DatabaseUrl::Sqlite(dir.path().join("db"));
        let (store, system) = Store::open(&url, &StoreOptions::default()).await.expect("opens");
        let invoker = Arc::new(ScriptedInvoker::default());
        let clock = Arc::new(StepClock(AtomicI64::new(BEGIN)));
        let catalog = Arc::new(ScriptedCatalog::default());
        for name in ["mail", "slow"] {
            catalog.change(name, |_| {});
        }
        let queue = Queue::new(store, system, catalog.clone(), clock.clone(), Arc::new(Ids::new()), queue);
        let worker = Worker::new(queue.clone(), invoker.clone(), settings.clone());
        Self { queue, worker, invoker, catalog, clock, settings, _dir: dir }
    }

    /// A worker of another node.
    pub(crate) fn other_worker(&self) -> Worker {
        Worker::new(self.queue.clone(), self.invoker.clone(), self.settings.clone())
    }

    pub(crate) async fn order(&self, name: &str) -> JobId {
        let accepted = self.enqueue(call(name), steady(), None).await.expect("accepts");
        accepted.job.order.id
    }

    pub(crate) async fn enqueue(
        &self,
        call: Call,
        retry: RetrySettings,
        key: Option<&str>,
    ) -> FaultResult<AcceptedJob> {
        self.queue.enqueue(call, retry, key.map(str::to_owned)).await
    }

    pub(crate) async fn job(&self, id: &JobId) -> Job {
        self.queue.job(&scope(), &Names::All, id).await.expect("is there").job
    }

    /// Makes the attempts that are due, to their end; returns how many were begun.
    pub(crate) async fn work(&self) -> usize {
        let begun = self.worker.claim().await.expect("claims");
        self.idle().await;
        begun
    }

    /// Waits until no attempt is under way.
    pub(crate) async fn idle(&self) {
        within(self.worker.idle()).await;
    }
}

/// A bound for what never takes long, so that a test that waits in vain is red instead of hanging.
pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("comes")
}

pub(crate) fn scope() -> Scope {
    Scope::default_scope()
}

pub(crate) fn steady() -> RetrySettings {
    RetrySettings::default()
}

static CALLS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn call(name: &str) -> Call {
    Call {
        id: RunId::new(format!("request-{}", CALLS.fetch_add(1, Ordering::Relaxed))).expect("an id"),
        scope: scope(),
        target: FunctionRef { name: function_name(name), qualifier: Qualifier::Active },
        payload: Bytes::from_static(b"{\"n\":1}"),
        source: CallSource::Queue,
        chain: CallChain::default(),
        trace: TraceContext::default(),
        deadline: None,
        cancel: CancellationToken::new(),
        caller: None,
        client_context: None,
    }
}

pub(crate) fn function_name(text: &str) -> FunctionName {
    FunctionName::new(text).expect("a name")
}

/// Functions by name.
#[derive(Default)]
pub(crate) struct ScriptedCatalog(Mutex<BTreeMap<FunctionName, Arc<FunctionSnapshot>>>);

impl ScriptedCatalog {
    /// A function of that name, with an id of its own.
    pub(crate) fn deploy(&self, name: &str, id: &str) {
        self.change(name, |snapshot| snapshot.function.id = FunctionId::new(id).expect("an id"));
    }

    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut FunctionSnapshot)) {
        let name = function_name(name);
        let mut known = self.0.lock().unwrap();
        let mut snapshot = known.get(&name).map_or_else(|| snapshot(&name), |known| (**known).clone());
        change(&mut snapshot);
        known.insert(name, Arc::new(snapshot));
    }

    pub(crate) fn delete(&self, name: &str) {
        self.0.lock().unwrap().remove(&function_name(name));
    }

    fn find(&self, name: &FunctionName) -> Option<Arc<FunctionSnapshot>> {
        self.0.lock().unwrap().get(name).cloned()
    }
}

#[async_trait]
impl Catalog for ScriptedCatalog {
    async fn resolve(&self, _: &Scope, target: &FunctionRef) -> FaultResult<Arc<FunctionSnapshot>> {
        self.find(&target.name).ok_or_else(|| Fault::not_found("function", &target.name))
    }

    async fn always_on(&self) -> FaultResult<Vec<Arc<FunctionSnapshot>>> {
        Ok(Vec::new())
    }
}

fn snapshot(name: &FunctionName) -> FunctionSnapshot {
    let digest = Digest::from_bytes([7; 32]);
    FunctionSnapshot {
        function: Function {
            id: FunctionId::new(format!("f-{name}")).expect("an id"),
            scope: scope(),
            name: name.clone(),
            description: String::new(),
            tags: BTreeMap::new(),
            pool: PoolSettings::default(),
            invoke_policy: Default::default(),
            http: Default::default(),
            active_version: 1,
            latest_version: 1,
            revision: 1,
            created_at: Timestamp::from_micros(BEGIN),
            updated_at: Timestamp::from_micros(BEGIN),
        },
        version: 1,
        spec: VersionSpec {
            runtime: Runtime::Python.into(),
            handler: None,
            mode: Mode::Handler,
            code: digest,
            code_size: 1,
            entry: "main.py".into(),
            env: Env::default(),
            limits: Limits::default(),
            dependencies: None,
            network: Default::default(),
        },
        code: digest,
        installed: None,
        secrets: 0,
    }
}

/// What a call answers.
pub(crate) enum Reply {
    Output(&'static str),
    Error(&'static str),
    Fault(Fault),
    /// It goes on until the invoker is told to [let go](ScriptedInvoker::let_go), or it is cancelled.
    Hold,
}

pub(crate) struct ScriptedInvoker {
    /// Answers by function; one that has none left answers `null`.
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    pub(crate) calls: Mutex<Vec<Call>>,
    held: Semaphore,
    begun: Semaphore,
}

impl Default for ScriptedInvoker {
    fn default() -> Self {
        let (held, begun) = (Semaphore::new(0), Semaphore::new(0));
        Self { replies: Mutex::default(), calls: Mutex::default(), held, begun }
    }
}

impl ScriptedInvoker {
    pub(crate) fn reply(&self, name: &str, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().unwrap().entry(name.to_owned()).or_default().extend(replies);
    }

    /// Lets so many held calls answer `null`.
    pub(crate) fn let_go(&self, calls: usize) {
        self.held.add_permits(calls);
    }

    /// Waits until so many more calls have begun.
    pub(crate) async fn begun(&self, calls: u32) {
        within(self.begun.acquire_many(calls)).await.expect("open").forget();
    }

    pub(crate) fn called(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl Invoker for ScriptedInvoker {
    async fn invoke(&self, call: Call) -> FaultResult<Outcome> {
        self.calls.lock().unwrap().push(call.clone());
        self.begun.add_permits(1);
        let reply =
            self.replies.lock().unwrap().get_mut(call.target.name.as_str()).and_then(VecDeque::pop_front);
        let result = match reply.unwrap_or(Reply::Output("null")) {
            Reply::Output(text) => Ok(Bytes::from_static(text.as_bytes())),
            Reply::Error(message) => Err(FunctionError {
                kind: FunctionErrorKind::Error,
                error_type: "ValueError".to_owned(),
                message: message.to_owned(),
                stack: vec!["main.py:3".to_owned()],
                exit_code: None,
                signal: None,
            }),
            Reply::Fault(fault) => return Err(fault),
            Reply::Hold => tokio::select! {
                permit = self.held.acquire() => {
                    permit.expect("open").forget();
                    Ok(Bytes::from_static(b"null"))
                }
                () = call.cancel.cancelled() => return Err(cancelled()),
            },
        };
        let function = Arc::new(snapshot(&call.target.name));
        Ok(Outcome { function, result, usage: Usage::default(), logs: Vec::new(), logs_dropped: 0 })
    }

    async fn invoke_stream(&self, _: Call) -> FaultResult<EventStream> {
        Err(Fault::internal("jobs do not stream"))
    }
}

pub(crate) struct StepClock(AtomicI64);

impl StepClock {
    pub(crate) fn step(&self, by: Duration) {
        self.0.fetch_add(by.as_micros() as i64, Ordering::SeqCst);
    }

    pub(crate) fn micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros())
    }
}
