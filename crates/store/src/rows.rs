//! Stored columns to domain values and back; the same for both engines. JSON documents
//! carry a version in `v`, so that a later program can tell how to read them.

mod alias;
mod audit;
mod job;
mod quota;
mod secret;

use std::collections::BTreeMap;

use nova_domain::access::InvokePolicy;
use nova_domain::call::{CallSource, FunctionError};
use nova_domain::function::{Function, PoolSettings, VersionSpec};
use nova_domain::http::HttpSettings;
use nova_domain::log::{LogLine, LogStream};
use nova_domain::run::{Run, RunStatus, Usage};
use nova_domain::version::{Build, CompileStatus, Version};
use nova_domain::{
    Digest, Fault, FunctionId, FunctionName, NamespaceName, RunId, Scope, TenantName, Timestamp,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{StoreError, StoreResult};
use crate::repo::{LogCursor, PendingBuild, RecordedLine};

pub(crate) use alias::{AliasData, AliasRow, due_at};
pub(crate) use audit::{AuditRow, paths};
pub(crate) use job::JobRow;
pub(crate) use quota::{QuotaRow, place, quota, quota_cursor};
pub(crate) use secret::{SecretData, SecretRow};

#[derive(Serialize, Deserialize)]
struct Document<T> {
    v: u32,
    data: T,
}

/// JSON text of a document of version 1.
pub(crate) fn document<T: Serialize>(data: &T) -> StoreResult<String> {
    serde_json::to_string(&Document { v: 1, data }).map_err(|error| StoreError::unreadable("document", error))
}

pub(crate) fn read_document<T: DeserializeOwned>(what: &'static str, text: &str) -> StoreResult<T> {
    let document: Document<serde_json::Value> =
        serde_json::from_str(text).map_err(|error| StoreError::unreadable(what, error))?;
    if document.v != 1 {
        return Err(StoreError::unreadable(what, format!("document version {} is not known", document.v)));
    }
    serde_json::from_value(document.data).map_err(|error| StoreError::unreadable(what, error))
}

fn checked<T>(what: &'static str, value: Result<T, Fault>) -> StoreResult<T> {
    value.map_err(|fault| StoreError::unreadable(what, fault))
}

/// A count as both engines store it; beyond 63 bits it stays at the top.
pub(crate) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

pub(crate) fn to_u32(what: &'static str, value: i64) -> StoreResult<u32> {
    u32::try_from(value).map_err(|error| StoreError::unreadable(what, error))
}

/// Text without NUL, which PostgreSQL cannot hold.
pub(crate) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn scope(tenant: String, namespace: String) -> StoreResult<Scope> {
    Ok(Scope {
        tenant: checked("tenant", TenantName::new(tenant))?,
        namespace: checked("namespace", NamespaceName::new(namespace))?,
    })
}

/// The part of a function that no query looks into.
#[derive(Serialize, Deserialize)]
pub(crate) struct FunctionData {
    description: String,
    tags: BTreeMap<String, String>,
    pool: PoolSettings,
    #[serde(default, skip_serializing_if = "InvokePolicy::is_empty")]
    invoke_policy: InvokePolicy,
    #[serde(default)]
    http: HttpSettings,
}

impl FunctionData {
    pub(crate) fn of(function: &Function) -> Self {
        Self {
            description: function.description.clone(),
            tags: function.tags.clone(),
            pool: function.pool.clone(),
            invoke_policy: function.invoke_policy.clone(),
            http: function.http.clone(),
        }
    }
}

/// Columns of `functions`.
pub(crate) struct FunctionRow {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) active_version: i64,
    pub(crate) latest_version: i64,
    pub(crate) revision: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl FunctionRow {
    pub(crate) fn into_function(self) -> StoreResult<Function> {
        let data: FunctionData = read_document("function", &self.data)?;
        Ok(Function {
            id: checked("function id", FunctionId::new(self.id))?,
            scope: scope(self.tenant, self.namespace)?,
            name: checked("function name", FunctionName::new(self.name))?,
            description: data.description,
            tags: data.tags,
            pool: data.pool,
            invoke_policy: data.invoke_policy,
            http: data.http,
            active_version: to_u32("active version", self.active_version)?,
            latest_version: to_u32("latest version", self.latest_version)?,
            revision: to_u64(self.revision),
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

/// Columns of `versions`.
pub(crate) struct VersionRow {
    pub(crate) function_id: String,
    pub(crate) number: i64,
    pub(crate) spec: String,
    pub(crate) build_status: String,
    pub(crate) build_output: String,
    pub(crate) artifact: Option<String>,
    pub(crate) created_at: i64,
}

impl VersionRow {
    pub(crate) fn into_version(self) -> StoreResult<Version> {
        Ok(Version {
            function_id: checked("function id", FunctionId::new(self.function_id))?,
            number: to_u32("version", self.number)?,
            spec: read_document::<VersionSpec>("version", &self.spec)?,
            build: Build {
                status: compile_status(&self.build_status)?,
                output: self.build_output,
                artifact: self.artifact.map(|text| digest(&text)).transpose()?,
            },
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

/// Joins a version with tenant, namespace and name of its function.
pub(crate) fn pending_build(
    (version, [tenant, namespace, name]): (VersionRow, [String; 3]),
) -> StoreResult<PendingBuild> {
    Ok(PendingBuild {
        scope: scope(tenant, namespace)?,
        function: checked("function name", FunctionName::new(name))?,
        version: version.into_version()?,
    })
}

pub(crate) fn compile_status(text: &str) -> StoreResult<CompileStatus> {
    use CompileStatus::{Compiling, Failed, NotRequired, Pending, Success};
    [NotRequired, Pending, Compiling, Success, Failed]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| StoreError::unreadable("build status", text))
}

pub(crate) fn digest(text: &str) -> StoreResult<Digest> {
    checked("digest", Digest::parse(text))
}

/// Columns of `runs`.
pub(crate) struct RunRow {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) namespace: String,
    pub(crate) function_id: String,
    pub(crate) function: String,
    pub(crate) version: i64,
    pub(crate) source: String,
    pub(crate) status: String,
    pub(crate) started_at: i64,
    pub(crate) duration_us: i64,
    pub(crate) queue_us: i64,
    pub(crate) init_us: i64,
    pub(crate) exec_us: i64,
    pub(crate) cold_start: bool,
    pub(crate) memory_peak: i64,
    pub(crate) input_size: i64,
    pub(crate) output_size: i64,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) error_search: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) logs_dropped: i64,
}

impl RunRow {
    pub(crate) fn of(run: &Run) -> StoreResult<Self> {
        let search =
            |error: &FunctionError| clean(&format!("{}\n{}", error.error_type, error.message).to_lowercase());
        Ok(Self {
            id: run.id.to_string(),
            tenant: run.scope.tenant.to_string(),
            namespace: run.scope.namespace.to_string(),
            function_id: run.function_id.to_string(),
            function: run.function.to_string(),
            version: i64::from(run.version),
            source: run.source.as_str().to_owned(),
            status: run.status.as_str().to_owned(),
            started_at: run.started_at.as_micros(),
            duration_us: to_i64(run.duration_us),
            queue_us: to_i64(run.usage.queue_us),
            init_us: to_i64(run.usage.init_us),
            exec_us: to_i64(run.usage.exec_us),
            cold_start: run.usage.cold_start,
            memory_peak: to_i64(run.usage.memory_peak),
            input_size: to_i64(run.input_size),
            output_size: to_i64(run.output_size),
            input: run.input.as_deref().map(clean),
            output: run.output.as_deref().map(clean),
            error: run.error.as_ref().map(document).transpose()?,
            error_search: run.error.as_ref().map(search),
            trace_id: run.trace_id.as_deref().map(clean),
            logs_dropped: to_i64(run.logs_dropped),
        })
    }

    pub(crate) fn into_run(self) -> StoreResult<Run> {
        Ok(Run {
            id: checked("run id", RunId::new(self.id))?,
            scope: scope(self.tenant, self.namespace)?,
            function_id: checked("function id", FunctionId::new(self.function_id))?,
            function: checked("function name", FunctionName::new(self.function))?,
            version: to_u32("version", self.version)?,
            source: call_source(&self.source)?,
            status: RunStatus::parse(&self.status)
                .ok_or_else(|| StoreError::unreadable("run status", &self.status))?,
            started_at: Timestamp::from_micros(self.started_at),
            duration_us: to_u64(self.duration_us),
            usage: Usage {
                queue_us: to_u64(self.queue_us),
                init_us: to_u64(self.init_us),
                exec_us: to_u64(self.exec_us),
                cold_start: self.cold_start,
                memory_peak: to_u64(self.memory_peak),
            },
            input_size: to_u64(self.input_size),
            output_size: to_u64(self.output_size),
            input: self.input,
            output: self.output,
            error: self.error.map(|text| read_document("run error", &text)).transpose()?,
            trace_id: self.trace_id,
            logs_dropped: to_u64(self.logs_dropped),
        })
    }
}

fn call_source(text: &str) -> StoreResult<CallSource> {
    CallSource::ALL
        .iter()
        .copied()
        .find(|source| source.as_str() == text)
        .ok_or_else(|| StoreError::unreadable("call source", text))
}

/// Columns of `log_lines`.
pub(crate) struct LineRow {
    pub(crate) seq: i64,
    pub(crate) run_id: String,
    pub(crate) function_id: String,
    pub(crate) at: i64,
    pub(crate) stream: String,
    pub(crate) text: String,
}

impl LineRow {
    pub(crate) fn into_line(self) -> StoreResult<RecordedLine> {
        let stream = [LogStream::Stdout, LogStream::Stderr, LogStream::Platform]
            .into_iter()
            .find(|stream| stream.as_str() == self.stream)
            .ok_or_else(|| StoreError::unreadable("log stream", &self.stream))?;
        Ok(RecordedLine {
            cursor: LogCursor(self.seq),
            run: checked("run id", RunId::new(self.run_id))?,
            function: checked("function id", FunctionId::new(self.function_id))?,
            line: LogLine { at: Timestamp::from_micros(self.at), stream, text: self.text },
        })
    }
}
