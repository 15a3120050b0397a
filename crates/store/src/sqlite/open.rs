//! Makes the directory, opens the files, brings their schema up to date.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nova_domain::{Code, Fault};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::file::File;
use super::lock::DirectoryLock;
use crate::migrate::{self, Applied, Migration};
use crate::options::StoreOptions;

/// Marks our files for `file(1)` and against opening someone else's database: "NOVA".
const APPLICATION_ID: i32 = 0x4e4f_5641;
/// How long a statement waits for a lock that another process (a backup, a shell) holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// One of the three files.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileKind {
    pub(super) name: &'static str,
    migrations: &'static [Migration],
    synchronous: &'static str,
    /// Run records may be lost and their space comes back; the rest may not.
    droppable: bool,
    /// Whether writes are changes of configuration.
    pub(super) audited: bool,
}

pub(super) const NOVA: FileKind = FileKind {
    name: "nova.db",
    migrations: migrate::SQLITE_NOVA,
    synchronous: "FULL",
    droppable: false,
    audited: true,
};
pub(super) const WORK: FileKind = FileKind {
    name: "work.db",
    migrations: migrate::SQLITE_WORK,
    synchronous: "FULL",
    droppable: false,
    audited: false,
};
pub(super) const LOG: FileKind = FileKind {
    name: "log.db",
    migrations: migrate::SQLITE_LOG,
    synchronous: "NORMAL",
    droppable: true,
    audited: false,
};

/// The opened files of a directory.
pub(super) struct OpenFiles {
    pub(super) nova: File,
    pub(super) work: File,
    pub(super) log: File,
}

/// Opens all three; blocking.
pub(super) fn open_directory(dir: &Path, options: &StoreOptions) -> Result<OpenFiles, Fault> {
    prepare_directory(dir)?;
    let lock = Arc::new(DirectoryLock::take(dir)?);
    let open = |kind: FileKind| File::open(dir, kind, options, lock.clone());
    Ok(OpenFiles { nova: open(NOVA)?, work: open(WORK)?, log: open(LOG)? })
}

/// Makes `dir` readable by its owner only. A directory that holds other things already is
/// not ours to close.
fn prepare_directory(dir: &Path) -> Result<(), Fault> {
    let failed = |what: &str, error: std::io::Error| {
        Fault::new(Code::Unavailable, format!("cannot {what} data directory {}: {error}", dir.display()))
    };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| failed("create", error))?;
    let mode = std::fs::metadata(dir).map_err(|error| failed("read", error))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let empty = std::fs::read_dir(dir).map_err(|error| failed("read", error))?.next().is_none();
    if !empty && !dir.join(NOVA.name).exists() {
        return Err(Fault::new(
            Code::Unavailable,
            format!(
                "{} holds other files and others may read it: give Nova a directory of its own, or chmod 700 it",
                dir.display()
            ),
        ));
    }
    std::fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(|error| failed("protect", error))
}

/// Where a file of `dir` is.
pub(super) fn path_of(dir: &Path, kind: FileKind) -> PathBuf {
    dir.join(kind.name)
}

/// Opens the connection of the writer and brings the schema up to date.
pub(super) fn open_writer(path: &Path, kind: FileKind) -> Result<Connection, Fault> {
    let mut connection = writer_connection(path, kind).map_err(|error| explain(path, kind, error))?;
    check_identity(&connection, path, kind)?;
    migrate(&mut connection, path, kind)?;
    Ok(connection)
}

fn writer_connection(path: &Path, kind: FileKind) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    if kind.droppable {
        // Takes effect only before the first table is made.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", kind.synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(super::STATEMENT_CACHE);
    Ok(connection)
}

/// Opens a connection that cannot write.
pub(super) fn open_reader(path: &Path, kind: FileKind) -> Result<Connection, Fault> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(super::STATEMENT_CACHE);
        Ok(connection)
    };
    open().map_err(|error| explain(path, kind, error))
}

fn check_identity(connection: &Connection, path: &Path, kind: FileKind) -> Result<(), Fault> {
    let read = || -> rusqlite::Result<(i32, i64)> {
        let id = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((id, tables))
    };
    let (id, tables) = read().map_err(|error| explain(path, kind, error))?;
    if id == APPLICATION_ID || tables == 0 {
        // The configuration is small and everything hangs on it: look at all of it.
        if !kind.droppable {
            quick_check(connection, path, kind)?;
        }
        return Ok(());
    }
    Err(Fault::new(
        Code::Unavailable,
        format!(
            "{} is an SQLite database, but not one of Nova's: give Nova another directory",
            path.display()
        ),
    ))
}

fn quick_check(connection: &Connection, path: &Path, kind: FileKind) -> Result<(), Fault> {
    let answer: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| explain(path, kind, error))?;
    if answer == "ok" { Ok(()) } else { Err(damaged(path, kind, &answer)) }
}

fn damaged(path: &Path, kind: FileKind, why: &str) -> Fault {
    let advice = if kind.droppable {
        "it holds only run records and logs: move it away (with its -wal and -shm) to go on without them"
    } else {
        "restore it from a backup (with its -wal and -shm moved away)"
    };
    Fault::new(Code::Unavailable, format!("{} is damaged ({why}): {advice}", path.display()))
}

fn explain(path: &Path, kind: FileKind, error: rusqlite::Error) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => damaged(path, kind, &error.to_string()),
        _ => Fault::new(Code::Unavailable, format!("cannot open {}: {error}", path.display())),
    }
}

