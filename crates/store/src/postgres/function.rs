//! Functions on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::call::Qualifier;
use nova_domain::function::Function;
use nova_domain::version::Version;
use nova_domain::{FaultResult, FunctionId, FunctionName, Scope};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::ENGINE;
use super::database::{Access, Database, Write, likes, violates};
use super::quota::Held;
use super::tenant::require_namespace;
use super::version::{insert_version, version_row};
use crate::System;
use crate::error::{StoreError, StoreResult};
use crate::observe::observed;
use crate::page::{Page, PageRequest};
use crate::repo::function::{
    alias_not_resolved, changed_meanwhile, check_create, check_update, name_taken, no_such_function,
    no_such_version, search_needle, search_text,
};
use crate::repo::{DeletedFunction, FunctionFilter, FunctionWithVersion, Functions};
use crate::rows::{FunctionData, FunctionRow, document, to_i64, to_u32};
use crate::statement::statements;

/// Columns of a function, in the order of [`function_row`].
macro_rules! function_columns {
    () => {
        "f.id, f.tenant_id, f.namespace, f.name, f.data, f.active_version, f.latest_version, \
         f.revision, f.created_at, f.updated_at"
    };
}

/// Columns of a version, in the order of `version_row`.
macro_rules! version_columns {
    () => {
        "v.function_id, v.number, v.spec, v.build_status, v.build_output, v.artifact, v.created_at"
    };
}

/// The same without what the compiler printed, which may be long.
macro_rules! version_columns_short {
    () => {
        "v.function_id, v.number, v.spec, v.build_status, '', v.artifact, v.created_at"
    };
}
pub(super) use {version_columns, version_columns_short};

/// Number of function columns.
const FUNCTION_WIDTH: usize = 10;

statements! {
    INSERT = "INSERT INTO functions (id, tenant_id, namespace, name, data, search, runtime, min_replicas, \
              active_version, latest_version, revision, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    GET = "SELECT ", function_columns!(), " FROM functions f \
           WHERE f.tenant_id = $1 AND f.namespace = $2 AND f.name = $3";
    GET_BY_ID = "SELECT ", function_columns!(), " FROM functions f \
                 WHERE f.id = $3 AND f.tenant_id = $1 AND f.namespace = $2";
    /// $4: version number, 0 for the active one, -1 for the latest.
    GET_WITH_VERSION = "SELECT ", function_columns!(), ", ", version_columns!(), " FROM functions f \
        LEFT JOIN versions v ON v.function_id = f.id AND v.number = \
            CASE $4::bigint WHEN 0 THEN f.active_version WHEN -1 THEN f.latest_version ELSE $4 END \
        WHERE f.tenant_id = $1 AND f.namespace = $2 AND f.name = $3";
    LIST = "SELECT ", function_columns!(), ", ", version_columns_short!(), " FROM functions f \
        JOIN versions v ON v.function_id = f.id AND v.number = f.active_version \
        WHERE f.tenant_id = $1 AND f.namespace = $2 AND f.name > $3 \
          AND ($4::text = '' OR strpos(f.search, $4) > 0) AND ($5::text IS NULL OR f.runtime = $5) \
          AND ($7::text[] IS NULL OR f.name LIKE ANY ($7)) \
        ORDER BY f.name LIMIT $6";
    ALWAYS_ON = "SELECT ", function_columns!(), ", ", version_columns!(), " FROM functions f \
        JOIN versions v ON v.function_id = f.id AND v.number = f.active_version \
        WHERE f.min_replicas > 0 AND f.id > $1 ORDER BY f.id LIMIT $2";
    UPDATE = "UPDATE functions SET name = $4, data = $5, search = $6, min_replicas = $7, \
              active_version = $8, latest_version = $9, revision = revision + 1, updated_at = $12, \
              runtime = (SELECT v.runtime FROM versions v WHERE v.function_id = $1 AND v.number = $8) \
              WHERE id = $1 AND tenant_id = $2 AND namespace = $3 AND revision = $10 \
              AND latest_version + $11::bigint = $9";
    HAS_VERSION = "SELECT 1 FROM versions WHERE function_id = $1 AND number = $2";
    DELETE = "WITH gone AS (DELETE FROM functions f WHERE f.tenant_id = $1 AND f.namespace = $2 AND f.name = $3 \
              RETURNING ", function_columns!(), ") \
              SELECT f.*, ARRAY(SELECT v.number FROM versions v WHERE v.function_id = f.id ORDER BY v.number) \
              FROM gone f";
}

