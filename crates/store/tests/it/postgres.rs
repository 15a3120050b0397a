//! What only the PostgreSQL engine has: row-level security, reconnects.

use nova_domain::Code;
use nova_domain::version::CompileStatus;
use nova_store::repo::{FunctionFilter, RunRecord};
use nova_store::{DatabaseUrl, PageRequest, Store, StoreOptions};
use tokio_postgres::Client;

use crate::fixture::*;
use crate::support::TestDatabase;

async fn open(database: &TestDatabase) -> (Store, nova_store::System) {
    let url = DatabaseUrl::parse(&database.url()).expect("url");
    Store::open(&url, &StoreOptions { connections: 2, ..StoreOptions::default() }).await.expect("opens")
}

/// A store with one function, one run, one line and one job of tenant `acme`.
async fn filled() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await;
    let (store, system) = open(&database).await;
    settle(&store, &system).await;
    let secret = function(&here(), "secret");
    let first = version(&secret, 1, CompileStatus::NotRequired);
    store.functions().create(&here(), &secret, &first).await.expect("creates");
    let record = RunRecord { run: run(&secret, "r1", 1), lines: vec![line(1, "secret")] };
    store.runs().insert_batch(&system, vec![record].into()).await.expect("inserts");
    store.jobs().accept(&crate::contract::job::job(&here(), "j1", "secret", 1)).await.expect("accepts");
    (database, store)
}

async fn count(client: &Client, table: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM nova.{table}"), &[]).await.expect("counts").get(0)
}

const TABLES: [&str; 6] = ["functions", "versions", "runs", "log_lines", "jobs", "job_payloads"];

