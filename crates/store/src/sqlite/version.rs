//! Versions on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::version::{Build, Version};
use nova_domain::{Digest, Fault, FaultResult, FunctionId, Scope};
use rusqlite::{Connection, Row, params};

use super::file::File;
use super::function::{version_columns, version_columns_short};
use super::query::{execute, many, one};
use crate::System;
use crate::error::StoreResult;
use crate::page::{Page, PageRequest, bad_cursor};
use crate::repo::version::{check_build, illegal_build, state_before};
use crate::repo::{PendingBuild, Versions};
use crate::rows::{VersionRow, clean, digest, document, pending_build, to_i64};
use crate::statement::statements;

/// Number of version columns.
pub(super) const VERSION_WIDTH: usize = 7;

statements! {
    INSERT = "INSERT INTO versions (function_id, number, tenant_id, namespace, runtime, spec, code, build_status, \
              build_output, artifact, created_at, code_size) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    GET = "SELECT ", version_columns!(), " FROM versions v \
           WHERE v.function_id = ?3 AND v.number = ?4 AND v.tenant_id = ?1 AND v.namespace = ?2";
    LIST = "SELECT ", version_columns_short!(), " FROM versions v \
            WHERE v.function_id = ?3 AND v.number < ?4 AND v.tenant_id = ?1 AND v.namespace = ?2 \
            ORDER BY v.number DESC LIMIT ?5";
    SET_BUILD = "UPDATE versions SET build_status = ?6, build_output = ?7, artifact = ?8 \
                 WHERE function_id = ?3 AND number = ?4 AND tenant_id = ?1 AND namespace = ?2 AND build_status = ?5";
    PENDING = "SELECT ", version_columns!(), ", f.tenant_id, f.namespace, f.name FROM versions v \
               JOIN functions f ON f.id = v.function_id \
               WHERE v.build_status IN ('pending', 'compiling') AND (v.function_id, v.number) > (?1, ?2) \
               ORDER BY v.function_id, v.number LIMIT ?3";
    REFERENCED = "SELECT code AS digest FROM versions WHERE code > ?1 \
                  UNION SELECT artifact FROM versions WHERE artifact > ?1 ORDER BY digest LIMIT ?2";
}

/// Reads the version columns from column `at` on.
pub(super) fn version_row(row: &Row<'_>, at: usize) -> rusqlite::Result<VersionRow> {
    Ok(VersionRow {
        function_id: row.get(at)?,
        number: row.get(at + 1)?,
        spec: row.get(at + 2)?,
        build_status: row.get(at + 3)?,
        build_output: row.get(at + 4)?,
        artifact: row.get(at + 5)?,
        created_at: row.get(at + 6)?,
    })
}

/// Stores a new version.
pub(super) fn insert_version(connection: &Connection, scope: &Scope, version: &Version) -> StoreResult<()> {
    let values = params![
        version.function_id.as_str(),
        version.number,
        scope.tenant.as_str(),
        scope.namespace.as_str(),
        version.spec.runtime.runtime.as_str(),
        document(&version.spec)?,
        version.spec.code.to_string(),
        version.build.status.as_str(),
        clean(&version.build.output),
        version.build.artifact.map(|digest| digest.to_string()),
        version.created_at.as_micros(),
        to_i64(version.spec.code_size),
    ];
    execute(connection, INSERT, values).map(|_| ())
}

/// Versions in `nova.db`.
pub(super) struct SqliteVersions(pub(super) Arc<File>);

#[async_trait]
impl Versions for SqliteVersions {
    async fn get(&self, scope: &Scope, function: &FunctionId, number: u32) -> FaultResult<Version> {
        let (scope, function) = (scope.clone(), function.clone());
        self.0.read("versions.get", move |connection| get(connection, &scope, &function, number)).await
    }

    async fn list(
        &self,
        scope: &Scope,
        function: &FunctionId,
        page: &PageRequest,
    ) -> FaultResult<Page<Version>> {
        let before = match page.keys::<1>()? {
            Some([number]) => number.parse().map_err(|_| bad_cursor())?,
            None => i64::MAX,
        };
        let (scope, function, page) = (scope.clone(), function.clone(), page.clone());
        self.0
            .read("versions.list", move |connection| {
                let (tenant, namespace) = (scope.tenant.as_str(), scope.namespace.as_str());
                let key = params![tenant, namespace, function.as_str(), before, page.fetch()];
                let rows = many(connection, LIST, key, |row| version_row(row, 0))?;
                let items = rows.into_iter().map(VersionRow::into_version).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Version| [item.number.to_string()]))
            })
            .await
    }

    async fn set_build(
        &self,
        scope: &Scope,
        function: &FunctionId,
        number: u32,
        build: &Build,
    ) -> FaultResult<()> {
        let before = state_before(build.status)?;
        check_build(build)?;
        let (scope, function, build) = (scope.clone(), function.clone(), build.clone());
        self.0
            .write("versions.set_build", move |connection| {
                let values = params![
                    scope.tenant.as_str(),
                    scope.namespace.as_str(),
                    function.as_str(),
                    number,
                    before.as_str(),
                    build.status.as_str(),
                    clean(&build.output),
                    build.artifact.map(|digest| digest.to_string()),
                ];
                if execute(connection, SET_BUILD, values)? == 1 {
                    return Ok(());
                }
                let stored = get(connection, &scope, &function, number)?;
                Err(illegal_build(number, stored.build.status.as_str(), build.status).into())
            })
            .await
    }

    async fn pending_builds(&self, _: &System, page: &PageRequest) -> FaultResult<Page<PendingBuild>> {
        let (function, number) = match page.keys::<2>()? {
            Some([function, number]) => (function, number.parse().map_err(|_| bad_cursor())?),
            None => (String::new(), 0_i64),
        };
        let page = page.clone();
        self.0
            .read("versions.pending_builds", move |connection| {
                let rows = many(connection, PENDING, params![function, number, page.fetch()], |row| {
                    let scope: [String; 3] =
                        [row.get(VERSION_WIDTH)?, row.get(VERSION_WIDTH + 1)?, row.get(VERSION_WIDTH + 2)?];
                    Ok((version_row(row, 0)?, scope))
                })?;
                let items = rows.into_iter().map(pending_build).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &PendingBuild| {
                    [item.version.function_id.to_string(), item.version.number.to_string()]
                }))
            })
            .await
    }

    async fn referenced_objects(&self, _: &System, page: &PageRequest) -> FaultResult<Page<Digest>> {
        let after = page.keys::<1>()?.map(|[digest]| digest).unwrap_or_default();
        let page = page.clone();
        self.0
            .read("versions.referenced_objects", move |connection| {
                let rows: Vec<String> =
                    many(connection, REFERENCED, params![after, page.fetch()], |row| row.get(0))?;
                let items = rows.iter().map(|text| digest(text)).collect::<StoreResult<_>>()?;
                Ok(Page::of(&page, items, |item: &Digest| [item.to_string()]))
            })
            .await
    }
}

fn get(connection: &Connection, scope: &Scope, function: &FunctionId, number: u32) -> StoreResult<Version> {
    let key = params![scope.tenant.as_str(), scope.namespace.as_str(), function.as_str(), number];
    let row = one(connection, GET, key, |row| version_row(row, 0))?;
    row.ok_or_else(|| Fault::not_found("version", number))?.into_version()
}