/// Reads the function columns at the row's beginning.
fn function_row(row: &Row) -> StoreResult<FunctionRow> {
    Ok(FunctionRow {
        id: row.try_get(0)?,
        tenant: row.try_get(1)?,
        namespace: row.try_get(2)?,
        name: row.try_get(3)?,
        data: row.try_get(4)?,
        active_version: row.try_get(5)?,
        latest_version: row.try_get(6)?,
        revision: row.try_get(7)?,
        created_at: row.try_get(8)?,
        updated_at: row.try_get(9)?,
    })
}

fn pair(row: &Row) -> StoreResult<FunctionWithVersion> {
    Ok(FunctionWithVersion {
        function: function_row(row)?.into_function()?,
        version: version_row(row, FUNCTION_WIDTH)?.into_version()?,
    })
}

/// Functions in PostgreSQL.
pub(super) struct PostgresFunctions(pub(super) Arc<Database>);

#[async_trait]
impl Functions for PostgresFunctions {
    async fn create(&self, scope: &Scope, function: &Function, first: &Version) -> FaultResult<()> {
        check_create(scope, function, first)?;
        observed(ENGINE, "functions.create", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            create(&write, function, first).await?;
            write.commit().await
        })
        .await
    }

    async fn get(&self, scope: &Scope, name: &FunctionName) -> FaultResult<Function> {
        observed(ENGINE, "functions.get", async {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &name.as_str()];
            let rows = self.0.read(Access::Tenant(scope), GET, &key).await?;
            function_row(rows.first().ok_or_else(|| no_such_function(name))?)?.into_function()
        })
        .await
    }

    async fn get_by_id(&self, scope: &Scope, id: &FunctionId) -> FaultResult<Function> {
        observed(ENGINE, "functions.get_by_id", async {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &id.as_str()];
            let rows = self.0.read(Access::Tenant(scope), GET_BY_ID, &key).await?;
            function_row(rows.first().ok_or_else(|| no_such_function(id))?)?.into_function()
        })
        .await
    }

    async fn get_with_version(
        &self,
        scope: &Scope,
        name: &FunctionName,
        qualifier: &Qualifier,
    ) -> FaultResult<FunctionWithVersion> {
        let number = match qualifier {
            Qualifier::Active => 0,
            Qualifier::Latest => -1,
            // No version has the number 0, which means the active one to the statement.
            Qualifier::Number(0) => {
                self.get(scope, name).await?;
                return Err(no_such_version(name.as_str(), 0));
            }
            Qualifier::Number(number) => i64::from(*number),
            Qualifier::Alias(pick) => return Err(alias_not_resolved(&pick.name)),
        };
        observed(ENGINE, "functions.get_with_version", async {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &name.as_str(), &number];
            let rows = self.0.read(Access::Tenant(scope), GET_WITH_VERSION, &key).await?;
            let row = rows.first().ok_or_else(|| no_such_function(name))?;
            if row.try_get::<_, Option<&str>>(FUNCTION_WIDTH)?.is_none() {
                return Err(no_such_version(name.as_str(), u32::try_from(number).unwrap_or(0)).into());
            }
            pair(row)
        })
        .await
    }

    async fn list(
        &self,
        scope: &Scope,
        filter: &FunctionFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<FunctionWithVersion>> {
        let needle = search_needle(filter.search.as_deref())?;
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        let runtime = filter.runtime.map(|runtime| runtime.as_str());
        observed(ENGINE, "functions.list", async {
            let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
                [&tenant, &namespace, &after, &needle, &runtime, &page.fetch(), &likes(&filter.names)];
            let rows = self.0.read(Access::Tenant(scope), LIST, &key).await?;
            let items = rows.iter().map(pair).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &FunctionWithVersion| [item.function.name.to_string()]))
        })
        .await
    }

    async fn update(
        &self,
        scope: &Scope,
        function: &Function,
        version: Option<&Version>,
    ) -> FaultResult<Function> {
        check_update(scope, function, version)?;
        observed(ENGINE, "functions.update", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            let changed = update(&write, function, version).await;
            match changed {
                Ok(()) => {
                    write.commit().await?;
                    Ok(Function { revision: function.revision + 1, ..function.clone() })
                }
                Err(Unchanged::Because(error)) => Err(error),
                Err(Unchanged::Somehow) => {
                    drop(write);
                    drop(client);
                    Err(self.why_unchanged(scope, function).await)
                }
            }
        })
        .await
    }

    async fn delete(&self, scope: &Scope, name: &FunctionName) -> FaultResult<DeletedFunction> {
        observed(ENGINE, "functions.delete", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &name.as_str()];
            let row = write.one(DELETE, &key).await?.ok_or_else(|| no_such_function(name))?;
            write.commit().await?;
            let numbers: Vec<i64> = row.try_get(FUNCTION_WIDTH)?;
            let versions =
                numbers.into_iter().map(|number| to_u32("version", number)).collect::<StoreResult<_>>()?;
            Ok(DeletedFunction { function: function_row(&row)?.into_function()?, versions })
        })
        .await
    }

    async fn always_on(&self, _: &System, page: &PageRequest) -> FaultResult<Page<FunctionWithVersion>> {
        let after = page.keys::<1>()?.map(|[id]| id).unwrap_or_default();
        observed(ENGINE, "functions.always_on", async {
            let rows = self.0.read(Access::System, ALWAYS_ON, &[&after, &page.fetch()]).await?;
            let items = rows.iter().map(pair).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &FunctionWithVersion| [item.function.id.to_string()]))
        })
        .await
    }
}

