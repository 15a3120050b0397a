//! Make a version the one that calls run (rollback).

use nova_domain::call::Qualifier;
use nova_domain::{Code, Fault, FaultResult, FunctionName, Scope};
use nova_store::repo::FunctionWithVersion;

use super::{Functions, check_revision, may_retry, not_ready, pause};
use crate::audit::{self, about, shown};

impl Functions {
    /// Activates a version; nothing happens if it is active already. `Conflict` if it cannot run
    /// (its build goes on or failed) or the function has another revision than `expected`.
    pub async fn activate(
        &self,
        scope: &Scope,
        name: &FunctionName,
        number: u32,
        expected: Option<u64>,
    ) -> FaultResult<FunctionWithVersion> {
        let mut tries = 0;
        loop {
            tries += 1;
            let found = self.get_version(scope, name, &Qualifier::Number(number)).await?;
            check_revision(&found.function, expected)?;
            if let Some(fault) = not_ready(name.as_str(), &found.version) {
                return Err(Fault::new(Code::Conflict, fault.message().to_owned()));
            }
            if found.function.active_version == number {
                return Ok(found);
            }
            let before = shown::function_alone(&found.function);
            let mut function = found.function;
            function.active_version = number;
            function.updated_at = self.inner.clock.now();
            let told = audit::changed(scope, "function", name, before, shown::function_alone(&function));
            match about(told, self.inner.store.functions().update(scope, &function, None)).await {
                Ok(function) => {
                    self.changed(scope, &function).await;
                    return Ok(FunctionWithVersion { function, version: found.version });
                }
                Err(fault) if may_retry(&fault, expected, tries, &self.inner.settings) => pause(tries).await,
                Err(fault) => return Err(fault),
            }
        }
    }
}
