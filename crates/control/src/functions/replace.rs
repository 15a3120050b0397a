//! Replace the code of a function.

use nova_domain::version::CompileStatus;
use nova_domain::{FaultResult, FunctionName, Scope};
use nova_store::repo::FunctionWithVersion;

use super::{Functions, check_revision, may_retry, pause};
use crate::source::Source;
use crate::spec::{self, Start};

/// New code for a function.
#[derive(Debug, Clone)]
pub struct ReplaceCode {
    pub source: Source,
    /// The file that is started or imported; as before if it is still there, else found out.
    pub entry: Option<String>,
    /// A new handler for the new code.
    pub handler: Option<String>,
    /// The revision that the caller read.
    pub expected: Option<u64>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Replaced {
    /// The function and the version that holds the code.
    pub written: FunctionWithVersion,
    pub file_count: u32,
}

impl Functions {
    /// Replaces the code: a new version, unless code, entry and handler are what they were. For a
    /// compiled runtime it waits for the build; until it succeeds the old version keeps serving.
    pub async fn replace_code(
        &self,
        scope: &Scope,
        name: &FunctionName,
        replace: ReplaceCode,
    ) -> FaultResult<Replaced> {
        let mut tries = 0;
        let mut replaced = loop {
            tries += 1;
            match self.try_replace(scope, name, &replace).await {
                Err(fault) if may_retry(&fault, replace.expected, tries, &self.inner.settings) => {
                    pause(tries).await;
                }
                other => break other?,
            }
        };
        replaced.written = self.await_build(scope, replaced.written).await?;
        Ok(replaced)
    }

    async fn try_replace(
        &self,
        scope: &Scope,
        name: &FunctionName,
        replace: &ReplaceCode,
    ) -> FaultResult<Replaced> {
        let found = self.get(scope, name).await?;
        check_revision(&found.function, replace.expected)?;
        let base = self.base_of(scope, &found).await?;
        let runtime = base.spec.runtime.runtime;
        let start = match &replace.handler {
            Some(handler) => spec::start(runtime, Some(handler.clone()), None)?,
            None => Start { mode: base.spec.mode, handler: base.spec.handler.clone() },
        };
        let previous = replace.handler.is_none().then_some(base.spec.entry.as_str());
        let stored = self
            .store_new_source(runtime, &start, replace.source.clone(), replace.entry.as_deref(), previous)
            .await?;
        let mut spec = base.spec.clone();
        (spec.code, spec.code_size, spec.entry) = (stored.digest, stored.size, stored.entry);
        (spec.mode, spec.handler) = (start.mode, start.handler);
        spec.validate()?;
        // The same code again is a wish to build it again, if the build had failed.
        let failed = base.build.status == CompileStatus::Failed;
        let written = if spec == base.spec && !failed {
            let function = found.function;
            FunctionWithVersion { function, version: base }
        } else {
            self.write_version(scope, &found.function.clone(), found.function, spec, &base, failed).await?
        };
        Ok(Replaced { written, file_count: stored.file_count })
    }
}