impl PostgresFunctions {
    async fn why_unchanged(&self, scope: &Scope, function: &Function) -> StoreError {
        match self.get_by_id(scope, &function.id).await {
            Ok(_) => changed_meanwhile(&function.name).into(),
            Err(fault) if fault.code() == nova_domain::Code::NotFound => {
                no_such_function(&function.name).into()
            }
            Err(fault) => fault.into(),
        }
    }
}

async fn create(write: &Write<'_>, function: &Function, first: &Version) -> StoreResult<()> {
    require_namespace(write, &function.scope).await?;
    let held = Held::of(write, &function.scope).await?;
    let inserted = write
        .execute(
            INSERT,
            &[
                &function.id.as_str(),
                &function.scope.tenant.as_str(),
                &function.scope.namespace.as_str(),
                &function.name.as_str(),
                &document(&FunctionData::of(function))?,
                &search_text(function),
                &first.spec.runtime.runtime.as_str(),
                &i64::from(function.pool.min_replicas),
                &i64::from(function.active_version),
                &i64::from(function.latest_version),
                &to_i64(function.revision),
                &function.created_at.as_micros(),
                &function.updated_at.as_micros(),
            ],
        )
        .await;
    match inserted {
        Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => Err(name_taken(&function.name).into()),
        Err(error) => Err(error),
        Ok(_) => {
            insert_version(write, &function.scope, first).await?;
            held.check(write, &function.scope).await
        }
    }
}

/// Why an update did not happen.
enum Unchanged {
    Because(StoreError),
    /// The function is gone or another revision; a look at it tells which.
    Somehow,
}

impl From<StoreError> for Unchanged {
    fn from(error: StoreError) -> Self {
        Self::Because(error)
    }
}

async fn update(write: &Write<'_>, function: &Function, version: Option<&Version>) -> Result<(), Unchanged> {
    if let Some(version) = version {
        let held = Held::of(write, &function.scope).await?;
        match insert_version(write, &function.scope, version).await {
            Err(error)
                if violates(&error, &SqlState::UNIQUE_VIOLATION)
                    || violates(&error, &SqlState::FOREIGN_KEY_VIOLATION) =>
            {
                return Err(Unchanged::Somehow);
            }
            other => other?,
        }
        held.check(write, &function.scope).await?;
    }
    let active = i64::from(function.active_version);
    if write.one(HAS_VERSION, &[&function.id.as_str(), &active]).await?.is_none() {
        let scope = &function.scope;
        let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&scope.tenant.as_str(), &scope.namespace.as_str(), &function.id.as_str()];
        let fault = match write.one(GET_BY_ID, &key).await? {
            None => no_such_function(&function.name),
            Some(_) => no_such_version(function.name.as_str(), function.active_version),
        };
        return Err(Unchanged::Because(fault.into()));
    }
    let updated = write
        .execute(
            UPDATE,
            &[
                &function.id.as_str(),
                &function.scope.tenant.as_str(),
                &function.scope.namespace.as_str(),
                &function.name.as_str(),
                &document(&FunctionData::of(function))?,
                &search_text(function),
                &i64::from(function.pool.min_replicas),
                &active,
                &i64::from(function.latest_version),
                &to_i64(function.revision),
                &i64::from(version.is_some()),
                &function.updated_at.as_micros(),
            ],
        )
        .await;
    match updated {
        Err(error) if violates(&error, &SqlState::UNIQUE_VIOLATION) => {
            Err(Unchanged::Because(name_taken(&function.name).into()))
        }
        Err(error) => Err(error.into()),
        Ok(0) => Err(Unchanged::Somehow),
        Ok(_) => Ok(()),
    }
}
