//! Role, schema and migrations. Runs as the user of the URL, who owns the schema.

use std::time::Duration;

use nova_domain::{Code, Fault};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::database::unreachable;
use super::{ROLE, SCHEMA};
use crate::migrate::{Applied, Migration, outstanding};

/// Held while one server migrates; others wait. ASCII "nova".
const LOCK: i64 = 0x6e6f_7661;
/// Lowest server version that we use.
const VERSION_MIN: i32 = 130_000;

/// Brings the database to the last of `migrations`.
pub(super) async fn migrate(
    config: &Config,
    tls: &MakeRustlsConnect,
    migrations: &[Migration],
) -> Result<(), Fault> {
    let mut config = config.clone();
    config.application_name("nova migrate");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    let (mut client, connection) = config.connect(tls.clone()).await.map_err(|error| unreachable(&error))?;
    let connection = tokio::spawn(connection);
    let result = migrate_with(&mut client, migrations).await;
    drop(client);
    // The lock ends with the session.
    match connection.await {
        Ok(Err(error)) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "migration connection ended")
        }
        Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "migration connection ended"),
        Ok(Ok(())) => {}
    }
    result
}

async fn migrate_with(client: &mut Client, migrations: &[Migration]) -> Result<(), Fault> {
    let failed = |error: tokio_postgres::Error| unreachable(&error);
    client
        .batch_execute("SET client_min_messages = warning; SET lock_timeout = '60s'")
        .await
        .map_err(failed)?;
    let version = server_version(client).await.map_err(failed)?;
    if version < VERSION_MIN {
        return Err(Fault::new(
            Code::Unavailable,
            format!("PostgreSQL {} is too old: Nova needs version 13 or newer", version / 10_000),
        ));
    }
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.map_err(failed)?;
    ensure_role(client, version).await?;
    let applied = applied(client).await.map_err(failed)?;
    let todo = outstanding("the PostgreSQL database", migrations, applied.as_deref().unwrap_or_default())?;
    if applied.is_some() && todo.is_empty() {
        return Ok(());
    }
    run(client, &todo).await
}

async fn server_version(client: &Client) -> Result<i32, tokio_postgres::Error> {
    let row = client.query_one("SELECT current_setting('server_version_num')::int", &[]).await?;
    row.try_get(0)
}

/// Makes the role and lets the connecting user take it on.
async fn ensure_role(client: &Client, version: i32) -> Result<(), Fault> {
    let failed = |error: tokio_postgres::Error| unreachable(&error);
    let explain = |error: tokio_postgres::Error| match error.code() {
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Fault::new(
            Code::Unavailable,
            format!(
                "the role {ROLE} is missing or not granted, and this database user may not change that: \
                 let an administrator run `CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO <user>`"
            ),
        ),
        _ => unreachable(&error),
    };
    let exists = client
        .query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&ROLE])
        .await
        .map_err(failed)?
        .is_some();
    if !exists {
        let made = client.batch_execute(&format!("CREATE ROLE {ROLE} NOLOGIN")).await;
        unless_raced(made).map_err(explain)?;
    }
    // Since version 16 membership alone does not allow SET ROLE.
    let privilege = if version >= 160_000 { "SET" } else { "MEMBER" };
    let row = client
        .query_one("SELECT pg_has_role(current_user, $1, $2)", &[&ROLE, &privilege])
        .await
        .map_err(failed)?;
    if row.try_get(0).map_err(failed)? {
        return Ok(());
    }
    let granted = client.batch_execute(&format!("GRANT {ROLE} TO CURRENT_USER")).await;
    unless_raced(granted).map_err(explain)
}

/// Roles and their members belong to the whole server, and the lock to one database:
/// another database's migration may have made the same change in this moment.
fn unless_raced(result: Result<(), tokio_postgres::Error>) -> Result<(), tokio_postgres::Error> {
    const RACED: [&SqlState; 3] =
        [&SqlState::DUPLICATE_OBJECT, &SqlState::UNIQUE_VIOLATION, &SqlState::T_R_SERIALIZATION_FAILURE];
    match result {
        Err(error) if error.code().is_some_and(|code| RACED.contains(&code)) => Ok(()),
        // `tuple concurrently updated` has no code of its own.
        Err(error) if error.as_db_error().is_some_and(|db| db.message().contains("concurrently updated")) => {
            Ok(())
        }
        other => other,
    }
}

/// What the database has, `None` if it has nothing of ours yet.
async fn applied(client: &Client) -> Result<Option<Vec<Applied>>, tokio_postgres::Error> {
    let table = format!("{SCHEMA}.nova_migrations");
    let row = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await?;
    if !row.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let rows = client.query(&format!("SELECT number, checksum FROM {table} ORDER BY number"), &[]).await?;
    let read = |row: &tokio_postgres::Row| Ok(Applied { number: row.try_get(0)?, checksum: row.try_get(1)? });
    rows.iter().map(read).collect::<Result<_, tokio_postgres::Error>>().map(Some)
}

