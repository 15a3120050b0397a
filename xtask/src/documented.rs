//! Lists that people write by hand are complete: error codes, metrics, settings; and links
//! between documents lead somewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::report::{files_below, output_of, read, relative};

const ERRORS: &str = "docs/errors.md";
const ACCESS: &str = "docs/access.md";
const PERMISSIONS: &str = "crates/domain/src/access/permission.rs";
const OPERATIONS: &str = "docs/operations.md";

/// A row of the table of codes in `crates/domain/src/fault.rs`.
#[derive(Debug, PartialEq, Eq)]
struct Code {
    text: String,
    status: u16,
    retryable: bool,
}

/// Checks what needs no binary.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, String> {
    let codes = codes(&read(&root.join("crates/domain/src/fault.rs"))?);
    if codes.is_empty() {
        return Err("no codes were found in crates/domain/src/fault.rs".to_owned());
    }
    let mut complaints = errors(&codes, &read(&root.join(ERRORS))?);
    complaints.extend(permissions(&read(&root.join(PERMISSIONS))?, &read(&root.join(ACCESS))?));
    complaints.extend(metrics(root)?);
    complaints.extend(links(root)?);
    Ok(complaints)
}

/// `NotFound => "not_found", 404, false;`
fn codes(source: &str) -> Vec<Code> {
    source
        .lines()
        .filter_map(|line| {
            let (_, row) = line.trim().strip_suffix(';')?.split_once(" => \"")?;
            let (text, rest) = row.split_once("\", ")?;
            let (status, retryable) = rest.split_once(", ")?;
            Some(Code {
                text: text.to_owned(),
                status: status.parse().ok()?,
                retryable: retryable.parse().ok()?,
            })
        })
        .collect()
}

/// Every code has its section, `## not_found`, with a line `Status 404, not retryable.`
fn errors(codes: &[Code], document: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut sections: BTreeSet<&str> = document.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    for code in codes {
        if !sections.remove(code.text.as_str()) {
            complaints.push(format!("{ERRORS}: there is no section `## {}`", code.text));
            continue;
        }
        let again = if code.retryable { "retryable" } else { "not retryable" };
        let line = format!("Status {}, {again}.", code.status);
        let said = document
            .lines()
            .skip_while(|text| *text != format!("## {}", code.text))
            .skip(1)
            .take_while(|text| !text.starts_with("## "))
            .any(|text| text == line);
        if !said {
            complaints.push(format!("{ERRORS}: section `{}` must have the line `{line}`", code.text));
        }
    }
    let gone = sections.into_iter().filter(|name| is_code(name));
    complaints.extend(gone.map(|name| format!("{ERRORS}: `{name}` is no code any more")));
    complaints
}

