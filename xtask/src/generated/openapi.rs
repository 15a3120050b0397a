//! `crates/api/openapi/v1.json`, which a test of nova-api compares with the endpoint table.
//! That test is run here rather than the document made, so that xtask needs none of our crates.

use std::path::Path;

use crate::report::{Checked, cargo};

const TEST: &str = "document::the_checked_in_document_is_up_to_date";

/// Runs the test; with `write` it writes the file first.
pub(crate) fn run(root: &Path, write: bool) -> Checked {
    let mut command = cargo(root);
    command.args(["test", "--quiet", "--package", "nova-api", "--test", "it", "--", "--exact", TEST]);
    if write {
        command.env("NOVA_BLESS", "1");
    }
    let output = command.output().map_err(|error| format!("cargo test -p nova-api: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        // A test of another name would make this check pass without looking.
        return if text.contains("1 passed") {
            Ok(Vec::new())
        } else {
            Err(format!("nova-api has no test {TEST}"))
        };
    }
    let old = "crates/api/openapi/v1.json is old: run `cargo xtask generated --write`, look at the change, commit it";
    if text.contains("openapi/v1.json is old") {
        return Ok(vec![old.to_owned()]);
    }
    Err(format!("nova-api's test failed:\n{text}{}", String::from_utf8_lossy(&output.stderr)))
}
