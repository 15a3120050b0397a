//! Delete a secret.

use nova_domain::{FaultResult, Scope, SecretName};

use super::Secrets;

impl Secrets {
    /// Deletes it. Functions that refer to it fail from their next call on, with a text that says so.
    pub async fn delete(&self, scope: &Scope, name: &SecretName) -> FaultResult<()> {
        self.store().secrets().delete(scope, name).await?;
        self.changed(scope);
        Ok(())
    }
}
