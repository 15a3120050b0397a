//! Code of a function.

use std::collections::BTreeMap;

use nova_domain::version::CompileStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// Body of `PUT /functions/{name}/code`: the whole code anew, as `code`, `files` (or both: `code`
/// is then the entry file) or `archive`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplaceCode {
    /// Source text of the entry file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Source files by path below the code's root.
    #[serde(alias = "dependency_files", skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// A zip, tar or tar.gz archive, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// The file that is started or imported; as before, or guessed, if absent.
    #[serde(alias = "entry_point", skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// A new handler for the new code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// The revision that was read; the change is refused if it is another by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// The code of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeView {
    pub function: String,
    pub version: u32,
    pub runtime: String,
    pub handler: Option<String>,
    /// The file that is started or imported.
    pub entry: String,
    /// Text of the entry file; null if it is no text.
    pub code: Option<String>,
    /// SHA-256 of the source tree.
    pub code_hash: String,
    /// Unpacked size of the source tree, bytes.
    pub code_size: u64,
    pub file_count: u32,
    #[schema(schema_with = schema::compile_status)]
    pub compile_status: CompileStatus,
    /// What the compiler printed (the end of it).
    pub compile_output: String,
}

/// What came of replacing the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeAnswer {
    pub function: String,
    /// The version that holds the new code; the newest before, if nothing changed.
    pub version: u32,
    /// The version that calls run: the new one unless its build failed or still goes on.
    pub active_version: u32,
    pub entry: String,
    pub code_hash: String,
    pub file_count: u32,
    #[schema(schema_with = schema::compile_status)]
    pub compile_status: CompileStatus,
    /// What the compiler printed (the end of it).
    pub compile_output: String,
    pub revision: u64,
}

/// A file of a version's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileView {
    /// Path below the code's root.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is started or imported.
    pub is_entry: bool,
    pub executable: bool,
}

/// Content of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileContent {
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// `utf8` or `base64`.
    pub encoding: String,
    pub content: String,
}
