//! SQLite: three files, each with one writer thread and a few readers.

mod alias;
mod audit;
mod credential;
mod file;
mod forget;
mod function;
mod job;
mod lock;
mod log;
mod open;
mod query;
mod quota;
mod reader;
mod role;
mod run;
mod secret;
mod tenant;
mod user;
mod version;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::FaultResult;

use crate::options::StoreOptions;
#[cfg(test)]
use crate::statement::Statement;
use crate::store::{Engine, Store};
use file::File;

/// Label of this engine in metrics and logs.
const ENGINE: &str = "sqlite";

/// Most statements that one connection keeps prepared; more than there are.
const STATEMENT_CACHE: usize = 128;

/// Every statement that runs on `nova.db`.
#[cfg(test)]
pub(crate) fn nova_statements() -> Vec<Statement> {
    [
        audit::STATEMENTS,
        function::STATEMENTS,
        version::STATEMENTS,
        tenant::STATEMENTS,
        user::STATEMENTS,
        credential::STATEMENTS,
        quota::STATEMENTS,
        role::STATEMENTS,
        secret::STATEMENTS,
        alias::STATEMENTS,
    ]
    .concat()
}

/// Every statement that runs on `work.db`.
#[cfg(test)]
pub(crate) fn work_statements() -> Vec<Statement> {
    job::STATEMENTS.to_vec()
}

/// Every statement that runs on `log.db`.
#[cfg(test)]
pub(crate) fn log_statements() -> Vec<Statement> {
    [run::STATEMENTS, log::STATEMENTS].concat()
}

/// Opens the three files of `dir`, making what is missing.
pub(crate) async fn open(dir: &Path, options: &StoreOptions) -> FaultResult<Store> {
    let (dir, settings) = (dir.to_owned(), options.clone());
    let files = tokio::task::spawn_blocking(move || open::open_directory(&dir, &settings))
        .await
        .map_err(|error| nova_domain::Fault::internal("open the database").with_source(error))??;
    let nova = Arc::new(files.nova);
    let work = Arc::new(files.work);
    let log = Arc::new(files.log);
    Ok(Store {
        functions: Arc::new(function::SqliteFunctions(nova.clone())),
        versions: Arc::new(version::SqliteVersions(nova.clone())),
        aliases: Arc::new(alias::SqliteAliases(nova.clone())),
        runs: Arc::new(run::SqliteRuns(log.clone())),
        logs: Arc::new(log::SqliteLogs(log.clone())),
        secrets: Arc::new(secret::SqliteSecrets(nova.clone())),
        tenants: Arc::new(tenant::SqliteTenants(nova.clone())),
        users: Arc::new(user::SqliteUsers(nova.clone())),
        credentials: Arc::new(credential::SqliteCredentials(nova.clone())),
        roles: Arc::new(role::SqliteRoles(nova.clone())),
        audit: Arc::new(audit::SqliteAudit(nova.clone())),
        quotas: Arc::new(quota::SqliteQuotas(nova.clone())),
        jobs: Arc::new(job::SqliteJobs(work.clone())),
        engine: Arc::new(Files { nova, work, log }),
    })
}

struct Files {
    nova: Arc<File>,
    work: Arc<File>,
    log: Arc<File>,
}

#[async_trait]
impl Engine for Files {
    fn name(&self) -> &'static str {
        ENGINE
    }

    async fn ping(&self) -> FaultResult<()> {
        for file in [&self.nova, &self.work, &self.log] {
            file.ping().await?;
        }
        Ok(())
    }

    async fn close(&self) {
        let files = [self.nova.clone(), self.work.clone(), self.log.clone()];
        let joined = tokio::task::spawn_blocking(move || files.iter().for_each(|file| file.close())).await;
        if let Err(error) = joined {
            tracing::error!(error = &error as &dyn std::error::Error, "closing the database failed");
        }
    }
}
