//! Rules for the `Cargo.toml` of every crate: lints, version, edition and licence come
//! from the workspace, and so does a dependency that two crates use.
//!
//! Reads the few shapes of TOML that a manifest uses; cargo itself has refused the others.

use std::collections::BTreeMap;
use std::path::Path;

use crate::report::{read, relative};
use crate::workspace::Package;

/// Fields of `[package]` that are the workspace's.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

/// A manifest as `section` and `key` with the text of the value. `a.b = x` is the key `a.b`.
type Lines = Vec<(String, String, String)>;

/// Checks the manifests of all packages.
pub(crate) fn check(root: &Path, packages: &[Package]) -> Result<Vec<String>, String> {
    let mut manifests = Vec::new();
    for package in packages {
        manifests.push((relative(root, &package.manifest), lines(&read(&package.manifest)?)));
    }
    let mut complaints: Vec<String> =
        manifests.iter().flat_map(|(path, lines)| inherits(path, lines)).collect();
    complaints.extend(shared(&manifests));
    Ok(complaints)
}

fn lines(text: &str) -> Lines {
    let mut section = String::new();
    let mut found = Lines::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim_start_matches('[').to_owned();
        } else if let Some((key, value)) = line.split_once('=')
            && !line.starts_with('#')
        {
            found.push((section.clone(), key.trim().trim_matches('"').to_owned(), value.trim().to_owned()));
        }
    }
    found
}

/// Whether `key` of `section` says `workspace = true`, in whichever of its spellings.
fn from_workspace(lines: &Lines, section: &str, key: &str) -> bool {
    lines.iter().any(|(there, name, value)| {
        let dotted = there == section && *name == format!("{key}.workspace") && value == "true";
        let table = *there == format!("{section}.{key}") && name == "workspace" && value == "true";
        let inline = there == section && name == key && says_workspace(value);
        dotted || table || inline
    })
}

fn says_workspace(value: &str) -> bool {
    value.strip_prefix('{').is_some_and(|inside| {
        inside.trim_end_matches('}').split(',').any(|part| part.replace(' ', "") == "workspace=true")
    })
}

fn inherits(path: &str, lines: &Lines) -> Vec<String> {
    let mut complaints: Vec<String> = INHERITED
        .iter()
        .filter(|field| !from_workspace(lines, "package", field))
        .map(|field| format!("{path}: write `{field}.workspace = true` in [package]"))
        .collect();
    let lints = |(section, key, value): &(String, String, String)| {
        section == "lints" && key == "workspace" && value == "true"
    };
    if !lines.iter().any(lints) {
        complaints.push(format!("{path}: write `workspace = true` in [lints]"));
    }
    complaints
}

/// Dependencies of one manifest: name, and whether it is the workspace's.
fn dependencies(lines: &Lines) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    for (section, key, _) in lines {
        let Some((place, table)) = dependency_section(section) else { continue };
        let name = table.unwrap_or_else(|| key.split('.').next().unwrap_or(key));
        let inherited = from_workspace(lines, place, name);
        found.entry(name.to_owned()).and_modify(|all: &mut bool| *all &= inherited).or_insert(inherited);
    }
    found
}

/// `dependencies`, `dev-dependencies.x`, `target.'cfg(..)'.dependencies`: the section that
/// holds the names, and the name if the section is about one.
fn dependency_section(section: &str) -> Option<(&str, Option<&str>)> {
    for kind in ["dev-dependencies", "build-dependencies", "dependencies"] {
        if section == kind || section.ends_with(&format!(".{kind}")) {
            return Some((section, None));
        }
        if let Some(place) = section.find(&format!("{kind}."))
            && (place == 0 || section.as_bytes()[place - 1] == b'.')
        {
            let end = place + kind.len();
            return Some((&section[..end], Some(&section[end + 1..])));
        }
    }
    None
}

/// A dependency of two crates that is not the workspace's could have two versions.
fn shared(manifests: &[(String, Lines)]) -> Vec<String> {
    let mut users: BTreeMap<String, Vec<(&str, bool)>> = BTreeMap::new();
    for (path, lines) in manifests {
        for (name, inherited) in dependencies(lines) {
            users.entry(name).or_default().push((path, inherited));
        }
    }
    users
        .into_iter()
        .filter(|(_, users)| users.len() > 1)
        .flat_map(|(name, users)| {
            let count = users.len();
            users.into_iter().filter(|(_, inherited)| !inherited).map(move |(path, _)| {
                format!("{path}: {count} crates use {name}: put it into [workspace.dependencies] and write `{name}.workspace = true`")
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense = { workspace = true }\npublish.workspace = true\n\
        [dependencies]\nserde.workspace = true\n[lints]\nworkspace = true\n";

    #[test]
    fn a_manifest_that_inherits_everything_passes() {
        assert_eq!(inherits("a", &lines(GOOD)), Vec::<String>::new());
    }

    #[test]
    fn an_own_edition_and_missing_lints_are_found() {
        let bad =
            GOOD.replace("edition.workspace = true", "edition = \"2021\"").replace("[lints]", "[features]");
        let found = inherits("a", &lines(&bad)).join("\n");
        assert!(found.contains("edition.workspace") && found.contains("[lints]"), "{found}");
        assert_eq!(found.lines().count(), 2);
    }

    #[test]
    fn a_dependency_that_two_crates_use_must_come_from_the_workspace() {
        let one = ("one".to_owned(), lines("[dependencies]\ntoml = \"1\"\nclap = \"4\"\n"));
        let two =
            ("two".to_owned(), lines("[dev-dependencies.toml]\nworkspace = true\nfeatures = [\"x\"]\n"));
        let three =
            ("three".to_owned(), lines("[target.'cfg(unix)'.dependencies]\ntoml = { version = \"1\" }\n"));
        assert_eq!(shared(&[one.clone(), two.clone()]).len(), 1);
        let found = shared(&[one, two, three]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("one: 3 crates use toml"), "{found:?}");
    }
}
