//! A recorder over a scripted invoker, with a store, a clock and metrics of its own.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use nova_aurora::{Observatory, PageRequest, Recorder, RunFilter, Sink, SinkSettings, Whose};
use nova_domain::access::Names;
use nova_domain::call::{
    Call, CallChain, CallSource, EventStream, FunctionRef, FunctionSnapshot, Outcome, Qualifier, TraceContext,
};
use nova_domain::function::{Env, Function, Limits, Mode, PoolSettings, VersionSpec};
use nova_domain::log::{LogLine, LogStream};
use nova_domain::ports::{Catalog, Invoker};
use nova_domain::run::{Run, Usage};
use nova_domain::runtime::Runtime;
use nova_domain::version::{Build, CompileStatus, Version};
use nova_domain::{Clock, Digest, Fault, FaultResult, FunctionId, FunctionName, RunId, Scope, Timestamp};
use nova_store::{DatabaseUrl, Store, StoreOptions, System};
use tokio_util::sync::CancellationToken;

/// When the clock of a test begins.
pub(crate) const BEGIN: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) system: System,
    pub(crate) sink: Sink,
    pub(crate) recorder: Recorder,
    pub(crate) observatory: Observatory,
    pub(crate) invoker: Arc<ScriptedInvoker>,
    pub(crate) clock: Arc<StepClock>,
    _dir: tempfile::TempDir,
}

impl Bench {
    /// Records reach the store soon.
    pub(crate) async fn start() -> Self {
        Self::with(SinkSettings { delay: Duration::from_millis(1), ..SinkSettings::default() }).await
    }

    pub(crate) async fn with(settings: SinkSettings) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let url = DatabaseUrl::Sqlite(dir.path().join("db"));
        let (store, system) = Store::open(&url, &StoreOptions::default()).await.expect("opens");
        let sink = Sink::start(store.clone(), system.clone(), settings);
        let invoker = Arc::new(ScriptedInvoker::default());
        let clock = Arc::new(StepClock(AtomicI64::new(BEGIN.as_micros())));
        let recorder =
            Recorder::new(invoker.clone(), Arc::new(ScriptedCatalog), sink.clone(), clock.clone(), None);
        let observatory = Observatory::new(store.clone(), sink.clone());
        Self { store, system, sink, recorder, observatory, invoker, clock, _dir: dir }
    }

    /// Stores a function, so that its log can be asked for by name.
    pub(crate) async fn deploy(&self, text: &str) -> FunctionName {
        let snapshot = snapshot(text);
        let function = Function { active_version: 1, latest_version: 1, ..snapshot.function.clone() };
        let first = Version {
            function_id: function.id.clone(),
            number: 1,
            spec: snapshot.spec.clone(),
            build: Build { status: CompileStatus::NotRequired, output: String::new(), artifact: None },
            created_at: BEGIN,
        };
        self.store.functions().create(&function.scope, &function, &first).await.expect("creates");
        function.name
    }

    pub(crate) async fn run(&self, id: &RunId) -> FaultResult<Run> {
        self.observatory.run(&scope(), id).await
    }

    pub(crate) async fn runs(&self) -> Vec<Run> {
        let page = PageRequest::largest();
        self.observatory
            .runs(&scope(), Whose::Names(&Names::All), RunFilter::default(), &page)
            .await
            .expect("lists")
            .items
    }

    /// What a run printed.
    pub(crate) async fn printed(&self, id: &RunId) -> Vec<String> {
        let page = self.observatory.run_logs(&scope(), id, nova_aurora::LogCursor::START, 1000).await;
        page.expect("the run's lines").lines.into_iter().map(|line| line.line.text).collect()
    }
}

pub(crate) fn scope() -> Scope {
    Scope::default_scope()
}

static CALLS: AtomicU64 = AtomicU64::new(0);

/// A call of `f` with an id of its own.
pub(crate) fn call() -> Call {
    call_of("f")
}

pub(crate) fn call_of(name: &str) -> Call {
    let id = format!("run-{}", CALLS.fetch_add(1, Ordering::Relaxed));
    Call {
        id: RunId::new(id).expect("an id"),
        scope: scope(),
        target: FunctionRef { name: FunctionName::new(name).expect("a name"), qualifier: Qualifier::Active },
        payload: Bytes::from_static(b"{\"n\":1}"),
        source: CallSource::Api,
        chain: CallChain::default(),
        trace: TraceContext::default(),
        deadline: None,
        cancel: CancellationToken::new(),
        caller: None,
        client_context: None,
    }
}

pub(crate) fn usage() -> Usage {
    Usage { queue_us: 10, init_us: 20, exec_us: 30, cold_start: true, memory_peak: 40 }
}

pub(crate) fn line(text: impl Into<String>) -> LogLine {
    LogLine { at: BEGIN, stream: LogStream::Stdout, text: text.into() }
}