fn is_code(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Every permission is in the list that the refusal of an unknown one names.
fn permissions(source: &str, document: &str) -> Vec<String> {
    let texts = source.lines().filter_map(|line| line.trim().strip_suffix("\",")?.split_once(" => \""));
    let texts: Vec<_> = texts.map(|(_, text)| text).collect();
    if texts.is_empty() {
        return vec![format!("no permissions were found in {PERMISSIONS}")];
    }
    let missing = texts.into_iter().filter(|text| !document.contains(&format!("`{text}`")));
    missing.map(|text| format!("{ACCESS}: the permission `{text}` is not in the list")).collect()
}

/// Every metric that the crates write is in the list.
fn metrics(root: &Path) -> Result<Vec<String>, String> {
    let document = read(&root.join(OPERATIONS))?;
    let mut names = BTreeSet::new();
    for path in files_below(&root.join("crates"), ".rs")? {
        if relative(root, &path).contains("/src/") {
            metric_names(&read(&path)?, &mut names);
        }
    }
    let missing = names.iter().filter(|name| !document.contains(&format!("`{name}`")));
    let mut complaints: Vec<String> =
        missing.map(|name| format!("{OPERATIONS}: the metric `{name}` is not in the list")).collect();
    let listed = document.lines().filter_map(|line| line.strip_prefix("| `nova_")?.split('`').next());
    let gone = listed.map(|rest| format!("nova_{rest}")).filter(|name| !names.contains(name));
    complaints.extend(gone.map(|name| format!("{OPERATIONS}: no code writes the metric `{name}`")));
    Ok(complaints)
}

/// Names in `counter!("nova_..`, `gauge!(` and `histogram!(`, also on the line after.
fn metric_names(source: &str, into: &mut BTreeSet<String>) {
    for call in ["counter!(", "gauge!(", "histogram!("] {
        for (place, _) in source.match_indices(call) {
            let rest = source[place + call.len()..].trim_start();
            let name = rest.strip_prefix("\"nova_").and_then(|rest| rest.split('"').next());
            into.extend(name.map(|name| format!("nova_{name}")));
        }
    }
}

/// Every setting of a server is in the list with its default. `nova` is the binary.
pub(crate) fn settings(root: &Path, nova: &Path) -> Result<Vec<String>, String> {
    let document = read(&root.join(OPERATIONS))?;
    let mut command = Command::new(nova);
    command.args(["--output", "json", "config", "show"]).current_dir("/").env_clear().env("HOME", "/");
    let shown: Value = serde_json::from_str(&output_of(&mut command)?)
        .map_err(|error| format!("nova config show: {error}"))?;
    let rows = shown.as_array().filter(|rows| !rows.is_empty()).ok_or("nova config show lists no setting")?;
    Ok(rows.iter().filter_map(|row| setting_missing(row, &document)).collect())
}

fn setting_missing(row: &Value, document: &str) -> Option<String> {
    let (key, value) = (row["key"].as_str()?, row["value"].as_str()?.trim_matches('"'));
    let mut start = format!("| `{key}` | ");
    if !document.contains(&start) {
        return Some(format!("{OPERATIONS}: the setting `{key}` has no row"));
    }
    // A host with a configuration file shows other values.
    if row["origin"] != "default" {
        return None;
    }
    start.push_str(&if value.is_empty() { "empty |".to_owned() } else { format!("`{value}` |") });
    (!document.contains(&start)).then(|| format!("{OPERATIONS}: the row of `{key}` must begin with {start}"))
}

/// Links to files of the repository lead to a file.
fn links(root: &Path) -> Result<Vec<String>, String> {
    let mut documents = files_below(&root.join("docs"), ".md")?;
    documents.push(root.join("README.md"));
    let mut complaints = Vec::new();
    for path in documents {
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        for target in targets(&read(&path)?) {
            if !folder.join(&target).exists() {
                complaints.push(format!("{}: the link to {target} leads nowhere", relative(root, &path)));
            }
        }
    }
    Ok(complaints)
}

/// What `](..)` names, without addresses and places within a document.
fn targets(document: &str) -> Vec<String> {
    document
        .match_indices("](")
        .filter_map(|(place, _)| document[place + 2..].split(')').next())
        .map(|target| target.split('#').next().unwrap_or_default().to_owned())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "    /// Doc.\n    NotFound => \"not_found\", 404, false;\n    Busy => \"busy\", 503, true;\n";

    #[test]
    fn codes_are_read_from_their_table() {
        let found = codes(SOURCE);
        assert_eq!(found[0], Code { text: "not_found".to_owned(), status: 404, retryable: false });
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_code_without_section_a_wrong_status_and_a_section_too_many_are_found() {
        let good = "## not_found\n\nStatus 404, not retryable.\n\n## busy\n\nStatus 503, retryable.\n";
        assert_eq!(errors(&codes(SOURCE), good), Vec::<String>::new());
        let bad = good.replace("## busy", "## lazy").replace("404", "400");
        let found = errors(&codes(SOURCE), &bad);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn a_permission_that_is_not_in_the_list_is_found() {
        let source = "    FunctionRead => \"function:read\",\n    KeyRead => \"key:read\",\n";
        assert_eq!(permissions(source, "`function:read`, `key:read`"), Vec::<String>::new());
        assert_eq!(permissions(source, "`function:read`").len(), 1);
        assert_eq!(permissions("", "").len(), 1, "the source looks different now");
    }

    #[test]
    fn metric_names_are_found_on_the_next_line_too() {
        let mut names = BTreeSet::new();
        metric_names(
            "metrics::counter!(\"nova_a_total\", x); histogram!(\n    \"nova_b_seconds\")",
            &mut names,
        );
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["nova_a_total", "nova_b_seconds"]);
    }

    #[test]
    fn a_setting_without_row_and_a_wrong_default_are_found() {
        let row =
            |key: &str, value: &str| serde_json::json!({"key": key, "value": value, "origin": "default"});
        let document = "| `a.b` | `5` | x |\n| `a.c` | empty | x |\n";
        assert_eq!(setting_missing(&row("a.b", "5"), document), None);
        assert_eq!(setting_missing(&row("a.c", "\"\""), document), None);
        assert!(setting_missing(&row("a.b", "6"), document).is_some());
        assert!(setting_missing(&row("a.d", "5"), document).is_some());
    }

    #[test]
    fn links_within_the_repository_are_followed_others_not() {
        let found = targets("[a](b.md#c) [d](https://e) [f](#g) ![h](img/i.svg)");
        assert_eq!(found, ["b.md", "img/i.svg"]);
    }
}
