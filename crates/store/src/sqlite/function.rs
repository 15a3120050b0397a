//! Functions on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::call::Qualifier;
use nova_domain::function::Function;
use nova_domain::version::Version;
use nova_domain::{FaultResult, FunctionId, FunctionName, Scope};
use rusqlite::{Connection, Row, named_params, params};

use super::file::File;
use super::query::{execute, globs, is_taken, many, one};
use super::quota::within_quotas;
use super::tenant::require_namespace;
use super::version::{VERSION_WIDTH, insert_version, version_row};
use crate::System;
use crate::error::{StoreError, StoreResult};
use crate::page::{Page, PageRequest};
use crate::repo::function::{
    alias_not_resolved, changed_meanwhile, check_create, check_update, name_taken, no_such_function,
    no_such_version, search_needle, search_text,
};
use crate::repo::{DeletedFunction, FunctionFilter, FunctionWithVersion, Functions};
use crate::rows::{FunctionData, FunctionRow, VersionRow, document, to_i64, to_u32};
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
              VALUES (:id, :tenant, :namespace, :name, :data, :search, :runtime, :min_replicas, \
              :active, :latest, :revision, :created, :updated)";
    GET = "SELECT ", function_columns!(), " FROM functions f \
           WHERE f.tenant_id = ?1 AND f.namespace = ?2 AND f.name = ?3";
    GET_BY_ID = "SELECT ", function_columns!(), " FROM functions f \
                 WHERE f.id = ?3 AND f.tenant_id = ?1 AND f.namespace = ?2";
    /// ?4: version number, 0 for the active one, -1 for the latest.
    GET_WITH_VERSION = "SELECT ", function_columns!(), ", ", version_columns!(), " FROM functions f \
        LEFT JOIN versions v ON v.function_id = f.id AND v.number = \
            CASE ?4 WHEN 0 THEN f.active_version WHEN -1 THEN f.latest_version ELSE ?4 END \
        WHERE f.tenant_id = ?1 AND f.namespace = ?2 AND f.name = ?3";
    LIST = "SELECT ", function_columns!(), ", ", version_columns_short!(), " FROM functions f \
        JOIN versions v ON v.function_id = f.id AND v.number = f.active_version \
        WHERE f.tenant_id = ?1 AND f.namespace = ?2 AND f.name > ?3 \
          AND (?4 = '' OR instr(f.search, ?4) > 0) AND (?5 IS NULL OR f.runtime = ?5) \
          AND (?7 IS NULL OR EXISTS (SELECT 1 FROM json_each(?7) WHERE f.name GLOB value)) \
        ORDER BY f.name LIMIT ?6";
    ALWAYS_ON = "SELECT ", function_columns!(), ", ", version_columns!(), " FROM functions f \
        JOIN versions v ON v.function_id = f.id AND v.number = f.active_version \
        WHERE f.min_replicas > 0 AND f.id > ?1 ORDER BY f.id LIMIT ?2";
    UPDATE = "UPDATE functions SET name = :name, data = :data, search = :search, min_replicas = :min_replicas, \
              active_version = :active, latest_version = :latest, revision = :revision + 1, updated_at = :updated, \
              runtime = (SELECT v.runtime FROM versions v WHERE v.function_id = :id AND v.number = :active) \
              WHERE id = :id AND tenant_id = :tenant AND namespace = :namespace AND revision = :revision \
              AND latest_version + :added = :latest";
    HAS_VERSION = "SELECT 1 FROM versions WHERE function_id = ?1 AND number = ?2";
    VERSION_NUMBERS = "SELECT number FROM versions WHERE function_id = ?1 ORDER BY number";
    DELETE = "DELETE FROM functions WHERE id = ?1";
}

