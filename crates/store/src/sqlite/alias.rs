//! Aliases on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::alias::{ALIASES_PER_FUNCTION, Alias};
use nova_domain::{AliasName, FaultResult, FunctionId, Scope, Timestamp};
use rusqlite::{Connection, Row, params};

use super::file::File;
use super::query::{execute, is_taken, many, one};
use crate::System;
use crate::error::StoreResult;
use crate::page::{Page, PageRequest};
use crate::repo::Aliases;
use crate::repo::alias::{alias_changed, alias_taken, no_such_alias, too_many_aliases};
use crate::repo::function::no_such_function;
use crate::rows::{AliasData, AliasRow, document, due_at, to_i64};
use crate::statement::statements;

/// Columns of an alias, in the order of [`alias_row`].
macro_rules! alias_columns {
    () => {
        "function_id, name, tenant_id, namespace, data, revision, created_at, updated_at"
    };
}

statements! {
    HAS_FUNCTION = "SELECT 1 FROM functions WHERE id = ?3 AND tenant_id = ?1 AND namespace = ?2";
    COUNT = "SELECT count(*) FROM aliases WHERE function_id = ?1";
    INSERT = "INSERT INTO aliases (", alias_columns!(), ", due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    GET = "SELECT ", alias_columns!(), " FROM aliases \
           WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 AND name = ?4";
    LIST = "SELECT ", alias_columns!(), " FROM aliases \
            WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 AND name > ?4 ORDER BY name LIMIT ?5";
    UPDATE = "UPDATE aliases SET data = ?6, due_at = ?7, revision = revision + 1, updated_at = ?8 \
              WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 AND name = ?4 AND revision = ?5";
    DELETE = "DELETE FROM aliases \
              WHERE tenant_id = ?1 AND namespace = ?2 AND function_id = ?3 AND name = ?4 AND revision = ?5";
    DUE = "SELECT ", alias_columns!(), " FROM aliases WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2";
}

fn alias_row(row: &Row<'_>) -> rusqlite::Result<AliasRow> {
    Ok(AliasRow {
        function_id: row.get(0)?,
        name: row.get(1)?,
        tenant: row.get(2)?,
        namespace: row.get(3)?,
        data: row.get(4)?,
        revision: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Aliases in `nova.db`.
pub(super) struct SqliteAliases(pub(super) Arc<File>);

#[async_trait]
impl Aliases for SqliteAliases {
    async fn create(&self, alias: &Alias) -> FaultResult<()> {
        let alias = alias.clone();
        self.0
            .write("aliases.create", move |connection| {
                let function = alias.function.as_str();
                let (tenant, namespace) = (alias.scope.tenant.as_str(), alias.scope.namespace.as_str());
                let key = params![tenant, namespace, function];
                one(connection, HAS_FUNCTION, key, |_| Ok(()))?
                    .ok_or_else(|| no_such_function(&alias.function))?;
                let count = one(connection, COUNT, params![function], |row| row.get::<_, i64>(0))?;
                if count.unwrap_or(0) >= i64::from(ALIASES_PER_FUNCTION) {
                    return Err(too_many_aliases().into());
                }
                let values = params![
                    function,
                    alias.name.as_str(),
                    tenant,
                    namespace,
                    document(&AliasData::of(&alias))?,
                    to_i64(alias.revision),
                    alias.created_at.as_micros(),
                    alias.updated_at.as_micros(),
                    due_at(&alias),
                ];
                match execute(connection, INSERT, values) {
                    Err(error) if is_taken(&error) => Err(alias_taken(&alias.name).into()),
                    other => other.map(drop),
                }
            })
            .await
    }

    async fn get(&self, scope: &Scope, function: &FunctionId, name: &AliasName) -> FaultResult<Alias> {
        let (scope, function, name) = (scope.clone(), function.clone(), name.clone());
        self.0.read("aliases.get", move |connection| get(connection, &scope, &function, &name)).await
    }

    async fn list(
        &self,
        scope: &Scope,
        function: &FunctionId,
        page: &PageRequest,
    ) -> FaultResult<Page<Alias>> {
        let after = page.keys::<1>()?.map(|[name]| name).unwrap_or_default();
        let (scope, function, page) = (scope.clone(), function.clone(), page.clone());
        self.0
            .read("aliases.list", move |connection| {
                let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
                let key = params![tenant, namespace, function.as_str(), after, page.fetch()];
                let rows = many(connection, LIST, key, alias_row)?;
                let items = rows.into_iter().map(AliasRow::into_alias).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Alias| [item.name.to_string()]))
            })
            .await
    }

    async fn update(&self, alias: &Alias) -> FaultResult<Alias> {
        let alias = alias.clone();
        self.0
            .write("aliases.update", move |connection| {
                let values = params![
                    alias.scope.tenant.as_str(),
                    alias.scope.namespace.as_str(),
                    alias.function.as_str(),
                    alias.name.as_str(),
                    to_i64(alias.revision),
                    document(&AliasData::of(&alias))?,
                    due_at(&alias),
                    alias.updated_at.as_micros(),
                ];
                if execute(connection, UPDATE, values)? == 1 {
                    return Ok(Alias { revision: alias.revision + 1, ..alias });
                }
                get(connection, &alias.scope, &alias.function, &alias.name)?;
                Err(alias_changed(&alias.name).into())
            })
            .await
    }

    async fn delete(&self, alias: &Alias) -> FaultResult<()> {
        let alias = alias.clone();
        self.0
            .write("aliases.delete", move |connection| {
                let key = params![
                    alias.scope.tenant.as_str(),
                    alias.scope.namespace.as_str(),
                    alias.function.as_str(),
                    alias.name.as_str(),
                    to_i64(alias.revision),
                ];
                if execute(connection, DELETE, key)? == 1 {
                    return Ok(());
                }
                get(connection, &alias.scope, &alias.function, &alias.name)?;
                Err(alias_changed(&alias.name).into())
            })
            .await
    }

    async fn due(&self, _: &System, now: Timestamp, limit: u32) -> FaultResult<Vec<Alias>> {
        self.0
            .read("aliases.due", move |connection| {
                let rows = many(connection, DUE, params![now.as_micros(), limit], alias_row)?;
                rows.into_iter().map(AliasRow::into_alias).collect()
            })
            .await
    }
}

fn get(
    connection: &Connection,
    scope: &Scope,
    function: &FunctionId,
    name: &AliasName,
) -> StoreResult<Alias> {
    let key = params![scope.tenant.as_str(), scope.namespace.as_str(), function.as_str(), name.as_str()];
    let row = one(connection, GET, key, alias_row)?;
    row.ok_or_else(|| no_such_alias(name))?.into_alias()
}
