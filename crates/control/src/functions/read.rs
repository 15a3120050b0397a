//! Show and list functions and versions.

use nova_domain::call::Qualifier;
use nova_domain::function::Function;
use nova_domain::version::Version;
use nova_domain::{FaultResult, FunctionName, Scope};
use nova_store::repo::{FunctionFilter, FunctionWithVersion};
use nova_store::{Page, PageRequest};

use super::Functions;

impl Functions {
    /// The function with its active version, or `NotFound`.
    pub async fn get(&self, scope: &Scope, name: &FunctionName) -> FaultResult<FunctionWithVersion> {
        self.get_version(scope, name, &Qualifier::Active).await
    }

    /// The function with the version that `qualifier` means, or `NotFound` for either.
    pub async fn get_version(
        &self,
        scope: &Scope,
        name: &FunctionName,
        qualifier: &Qualifier,
    ) -> FaultResult<FunctionWithVersion> {
        let Qualifier::Alias(pick) = qualifier else {
            return self.inner.store.functions().get_with_version(scope, name, qualifier).await;
        };
        let number = self.get_alias(scope, name, &pick.name).await?.pick(pick.point);
        self.inner.store.functions().get_with_version(scope, name, &Qualifier::Number(number)).await
    }

    /// Functions sorted by name, each with its active version.
    pub async fn list(
        &self,
        scope: &Scope,
        filter: &FunctionFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<FunctionWithVersion>> {
        self.inner.store.functions().list(scope, filter, page).await
    }

    /// The function and a page of its versions, newest first.
    pub async fn list_versions(
        &self,
        scope: &Scope,
        name: &FunctionName,
        page: &PageRequest,
    ) -> FaultResult<(Function, Page<Version>)> {
        let function = self.inner.store.functions().get(scope, name).await?;
        let versions = self.inner.store.versions().list(scope, &function.id, page).await?;
        Ok((function, versions))
    }
}
