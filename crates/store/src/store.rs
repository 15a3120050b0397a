//! The opened store and the token for work across tenants.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::FaultResult;

use crate::options::StoreOptions;
use crate::repo::{
    Aliases, Audit, Credentials, Functions, Jobs, Logs, Quotas, Roles, Runs, Secrets, Tenants, Users,
    Versions,
};
use crate::url::DatabaseUrl;

/// Permission to look across tenants (claims, clean-up, garbage collection). Only
/// [`Store::open`] makes one, for the composition root, which hands it to those parts
/// that need it.
#[derive(Debug, Clone)]
pub struct System(());

/// An opened database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) functions: Arc<dyn Functions>,
    pub(crate) versions: Arc<dyn Versions>,
    pub(crate) aliases: Arc<dyn Aliases>,
    pub(crate) runs: Arc<dyn Runs>,
    pub(crate) logs: Arc<dyn Logs>,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) tenants: Arc<dyn Tenants>,
    pub(crate) users: Arc<dyn Users>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) roles: Arc<dyn Roles>,
    pub(crate) audit: Arc<dyn Audit>,
    pub(crate) quotas: Arc<dyn Quotas>,
    pub(crate) jobs: Arc<dyn Jobs>,
    pub(crate) engine: Arc<dyn Engine>,
}

/// What a store needs of its engine beside the repositories.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// `sqlite` or `postgres`.
    fn name(&self) -> &'static str;
    /// Whether a query is answered right now.
    async fn ping(&self) -> FaultResult<()>;
    /// Finishes what was accepted and closes everything.
    async fn close(&self);
}

impl Store {
    /// Opens the database, brings its schema up to date and returns the store with the
    /// [`System`] token. Fails with a text for the operator: directory in use by another
    /// server (with its pid), database newer than this program, damaged file, server not
    /// reachable, missing role.
    pub async fn open(url: &DatabaseUrl, options: &StoreOptions) -> FaultResult<(Self, System)> {
        let store = match url {
            DatabaseUrl::Sqlite(dir) => crate::sqlite::open(dir, options).await?,
            DatabaseUrl::Postgres(target) => crate::postgres::open(target, options).await?,
        };
        Ok((store, System(())))
    }

    /// Functions.
    pub fn functions(&self) -> &dyn Functions {
        &*self.functions
    }

    /// Versions and builds.
    pub fn versions(&self) -> &dyn Versions {
        &*self.versions
    }

    /// Aliases and rollouts.
    pub fn aliases(&self) -> &dyn Aliases {
        &*self.aliases
    }

    /// Run records.
    pub fn runs(&self) -> &dyn Runs {
        &*self.runs
    }

    /// Log lines.
    pub fn logs(&self) -> &dyn Logs {
        &*self.logs
    }

    /// Secrets, sealed.
    pub fn secrets(&self) -> &dyn Secrets {
        &*self.secrets
    }

    /// Tenants and namespaces.
    pub fn tenants(&self) -> &dyn Tenants {
        &*self.tenants
    }

    /// People, their memberships, and service accounts.
    pub fn users(&self) -> &dyn Users {
        &*self.users
    }

    /// Keys, sessions and invitations.
    pub fn credentials(&self) -> &dyn Credentials {
        &*self.credentials
    }

    /// Custom roles, and roles given to somebody.
    pub fn roles(&self) -> &dyn Roles {
        &*self.roles
    }

    /// Quotas of tenants.
    pub fn quotas(&self) -> &dyn Quotas {
        &*self.quotas
    }

    /// Queued work.
    pub fn jobs(&self) -> &dyn Jobs {
        &*self.jobs
    }

    /// Who changed what.
    pub fn audit(&self) -> &dyn Audit {
        &*self.audit
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        self.engine.name()
    }

    /// Whether the database answers right now; for readiness.
    pub async fn ping(&self) -> FaultResult<()> {
        self.engine.ping().await
    }

    /// Finishes the writes that were accepted and closes all files and connections. Later
    /// calls fail with `Unavailable`.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}
