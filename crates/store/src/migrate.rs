//! The migrations, embedded. Numbers and names are equal on both engines; on SQLite the
//! last part of a file's name says which of the three files it belongs to. Migrations are
//! append-only: a stored checksum that differs stops the start.

use nova_domain::{Code, Fault};
use sha2::{Digest as _, Sha256};

/// One step of a schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) number: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

impl Migration {
    /// SHA-256 of the text, hex.
    pub(crate) fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql.as_bytes()))
    }
}

macro_rules! migrations {
    ($folder:literal: $($number:literal $name:literal $file:literal),* $(,)?) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../migrations/", $folder, "/", $file)),
        }),*]
    };
}

/// Migrations of SQLite's `nova.db`.
pub(crate) const SQLITE_NOVA: &[Migration] = migrations!("sqlite":
    1 "functions" "0001_functions.nova.sql",
    3 "access" "0003_access.nova.sql",
    4 "secrets" "0004_secrets.nova.sql",
    5 "audit" "0005_audit.nova.sql",
    6 "quotas" "0006_quotas.nova.sql",
    7 "aliases" "0007_aliases.nova.sql",
    8 "signing" "0008_signing.nova.sql",
    9 "server_rows" "0009_server_rows.nova.sql",
);
/// Migrations of SQLite's `work.db`.
pub(crate) const SQLITE_WORK: &[Migration] = migrations!("sqlite":
    10 "jobs" "0010_jobs.work.sql",
);
/// Migrations of SQLite's `log.db`.
pub(crate) const SQLITE_LOG: &[Migration] = migrations!("sqlite":
    2 "runs" "0002_runs.log.sql",
);
/// Migrations of PostgreSQL.
pub(crate) const POSTGRES: &[Migration] = migrations!("postgres":
    1 "functions" "0001_functions.sql",
    2 "runs" "0002_runs.sql",
    3 "access" "0003_access.sql",
    4 "secrets" "0004_secrets.sql",
    5 "audit" "0005_audit.sql",
    6 "quotas" "0006_quotas.sql",
    7 "aliases" "0007_aliases.sql",
    8 "signing" "0008_signing.sql",
    9 "server_rows" "0009_server_rows.sql",
    10 "jobs" "0010_jobs.sql",
);

/// A migration that a database says it has.
pub(crate) struct Applied {
    pub(crate) number: i64,
    pub(crate) checksum: String,
}

/// The migrations of `known` that are still to do; a fault if the database is newer than
/// this program or its history another. `place` names the database.
pub(crate) fn outstanding(
    place: &str,
    known: &[Migration],
    applied: &[Applied],
) -> Result<Vec<Migration>, Fault> {
    for done in applied {
        let Some(ours) = known.iter().find(|migration| migration.number == done.number) else {
            let newest = known.iter().map(|migration| migration.number).max().unwrap_or(0);
            return Err(Fault::new(
                Code::Unavailable,
                format!(
                    "{place} was made by a newer Nova (it has migration {}, this program knows up to {newest}): \
                     start the newer version, or restore a backup made before the upgrade",
                    done.number
                ),
            ));
        };
        if ours.checksum() != done.checksum {
            return Err(Fault::new(
                Code::Unavailable,
                format!(
                    "{place} was made with another text of migration {} ({}): it comes from a changed build; \
                     start that build, or restore a backup",
                    ours.number, ours.name
                ),
            ));
        }
    }
    Ok(known.iter().filter(|ours| applied.iter().all(|done| done.number != ours.number)).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &str) -> Vec<String> {
        let path = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(path)
            .expect("migrations folder")
            .map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn both_engines_have_the_same_numbers_and_names_and_every_file_is_embedded() {
        let sqlite: Vec<_> =
            files("sqlite").iter().map(|f| f.split('.').next().expect("name").to_owned()).collect();
        let postgres: Vec<_> =
            files("postgres").iter().map(|f| f.trim_end_matches(".sql").to_owned()).collect();
        assert_eq!(sqlite, postgres);
        let listed = |lists: &[&[Migration]]| {
            let mut all: Vec<_> =
                lists.concat().iter().map(|m| format!("{:04}_{}", m.number, m.name)).collect();
            all.sort();
            all
        };
        assert_eq!(listed(&[SQLITE_NOVA, SQLITE_WORK, SQLITE_LOG]), sqlite);
        assert_eq!(listed(&[POSTGRES]), postgres);
    }

    #[test]
    fn a_newer_database_and_a_changed_migration_are_refused() {
        let newer = [Applied { number: 99, checksum: String::new() }];
        let fault = outstanding("nova.db", SQLITE_NOVA, &newer).expect_err("newer");
        assert!(fault.message().contains("newer Nova") && fault.message().contains("99"));
        let changed = [Applied { number: 1, checksum: "0".into() }];
        assert!(
            outstanding("nova.db", SQLITE_NOVA, &changed)
                .expect_err("changed")
                .message()
                .contains("another text")
        );
    }
}
