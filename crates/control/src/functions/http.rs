//! How functions are offered on the content listener.

use nova_domain::call::{FunctionRef, Qualifier};
use nova_domain::function::Function;
use nova_domain::http::HttpSettings;
use nova_domain::{Code, Fault, FaultResult, FunctionId, FunctionName, Scope};

use super::Functions;

impl Functions {
    /// How a function is offered, from memory if it is there; `NotFound` if there is none.
    pub async fn offered(
        &self,
        scope: &Scope,
        name: &FunctionName,
    ) -> FaultResult<(FunctionId, HttpSettings)> {
        let target = FunctionRef { name: name.clone(), qualifier: Qualifier::Active };
        match self.snapshot(scope, &target).await {
            Ok(snapshot) => Ok((snapshot.function.id.clone(), snapshot.function.http.clone())),
            // Its active version cannot run; an alias's may, and the caller is told better than `NotFound`.
            Err(fault) if matches!(fault.code(), Code::NotReady | Code::SecretUnavailable) => {
                let function = self.inner.store.functions().get(scope, name).await?;
                Ok((function.id, function.http))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Checks that the alias that a function shall be offered by is there.
    pub(super) async fn check_http(
        &self,
        scope: &Scope,
        before: &Function,
        after: &Function,
    ) -> FaultResult<()> {
        let Some(alias) = after.http.alias.as_ref().filter(|_| after.http.alias != before.http.alias) else {
            return Ok(());
        };
        match self.inner.store.aliases().get(scope, &after.id, alias).await {
            Err(fault) if fault.code() == Code::NotFound => {
                let text = format!("function `{}` has no alias `{alias}`; create it first", after.name);
                Err(Fault::invalid(text).with_field("http_alias", "no such alias"))
            }
            other => other.map(drop),
        }
    }
}