/// What a function named `name` answers: `result`, and that it printed `lines`.
pub(crate) fn outcome(call: &Call, result: &'static str, lines: &[&str]) -> Outcome {
    Outcome {
        function: Arc::new(snapshot(call.target.name.as_str())),
        result: Ok(Bytes::from_static(result.as_bytes())),
        usage: usage(),
        logs: lines.iter().map(|text| line(*text)).collect(),
        logs_dropped: 5,
    }
}

fn snapshot(name: &str) -> FunctionSnapshot {
    let function = Function {
        id: FunctionId::new(format!("id-{name}")).expect("an id"),
        scope: scope(),
        name: FunctionName::new(name).expect("a name"),
        description: String::new(),
        tags: BTreeMap::new(),
        pool: PoolSettings::default(),
        invoke_policy: Default::default(),
        http: Default::default(),
        active_version: 3,
        latest_version: 3,
        revision: 1,
        created_at: BEGIN,
        updated_at: BEGIN,
    };
    let spec = VersionSpec {
        runtime: Runtime::Python.into(),
        handler: Some("main.handler".to_owned()),
        mode: Mode::Handler,
        code: Digest::from_bytes([1; 32]),
        code_size: 1,
        entry: "main.py".to_owned(),
        env: Env::new(),
        limits: Limits::default(),
        dependencies: None,
        network: Default::default(),
    };
    FunctionSnapshot { code: spec.code, installed: None, secrets: 0, function, version: 3, spec }
}

/// Knows every function but `missing`.
struct ScriptedCatalog;

#[async_trait]
impl Catalog for ScriptedCatalog {
    async fn resolve(&self, _: &Scope, target: &FunctionRef) -> FaultResult<Arc<FunctionSnapshot>> {
        if target.name.as_str() == "missing" {
            return Err(Fault::not_found("function", &target.name));
        }
        Ok(Arc::new(snapshot(target.name.as_str())))
    }

    async fn always_on(&self) -> FaultResult<Vec<Arc<FunctionSnapshot>>> {
        Ok(Vec::new())
    }
}

type Script<T> = Box<dyn FnOnce(Call) -> BoxFuture<'static, FaultResult<T>> + Send>;

/// Does what the next script says; without one `null` is the result of a call.
#[derive(Default)]
pub(crate) struct ScriptedInvoker {
    calls: Mutex<VecDeque<Script<Outcome>>>,
    streams: Mutex<VecDeque<Script<EventStream>>>,
}

impl ScriptedInvoker {
    pub(crate) fn next<F>(&self, script: impl FnOnce(Call) -> F + Send + 'static)
    where
        F: Future<Output = FaultResult<Outcome>> + Send + 'static,
    {
        let script: Script<Outcome> = Box::new(|call| Box::pin(script(call)));
        self.calls.lock().expect("not poisoned").push_back(script);
    }

    pub(crate) fn next_stream<F>(&self, script: impl FnOnce(Call) -> F + Send + 'static)
    where
        F: Future<Output = FaultResult<EventStream>> + Send + 'static,
    {
        let script: Script<EventStream> = Box::new(|call| Box::pin(script(call)));
        self.streams.lock().expect("not poisoned").push_back(script);
    }
}

#[async_trait]
impl Invoker for ScriptedInvoker {
    async fn invoke(&self, call: Call) -> FaultResult<Outcome> {
        let script = self.calls.lock().expect("not poisoned").pop_front();
        match script {
            Some(script) => script(call).await,
            None => Ok(outcome(&call, "null", &[])),
        }
    }

    async fn invoke_stream(&self, call: Call) -> FaultResult<EventStream> {
        let script = self.streams.lock().expect("not poisoned").pop_front();
        script.expect("a scripted stream")(call).await
    }
}

/// A clock that a test moves.
pub(crate) struct StepClock(AtomicI64);

impl StepClock {
    pub(crate) fn step(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Metrics of this thread: counters by their sum, histograms by how often they were recorded.
#[derive(Default)]
pub(crate) struct Counts(Mutex<BTreeMap<String, Arc<Count>>>);

#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Counts {
    fn of(&self, key: &Key) -> Arc<Count> {
        let mut name = key.name().to_owned();
        for label in key.labels() {
            name.push_str(&format!(" {}={}", label.key(), label.value()));
        }
        self.0.lock().expect("not poisoned").entry(name).or_default().clone()
    }

    /// Every metric whose name begins so, with its labels.
    pub(crate) fn all(&self, name: &str) -> Vec<(String, u64)> {
        let counts = self.0.lock().expect("not poisoned");
        let found = counts.iter().filter(|(key, _)| key.split(' ').next() == Some(name));
        found.map(|(key, count)| (key.clone(), count.0.load(Ordering::Relaxed))).collect()
    }

    pub(crate) fn sum(&self, name: &str) -> u64 {
        self.all(name).into_iter().map(|(_, count)| count).sum()
    }
}

impl metrics::CounterFn for Count {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }
    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

impl metrics::HistogramFn for Count {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl metrics::Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.of(key))
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.of(key))
    }
}
