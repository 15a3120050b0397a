//! A PostgreSQL database per test, made on the server that `NOVA_TEST_POSTGRES` names.

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

/// An ordinary user that owns the test databases: not a superuser, whom policies would not bind.
const OWNER: &str = "nova_test_owner";

/// A database of one test.
pub(crate) struct TestDatabase {
    admin: Config,
    name: String,
}

impl TestDatabase {
    /// Makes an empty database that `nova_test_owner` owns.
    pub(crate) async fn create() -> Self {
        let url = std::env::var("NOVA_TEST_POSTGRES").expect(
            "the environment variable NOVA_TEST_POSTGRES is not set: run `scripts/postgres start DIR` and set it to the \
             URL that it prints (a superuser of a PostgreSQL server that tests may fill), then test again",
        );
        let admin = Config::from_str(&url).expect("NOVA_TEST_POSTGRES is a postgres:// URL");
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
        let name =
            format!("nova_test_{}_{now}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let client = connect(&admin).await;
        let made = format!("CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD 'test'");
        if let Err(error) = client.batch_execute(&made).await {
            let raced = [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION];
            assert!(error.code().is_some_and(|code| raced.contains(code)), "create role: {error:?}");
        }
        let sql = format!("CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'");
        client.batch_execute(&sql).await.expect("create database");
        Self { admin, name }
    }

    /// How Nova connects: as the owner.
    #[allow(dead_code, reason = "each test crate uses its part of this module")]
    pub(crate) fn config(&self) -> Config {
        let mut config = self.admin.clone();
        config.dbname(&self.name).user(OWNER).password("test");
        config
    }

    /// The same as a URL.
    #[allow(dead_code, reason = "each test crate uses its part of this module")]
    pub(crate) fn url(&self) -> String {
        let host = match &self.admin.get_hosts()[0] {
            tokio_postgres::config::Host::Tcp(host) => host.clone(),
            tokio_postgres::config::Host::Unix(path) => path.display().to_string().replace('/', "%2F"),
        };
        let port = self.admin.get_ports().first().copied().unwrap_or(5432);
        format!("postgres://{OWNER}:test@{host}:{port}/{}", self.name)
    }

    /// Gives the database to a role that the server refuses without TLS; its URL.
    #[allow(dead_code, reason = "each test crate uses its part of this module")]
    pub(crate) async fn url_of_tls_only(&self, host: &str, query: &str) -> String {
        let client = connect(&self.admin).await;
        let made = "CREATE ROLE nova_test_tls LOGIN CREATEROLE PASSWORD 'test'";
        if let Err(error) = client.batch_execute(made).await {
            let raced = [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION];
            assert!(error.code().is_some_and(|code| raced.contains(code)), "create role: {error:?}");
        }
        let owns = format!("ALTER DATABASE {} OWNER TO nova_test_tls", self.name);
        client.batch_execute(&owns).await.expect("alter database");
        let port = self.admin.get_ports().first().copied().unwrap_or(5432);
        format!("postgres://nova_test_tls:test@{host}:{port}/{}{query}", self.name)
    }

    /// The folder of the server's certificates.
    #[allow(dead_code, reason = "each test crate uses its part of this module")]
    pub(crate) async fn certificates(&self) -> std::path::PathBuf {
        let row = connect(&self.admin).await.query_one("SHOW ssl_cert_file", &[]).await.expect("asks");
        let file = std::path::PathBuf::from(row.get::<_, String>(0));
        assert!(file.is_absolute(), "the server has no TLS: stop and start it with scripts/postgres");
        file.parent().expect("a folder").to_owned()
    }

    /// A connection as the owner.
    #[allow(dead_code, reason = "each test crate uses its part of this module")]
    pub(crate) async fn owner(&self) -> Client {
        connect(&self.config()).await
    }

    /// A connection as the superuser, to this database.
    #[allow(dead_code, reason = "each test crate uses its part of this module")]
    pub(crate) async fn superuser(&self) -> Client {
        let mut config = self.admin.clone();
        config.dbname(&self.name);
        connect(&config).await
    }

    /// Ends every other connection to the database, as a restart of the server does.
    #[allow(dead_code, reason = "each test crate uses its part of this module")]
    pub(crate) async fn cut_connections(&self) {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = $1 AND pid <> pg_backend_pid()";
        connect(&self.admin).await.execute(sql, &[&self.name]).await.expect("terminate");
    }

    /// Deletes it.
    pub(crate) async fn remove(self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        connect(&self.admin).await.batch_execute(&sql).await.expect("drop database");
    }
}

async fn connect(config: &Config) -> Client {
    let (client, connection) =
        config.connect(NoTls).await.expect("connect to the PostgreSQL of NOVA_TEST_POSTGRES");
    tokio::spawn(connection);
    client
}
