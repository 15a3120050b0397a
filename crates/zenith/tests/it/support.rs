//! A server on a free port of loopback, with its store in a directory of its own.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use nova_api::client::Client;
use nova_aurora::{Observatory, Recorder, Sink, SinkSettings};
use nova_control::access::{Access, AccessSettings, KeyOwner, MadeKey, NewKey, RoleGrant};
use nova_control::audit::Audit;
use nova_control::{Functions, Quotas, Secrets, Settings};
use nova_domain::access::{Pattern, Principal};
use nova_domain::call::{
    Call, CallSource, EventStream, FunctionError, FunctionErrorKind, Outcome, StreamEvent,
};
use nova_domain::http::HttpRates;
use nova_domain::log::{LogLine, LogStream};
use nova_domain::ports::{BuildRequest, Catalog, Invoker, Objects, Sandboxes};
use nova_domain::run::Usage;
use nova_domain::runtime::{InstalledRuntime, Runtime};
use nova_domain::version::{Build, CompileStatus};
use nova_domain::{Clock, Code, Digest, Fault, FaultResult, FunctionId, RoleName, TenantName, Timestamp};
use nova_kit::clock::SystemClock;
use nova_kit::ids::Ids;
use nova_kit::seal::{KeyRing, KeyStore};
use nova_nebula::{Queue, QueueSettings, Worker, WorkerSettings};
use nova_store::{DatabaseUrl, Store, StoreOptions};
use nova_zenith::{App, Check, ContentSite, DevGuard, Parts, ServeSettings, Site, serve, serve_content};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) content: SocketAddr,
    pub(crate) app: App,
    pub(crate) stop: CancellationToken,
    pub(crate) served: Mutex<Option<tokio::task::JoinHandle<FaultResult<()>>>>,
    pub(crate) invoker: Arc<ScriptedInvoker>,
    pub(crate) sandboxes: Arc<ScriptedSandboxes>,
    pub(crate) sink: Sink,
    pub(crate) worker: Worker,
    pub(crate) access: Access,
    pub(crate) health: Arc<Mutex<BTreeMap<String, Check>>>,
    http: reqwest::Client,
    api: reqwest::Client,
    store: Store,
    _builder: DropGuard,
    _dir: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(ServeSettings::default()).await
    }

    pub(crate) async fn with(settings: ServeSettings) -> Self {
        Self::build(settings, true, None).await
    }

    /// A server without `--dev`.
    pub(crate) async fn guarded() -> Self {
        Self::build(ServeSettings::default(), false, None).await
    }

    /// The same, with an administrator's key in every request to the API.
    pub(crate) async fn outside() -> Self {
        let mut server = Self::guarded().await;
        let key = server.access.first_key().await.expect("made").expect("the first");
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("x-api-key", key.secret.parse().expect("a value"));
        server.api =
            reqwest::Client::builder().no_proxy().default_headers(headers).build().expect("a client");
        server
    }

    /// The same over PostgreSQL.
    pub(crate) async fn guarded_on(url: &str) -> Self {
        Self::build(ServeSettings::default(), false, Some(url)).await
    }

    async fn build(settings: ServeSettings, dev: bool, database: Option<&str>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let local = format!("sqlite:{}", dir.path().display());
        let url = DatabaseUrl::parse(database.unwrap_or(&local)).expect("valid");
        let (store, system) = Store::open(&url, &StoreOptions::default()).await.expect("opens");
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(Ids::new()));
        let sandboxes = Arc::new(ScriptedSandboxes::default());
        let functions = Functions::new(
            store.clone(),
            Arc::new(MemoryObjects::default()),
            sandboxes.clone(),
            clock.clone(),
            ids.clone(),
            Settings { build_wait: Duration::from_secs(20), ..Settings::default() },
        );
        let keys = KeyStore::fixed(KeyRing::random().expect("random numbers"));
        let secrets = Secrets::new(functions.clone(), keys, system.clone());
        let building = CancellationToken::new();
        let (builder, token) = (functions.builder(system.clone()), building.clone());
        tokio::spawn(async move { builder.run(token).await });

        let catalog: Arc<dyn Catalog> = Arc::new(functions.catalog(system.clone()));
        let invoker = Arc::new(ScriptedInvoker::default());
        let _ = invoker.catalog.set(catalog.clone());
        let quick = SinkSettings { delay: Duration::from_millis(5), ..SinkSettings::default() };
        let access = Access::new(
            store.clone(),
            system.clone(),
            clock.clone(),
            ids.clone(),
            AccessSettings { attempts_per_minute: 1000, ..AccessSettings::for_engine(store.engine()) },
        );
        access.set_vault(secrets.vault());
        let quotas = Quotas::new(functions.clone(), system.clone());
        quotas.reload().await.expect("read");
        let sink = Sink::start(store.clone(), system.clone(), quick);
        let recorder: Arc<dyn Invoker> =
            Arc::new(Recorder::new(invoker.clone(), catalog.clone(), sink.clone(), clock.clone(), None));
        let settings_of_queue = QueueSettings { max_open: 50 };
        let queue = Queue::new(store.clone(), system, catalog, clock.clone(), ids.clone(), settings_of_queue);
        // Tests let it work when they want it to.
        let worker = Worker::new(queue.clone(), recorder.clone(), WorkerSettings::default());
        let health = Arc::new(Mutex::new(BTreeMap::from([("store".to_owned(), Ok(()))])));
        let checks = health.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let content = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let content_address = content.local_addr().expect("bound");
        let app = App::new(Parts {
            invoker: recorder,
            secrets,
            functions,
            access: access.clone(),
            audit: Audit::new(store.clone()),
            quotas,
            queue,
            observatory: Observatory::new(store.clone(), sink.clone()),
            clock,
            ids,
            version: "1.2.3".to_owned(),
            metrics: Arc::new(|| "nova_up 1\n".to_owned()),
            readiness: Arc::new(move || {
                let now = checks.lock().expect("not poisoned").clone();
                assert!(!now.contains_key("panic"), "as scripted");
                async move { now }.boxed()
            }),
            guard: dev.then(|| DevGuard::new([address.port()])),
            site: Site::default(),
            content: Some(ContentSite {
                port: content_address.port(),
                tls: settings.tls.is_some(),
                public_url: None,
                rates: HttpRates::default(),
            }),
        });
        app.mark_started();
        let stop = CancellationToken::new();
        tokio::spawn(serve_content(content, app.clone(), stop.clone(), settings.clone()));
        let served = tokio::spawn(serve(listener, app.clone(), stop.clone(), settings));
        Self {
            address,
            content: content_address,
            app,
            stop,
            served: Mutex::new(Some(served)),
            invoker,
            sandboxes,
            sink,
            worker,
            access,
            health,
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            api: reqwest::Client::builder().no_proxy().build().expect("a client"),
            store,
            _builder: building.drop_guard(),
            _dir: dir,
        }
    }

    /// Closes the database's connections; requests fail from now on.
    pub(crate) async fn close(&self) {
        self.store.close().await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url("")).expect("an address")
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.api.request(method.parse().expect("a method"), self.url(path))
    }

    /// Sends and takes the answer apart.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a whole body");
        Reply { status, headers, body }
    }

    /// A request to the content listener.
    pub(crate) fn visit(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().expect("a method"), format!("http://{}{path}", self.content))
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Reply {
        self.send(self.request("POST", path).header("content-type", "application/json").body(body)).await
    }

    pub(crate) async fn send_json(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(self.request(method, path).json(body)).await
    }

    /// Creates a Python function with the code `v1`.
    pub(crate) async fn create(&self, name: &str) -> Value {
        let body = json!({"name": name, "runtime": "python", "handler": "main.handler", "code": "v1"});
        self.send_json("POST", "/functions", &body).await.good(201)
    }

    /// A key of a tenant (or the server) with one role, for these namespaces and names of things.
    pub(crate) async fn key(
        &self,
        of: Option<&str>,
        role: &str,
        [namespaces, resources]: [&str; 2],
        lasts: Option<Duration>,
    ) -> MadeKey {
        let given = RoleGrant {
            role: RoleName::new(role).expect("valid"),
            namespaces: Pattern::parse(namespaces).expect("valid"),
            resources: Pattern::parse(resources).expect("valid"),
        };
        let new = NewKey {
            tenant: of.map(|name| TenantName::new(name).expect("valid")),
            name: role.to_owned(),
            owner: KeyOwner::Itself,
            roles: vec![given],
            lasts,
            pair: false,
            function: None,
        };
        self.access.create_key(&Principal::dev(), new).await.expect("made")
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    /// The JSON of an answer with that status.
    pub(crate) fn good(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        assert!(!self.header("x-request-id").is_empty());
        self.json()
    }

    /// A refusal in the form that the endpoint gives to them.
    pub(crate) fn refused(&self, row: &nova_api::endpoints::Endpoint, status: u16, code: &str) {
        if !row.is_aws() {
            self.problem(status, code);
            return;
        }
        let (status, name) = match code {
            "unauthenticated" => (403, "MissingAuthenticationTokenException"),
            "permission_denied" => (403, "AccessDeniedException"),
            "not_found" => (404, "ResourceNotFoundException"),
            "invalid_argument" => (400, "InvalidParameterValueException"),
            other => panic!("{other} is not swept"),
        };
        assert_eq!(
            (self.status, self.header("x-amzn-errortype")),
            (status, name),
            "{status}: {:?}",
            self.body
        );
    }

    /// The problem document of a refusal with that status and code.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(problem["detail"].as_str().is_some_and(|text| text.len() > 10), "{problem}");
        problem
    }
}

