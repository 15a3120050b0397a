//! Values for sandboxes that start.

use async_trait::async_trait;
use nova_domain::ports;
use nova_domain::secret::{Secret, SecretValue};
use nova_domain::{FaultResult, FunctionName, Scope, SecretName};

use super::Secrets;

#[async_trait]
impl ports::Secrets for Secrets {
    async fn reveal(
        &self,
        scope: &Scope,
        function: &FunctionName,
        names: &[SecretName],
    ) -> FaultResult<Vec<SecretValue>> {
        let found = self.store().secrets().find(scope, names).await?;
        names
            .iter()
            .map(|name| {
                // Missing and not granted look alike: whoever may deploy a function need not
                // know which secrets there are.
                let stored = found
                    .iter()
                    .find(|stored| stored.secret.name == *name)
                    .filter(|stored| stored.secret.is_granted_to(function))
                    .ok_or_else(|| Secret::refuse(name, function))?;
                self.open(stored)
            })
            .collect()
    }
}
