//! `cargo xtask sizes`: files that are too long to be read at once.

use std::collections::BTreeMap;
use std::path::Path;

use crate::report::{Checked, files_below, read, relative, say};

/// Lines of code above which a file needs a reason.
const ALARM: usize = 600;
/// Where reasons are: `"path" = "reason"`, one per line.
const REASONS: &str = "xtask/sizes.toml";
const FOLDERS: &[&str] = &["crates", "xtask", "benches", "tests"];

/// Runs the check on the workspace at `root`.
pub(crate) fn run(root: &Path) -> Checked {
    let mut reasons = reasons(&read(&root.join(REASONS))?)?;
    let mut complaints = Vec::new();
    let mut count = 0;
    for folder in FOLDERS.iter().map(|name| root.join(name)).filter(|folder| folder.is_dir()) {
        for path in files_below(&folder, ".rs")? {
            count += 1;
            let (name, lines) = (relative(root, &path), code_lines(&read(&path)?));
            let excused = reasons.remove(&name).is_some();
            match (lines > ALARM, excused) {
                (true, false) => complaints.push(format!(
                    "{name} has {lines} lines of code, more than {ALARM}: split it, or give the reason in {REASONS}"
                )),
                (false, true) => complaints.push(format!(
                    "{REASONS}: {name} has {lines} lines of code and needs no reason any more"
                )),
                _ => {}
            }
        }
    }
    complaints.extend(reasons.into_keys().map(|name| format!("{REASONS}: there is no file {name}")));
    if complaints.is_empty() {
        say(&format!("sizes: {count} files, none over {ALARM} lines of code without a reason"));
    }
    Ok(complaints)
}

fn reasons(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (path, reason) =
            line.split_once('=').ok_or(format!("{REASONS}: `{line}` is not \"path\" = \"reason\""))?;
        let clean = |text: &str| text.trim().trim_matches('"').to_owned();
        let (path, reason) = (clean(path), clean(reason));
        if reason.split_whitespace().count() < 3 {
            return Err(format!("{REASONS}: {path} has no reason that says something"));
        }
        found.insert(path, reason);
    }
    Ok(found)
}

/// Lines that are neither empty nor comments, without the unit tests at the end. Relies on
/// rustfmt: what begins in the first column ends there.
fn code_lines(text: &str) -> usize {
    let (mut count, mut in_tests, mut previous) = (0, false, "");
    for line in text.lines() {
        let bare = line.trim();
        if in_tests {
            in_tests = line != "}";
        } else if previous == "#[cfg(test)]" && line.starts_with("mod ") && line.ends_with('{') {
            in_tests = true;
            count -= 1; // the attribute
        } else if !bare.is_empty() && !bare.starts_with("//") {
            count += 1;
        }
        previous = line;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_empty_lines_and_unit_tests_do_not_count() {
        let text = "//! Text.\n\nuse x;\n\n/// Doc.\nfn a() {\n    // why\n    b();\n}\n\n#[cfg(test)]\nmod tests {\n    fn c() {\n    }\n}\nfn d() {}\n";
        assert_eq!(code_lines(text), 5);
        assert_eq!(code_lines("#[cfg(test)]\nuse x;\n"), 2);
    }

    #[test]
    fn a_reason_must_say_something() {
        assert!(reasons("# c\n\"a.rs\" = \"one table of facts\"\n").expect("valid").contains_key("a.rs"));
        assert!(reasons("\"a.rs\" = \"long\"\n").is_err() && reasons("a.rs\n").is_err());
    }
}
