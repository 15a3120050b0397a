//! Versions and their builds.

use async_trait::async_trait;
use nova_domain::version::{Build, CompileStatus, Version};
use nova_domain::{Code, Digest, Fault, FaultResult, FunctionId, FunctionName, Scope};

use crate::System;
use crate::page::{Page, PageRequest};

/// A version whose build is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingBuild {
    pub scope: Scope,
    pub function: FunctionName,
    pub version: Version,
}

/// Versions of functions. They are created through [`Functions`](super::Functions); only
/// the build of one changes later.
#[async_trait]
pub trait Versions: Send + Sync {
    /// That version, or `NotFound`.
    async fn get(&self, scope: &Scope, function: &FunctionId, number: u32) -> FaultResult<Version>;

    /// Versions of a function, newest first (build output left out). Empty if there is no such function.
    async fn list(
        &self,
        scope: &Scope,
        function: &FunctionId,
        page: &PageRequest,
    ) -> FaultResult<Page<Version>>;

    /// Stores the next state of a build: `Pending -> Compiling -> Success | Failed`.
    /// `Conflict` if the stored state is not the one before it (somebody else was
    /// faster); `NotFound` if the version is gone.
    async fn set_build(
        &self,
        scope: &Scope,
        function: &FunctionId,
        number: u32,
        build: &Build,
    ) -> FaultResult<()>;

    /// Versions of all scopes whose build is `Pending` or `Compiling`, sorted by function
    /// and number: what a start has to take up again.
    async fn pending_builds(&self, system: &System, page: &PageRequest) -> FaultResult<Page<PendingBuild>>;

    /// Digests of every object that a version of any scope refers to (source trees and
    /// built artifacts), each once, ascending: what garbage collection must keep.
    async fn referenced_objects(&self, system: &System, page: &PageRequest) -> FaultResult<Page<Digest>>;
}

/// The state that a build must be in before it may become `next`.
pub(crate) fn state_before(next: CompileStatus) -> Result<CompileStatus, Fault> {
    match next {
        CompileStatus::Compiling => Ok(CompileStatus::Pending),
        CompileStatus::Success | CompileStatus::Failed => Ok(CompileStatus::Compiling),
        CompileStatus::NotRequired | CompileStatus::Pending => {
            Err(Fault::new(Code::Conflict, format!("a build never becomes `{}`", next.as_str())))
        }
    }
}

/// Checks a build's parts against its state.
pub(crate) fn check_build(build: &Build) -> Result<(), Fault> {
    if (build.status == CompileStatus::Success) == build.artifact.is_some() {
        Ok(())
    } else {
        Err(Fault::internal("a build has an artifact exactly when it succeeded"))
    }
}

pub(crate) fn illegal_build(number: u32, is: &str, next: CompileStatus) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("the build of version {number} is `{is}` and cannot become `{}`", next.as_str()),
    )
}
