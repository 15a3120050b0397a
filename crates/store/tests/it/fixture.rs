//! An engine under test, and values to store.

use nova_domain::access::{Namespace, Tenant};
use nova_domain::call::{CallSource, FunctionError, FunctionErrorKind};
use nova_domain::function::{Env, Function, Limits, Mode, PoolSettings, VersionSpec};
use nova_domain::log::{LogLine, LogStream};
use nova_domain::run::{Run, RunStatus, Usage};
use nova_domain::runtime::{Runtime, RuntimeRef};
use nova_domain::version::{Build, CompileStatus, Version};
use nova_domain::{Digest, FunctionId, FunctionName, NamespaceName, RunId, Scope, TenantName, Timestamp};
use nova_store::{DatabaseUrl, Store, StoreOptions, System};

use crate::support::TestDatabase;

/// A store of one test.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) system: System,
    place: Place,
}

enum Place {
    Sqlite(tempfile::TempDir),
    Postgres(Box<TestDatabase>),
}

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let url = DatabaseUrl::parse(&format!("sqlite:{}/data", dir.path().display())).expect("url");
        let (store, system) = Store::open(&url, &StoreOptions::default()).await.expect("opens");
        settle(&store, &system).await;
        Self { store, system, place: Place::Sqlite(dir) }
    }

    pub(crate) async fn postgres() -> Self {
        let database = TestDatabase::create().await;
        let url = DatabaseUrl::parse(&database.url()).expect("url");
        let options = StoreOptions { connections: 4, ..StoreOptions::default() };
        let (store, system) = Store::open(&url, &options).await.expect("opens");
        settle(&store, &system).await;
        Self { store, system, place: Place::Postgres(Box::new(database)) }
    }

    /// Takes away what keeps the audit log from being changed, as somebody with all rights could.
    pub(crate) async fn arm(&self) {
        self.tamper(match self.place {
            Place::Sqlite(_) => {
                "DROP TRIGGER audit_entries_stay; DROP TRIGGER audit_entries_remain; \
                 DROP TRIGGER audit_heads_remain; DROP TRIGGER audit_heads_go_on; \
                 CREATE TABLE kept_entries AS SELECT * FROM audit_entries; \
                 CREATE TABLE kept_heads AS SELECT * FROM audit_heads"
            }
            Place::Postgres(_) => {
                "ALTER TABLE audit_entries DISABLE TRIGGER ALL; ALTER TABLE audit_heads DISABLE TRIGGER ALL; \
                 CREATE TABLE kept_entries AS SELECT * FROM audit_entries; \
                 CREATE TABLE kept_heads AS SELECT * FROM audit_heads"
            }
        })
        .await;
    }

    /// Copies the audit log, for [`Self::restore_audit`].
    pub(crate) async fn keep_audit(&self) {
        self.tamper(
            "DELETE FROM kept_entries; INSERT INTO kept_entries SELECT * FROM audit_entries; \
             DELETE FROM kept_heads; INSERT INTO kept_heads SELECT * FROM audit_heads",
        )
        .await;
    }

    pub(crate) async fn restore_audit(&self) {
        self.tamper(
            "DELETE FROM audit_entries; INSERT INTO audit_entries SELECT * FROM kept_entries; \
             DELETE FROM audit_heads; INSERT INTO audit_heads SELECT * FROM kept_heads",
        )
        .await;
    }

    fn raw(dir: &tempfile::TempDir) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(dir.path().join("data/nova.db")).expect("opens");
        connection.busy_timeout(std::time::Duration::from_secs(10)).expect("sets");
        connection
    }

    /// Statements past the store, with all rights.
    pub(crate) async fn tamper(&self, sql: &str) {
        match &self.place {
            Place::Sqlite(dir) => Self::raw(dir).execute_batch(sql).expect("tampers"),
            Place::Postgres(database) => {
                let all = format!("SET search_path = nova; {sql}");
                database.superuser().await.batch_execute(&all).await.expect("tampers");
            }
        }
    }

    /// Why a statement past the store is refused, with the rights that the store has.
    pub(crate) async fn forbidden(&self, sql: &str) -> String {
        match &self.place {
            Place::Sqlite(dir) => Self::raw(dir).execute_batch(sql).expect_err("refused").to_string(),
            Place::Postgres(database) => {
                let all = format!(
                    "BEGIN; SET LOCAL search_path = nova; SET LOCAL ROLE nova_app; \
                     SELECT set_config('nova.system', 'on', true); {sql}"
                );
                let error = database.owner().await.batch_execute(&all).await.expect_err("refused");
                error.as_db_error().expect("of the server").message().to_owned()
            }
        }
    }

    pub(crate) async fn end(self) {
        self.store.close().await;
        drop(self.store);
        if let Place::Postgres(database) = self.place {
            database.remove().await;
        } else if let Place::Sqlite(dir) = self.place {
            dir.close().expect("removes the directory");
        }
    }
}

