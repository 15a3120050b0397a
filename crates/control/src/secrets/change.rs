//! Change a secret: its value, its grants, its description.

use nova_domain::secret::{Grant, Secret, SecretValue};
use nova_domain::{Code, Fault, FaultResult, Scope, SecretName};

use super::Secrets;
use crate::audit::{self, about, shown};
use crate::functions::{check_revision_of, may_retry};

/// What is to change; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SecretChange {
    /// A new value: its version grows, and sandboxes with the old one get no more calls.
    pub value: Option<SecretValue>,
    pub description: Option<String>,
    /// All functions that may have it from now on.
    pub functions: Option<Vec<Grant>>,
    /// Functions that may have it as well.
    pub grant: Vec<Grant>,
    /// Grants that are taken back.
    pub revoke: Vec<Grant>,
}

impl Secrets {
    /// Changes a secret. With `expected` only while it has that revision.
    pub async fn change(
        &self,
        scope: &Scope,
        name: &SecretName,
        change: SecretChange,
        expected: Option<u64>,
    ) -> FaultResult<Secret> {
        let settings = &self.inner.functions.inner.settings;
        let mut tries = 0;
        loop {
            let before = self.store().secrets().get(scope, name).await?.secret;
            check_revision_of("secret", name.as_str(), before.revision, expected)?;
            let _sealing = self.inner.vault.sealing().await;
            let after = self.applied(&before, &change)?;
            let value = change.value.as_ref().map(|value| self.seal(&after, value)).transpose()?;
            let told = audit::changed(scope, "secret", name, shown::secret(&before), shown::secret(&after));
            match about(told, self.store().secrets().update(scope, &after, value.as_ref())).await {
                Ok(stored) => {
                    self.changed(scope);
                    return Ok(stored);
                }
                Err(fault) if may_retry(&fault, expected, tries, settings) => tries += 1,
                Err(fault) => return Err(fault),
            }
        }
    }

    fn applied(&self, before: &Secret, change: &SecretChange) -> FaultResult<Secret> {
        let mut after = before.clone();
        if let Some(description) = &change.description {
            after.description.clone_from(description);
        }
        if let Some(functions) = &change.functions {
            after.functions.clone_from(functions);
        }
        for gone in &change.revoke {
            if !after.functions.contains(gone) {
                return Err(Fault::new(
                    Code::NotFound,
                    format!(
                        "secret `{}` has no grant `{}`; it has {}",
                        before.name,
                        gone.as_str(),
                        shown(&after.functions)
                    ),
                ));
            }
            after.functions.retain(|grant| grant != gone);
        }
        after.functions.extend(change.grant.iter().cloned());
        after.functions.sort();
        after.functions.dedup();
        if change.value.is_some() {
            after.version += 1;
        }
        after.updated_at = self.now();
        after.validate()?;
        Ok(after)
    }
}

fn shown(grants: &[Grant]) -> String {
    let names: Vec<_> = grants.iter().map(Grant::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
