//! What `cargo metadata` says about the crates of the workspace.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::report::{cargo, output_of};

/// One crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a crate's dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// Where a dependency is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Dev,
    Build,
}

/// Asks cargo.
pub(crate) fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let mut command = cargo(root);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    parse(&output_of(&mut command)?)
}

fn parse(metadata: &str) -> Result<Vec<Package>, String> {
    let metadata: Value =
        serde_json::from_str(metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package, String> {
    let text = |value: &Value, key: &str| {
        value[key]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("cargo metadata: a package without {key}"))
    };
    let dependencies =
        value["dependencies"].as_array().ok_or("cargo metadata: a package without dependencies")?;
    let dependencies = dependencies
        .iter()
        .map(|dependency| {
            let kind = match dependency["kind"].as_str() {
                Some("dev") => Kind::Dev,
                Some("build") => Kind::Build,
                _ => Kind::Normal,
            };
            Ok(Dependency { name: text(dependency, "name")?, kind })
        })
        .collect::<Result<_, String>>()?;
    Ok(Package { name: text(value, "name")?, manifest: text(value, "manifest_path")?.into(), dependencies })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_with_their_kinds() {
        let metadata = r#"{"packages":[{"name":"a","manifest_path":"/a/Cargo.toml","dependencies":[
            {"name":"x","kind":null},{"name":"y","kind":"dev"},{"name":"z","kind":"build"}]}]}"#;
        let packages = parse(metadata).expect("valid");
        let kinds: Vec<_> = packages[0].dependencies.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [Kind::Normal, Kind::Dev, Kind::Build]);
        assert!(parse("{}").is_err() && parse("").is_err());
    }
}
