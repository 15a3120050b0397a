//! A project: a folder with `nova.yaml` and the code beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nova_api::v1::{CorsBody, LimitsBody};
use serde::Deserialize;

/// Name of the file that describes a project.
pub(super) const FILE: &str = "nova.yaml";

/// The content of `nova.yaml`. What is absent gets its default on every deploy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    pub(super) name: String,
    pub(super) runtime: String,
    pub(super) handler: Option<String>,
    pub(super) entry: Option<String>,
    pub(super) mode: Option<nova_domain::function::Mode>,
    pub(super) memory_mb: Option<u32>,
    pub(super) timeout_s: Option<u32>,
    pub(super) min_replicas: Option<u32>,
    pub(super) max_replicas: Option<u32>,
    pub(super) instance_concurrency: Option<u32>,
    pub(super) idle_ttl_s: Option<u32>,
    pub(super) max_calls: Option<u32>,
    #[serde(default)]
    pub(super) env_vars: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) limits: LimitsBody,
    /// Hosts that the code may connect to.
    #[serde(default)]
    pub(super) network: Vec<String>,
    /// Who may send requests to its address on the content listener. Absent: as it is.
    #[serde(default)]
    pub(super) http: Option<nova_domain::http::HttpAccess>,
    /// Which pages of other origins may read its answers. Absent: as it is.
    #[serde(default)]
    pub(super) http_cors: Option<CorsBody>,
    /// Requests in a second that the address takes, and of one client. Absent: as it is.
    #[serde(default)]
    pub(super) http_rate: Option<u32>,
    #[serde(default)]
    pub(super) http_client_rate: Option<u32>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    /// Names and `*.ending` patterns of files and folders that are not deployed.
    #[serde(default)]
    pub(super) ignore: Vec<String>,
}

/// Files and folders that are never code.
const IGNORED: &[&str] = &[FILE, "target", "__pycache__", "*.pyc", "event.json", "*.event.json"];

impl Project {
    /// Reads `nova.yaml` in `folder`.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "{} is no project: cannot read {}; `nova init python hello` makes one",
                folder.display(),
                path.display()
            )
        })?;
        serde_yaml_ng::from_str(&text).with_context(|| format!("{} is not valid", path.display()))
    }

    /// The code: every file below `folder` that is not ignored, with its path and whether it is executable.
    pub(super) fn files(&self, folder: &Path) -> anyhow::Result<BTreeMap<String, (Vec<u8>, bool)>> {
        let mut files = BTreeMap::new();
        self.collect(folder, folder, &mut files)?;
        if files.is_empty() {
            bail!("{} holds no code beside {FILE}", folder.display());
        }
        Ok(files)
    }

    fn collect(
        &self,
        root: &Path,
        folder: &Path,
        files: &mut BTreeMap<String, (Vec<u8>, bool)>,
    ) -> anyhow::Result<()> {
        let entries =
            std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.is_ignored(&name) {
                continue;
            }
            let path: PathBuf = entry.path();
            let kind = std::fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if kind.is_dir() {
                self.collect(root, &path, files)?;
            } else if kind.is_file() {
                let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                let executable = std::os::unix::fs::PermissionsExt::mode(&kind.permissions()) & 0o100 != 0;
                files.insert(relative, (super::read_file(&path)?, executable));
                if files.len() > 1000 {
                    bail!(
                        "{} holds more than 1000 files; list what is no code under `ignore` in {FILE}",
                        root.display()
                    );
                }
            }
        }
        Ok(())
    }

    /// Whether a file or folder of this name is not code.
    pub(super) fn is_ignored(&self, name: &str) -> bool {
        name.starts_with('.')
            || IGNORED.iter().copied().chain(self.ignore.iter().map(String::as_str)).any(|pattern| {
                match pattern.strip_prefix('*') {
                    Some(ending) => name.ends_with(ending),
                    None => name == pattern,
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_of_a_project_is_refused_by_name() {
        let error =
            serde_yaml_ng::from_str::<Project>("name: a\nruntime: python\nmemory: 5\n").expect_err("unknown");
        assert!(error.to_string().contains("memory"), "{error}");
    }

    #[test]
    fn what_is_no_code_is_not_deployed() {
        let project: Project =
            serde_yaml_ng::from_str("name: a\nruntime: python\nignore: [data, '*.tmp']\n").expect("valid");
        for name in [".git", "nova.yaml", "__pycache__", "a.pyc", "data", "x.tmp", "event.json"] {
            assert!(project.is_ignored(name), "{name}");
        }
        for name in ["main.py", "data.py", "events.json"] {
            assert!(!project.is_ignored(name), "{name}");
        }
    }
}
