//! `cargo xtask layers`: arrows between our crates point down only, and only where the
//! table says so. The table is that of `docs/architecture.md`.

use std::path::Path;

use crate::manifest;
use crate::report::{Checked, say};
use crate::workspace::{self, Dependency, Kind, Package};

/// What one crate may use of ours.
struct Row {
    name: &'static str,
    /// In code, build scripts and tests.
    may: &'static [&'static str],
    /// In tests only, each with the reason.
    tests: &'static [(&'static str, &'static str)],
}

const fn row(name: &'static str, may: &'static [&'static str]) -> Row {
    Row { name, may, tests: &[] }
}

/// The floors, lowest first. A crate that is not here may not be in the workspace.
const TABLE: &[Row] = &[
    row("nova-domain", &[]),
    row("nova-api", &["nova-domain"]),
    row("nova-kit", &["nova-domain"]),
    row("nova-store", &["nova-domain", "nova-kit"]),
    row("nova-artifacts", &["nova-domain", "nova-kit"]),
    row("nova-agent", &[]),
    // What `make bench` compares with: no part of the product.
    row("nova-floor", &[]),
    // It embeds the agent's binary, starts it, and hands on its start document.
    row("nova-keeper", &["nova-agent"]),
    row("nova-comet", &["nova-domain", "nova-kit", "nova-artifacts", "nova-keeper", "nova-agent"]),
    row("nova-nebula", &["nova-domain", "nova-kit", "nova-store"]),
    row("nova-corona", &["nova-domain", "nova-kit", "nova-store"]),
    row("nova-aurora", &["nova-domain", "nova-kit", "nova-store"]),
    row("nova-control", &["nova-domain", "nova-kit", "nova-store", "nova-artifacts"]),
    row("nova-market", &["nova-domain", "nova-kit", "nova-store", "nova-artifacts"]),
    Row {
        name: "nova-zenith",
        may: &[
            "nova-domain",
            "nova-api",
            "nova-kit",
            "nova-comet",
            "nova-nebula",
            "nova-corona",
            "nova-aurora",
            "nova-control",
            "nova-market",
        ],
        tests: &[
            (
                "nova-store",
                "tests run the planes over a real SQLite in a temporary folder, as the binary does",
            ),
            ("nova-artifacts", "tests keep objects in a temporary folder, as the binary does"),
        ],
    },
];

/// The binary builds the concrete parts: it may use all.
const TOP: &str = "nova";

/// Runs the check on the workspace at `root`.
pub(crate) fn run(root: &Path) -> Checked {
    let packages = workspace::packages(root)?;
    let mut complaints = arrows(&packages);
    complaints.extend(manifest::check(root, &packages)?);
    if complaints.is_empty() {
        say(&format!("layers: {} crates, all arrows are in the table", packages.len()));
    }
    Ok(complaints)
}

fn is_ours(name: &str) -> bool {
    name == TOP || name.starts_with("nova-")
}

fn arrows(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages.iter().filter(|package| package.name != TOP) {
        let ours = || package.dependencies.iter().filter(|dependency| is_ours(&dependency.name));
        if !is_ours(&package.name) {
            // Tools beside the house (xtask, benches) stand alone.
            let tool = &package.name;
            complaints.extend(
                ours().map(|arrow| format!("{tool} uses {}, but tools use none of our crates", arrow.name)),
            );
            continue;
        }
        match TABLE.iter().find(|row| row.name == package.name) {
            Some(row) => complaints.extend(ours().filter_map(|arrow| refusal(row, arrow))),
            None => complaints.push(format!(
                "{} is not in the table of xtask/src/layers.rs: add it there and to docs/architecture.md",
                package.name
            )),
        }
    }
    complaints
}

fn refusal(row: &Row, arrow: &Dependency) -> Option<String> {
    let in_code = row.may.contains(&arrow.name.as_str());
    let in_tests = arrow.kind == Kind::Dev && row.tests.iter().any(|(name, _)| *name == arrow.name);
    if in_code || in_tests {
        return None;
    }
    let kind = match arrow.kind {
        Kind::Normal => "",
        Kind::Dev => " in its tests",
        Kind::Build => " in its build script",
    };
    let mut text = format!("{} uses {}{kind}; it may use ", row.name, arrow.name);
    text.push_str(&if row.may.is_empty() { "none of our crates".to_owned() } else { row.may.join(", ") });
    for (name, reason) in row.tests {
        text.push_str(&format!("; in tests also {name} ({reason})"));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[(&str, Kind)]) -> Package {
        let dependencies =
            uses.iter().map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: *kind }).collect();
        Package { name: name.to_owned(), manifest: "Cargo.toml".into(), dependencies }
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found_whatever_its_kind() {
        for kind in [Kind::Normal, Kind::Dev, Kind::Build] {
            let found = arrows(&[package("nova-aurora", &[("nova-control", kind), ("serde", kind)])]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("nova-aurora uses nova-control"), "{found:?}");
        }
    }

    #[test]
    fn nothing_points_up() {
        for (from, to) in
            [("nova-domain", "nova-kit"), ("nova-store", "nova-control"), ("nova-comet", "nova-zenith")]
        {
            assert_eq!(arrows(&[package(from, &[(to, Kind::Normal)])]).len(), 1, "{from} > {to}");
        }
    }

    #[test]
    fn a_crate_that_tests_may_use_stays_out_of_the_code() {
        assert!(arrows(&[package("nova-zenith", &[("nova-store", Kind::Dev)])]).is_empty());
        assert_eq!(arrows(&[package("nova-zenith", &[("nova-store", Kind::Normal)])]).len(), 1);
        assert_eq!(arrows(&[package("nova-zenith", &[("nova-keeper", Kind::Dev)])]).len(), 1);
    }

    #[test]
    fn the_binary_may_use_all_and_a_new_crate_must_be_entered() {
        let all: Vec<_> = TABLE.iter().map(|row| (row.name, Kind::Normal)).collect();
        assert!(arrows(&[package(TOP, &all)]).is_empty());
        assert!(arrows(&[package("nova-extra", &[])])[0].contains("not in the table"));
        assert_eq!(arrows(&[package("xtask", &[("nova-api", Kind::Normal)])]).len(), 1);
    }

    #[test]
    fn the_table_has_no_circle_and_no_unknown_name() {
        for (place, row) in TABLE.iter().enumerate() {
            for used in row.may {
                let below = TABLE.iter().position(|other| other.name == *used);
                assert!(below.is_some_and(|below| below < place), "{} > {used}", row.name);
            }
        }
    }
}
