//! Runtimes and what of them the host has.

use nova_domain::runtime::{InstalledRuntime, Runtime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// One runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuntimeView {
    #[schema(schema_with = schema::runtime)]
    pub name: String,
    /// `interpreted`, `compiled` or `executable`.
    pub kind: String,
    /// Whether functions of this runtime can run (compiled: be built) on this host.
    pub available: bool,
    /// Interpreters or compilers found, best first.
    pub installed: Vec<RuntimeInstall>,
    /// How to get it, where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<String>,
}

/// An interpreter or compiler on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuntimeInstall {
    /// E.g. `3.11.2`.
    pub version: String,
    /// Absolute path on the host.
    pub path: String,
}

impl RuntimeView {
    /// One row per runtime, out of what the host has; `install` names the command for a missing one.
    pub fn list(found: &[InstalledRuntime], install: impl Fn(Runtime) -> Option<String>) -> Vec<Self> {
        let row = |runtime: Runtime| {
            let installed: Vec<_> = found
                .iter()
                .filter(|one| one.runtime == runtime)
                .map(|one| RuntimeInstall { version: one.version.clone(), path: one.path.clone() })
                .collect();
            let available = runtime.is_executable() || !installed.is_empty();
            let kind = match (runtime.is_interpreted(), runtime.is_compiled()) {
                (true, _) => "interpreted",
                (_, true) => "compiled",
                _ => "executable",
            };
            Self {
                name: runtime.as_str().to_owned(),
                kind: kind.to_owned(),
                available,
                installed,
                install: if available { None } else { install(runtime) },
            }
        };
        Runtime::ALL.iter().copied().map(row).collect()
    }
}
