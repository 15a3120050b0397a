//! Every call that one plane may make into another. A new port needs a written
//! reason here.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::call::{Call, EventStream, FunctionRef, FunctionSnapshot, Outcome};
use crate::dependencies::Installer;
use crate::fault::FaultResult;
use crate::id::{Digest, FunctionId, RunId};
use crate::log::LogLine;
use crate::name::{FunctionName, Scope, SecretName};
use crate::quota::Permit;
use crate::runtime::{InstalledRuntime, RuntimeRef};
use crate::secret::SecretValue;
use crate::version::Build;

/// Run code. Implemented by comet; aurora wraps it to record what came of each call.
#[async_trait]
pub trait Invoker: Send + Sync {
    /// Runs the call to its end. `Err` is what the platform could not do; what user
    /// code did wrong is inside the [`Outcome`]. Dropping the future does not lose the
    /// sandbox; cancel through `call.cancel`.
    async fn invoke(&self, call: Call) -> FaultResult<Outcome>;

    /// Starts the call and returns its events. The stream pulls: a slow reader slows the function.
    async fn invoke_stream(&self, call: Call) -> FaultResult<EventStream>;
}

/// What happens in calls while they run. Implemented by aurora; comet tells, and never waits for it.
/// A port of its own, because an [`Invoker`] speaks only at the end, and only to who is still there.
pub trait Signals: Send + Sync {
    /// Lines that a call printed since the last time, without values of secrets. The lines of its
    /// outcome begin with all that were told.
    fn printed(&self, run: &RunId, function: &FunctionId, lines: Vec<LogLine>);

    /// A call whose caller had left is over: what it used and printed. Told before the call itself
    /// fails with `Cancelled`.
    fn left(&self, run: &RunId, outcome: Outcome);
}

/// What to run. Implemented by control.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// The snapshot that the reference means now. Fails with `NotFound` (function or
    /// version) or `NotReady` (its build is pending or failed).
    async fn resolve(&self, scope: &Scope, target: &FunctionRef) -> FaultResult<Arc<FunctionSnapshot>>;

    /// Snapshots of every function with `min_replicas` above zero, in all scopes, active version.
    async fn always_on(&self) -> FaultResult<Vec<Arc<FunctionSnapshot>>>;
}

/// Bytes by digest. Implemented over `artifacts`.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Stores `bytes` and returns their SHA-256. Storing the same bytes twice is harmless.
    async fn put(&self, bytes: Bytes) -> FaultResult<Digest>;

    /// The bytes of that digest, checked; `NotFound` if there are none.
    async fn get(&self, digest: &Digest) -> FaultResult<Bytes>;
}

/// Make sandboxes for other planes: builds now, long-lived processes later. Implemented by comet.
#[async_trait]
pub trait Sandboxes: Send + Sync {
    /// Builds a source tree with the host's toolchain, or installs the packages that it names,
    /// in a sandbox that reaches the configured registries only.
    /// A compiler error is an `Ok` build with status `Failed`; `Err` is the platform's.
    async fn build(&self, request: BuildRequest) -> FaultResult<Build>;

    /// Interpreters and toolchains found on the host, best version first per runtime.
    fn runtimes(&self) -> Vec<InstalledRuntime>;

    /// Says that this code is likely to be called soon: what can be done ahead of the first
    /// call (fetching, unpacking) may be done now. Returns at once.
    fn prepare(&self, _code: &Digest) {}

    /// Tells the pool that a function changed or went: sandboxes of versions that are not
    /// in `keep` end as soon as their calls have.
    fn retire(&self, function: &FunctionId, keep: &[u32]);
}

/// Where lines of a running build go as they come; by default nowhere.
#[derive(Clone, Default)]
pub struct BuildLog(Option<Sink>);

type Sink = Arc<dyn Fn(&[LogLine]) + Send + Sync>;

impl BuildLog {
    /// A log whose lines go to `sink`, which must not wait.
    pub fn to(sink: impl Fn(&[LogLine]) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(sink)))
    }

    /// Passes lines on.
    pub fn tell(&self, lines: &[LogLine]) {
        if let Some(sink) = self.0.as_ref().filter(|_| !lines.is_empty()) {
            sink(lines);
        }
    }
}

impl std::fmt::Debug for BuildLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "BuildLog" } else { "BuildLog(nowhere)" })
    }
}

/// Input of [`Sandboxes::build`].
#[derive(Debug, Clone)]
pub struct BuildRequest {
    pub scope: Scope,
    pub runtime: RuntimeRef,
    /// The source tree.
    pub code: Digest,
    /// The file that holds `main`.
    pub entry: String,
    /// Of an interpreted function: what installs its packages.
    pub dependencies: Option<Installer>,
    pub log: BuildLog,
}

/// Code trees on local disk, ready to be mounted. Implemented over `artifacts`.
#[async_trait]
pub trait CodeTrees: Send + Sync {
    /// Directory that holds the unpacked tree of `digest`; fetched and unpacked at most
    /// once at a time. It stays until the guard is dropped.
    async fn materialise(&self, digest: &Digest) -> FaultResult<CodeTree>;
}

/// An unpacked tree; keeps it from being collected while held.
#[derive(Debug, Clone)]
pub struct CodeTree {
    pub path: PathBuf,
    pub guard: Arc<()>,
}

/// How much may run. Implemented by control; comet asks with every call and before every
/// sandbox. A port of its own, because the answer depends on the moment and is counted, which a
/// snapshot, that is kept, cannot be.
#[async_trait]
pub trait Quotas: Send + Sync {
    /// Whether calls of the scope are limited. Asked with every call, so it only looks into memory.
    fn limits_calls(&self, scope: &Scope) -> bool;

    /// A place for one call; held until the call has ended. `ResourceExhausted` names the quota.
    async fn admit(&self, scope: &Scope) -> FaultResult<Permit>;

    /// Whether there would be room for one more sandbox of the scope.
    fn has_room(&self, scope: &Scope, memory_mb: u32) -> bool;

    /// Room for one sandbox; held as long as there is one. `ResourceExhausted` names the quota.
    fn sandbox(&self, scope: &Scope, memory_mb: u32) -> FaultResult<Permit>;
}

/// Values of secrets, for sandboxes that start. Implemented by control; comet asks. A port of
/// its own, because a value must not be in anything that is kept, as a snapshot is.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The value of each of `names`, in that order. Fails with `SecretUnavailable` if one does
    /// not exist in the scope or was not granted to `function`.
    async fn reveal(
        &self,
        scope: &Scope,
        function: &FunctionName,
        names: &[SecretName],
    ) -> FaultResult<Vec<SecretValue>>;
}
