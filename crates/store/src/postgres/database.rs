//! The pool, and transactions that carry their scope.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Transaction,
};
use futures::future::join4;
use nova_domain::access::Names;
use nova_domain::audit::Chain;
use nova_domain::{Code, Fault, FaultResult, Scope, TenantName};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::audit::append;
use super::{ENGINE, ROLE, SCHEMA};
use crate::audit::{self, Draft};
use crate::error::{StoreError, StoreResult};
use crate::observe::observed;
use crate::options::StoreOptions;
use crate::statement::{Statement, statements};

/// Values of a statement.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

statements! {
    /// Names the scope of a transaction; row-level security shows nothing without it.
    SET_SCOPE = "SELECT set_config('nova.tenant', $1, true), set_config('nova.system', $2, true)";
    PING = "SELECT 1";
}

/// A connection that was idle for longer is asked whether it still lives before it is used:
/// the server may have been restarted.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// What a transaction may see.
#[derive(Clone, Copy)]
pub(super) enum Access<'a> {
    /// Rows of this tenant; the namespace is in the statement.
    Tenant(&'a Scope),
    /// Rows of this tenant, of whatever namespace.
    Of(&'a TenantName),
    /// Rows of every tenant.
    System,
}

impl Access<'_> {
    fn settings(&self) -> (&str, &'static str) {
        match self {
            Access::Tenant(scope) => (scope.tenant.as_str(), "off"),
            Access::Of(tenant) => (tenant.as_str(), "off"),
            Access::System => ("", "on"),
        }
    }
}

/// A pool of connections to one database.
pub(super) struct Database {
    pool: Pool,
}

impl Database {
    /// Makes the pool; it connects when asked first.
    pub(super) fn open(config: &Config, tls: MakeRustlsConnect, options: &StoreOptions) -> FaultResult<Self> {
        let mut config = config.clone();
        let settings = format!(
            "{} -c role={ROLE} -c search_path={SCHEMA} -c statement_timeout={} \
             -c idle_in_transaction_session_timeout=60000",
            config.get_options().unwrap_or_default(),
            options.statement_timeout.as_millis().max(1),
        );
        config.options(settings);
        if config.get_application_name().is_none() {
            config.application_name("nova");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(options.acquire_timeout);
        }
        let manager =
            Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(options.connections.max(1))
            .wait_timeout(Some(options.acquire_timeout))
            .create_timeout(Some(options.acquire_timeout))
            .recycle_timeout(Some(Duration::from_secs(1)))
            .pre_recycle(Hook::async_fn(|client, metrics| {
                let idle = metrics.last_used();
                Box::pin(async move {
                    if idle < TRUSTED_IDLE {
                        return Ok(());
                    }
                    client.simple_query("").await.map(drop).map_err(HookError::Backend)
                })
            }))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Fault::internal("build the connection pool").with_source(error))?;
        Ok(Self { pool })
    }

    /// Whether a query is answered.
    pub(super) async fn ping(&self) -> FaultResult<()> {
        observed(ENGINE, "ping", self.read(Access::System, PING, &[])).await.map(drop)
    }

    /// Closes every connection; those in use when they come back.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// A free connection.
    pub(super) async fn client(&self) -> StoreResult<Object> {
        Ok(self.pool.get().await?)
    }

    /// Rows of one statement, in a read-only transaction of its own. A connection that
    /// turns out to be broken is replaced once: nothing was changed yet.
    pub(super) async fn read(
        &self,
        access: Access<'_>,
        statement: Statement,
        params: Params<'_>,
    ) -> StoreResult<Vec<Row>> {
        match self.read_once(access, statement, params).await {
            Err(StoreError::Postgres(error)) if is_broken(&error) => {
                forget_idle(&self.pool);
                self.read_once(access, statement, params).await
            }
            other => other,
        }
    }

    /// Sends begin, scope, statement and commit at once and waits for one round trip.
    async fn read_once(
        &self,
        access: Access<'_>,
        statement: Statement,
        params: Params<'_>,
    ) -> StoreResult<Vec<Row>> {
        let client = self.client().await?;
        let prepared = client.prepare_cached(statement.sql).await?;
        let scope = client.prepare_cached(SET_SCOPE.sql).await?;
        let (tenant, system) = access.settings();
        // `join4` polls in this order, and each sends at its first poll. After an error
        // the server ignores the rest, and the commit at the end becomes a rollback.
        let scope_params: [&(dyn ToSql + Sync); 2] = [&tenant, &system];
        let (begun, scoped, rows, ended) = join4(
            client.batch_execute("BEGIN READ ONLY"),
            client.query(&scope, &scope_params),
            client.query(&prepared, params),
            client.batch_execute("COMMIT"),
        )
        .await;
        begun?;
        scoped?;
        let rows = rows?;
        ended?;
        Ok(rows)
    }
}

