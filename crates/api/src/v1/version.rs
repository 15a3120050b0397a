//! Versions of a function.

use std::collections::BTreeMap;

use nova_domain::Timestamp;
use nova_domain::function::Mode;
use nova_domain::version::{CompileStatus, FieldChange, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::function::LimitsView;
use crate::schema;

/// An immutable snapshot of code, handler, environment and limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
    pub function: String,
    pub version: u32,
    /// Whether a call without qualifier runs it.
    pub active: bool,
    pub runtime: String,
    pub handler: Option<String>,
    #[schema(schema_with = schema::mode)]
    pub mode: Mode,
    pub entry: String,
    pub memory_mb: u32,
    pub timeout_s: u32,
    pub env_vars: BTreeMap<String, String>,
    pub limits: LimitsView,
    /// What the code may reach on the network.
    pub network: Vec<String>,
    /// SHA-256 of the source tree.
    pub code_hash: String,
    /// Unpacked size of the source tree, bytes.
    pub code_size: u64,
    #[schema(schema_with = schema::compile_status)]
    pub compile_status: CompileStatus,
    /// What the compiler printed (the end of it); empty in lists.
    pub compile_output: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
}

impl VersionView {
    /// A version of the function called `function`, of which `active` is the active one.
    pub fn new(function: &str, active: u32, version: Version) -> Self {
        let spec = version.spec;
        Self {
            function: function.to_owned(),
            version: version.number,
            active: version.number == active,
            runtime: spec.runtime.to_string(),
            handler: spec.handler,
            mode: spec.mode,
            entry: spec.entry,
            memory_mb: spec.limits.memory_mb,
            timeout_s: spec.limits.timeout_s,
            env_vars: spec.env,
            limits: LimitsView::from(&spec.limits),
            network: spec.network.texts(),
            code_hash: spec.code.to_string(),
            code_size: spec.code_size,
            compile_status: version.build.status,
            compile_output: version.build.output,
            created_at: version.created_at,
        }
    }
}

/// The log of a version's build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildLogView {
    #[schema(schema_with = schema::compile_status)]
    pub compile_status: CompileStatus,
    /// What the tools printed, so far or in the end (the end of it).
    pub output: String,
}

/// A line of a build that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildLineView {
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub at: Timestamp,
    pub text: String,
}

/// What differs between two versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionDiff {
    pub function: String,
    pub v1: u32,
    pub v2: u32,
    /// Sorted by field. Values of environment variables are not shown. Files are
    /// `files/<path>` with size and SHA-256.
    pub changes: Vec<ChangeView>,
}

/// One field that differs; null where it is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeView {
    /// Dotted path, e.g. `limits.memory_mb`, or `files/main.py`.
    pub field: String,
    #[schema(schema_with = schema::any)]
    pub from: Option<serde_json::Value>,
    #[schema(schema_with = schema::any)]
    pub to: Option<serde_json::Value>,
}

impl From<FieldChange> for ChangeView {
    fn from(change: FieldChange) -> Self {
        Self { field: change.field, from: change.from, to: change.to }
    }
}