/// Runs what is outstanding, all of it in one transaction.
fn migrate(connection: &mut Connection, path: &Path, kind: FileKind) -> Result<(), Fault> {
    let failed = |error| explain(path, kind, error);
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive).map_err(failed)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS nova_migrations (
                 number     INTEGER PRIMARY KEY NOT NULL,
                 name       TEXT NOT NULL,
                 checksum   TEXT NOT NULL,
                 applied_at INTEGER NOT NULL
             ) STRICT",
        )
        .map_err(failed)?;
    let applied = applied(&transaction).map_err(failed)?;
    for migration in migrate::outstanding(&path.display().to_string(), kind.migrations, &applied)? {
        apply(&transaction, migration).map_err(|error| {
            Fault::new(
                Code::Unavailable,
                format!(
                    "migration {} ({}) of {} failed: {error}",
                    migration.number,
                    migration.name,
                    path.display()
                ),
            )
        })?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    connection
        .prepare("SELECT number, checksum FROM nova_migrations ORDER BY number")?
        .query_map([], |row| Ok(Applied { number: row.get(0)?, checksum: row.get(1)? }))?
        .collect()
}

fn apply(connection: &Connection, migration: Migration) -> rusqlite::Result<()> {
    connection.execute_batch(migration.sql)?;
    connection.execute(
        "INSERT INTO nova_migrations (number, name, checksum, applied_at)
         VALUES (?1, ?2, ?3, CAST(unixepoch('subsec') * 1000000 AS INTEGER))",
        (migration.number, migration.name, migration.checksum()),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Definitions of everything in a file, in a fixed order.
    fn dump(connection: &Connection) -> String {
        let mut statement = connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type, name")
            .expect("schema query");
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("schema");
        rows.map(|row| row.expect("row") + ";\n").collect()
    }

    fn migrated(dir: &Path, kind: FileKind) -> Connection {
        open_writer(&path_of(dir, kind), kind).expect("opens")
    }

    /// The golden file is what a fresh database has. Regenerate: `NOVA_GOLDEN=write cargo test -p nova-store golden`.
    #[test]
    fn a_fresh_schema_is_the_golden_one_and_so_is_one_migrated_step_by_step() {
        let golden = format!("{}/tests/golden/sqlite.sql", env!("CARGO_MANIFEST_DIR"));
        let fresh_dir = tempfile::tempdir().expect("temp dir");
        let steps_dir = tempfile::tempdir().expect("temp dir");
        let mut fresh = String::new();
        for kind in [NOVA, WORK, LOG] {
            let section = dump(&migrated(fresh_dir.path(), kind));
            for upto in 0..=kind.migrations.len() {
                let older = FileKind { migrations: &kind.migrations[..upto], ..kind };
                drop(migrated(steps_dir.path(), older));
            }
            assert_eq!(dump(&migrated(steps_dir.path(), kind)), section, "{}", kind.name);
            fresh.push_str(&format!("-- {}\n{section}\n", kind.name));
        }
        if std::env::var_os("NOVA_GOLDEN").is_some() {
            std::fs::write(&golden, &fresh).expect("write golden file");
        }
        assert_eq!(
            fresh,
            std::fs::read_to_string(&golden).expect("golden file"),
            "a migration changed: append a new one"
        );
    }

    #[test]
    fn every_statement_prepares() {
        let dir = tempfile::tempdir().expect("temp dir");
        for (kind, statements) in [
            (NOVA, super::super::nova_statements()),
            (WORK, super::super::work_statements()),
            (LOG, super::super::log_statements()),
        ] {
            let connection = migrated(dir.path(), kind);
            for statement in statements {
                connection
                    .prepare(statement.sql)
                    .unwrap_or_else(|error| panic!("{}: {error}", statement.name));
            }
        }
    }

    #[test]
    fn every_statement_searches_by_an_index_and_sorts_nothing() {
        let dir = tempfile::tempdir().expect("temp dir");
        for (kind, statements) in [
            (NOVA, super::super::nova_statements()),
            (WORK, super::super::work_statements()),
            (LOG, super::super::log_statements()),
        ] {
            let connection = migrated(dir.path(), kind);
            // Who asks for all chains of the audit log goes on to read every entry.
            for statement in statements.into_iter().filter(|statement| statement.name != "CHAINS") {
                let explain = format!("EXPLAIN QUERY PLAN {}", statement.sql);
                let mut prepared = connection.prepare(&explain).expect("prepares");
                let count = prepared.parameter_count();
                let nulls = vec![rusqlite::types::Null; count];
                let plan: Vec<String> = prepared
                    .query_map(rusqlite::params_from_iter(nulls), |row| row.get(3))
                    .expect("plan")
                    .map(|row| row.expect("row"))
                    .collect();
                let slow = plan.iter().find(|step| {
                    // A scan of a covering partial index holds nothing that is not wanted, and one of
                    // `json_each` is over a list that the statement was given; a subquery has its own steps.
                    let wanted = ["USING", "CONSTANT", "json_each", "(subquery"];
                    (step.starts_with("SCAN") && !wanted.iter().any(|word| step.contains(word)))
                        || step.contains("USE TEMP B-TREE FOR ORDER BY")
                });
                assert!(slow.is_none(), "{}: {plan:?}", statement.name);
            }
        }
    }
}
