//! Show secrets, never their values.

use nova_domain::access::Names;
use nova_domain::secret::Secret;
use nova_domain::{FaultResult, Scope, SecretName};
use nova_store::{Page, PageRequest};

use super::Secrets;

impl Secrets {
    /// That secret.
    pub async fn get(&self, scope: &Scope, name: &SecretName) -> FaultResult<Secret> {
        Ok(self.store().secrets().get(scope, name).await?.secret)
    }

    /// Those of `names`, sorted by name.
    pub async fn list(&self, scope: &Scope, names: &Names, page: &PageRequest) -> FaultResult<Page<Secret>> {
        self.store().secrets().list(scope, names, page).await
    }
}