/// Makes the tenants and namespaces that tests create functions in.
pub(crate) async fn settle(store: &Store, system: &System) {
    for (tenant, namespaces) in
        [("acme", &["prod", "staging"][..]), ("evil", &["prod"]), ("other", &["prod", "x"])]
    {
        let name = TenantName::new(tenant).expect("tenant");
        let new = Tenant { name: name.clone(), description: String::new(), created_at: at(0) };
        store.tenants().create(system, &new).await.expect("creates the tenant");
        for namespace in namespaces {
            let new = Namespace {
                tenant: name.clone(),
                name: NamespaceName::new(namespace).expect("namespace"),
                description: String::new(),
                created_at: at(0),
            };
            store.tenants().create_namespace(&new).await.expect("creates the namespace");
        }
    }
}

pub(crate) fn scope(tenant: &str, namespace: &str) -> Scope {
    Scope {
        tenant: TenantName::new(tenant).expect("tenant"),
        namespace: NamespaceName::new(namespace).expect("namespace"),
    }
}

pub(crate) fn here() -> Scope {
    scope("acme", "prod")
}

pub(crate) fn name(text: &str) -> FunctionName {
    FunctionName::new(text).expect("function name")
}

pub(crate) fn fid(text: &str) -> FunctionId {
    FunctionId::new(text).expect("function id")
}

pub(crate) fn rid(text: &str) -> RunId {
    RunId::new(text).expect("run id")
}

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

pub(crate) fn spec(runtime: Runtime, code: u8) -> VersionSpec {
    VersionSpec {
        runtime: RuntimeRef::from(runtime),
        handler: Some("main.handler".into()),
        mode: Mode::Handler,
        code: digest(code),
        code_size: 123,
        entry: "main.py".into(),
        env: Env::from([("GREETING".to_owned(), "häłlo \u{1f980} 'quoted' \"\\".to_owned())]),
        limits: Limits::default(),
        dependencies: None,
        network: Default::default(),
    }
}

pub(crate) fn version(function: &Function, number: u32, status: CompileStatus) -> Version {
    Version {
        function_id: function.id.clone(),
        number,
        spec: spec(Runtime::Python, number as u8),
        build: Build {
            status,
            output: if status == CompileStatus::NotRequired { String::new() } else { "building".into() },
            artifact: None,
        },
        created_at: at(1_000 + i64::from(number)),
    }
}

/// A function with id `f-<name>`, tenant and namespace of `scope`.
pub(crate) fn function(scope: &Scope, text: &str) -> Function {
    Function {
        id: fid(&format!("f-{}-{}-{}", scope.tenant, scope.namespace, text.replace('_', "-"))),
        scope: scope.clone(),
        name: name(text),
        description: format!("Describes {text}"),
        tags: [("team".to_owned(), "Blue".to_owned())].into(),
        pool: PoolSettings::default(),
        invoke_policy: Default::default(),
        http: Default::default(),
        active_version: 1,
        latest_version: 1,
        revision: 1,
        created_at: at(1_000),
        updated_at: at(1_000),
    }
}

/// Stores a function with version 1 and returns it.
pub(crate) async fn stored(env: &Bench, scope: &Scope, text: &str) -> Function {
    let function = function(scope, text);
    let first = version(&function, 1, CompileStatus::NotRequired);
    env.store.functions().create(scope, &function, &first).await.expect("creates");
    function
}

/// A run of `function` that started at `started` (microseconds).
pub(crate) fn run(function: &Function, id: &str, started: i64) -> Run {
    Run {
        id: rid(id),
        scope: function.scope.clone(),
        function_id: function.id.clone(),
        function: function.name.clone(),
        version: 1,
        source: CallSource::Api,
        status: RunStatus::Succeeded,
        started_at: at(started),
        duration_us: 1_500,
        usage: Usage { queue_us: 1, init_us: 2, exec_us: 3, cold_start: false, memory_peak: 4 },
        input_size: 2,
        output_size: 4,
        input: Some("{}".into()),
        output: Some("null".into()),
        error: None,
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        logs_dropped: 0,
    }
}

pub(crate) fn failure(message: &str) -> FunctionError {
    FunctionError {
        kind: FunctionErrorKind::Error,
        error_type: "ValueError".into(),
        message: message.into(),
        stack: vec!["main.py:3".into()],
        exit_code: None,
        signal: None,
    }
}

pub(crate) fn line(micros: i64, text: &str) -> LogLine {
    LogLine { at: at(micros), stream: LogStream::Stdout, text: text.into() }
}
