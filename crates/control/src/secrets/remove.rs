//! Delete a secret.

use nova_domain::{FaultResult, Scope, SecretName};

use super::Secrets;
use crate::audit::{self, about, shown};

impl Secrets {
    /// Deletes it. Functions that refer to it fail from their next call on, with a text that says so.
    pub async fn delete(&self, scope: &Scope, name: &SecretName) -> FaultResult<()> {
        let secret = self.store().secrets().get(scope, name).await?.secret;
        let told = audit::deleted(scope, "secret", name, shown::secret(&secret));
        about(told, self.store().secrets().delete(scope, name)).await?;
        self.changed(scope);
        Ok(())
    }
}
