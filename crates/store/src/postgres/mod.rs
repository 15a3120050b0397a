//! PostgreSQL (13 or newer): one database, row-level security, a pool.
//!
//! Every connection of the pool acts as the role `nova_app`, which owns nothing, so that
//! the policies of the tables hold for it: a query sees a tenant's rows only inside a
//! transaction that named this tenant (or the System scope) with `set_config`.

mod alias;
mod audit;
mod credential;
mod database;
mod forget;
mod function;
mod job;
mod log;
mod migrate;
mod quota;
mod role;
mod run;
mod secret;
mod tenant;
pub(crate) mod tls;
mod user;
mod version;

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::FaultResult;

use crate::options::StoreOptions;
#[cfg(test)]
use crate::statement::Statement;
use crate::store::{Engine, Store};
use crate::url::PostgresUrl;
use database::Database;

/// Label of this engine in metrics and logs.
const ENGINE: &str = "postgres";
/// The schema that holds everything.
const SCHEMA: &str = "nova";
/// The role that queries run as.
const ROLE: &str = "nova_app";

/// Every statement that the repositories run.
#[cfg(test)]
pub(crate) fn statements() -> Vec<Statement> {
    [
        audit::STATEMENTS,
        database::STATEMENTS,
        function::STATEMENTS,
        version::STATEMENTS,
        run::STATEMENTS,
        log::STATEMENTS,
        secret::STATEMENTS,
        alias::STATEMENTS,
        job::STATEMENTS,
        tenant::STATEMENTS,
        user::STATEMENTS,
        credential::STATEMENTS,
        quota::STATEMENTS,
        role::STATEMENTS,
    ]
    .concat()
}

/// Brings the schema up to date and opens the pool.
pub(crate) async fn open(target: &PostgresUrl, options: &StoreOptions) -> FaultResult<Store> {
    let tls = target.tls.connector()?;
    migrate::migrate(&target.config, &tls, crate::migrate::POSTGRES).await?;
    let database = Arc::new(Database::open(&target.config, tls, options)?);
    database.ping().await?;
    Ok(Store {
        functions: Arc::new(function::PostgresFunctions(database.clone())),
        versions: Arc::new(version::PostgresVersions(database.clone())),
        aliases: Arc::new(alias::PostgresAliases(database.clone())),
        runs: Arc::new(run::PostgresRuns(database.clone())),
        logs: Arc::new(log::PostgresLogs(database.clone())),
        secrets: Arc::new(secret::PostgresSecrets(database.clone())),
        tenants: Arc::new(tenant::PostgresTenants(database.clone())),
        users: Arc::new(user::PostgresUsers(database.clone())),
        credentials: Arc::new(credential::PostgresCredentials(database.clone())),
        roles: Arc::new(role::PostgresRoles(database.clone())),
        audit: Arc::new(audit::PostgresAudit(database.clone())),
        quotas: Arc::new(quota::PostgresQuotas(database.clone())),
        jobs: Arc::new(job::PostgresJobs(database.clone())),
        engine: database,
    })
}

#[async_trait]
impl Engine for Database {
    fn name(&self) -> &'static str {
        ENGINE
    }

    async fn ping(&self) -> FaultResult<()> {
        Database::ping(self).await
    }

    async fn close(&self) {
        Database::close(self);
    }
}

#[cfg(test)]
#[path = "../../tests/support/postgres.rs"]
pub(crate) mod testing;