/// Closes the connections that wait: where one is broken the others probably are.
fn forget_idle(pool: &Pool) {
    pool.retain(|_, _| false);
}

fn is_broken(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || error.code().is_some_and(|code| code.code().starts_with("57P"))
}

/// A write transaction with its scope set. Dropping it rolls back.
pub(super) struct Write<'a> {
    transaction: Transaction<'a>,
    /// The entry of the audit log that goes with it.
    draft: Option<Draft>,
    /// Whether something was changed.
    changed: AtomicBool,
}

impl<'a> Write<'a> {
    /// Begins on `client`.
    pub(super) async fn begin(client: &'a mut Object, access: Access<'_>) -> StoreResult<Self> {
        let pool = Object::pool(client);
        let transaction = client.transaction().await.inspect_err(|error| {
            if let Some(pool) = pool.filter(|_| is_broken(error)) {
                forget_idle(&pool);
            }
        })?;
        let scope = transaction.prepare_cached(SET_SCOPE.sql).await?;
        let (tenant, system) = access.settings();
        transaction.query(&scope, &[&tenant, &system]).await?;
        let mut draft = audit::draft();
        if let (Some(draft), Access::Tenant(Scope { tenant, .. }) | Access::Of(tenant)) = (&mut draft, access)
        {
            // It sees no other chain than its own.
            draft.chain = Chain::Tenant(tenant.clone());
        }
        Ok(Self { transaction, draft, changed: AtomicBool::new(false) })
    }

    /// Rows of a statement.
    pub(super) async fn query(&self, statement: Statement, params: Params<'_>) -> StoreResult<Vec<Row>> {
        let prepared = self.transaction.prepare_cached(statement.sql).await?;
        let rows = self.transaction.query(&prepared, params).await?;
        if !rows.is_empty() && !statement.sql.starts_with("SELECT") {
            self.changed.store(true, Ordering::Relaxed);
        }
        Ok(rows)
    }

    /// The first row, if any.
    pub(super) async fn one(&self, statement: Statement, params: Params<'_>) -> StoreResult<Option<Row>> {
        Ok(self.query(statement, params).await?.into_iter().next())
    }

    /// Rows that a statement changed.
    pub(super) async fn execute(&self, statement: Statement, params: Params<'_>) -> StoreResult<u64> {
        let prepared = self.transaction.prepare_cached(statement.sql).await?;
        let changed = self.transaction.execute(&prepared, params).await?;
        if changed > 0 && !statement.sql.starts_with("SELECT") {
            self.changed.store(true, Ordering::Relaxed);
        }
        Ok(changed)
    }

    /// Makes it last. A change of configuration gets its entry in the audit log in the same moment.
    pub(super) async fn commit(self) -> StoreResult<()> {
        // What changed nothing has no entry.
        if let Some(draft) = self.draft.as_ref().filter(|_| self.changed.load(Ordering::Relaxed)) {
            append(&self, draft).await?;
        }
        self.commit_plain().await
    }

    /// The same without an entry in the audit log.
    pub(super) async fn commit_plain(self) -> StoreResult<()> {
        Ok(self.transaction.commit().await?)
    }
}

/// Names for `.. LIKE ANY (..)`; NULL: all. Of what a pattern may hold, `_` means something else there.
pub(super) fn likes(names: &Names) -> Option<Vec<String>> {
    let like = |pattern: String| pattern.replace('_', r"\_").replace('*', "%");
    names.patterns().map(|patterns| patterns.into_iter().map(like).collect())
}

/// Whether a statement failed because of this class of constraint.
pub(super) fn violates(error: &StoreError, state: &tokio_postgres::error::SqlState) -> bool {
    matches!(error, StoreError::Postgres(error) if error.code() == Some(state))
}

/// A text for the operator when the server cannot be used.
pub(super) fn unreachable(error: &tokio_postgres::Error) -> Fault {
    use std::error::Error;
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    Fault::new(Code::Unavailable, format!("cannot use the PostgreSQL database: {text}"))
}
