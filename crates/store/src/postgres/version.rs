//! Versions on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::version::{Build, Version};
use nova_domain::{Digest, Fault, FaultResult, FunctionId, Scope};
use tokio_postgres::Row;

use super::ENGINE;
use super::database::{Access, Database, Write};
use super::function::{version_columns, version_columns_short};
use crate::System;
use crate::error::StoreResult;
use crate::observe::observed;
use crate::page::{Page, PageRequest, bad_cursor};
use crate::repo::version::{check_build, illegal_build, state_before};
use crate::repo::{PendingBuild, Versions};
use crate::rows::{VersionRow, clean, digest, document, pending_build, to_i64};
use crate::statement::statements;

/// Number of version columns.
const VERSION_WIDTH: usize = 7;

statements! {
    INSERT = "INSERT INTO versions (function_id, number, tenant_id, namespace, runtime, spec, code, build_status, \
              build_output, artifact, created_at, code_size) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    GET = "SELECT ", version_columns!(), " FROM versions v \
           WHERE v.function_id = $3 AND v.number = $4 AND v.tenant_id = $1 AND v.namespace = $2";
    LIST = "SELECT ", version_columns_short!(), " FROM versions v \
            WHERE v.function_id = $3 AND v.number < $4 AND v.tenant_id = $1 AND v.namespace = $2 \
            ORDER BY v.number DESC LIMIT $5";
    SET_BUILD = "UPDATE versions SET build_status = $6, build_output = $7, artifact = $8 \
                 WHERE function_id = $3 AND number = $4 AND tenant_id = $1 AND namespace = $2 AND build_status = $5";
    PENDING = "SELECT ", version_columns!(), ", f.tenant_id, f.namespace, f.name FROM versions v \
               JOIN functions f ON f.id = v.function_id \
               WHERE v.build_status IN ('pending', 'compiling') AND (v.function_id, v.number) > ($1, $2) \
               ORDER BY v.function_id, v.number LIMIT $3";
    REFERENCED = "SELECT code AS digest FROM versions WHERE code > $1 \
                  UNION SELECT artifact FROM versions WHERE artifact > $1 ORDER BY digest LIMIT $2";
}

/// Reads the version columns from column `at` on.
pub(super) fn version_row(row: &Row, at: usize) -> StoreResult<VersionRow> {
    Ok(VersionRow {
        function_id: row.try_get(at)?,
        number: row.try_get(at + 1)?,
        spec: row.try_get(at + 2)?,
        build_status: row.try_get(at + 3)?,
        build_output: row.try_get(at + 4)?,
        artifact: row.try_get(at + 5)?,
        created_at: row.try_get(at + 6)?,
    })
}

/// Stores a new version.
pub(super) async fn insert_version(write: &Write<'_>, scope: &Scope, version: &Version) -> StoreResult<()> {
    write
        .execute(
            INSERT,
            &[
                &version.function_id.as_str(),
                &i64::from(version.number),
                &scope.tenant.as_str(),
                &scope.namespace.as_str(),
                &version.spec.runtime.runtime.as_str(),
                &document(&version.spec)?,
                &version.spec.code.to_string(),
                &version.build.status.as_str(),
                &clean(&version.build.output),
                &version.build.artifact.map(|digest| digest.to_string()),
                &version.created_at.as_micros(),
                &to_i64(version.spec.code_size),
            ],
        )
        .await
        .map(drop)
}

/// Versions in PostgreSQL.
pub(super) struct PostgresVersions(pub(super) Arc<Database>);

#[async_trait]
impl Versions for PostgresVersions {
    async fn get(&self, scope: &Scope, function: &FunctionId, number: u32) -> FaultResult<Version> {
        observed(ENGINE, "versions.get", async {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&scope.tenant.as_str(), &scope.namespace.as_str(), &function.as_str(), &i64::from(number)];
            let rows = self.0.read(Access::Tenant(scope), GET, &key).await?;
            let row = rows.first().ok_or_else(|| Fault::not_found("version", number))?;
            version_row(row, 0)?.into_version()
        })
        .await
    }

    async fn list(
        &self,
        scope: &Scope,
        function: &FunctionId,
        page: &PageRequest,
    ) -> FaultResult<Page<Version>> {
        let before: i64 = match page.keys::<1>()? {
            Some([number]) => number.parse().map_err(|_| bad_cursor())?,
            None => i64::MAX,
        };
        observed(ENGINE, "versions.list", async {
            let key: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [
                &scope.tenant.as_str(),
                &scope.namespace.as_str(),
                &function.as_str(),
                &before,
                &page.fetch(),
            ];
            let rows = self.0.read(Access::Tenant(scope), LIST, &key).await?;
            let items =
                rows.iter().map(|row| version_row(row, 0)?.into_version()).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Version| [item.number.to_string()]))
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
        let changed = observed(ENGINE, "versions.set_build", async {
            let mut client = self.0.client().await?;
            let write = Write::begin(&mut client, Access::Tenant(scope)).await?;
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] = [
                &scope.tenant.as_str(),
                &scope.namespace.as_str(),
                &function.as_str(),
                &i64::from(number),
                &before.as_str(),
                &build.status.as_str(),
                &clean(&build.output),
                &build.artifact.map(|digest| digest.to_string()),
            ];
            let changed = write.execute(SET_BUILD, &values).await?;
            write.commit().await?;
            Ok(changed)
        })
        .await?;
        if changed == 1 {
            return Ok(());
        }
        let stored = self.get(scope, function, number).await?;
        Err(illegal_build(number, stored.build.status.as_str(), build.status))
    }

    async fn pending_builds(&self, _: &System, page: &PageRequest) -> FaultResult<Page<PendingBuild>> {
        let (function, number) = match page.keys::<2>()? {
            Some([function, number]) => (function, number.parse().map_err(|_| bad_cursor())?),
            None => (String::new(), 0_i64),
        };
        observed(ENGINE, "versions.pending_builds", async {
            let rows = self.0.read(Access::System, PENDING, &[&function, &number, &page.fetch()]).await?;
            let read = |row: &Row| {
                let owner = [
                    row.try_get(VERSION_WIDTH)?,
                    row.try_get(VERSION_WIDTH + 1)?,
                    row.try_get(VERSION_WIDTH + 2)?,
                ];
                pending_build((version_row(row, 0)?, owner))
            };
            let items = rows.iter().map(read).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &PendingBuild| {
                [item.version.function_id.to_string(), item.version.number.to_string()]
            }))
        })
        .await
    }

    async fn referenced_objects(&self, _: &System, page: &PageRequest) -> FaultResult<Page<Digest>> {
        let after = page.keys::<1>()?.map(|[digest]| digest).unwrap_or_default();
        observed(ENGINE, "versions.referenced_objects", async {
            let rows = self.0.read(Access::System, REFERENCED, &[&after, &page.fetch()]).await?;
            let items = rows.iter().map(|row| digest(row.try_get(0)?)).collect::<StoreResult<_>>()?;
            Ok(Page::of(page, items, |item: &Digest| [item.to_string()]))
        })
        .await
    }
}
