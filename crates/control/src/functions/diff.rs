//! What differs between two versions.

use std::collections::BTreeSet;

use nova_artifacts::trees::TreeFile;
use nova_domain::call::Qualifier;
use nova_domain::version::{FieldChange, diff};
use nova_domain::{FaultResult, FunctionName, Scope};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Functions;
use crate::source::Files;

impl Functions {
    /// The fields and files in which version `to` differs from version `from`, sorted.
    pub async fn diff(
        &self,
        scope: &Scope,
        name: &FunctionName,
        from: u32,
        to: u32,
    ) -> FaultResult<Vec<FieldChange>> {
        let from = self.get_version(scope, name, &Qualifier::Number(from)).await?.version.spec;
        let to = self.get_version(scope, name, &Qualifier::Number(to)).await?.version.spec;
        let mut changes = diff(&from, &to);
        if from.code != to.code {
            changes.extend(file_changes(&self.load(&from.code).await?, &self.load(&to.code).await?));
            changes.sort_by(|a, b| a.field.cmp(&b.field));
        }
        Ok(changes)
    }
}

fn file_changes(from: &Files, to: &Files) -> Vec<FieldChange> {
    let paths: BTreeSet<_> = from.keys().chain(to.keys()).collect();
    paths
        .into_iter()
        .filter(|path| from.get(*path) != to.get(*path))
        .map(|path| FieldChange {
            field: format!("files/{path}"),
            from: from.get(path).map(summary),
            to: to.get(path).map(summary),
        })
        .collect()
}

fn summary(file: &TreeFile) -> Value {
    let sha256 = hex::encode(Sha256::digest(&file.bytes));
    json!({ "size": file.bytes.len(), "sha256": sha256, "executable": file.executable })
}
