//! Create a secret.

use nova_domain::secret::{Grant, Secret, SecretValue};
use nova_domain::{FaultResult, Scope, SecretName};

use super::Secrets;
use crate::audit::{self, about, shown};

/// What a new secret is made of.
#[derive(Debug, Clone)]
pub struct NewSecret {
    pub name: SecretName,
    pub value: SecretValue,
    pub description: String,
    /// Functions that may have it.
    pub functions: Vec<Grant>,
}

impl Secrets {
    /// Seals and stores a new secret.
    pub async fn create(&self, scope: &Scope, new: NewSecret) -> FaultResult<Secret> {
        let now = self.now();
        let mut functions = new.functions;
        functions.sort();
        functions.dedup();
        let secret = Secret {
            scope: scope.clone(),
            name: new.name,
            description: new.description,
            functions,
            version: 1,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        secret.validate()?;
        let _sealing = self.inner.vault.sealing().await;
        let value = self.seal(&secret, &new.value)?;
        let told = audit::created(scope, "secret", &secret.name, shown::secret(&secret));
        about(told, self.store().secrets().create(scope, &secret, &value)).await?;
        self.changed(scope);
        Ok(secret)
    }
}
