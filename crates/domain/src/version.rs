//! Versions: immutable snapshots of a function.

use serde::{Deserialize, Serialize};

use crate::function::VersionSpec;
use crate::id::{Digest, FunctionId};
use crate::time::Timestamp;

/// How far the build of a version is.
///
/// ```text
/// NotRequired            (interpreted, ready executable)
/// Pending -> Compiling -> Success | Failed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompileStatus {
    NotRequired,
    Pending,
    Compiling,
    Success,
    Failed,
}

impl CompileStatus {
    /// Whether a version in this state can be called.
    pub const fn can_run(self) -> bool {
        matches!(self, CompileStatus::NotRequired | CompileStatus::Success)
    }

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            CompileStatus::NotRequired => "not_required",
            CompileStatus::Pending => "pending",
            CompileStatus::Compiling => "compiling",
            CompileStatus::Success => "success",
            CompileStatus::Failed => "failed",
        }
    }
}

/// The result of building a version. Kept beside the snapshot, because it comes later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    pub status: CompileStatus,
    /// What the compiler printed, at most 64 KiB (the end is kept).
    pub output: String,
    /// The built tree (canonical archive), once `status` is `Success`.
    pub artifact: Option<Digest>,
}

/// An immutable snapshot of code, handler, environment and limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub function_id: FunctionId,
    /// 1, 2, 3 .. per function; never used twice.
    pub number: u32,
    pub spec: VersionSpec,
    pub build: Build,
    pub created_at: Timestamp,
}

impl Version {
    /// The tree of installed packages that is mounted beside the code, if there is one.
    pub fn installed(&self) -> Option<Digest> {
        let compiled = self.spec.runtime.runtime.is_compiled();
        self.build.artifact.filter(|_| self.build.status == CompileStatus::Success && !compiled)
    }

    /// The tree that is mounted as `/code`: the built artifact, or the source where nothing
    /// is compiled.
    pub fn runnable_code(&self) -> Option<Digest> {
        match self.build.status {
            CompileStatus::NotRequired => Some(self.spec.code),
            CompileStatus::Success if self.spec.runtime.runtime.is_compiled() => self.build.artifact,
            CompileStatus::Success => Some(self.spec.code),
            CompileStatus::Pending | CompileStatus::Compiling | CompileStatus::Failed => None,
        }
    }
}

/// One field that differs between two versions; values as JSON, `None` where absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Dotted path, e.g. `limits.memory_mb`, or `files/main.py`.
    pub field: String,
    pub from: Option<serde_json::Value>,
    pub to: Option<serde_json::Value>,
}

/// The fields in which `to` differs from `from`, sorted by path. Environment values are
/// compared but not shown, because they often hold credentials.
pub fn diff(from: &VersionSpec, to: &VersionSpec) -> Vec<FieldChange> {
    fn flatten(prefix: &str, value: &serde_json::Value, out: &mut Vec<(String, serde_json::Value)>) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    flatten(&path, value, out);
                }
            }
            other => out.push((prefix.to_owned(), other.clone())),
        }
    }
    let flat = |spec: &VersionSpec| {
        let mut out = Vec::new();
        if let Ok(value) = serde_json::to_value(spec) {
            flatten("", &value, &mut out);
        }
        out.into_iter().collect::<std::collections::BTreeMap<_, _>>()
    };
    let (from, to) = (flat(from), flat(to));
    let mut paths: Vec<_> = from.keys().chain(to.keys()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter(|path| from.get(*path) != to.get(*path))
        .map(|path| {
            let show = |value: Option<&serde_json::Value>| {
                value.map(|value| {
                    if path.starts_with("env.") { serde_json::Value::from("(hidden)") } else { value.clone() }
                })
            };
            FieldChange { field: path.clone(), from: show(from.get(path)), to: show(to.get(path)) }
        })
        .collect()
}