/// Runs the migrations, all in one transaction.
async fn run(client: &mut Client, migrations: &[Migration]) -> Result<(), Fault> {
    let failed = |error: tokio_postgres::Error| unreachable(&error);
    let transaction = client.transaction().await.map_err(failed)?;
    transaction
        .batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS {SCHEMA};
             GRANT USAGE ON SCHEMA {SCHEMA} TO {ROLE};
             SET LOCAL search_path = {SCHEMA};
             CREATE TABLE IF NOT EXISTS nova_migrations (
                 number     bigint PRIMARY KEY,
                 name       text NOT NULL,
                 checksum   text NOT NULL,
                 applied_at bigint NOT NULL
             )"
        ))
        .await
        .map_err(failed)?;
    for migration in migrations {
        let applied = async {
            transaction.batch_execute(migration.sql).await?;
            let insert = "INSERT INTO nova_migrations (number, name, checksum, applied_at)
                          VALUES ($1, $2, $3, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)";
            transaction.execute(insert, &[&migration.number, &migration.name, &migration.checksum()]).await
        };
        applied.await.map_err(|error| {
            let why = unreachable(&error);
            Fault::new(
                Code::Unavailable,
                format!("migration {} ({}) failed: {}", migration.number, migration.name, why.message()),
            )
        })?;
    }
    transaction.commit().await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDatabase;
    use super::*;
    use crate::migrate::POSTGRES;

    /// Columns, indexes, constraints, policies and grants of everything in the schema.
    const DUMP: &str = "
        SELECT line FROM (
          SELECT 1 AS part, table_name::text || '.' || column_name || ' ' || data_type || ' ' ||
                 coalesce(collation_name, '-') || ' null=' || is_nullable || ' identity=' || is_identity AS line
            FROM information_schema.columns WHERE table_schema = 'nova'
          UNION ALL SELECT 2, indexdef FROM pg_indexes WHERE schemaname = 'nova'
          UNION ALL SELECT 3, conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'nova'::regnamespace AND contype <> 'n'
          UNION ALL SELECT 4, tablename || ' policy ' || policyname || ' to ' || roles::text || ' ' || cmd || ' using ' || qual
            FROM pg_policies WHERE schemaname = 'nova'
          UNION ALL SELECT 5, relname || ' rls=' || relrowsecurity || ' force=' || relforcerowsecurity
            FROM pg_class WHERE relnamespace = 'nova'::regnamespace AND relkind = 'r'
          UNION ALL SELECT 6, table_name || ' grants ' || string_agg(privilege_type, ',' ORDER BY privilege_type)
            FROM information_schema.role_table_grants WHERE table_schema = 'nova' AND grantee = 'nova_app' GROUP BY table_name
        ) AS lines ORDER BY part, line COLLATE \"C\"";

    async fn dump(database: &TestDatabase) -> String {
        let rows = database.owner().await.query(DUMP, &[]).await.expect("dump");
        rows.iter().map(|row| row.get::<_, String>(0) + "\n").collect()
    }

    /// Regenerate the golden file: `NOVA_GOLDEN=write cargo test -p nova-store golden`.
    fn plain() -> MakeRustlsConnect {
        crate::postgres::tls::Tls::default().connector().expect("TLS")
    }

    #[tokio::test]
    async fn a_fresh_schema_is_the_golden_one_and_so_is_one_migrated_step_by_step() {
        let fresh = TestDatabase::create().await;
        migrate(&fresh.config(), &plain(), POSTGRES).await.expect("migrates");
        let steps = TestDatabase::create().await;
        for upto in 0..=POSTGRES.len() {
            migrate(&steps.config(), &plain(), &POSTGRES[..upto]).await.expect("migrates");
        }
        let text = dump(&fresh).await;
        assert_eq!(dump(&steps).await, text);
        let golden = format!("{}/tests/golden/postgres.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("NOVA_GOLDEN").is_some() {
            std::fs::write(&golden, &text).expect("write golden file");
        }
        assert_eq!(
            text,
            std::fs::read_to_string(&golden).expect("golden file"),
            "a migration changed: append a new one"
        );
        fresh.remove().await;
        steps.remove().await;
    }

    #[tokio::test]
    async fn every_table_with_rows_of_tenants_is_under_forced_row_level_security() {
        let database = TestDatabase::create().await;
        migrate(&database.config(), &plain(), POSTGRES).await.expect("migrates");
        let open = "SELECT relname::text FROM pg_class WHERE relnamespace = 'nova'::regnamespace AND relkind = 'r' \
                    AND relname <> 'nova_migrations' AND NOT (relrowsecurity AND relforcerowsecurity)";
        let rows = database.owner().await.query(open, &[]).await.expect("query");
        assert!(rows.is_empty(), "{:?}", rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>());
        database.remove().await;
    }

    #[tokio::test]
    async fn every_statement_prepares_as_the_role_that_runs_it() {
        let database = TestDatabase::create().await;
        migrate(&database.config(), &plain(), POSTGRES).await.expect("migrates");
        let pool = super::super::Database::open(&database.config(), plain(), &crate::StoreOptions::default())
            .expect("opens");
        let client = pool.client().await.expect("connects");
        for statement in super::super::statements() {
            client
                .prepare(statement.sql)
                .await
                .unwrap_or_else(|error| panic!("{}: {error:?}", statement.name));
        }
        drop(client);
        pool.close();
        database.remove().await;
    }

    #[tokio::test]
    async fn servers_that_start_at_the_same_time_migrate_once() {
        let database = TestDatabase::create().await;
        let starts = (0..4).map(|_| {
            let config = database.config();
            async move { migrate(&config, &plain(), POSTGRES).await }
        });
        for result in futures::future::join_all(starts).await {
            result.expect("migrates or finds it done");
        }
        database.remove().await;
    }

    #[tokio::test]
    async fn a_database_newer_than_the_program_is_refused() {
        let database = TestDatabase::create().await;
        migrate(&database.config(), &plain(), POSTGRES).await.expect("migrates");
        let fault = migrate(&database.config(), &plain(), &POSTGRES[..1]).await.expect_err("newer");
        assert!(fault.message().contains("newer Nova"), "{fault}");
        database.remove().await;
    }
}