/// What comes of the next call; without a script the event is the output.
pub(crate) enum Script {
    Output(Bytes),
    Error(FunctionError),
    Fault(Fault),
    /// Waits until the caller goes away.
    Hang,
    Panic,
    Logs(Vec<&'static str>),
}

#[derive(Default)]
pub(crate) struct ScriptedInvoker {
    pub(crate) catalog: OnceLock<Arc<dyn Catalog>>,
    pub(crate) script: Mutex<VecDeque<Script>>,
    pub(crate) streams: Mutex<VecDeque<mpsc::Receiver<Event>>>,
    pub(crate) calls: Mutex<Vec<Call>>,
    pub(crate) began: Notify,
    pub(crate) cancelled: Notify,
}

/// What a scripted stream does.
pub(crate) enum Event {
    Chunk(&'static [u8]),
    Large(usize),
    Done(&'static str),
    Failed(Fault),
}

impl ScriptedInvoker {
    pub(crate) fn next(&self, script: Script) {
        self.script.lock().expect("not poisoned").push_back(script);
    }

    pub(crate) fn next_stream(&self) -> mpsc::Sender<Event> {
        let (sender, receiver) = mpsc::channel(1);
        self.streams.lock().expect("not poisoned").push_back(receiver);
        sender
    }

    pub(crate) fn last_call(&self) -> Call {
        self.calls.lock().expect("not poisoned").last().cloned().expect("there was a call")
    }

    async fn outcome(&self, call: &Call, result: Result<Bytes, FunctionError>) -> FaultResult<Outcome> {
        let catalog = self.catalog.get().expect("set at the start");
        let function = catalog.resolve(&call.scope, &call.target).await?;
        let usage = Usage { exec_us: 1500, cold_start: true, ..Usage::default() };
        Ok(Outcome { function, result, usage, logs: Vec::new(), logs_dropped: 0 })
    }
}

pub(crate) fn value_error() -> FunctionError {
    FunctionError {
        kind: FunctionErrorKind::Error,
        error_type: "ValueError".to_owned(),
        message: "no \"good\"".to_owned(),
        stack: vec!["main.py:3".to_owned()],
        exit_code: None,
        signal: None,
    }
}

#[async_trait]
impl Invoker for ScriptedInvoker {
    async fn invoke(&self, call: Call) -> FaultResult<Outcome> {
        self.calls.lock().expect("not poisoned").push(call.clone());
        let script = self.script.lock().expect("not poisoned").pop_front();
        self.began.notify_one();
        match script {
            None => self.outcome(&call, Ok(call.payload.clone())).await,
            Some(Script::Output(bytes)) => self.outcome(&call, Ok(bytes)).await,
            Some(Script::Error(error)) => self.outcome(&call, Err(error)).await,
            Some(Script::Fault(fault)) => Err(fault),
            Some(Script::Hang) => {
                call.cancel.cancelled().await;
                self.cancelled.notify_one();
                Err(Fault::new(Code::Cancelled, "the caller went away"))
            }
            Some(Script::Panic) => panic!("as scripted"),
            Some(Script::Logs(lines)) => {
                let mut outcome = self.outcome(&call, Ok(Bytes::from_static(b"null"))).await?;
                let line = |text: &str| LogLine {
                    at: SystemClock.now(),
                    stream: LogStream::Stdout,
                    text: text.to_owned(),
                };
                outcome.logs = lines.into_iter().map(line).collect();
                Ok(outcome)
            }
        }
    }

    async fn invoke_stream(&self, call: Call) -> FaultResult<EventStream> {
        self.calls.lock().expect("not poisoned").push(call.clone());
        if call.source == CallSource::Http && self.streams.lock().expect("not poisoned").is_empty() {
            self.calls.lock().expect("not poisoned").pop();
            let outcome = self.invoke(call).await?;
            return Ok(Box::pin(futures::stream::iter([StreamEvent::Done(Box::new(outcome))])));
        }
        let outcome = self.outcome(&call, Ok(Bytes::from_static(b"null"))).await?;
        let receiver = self.streams.lock().expect("not poisoned").pop_front();
        let receiver = receiver.ok_or_else(|| Fault::new(Code::Unavailable, "no stream was scripted"))?;
        Ok(Box::pin(futures::stream::unfold((receiver, outcome), |(mut receiver, outcome)| async move {
            let event = match receiver.recv().await? {
                Event::Chunk(bytes) => StreamEvent::Chunk(Bytes::from_static(bytes)),
                Event::Large(size) => StreamEvent::Chunk(Bytes::from(vec![b'x'; size])),
                Event::Failed(fault) => StreamEvent::Failed(fault),
                Event::Done(output) => {
                    let result = Ok(Bytes::from_static(output.as_bytes()));
                    StreamEvent::Done(Box::new(Outcome { result, ..outcome.clone() }))
                }
            };
            Some((event, (receiver, outcome)))
        })))
    }
}

#[derive(Default)]
struct MemoryObjects(Mutex<HashMap<Digest, Bytes>>);

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

#[derive(Default)]
pub(crate) struct ScriptedSandboxes {
    pub(crate) failures: Mutex<VecDeque<&'static str>>,
    printing: Mutex<VecDeque<mpsc::Receiver<&'static str>>>,
}

impl ScriptedSandboxes {
    /// The next build prints what is sent, and ends when the sender is gone.
    pub(crate) fn next_build(&self) -> mpsc::Sender<&'static str> {
        let (sender, receiver) = mpsc::channel(1);
        self.printing.lock().expect("not poisoned").push_back(receiver);
        sender
    }
}

#[async_trait]
impl Sandboxes for ScriptedSandboxes {
    async fn build(&self, request: BuildRequest) -> FaultResult<Build> {
        let printing = self.printing.lock().expect("not poisoned").pop_front();
        if let Some(mut lines) = printing {
            while let Some(text) = lines.recv().await {
                let line = LogLine { at: now(), stream: LogStream::Stderr, text: text.to_owned() };
                request.log.tell(&[line]);
            }
        }
        let failure = self.failures.lock().expect("not poisoned").pop_front();
        Ok(match failure {
            Some(output) => {
                Build { status: CompileStatus::Failed, output: output.to_owned(), artifact: None }
            }
            None => {
                Build { status: CompileStatus::Success, output: String::new(), artifact: Some(request.code) }
            }
        })
    }

    /// A host without Ruby.
    fn runtimes(&self) -> Vec<InstalledRuntime> {
        [
            (Runtime::Python, "3.11.2"),
            (Runtime::Node, "22.1.0"),
            (Runtime::Go, "1.24.0"),
            (Runtime::Rust, "1.95.0"),
        ]
        .into_iter()
        .map(|(runtime, version)| InstalledRuntime {
            runtime,
            version: version.to_owned(),
            path: format!("/usr/bin/{runtime}"),
            root: None,
        })
        .collect()
    }

    fn retire(&self, _: &FunctionId, _: &[u32]) {}
}

/// A time for tests that only need one.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// The next event of an answer that is followed.
pub(crate) async fn next(
    events: &mut (impl futures::Stream<Item = reqwest::Result<Bytes>> + Unpin),
) -> String {
    let event = tokio::time::timeout(Duration::from_secs(10), events.next()).await.expect("in time");
    String::from_utf8(event.expect("goes on").expect("no break").into()).expect("text")
}
