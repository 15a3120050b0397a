//! Delete a function.

use nova_domain::{FaultResult, FunctionName, Scope};

use super::{Functions, check_revision};
use crate::audit::{self, about, shown};

impl Functions {
    /// Deletes a function with its versions; runs and logs stay until they are too old. Running calls end
    /// as they would have. With `expected` only while the function has that revision.
    pub async fn delete(&self, scope: &Scope, name: &FunctionName, expected: Option<u64>) -> FaultResult<()> {
        let function = self.inner.store.functions().get(scope, name).await?;
        check_revision(&function, expected)?;
        let told = audit::deleted(scope, "function", name, shown::function_alone(&function));
        let deleted = about(told, self.inner.store.functions().delete(scope, name)).await?;
        self.inner.snapshots.forget(scope, name);
        self.inner.sandboxes.retire(&deleted.function.id, &[]);
        self.count_stored(&scope.tenant).await;
        Ok(())
    }
}