#[tokio::test]
async fn a_query_without_the_scope_set_sees_and_changes_nothing() {
    let (database, store) = filled().await;
    let client = database.owner().await;
    // The owner itself is bound (FORCE), and so is the role that queries run as.
    for role in ["nova_test_owner", "nova_app"] {
        client.batch_execute(&format!("SET ROLE {role}")).await.expect("set role");
        for table in TABLES {
            assert_eq!(count(&client, table).await, 0, "{table} as {role}");
            let deleted = client.execute(&format!("DELETE FROM nova.{table}"), &[]).await.expect("deletes");
            assert_eq!(deleted, 0, "{table} as {role}");
        }
    }
    let insert = "INSERT INTO nova.functions SELECT 'x', 'acme', 'prod', 'x', '', '', '', 0, 1, 1, 1, 0, 0";
    let error = client.execute(insert, &[]).await.expect_err("no scope");
    assert!(error.as_db_error().expect("from the server").message().contains("row-level security"));
    let alter = client.batch_execute("DROP TABLE nova.functions").await;
    assert!(alter.is_err(), "the role of queries owns nothing");

    // With a scope: its own tenant, and nothing of another after the transaction.
    client.batch_execute("BEGIN; SELECT set_config('nova.tenant', 'acme', true)").await.expect("scope");
    for table in TABLES {
        assert_eq!(count(&client, table).await, 1, "{table}");
    }
    client.batch_execute("COMMIT").await.expect("commit");
    assert_eq!(count(&client, "functions").await, 0, "the setting ended with the transaction");
    client.batch_execute("BEGIN; SELECT set_config('nova.tenant', 'evil', true)").await.expect("scope");
    assert_eq!(count(&client, "functions").await, 0);
    client.batch_execute("ROLLBACK").await.expect("rollback");
    drop(client);
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn every_table_is_behind_its_policies_and_shows_a_tenant_its_own_rows_only() {
    let (database, store) = filled().await;
    let everything = "
        INSERT INTO nova.users (id, email, name, superadmin, disabled, created_at) VALUES ('u', 'a@b', '', false, false, 1);
        INSERT INTO nova.memberships (tenant_id, user_id, role, created_at) VALUES ('acme', 'u', 'owner', 1);
        INSERT INTO nova.service_accounts (id, tenant_id, name, description, created_at) VALUES ('s', 'acme', 's', '', 1);
        INSERT INTO nova.roles (tenant_id, name, description, permissions, created_at) VALUES ('acme', 'r', '', '[]', 1);
        INSERT INTO nova.bindings (id, tenant_id, subject, role, namespaces, resources, created_at)
            VALUES ('b', 'acme', 'user:u', 'r', '*', '*', 1), ('c', '', 'user:u', 'viewer', '*', '*', 1);
        INSERT INTO nova.credentials (id, kind, tenant_id, owner, name, prefix, hash, created_at, note)
            VALUES ('k', 'key', 'acme', 'user:u', '', '', repeat('0', 64), 1, 'null'),
                   ('l', 'key', '', 'user:u', '', '', repeat('1', 64), 1, 'null');
    ";
    database.superuser().await.batch_execute(everything).await.expect("inserts");
    let client = database.owner().await;
    let tables = "SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c \
                  JOIN pg_namespace n ON n.oid = c.relnamespace \
                  WHERE n.nspname = 'nova' AND c.relkind = 'r' AND c.relname <> 'nova_migrations' ORDER BY 1";
    let tables: Vec<(String, bool)> =
        client.query(tables, &[]).await.expect("lists").iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(tables.len() >= 13, "{tables:?}");
    for (table, protected) in &tables {
        assert!(protected, "{table} has no row-level security, or not for its owner");
    }
    client.batch_execute("SET ROLE nova_app").await.expect("set role");
    for (tenant, rows) in [("", 0), ("evil", 0), ("acme", 1)] {
        let begin = format!("BEGIN; SELECT set_config('nova.tenant', '{tenant}', true)");
        client.batch_execute(&begin).await.expect("scope");
        for table in ["memberships", "service_accounts", "roles", "bindings", "credentials"] {
            assert_eq!(count(&client, table).await, rows, "{table} for {tenant:?}");
        }
        // People belong to no tenant.
        for table in ["users", "credential_secrets"] {
            assert_eq!(count(&client, table).await, 0, "{table} for {tenant:?}");
        }
        let own = i64::from(!tenant.is_empty());
        assert_eq!(count(&client, "tenants").await, own, "tenants for {tenant:?}");
        client.batch_execute("COMMIT").await.expect("commit");
    }
    // Nobody makes rows of another tenant.
    client.batch_execute("BEGIN; SELECT set_config('nova.tenant', 'evil', true)").await.expect("scope");
    let insert = "INSERT INTO nova.memberships (tenant_id, user_id, role, created_at) VALUES ('acme', 'u', 'owner', 1)";
    let error = client.execute(insert, &[]).await.expect_err("another tenant's");
    assert!(
        error.as_db_error().expect("from the server").message().contains("row-level security"),
        "{error:?}"
    );
    drop(client);
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn connections_that_the_server_ended_are_replaced() {
    let (database, store) = filled().await;
    for _ in 0..3 {
        database.cut_connections().await;
        let found = store.functions().get(&here(), &name("secret")).await.expect("reads on a new connection");
        let mut changed = found.clone();
        changed.description.push('x');
        store.functions().update(&here(), &changed, None).await.expect("writes");
    }
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn a_dropped_write_leaves_no_transaction_open_on_its_connection() {
    let (database, store) = filled().await;
    for index in 0..40 {
        let store = store.clone();
        let function = function(&here(), &format!("f{index}"));
        let first = version(&function, 1, CompileStatus::NotRequired);
        let task = tokio::spawn(async move { store.functions().create(&here(), &function, &first).await });
        for _ in 0..index {
            tokio::task::yield_now().await;
        }
        task.abort();
        // Whether it was stored or not, the next one works and sees committed rows only.
        let _ = task.await;
    }
    let page = PageRequest::largest();
    let listed = store.functions().list(&here(), &FunctionFilter::default(), &page).await.expect("lists");
    for item in listed.items {
        store
            .versions()
            .get(&here(), &item.function.id, 1)
            .await
            .expect("never a function without its version");
    }
    let open =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    let idle: i64 = database.superuser().await.query_one(open, &[]).await.expect("counts").get(0);
    assert_eq!(idle, 0);
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let database = TestDatabase::create().await;
    let url = DatabaseUrl::parse(&database.url()).expect("url");
    let options =
        StoreOptions { statement_timeout: std::time::Duration::from_millis(100), ..StoreOptions::default() };
    let (store, _) = Store::open(&url, &options).await.expect("opens");
    // Somebody holds the table.
    let blocker = database.superuser().await;
    blocker.batch_execute("BEGIN; LOCK TABLE nova.functions IN ACCESS EXCLUSIVE MODE").await.expect("locks");
    let fault = store.functions().get(&here(), &name("x")).await.expect_err("times out");
    assert_eq!(fault.code(), Code::Unavailable);
    assert!(fault.retry_after().is_some());
    blocker.batch_execute("ROLLBACK").await.expect("unlocks");
    assert_eq!(store.functions().get(&here(), &name("x")).await.expect_err("none").code(), Code::NotFound);
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_without_the_password() {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("free port").local_addr().expect("address").port();
    let url = DatabaseUrl::parse(&format!("postgres://nova:hunter2@127.0.0.1:{port}/nova")).expect("url");
    let fault = Store::open(&url, &StoreOptions::default()).await.map(drop).expect_err("nothing listens");
    assert_eq!(fault.code(), Code::Unavailable);
    assert!(fault.message().contains("PostgreSQL") && !fault.log_line().contains("hunter2"), "{fault:?}");
}