/// Reads the function columns at the row's beginning.
fn function_row(row: &Row<'_>) -> rusqlite::Result<FunctionRow> {
    Ok(FunctionRow {
        id: row.get(0)?,
        tenant: row.get(1)?,
        namespace: row.get(2)?,
        name: row.get(3)?,
        data: row.get(4)?,
        active_version: row.get(5)?,
        latest_version: row.get(6)?,
        revision: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

fn pair_row(row: &Row<'_>) -> rusqlite::Result<(FunctionRow, VersionRow)> {
    Ok((function_row(row)?, version_row(row, FUNCTION_WIDTH)?))
}

fn pair((function, version): (FunctionRow, VersionRow)) -> StoreResult<FunctionWithVersion> {
    Ok(FunctionWithVersion { function: function.into_function()?, version: version.into_version()? })
}

/// Functions in `nova.db`.
pub(super) struct SqliteFunctions(pub(super) Arc<File>);

#[async_trait]
impl Functions for SqliteFunctions {
    async fn create(&self, scope: &Scope, function: &Function, first: &Version) -> FaultResult<()> {
        check_create(scope, function, first)?;
        let (function, first) = (function.clone(), first.clone());
        self.0
            .write("functions.create", move |connection| {
                within_quotas(connection, &function.scope, |connection| create(connection, &function, &first))
            })
            .await
    }

    async fn get(&self, scope: &Scope, name: &FunctionName) -> FaultResult<Function> {
        let (scope, name) = (scope.clone(), name.clone());
        self.0.read("functions.get", move |connection| get(connection, &scope, &name)).await
    }

    async fn get_by_id(&self, scope: &Scope, id: &FunctionId) -> FaultResult<Function> {
        let (scope, id) = (scope.clone(), id.clone());
        self.0
            .read("functions.get_by_id", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str(), id.as_str()];
                let row = one(connection, GET_BY_ID, key, function_row)?;
                row.ok_or_else(|| no_such_function(&id))?.into_function()
            })
            .await
    }

    async fn get_with_version(
        &self,
        scope: &Scope,
        name: &FunctionName,
        qualifier: &Qualifier,
    ) -> FaultResult<FunctionWithVersion> {
        let (scope, name) = (scope.clone(), name.clone());
        let number = match qualifier {
            Qualifier::Active => 0,
            Qualifier::Latest => -1,
            // No version has the number 0, which means the active one to the statement.
            Qualifier::Number(0) => return Err(self.without_version(&scope, &name, 0).await),
            Qualifier::Number(number) => i64::from(*number),
            Qualifier::Alias(pick) => return Err(alias_not_resolved(&pick.name)),
        };
        self.0
            .read("functions.get_with_version", move |connection| {
                let key = params![scope.tenant.as_str(), scope.namespace.as_str(), name.as_str(), number];
                let row = one(connection, GET_WITH_VERSION, key, |row| {
                    let found: Option<String> = row.get(FUNCTION_WIDTH)?;
                    let version = found.map(|_| version_row(row, FUNCTION_WIDTH)).transpose()?;
                    Ok((function_row(row)?, version))
                })?;
                let (function, version) = row.ok_or_else(|| no_such_function(&name))?;
                let missing = || no_such_version(name.as_str(), u32::try_from(number).unwrap_or(0));
                pair((function, version.ok_or_else(missing)?))
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
        let (scope, page, names) = (scope.clone(), page.clone(), globs(&filter.names));
        let runtime = filter.runtime.map(|runtime| runtime.as_str());
        self.0
            .read("functions.list", move |connection| {
                let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
                let key = params![tenant, namespace, after, needle, runtime, page.fetch(), names];
                let rows = many(connection, LIST, key, pair_row)?;
                let items = rows.into_iter().map(pair).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &FunctionWithVersion| [item.function.name.to_string()]))
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
        let (function, version) = (function.clone(), version.cloned());
        self.0
            .write("functions.update", move |connection| match version {
                Some(version) => {
                    let scope = function.scope.clone();
                    within_quotas(connection, &scope, |connection| {
                        update(connection, function, Some(&version))
                    })
                }
                None => update(connection, function, None),
            })
            .await
    }

    async fn delete(&self, scope: &Scope, name: &FunctionName) -> FaultResult<DeletedFunction> {
        let (scope, name) = (scope.clone(), name.clone());
        self.0
            .write("functions.delete", move |connection| {
                let function = get(connection, &scope, &name)?;
                let id = [function.id.as_str()];
                let numbers: Vec<i64> = many(connection, VERSION_NUMBERS, id, |row| row.get(0))?;
                execute(connection, DELETE, id)?;
                let versions = numbers
                    .into_iter()
                    .map(|number| to_u32("version", number))
                    .collect::<StoreResult<_>>()?;
                Ok(DeletedFunction { function, versions })
            })
            .await
    }

    async fn always_on(&self, _: &System, page: &PageRequest) -> FaultResult<Page<FunctionWithVersion>> {
        let after = page.keys::<1>()?.map(|[id]| id).unwrap_or_default();
        let page = page.clone();
        self.0
            .read("functions.always_on", move |connection| {
                let rows = many(connection, ALWAYS_ON, params![after, page.fetch()], pair_row)?;
                let items = rows.into_iter().map(pair).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &FunctionWithVersion| [item.function.id.to_string()]))
            })
            .await
    }
}

impl SqliteFunctions {
    async fn without_version(&self, scope: &Scope, name: &FunctionName, number: u32) -> nova_domain::Fault {
        match self.get(scope, name).await {
            Ok(_) => no_such_version(name.as_str(), number),
            Err(fault) => fault,
        }
    }
}

fn get(connection: &Connection, scope: &Scope, name: &FunctionName) -> StoreResult<Function> {
    let key = params![scope.tenant.as_str(), scope.namespace.as_str(), name.as_str()];
    one(connection, GET, key, function_row)?.ok_or_else(|| no_such_function(name))?.into_function()
}

fn create(connection: &Connection, function: &Function, first: &Version) -> StoreResult<()> {
    require_namespace(connection, &function.scope)?;
    let inserted = execute(
        connection,
        INSERT,
        named_params! {
            ":id": function.id.as_str(),
            ":tenant": function.scope.tenant.as_str(),
            ":namespace": function.scope.namespace.as_str(),
            ":name": function.name.as_str(),
            ":data": document(&FunctionData::of(function))?,
            ":search": search_text(function),
            ":runtime": first.spec.runtime.runtime.as_str(),
            ":min_replicas": function.pool.min_replicas,
            ":active": function.active_version,
            ":latest": function.latest_version,
            ":revision": to_i64(function.revision),
            ":created": function.created_at.as_micros(),
            ":updated": function.updated_at.as_micros(),
        },
    );
    match inserted {
        Err(error) if is_taken(&error) => Err(name_taken(&function.name).into()),
        Err(error) => Err(error),
        Ok(_) => insert_version(connection, &function.scope, first),
    }
}

fn update(
    connection: &Connection,
    mut function: Function,
    version: Option<&Version>,
) -> StoreResult<Function> {
    if let Some(version) = version {
        match insert_version(connection, &function.scope, version) {
            // That number or the function itself: which of them, a look at the function tells.
            Err(error) if matches!(&error, StoreError::Sqlite(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)) =>
            {
                return Err(why_unchanged(connection, &function));
            }
            other => other?,
        }
    }
    if one(connection, HAS_VERSION, params![function.id.as_str(), function.active_version], |_| Ok(()))?
        .is_none()
    {
        get_again(connection, &function)?;
        return Err(no_such_version(function.name.as_str(), function.active_version).into());
    }
    let updated = execute(
        connection,
        UPDATE,
        named_params! {
            ":id": function.id.as_str(),
            ":tenant": function.scope.tenant.as_str(),
            ":namespace": function.scope.namespace.as_str(),
            ":name": function.name.as_str(),
            ":data": document(&FunctionData::of(&function))?,
            ":search": search_text(&function),
            ":min_replicas": function.pool.min_replicas,
            ":active": function.active_version,
            ":latest": function.latest_version,
            ":added": i64::from(version.is_some()),
            ":revision": to_i64(function.revision),
            ":updated": function.updated_at.as_micros(),
        },
    );
    match updated {
        Err(error) if is_taken(&error) => Err(name_taken(&function.name).into()),
        Err(error) => Err(error),
        Ok(0) => Err(why_unchanged(connection, &function)),
        Ok(_) => {
            function.revision += 1;
            Ok(function)
        }
    }
}

fn get_again(connection: &Connection, function: &Function) -> StoreResult<()> {
    let scope = &function.scope;
    let key = params![scope.tenant.as_str(), scope.namespace.as_str(), function.id.as_str()];
    let found = one(connection, GET_BY_ID, key, |_| Ok(()))?;
    Ok(found.ok_or_else(|| no_such_function(&function.name))?)
}

fn why_unchanged(connection: &Connection, function: &Function) -> StoreError {
    match get_again(connection, function) {
        Ok(()) => changed_meanwhile(&function.name).into(),
        Err(error) => error,
    }
}

const _: () = assert!(VERSION_WIDTH == 7);
