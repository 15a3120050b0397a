//! Functions: the service that everything else asks.

mod activate;
mod change;
mod code;
mod create;
mod diff;
mod http;
mod read;
mod remove;
mod replace;

use std::sync::Arc;
use std::time::Duration;

use nova_domain::call::{FunctionRef, Qualifier};
use nova_domain::function::Function;
use nova_domain::ports::{Objects, Sandboxes};
use nova_domain::version::{Build, CompileStatus, Version};
use nova_domain::{Clock, Code, Fault, FaultResult, Scope};
use nova_kit::ids::Ids;
use nova_store::repo::FunctionWithVersion;
use nova_store::{PageRequest, Store, System};

use crate::build::{BuildQueue, Builder};
use crate::build_log::LiveLogs;
use crate::catalog::{FunctionCatalog, Snapshots};
use crate::quotas::Book;
use crate::settings::Settings;

pub use change::{Change, LimitsChange, Patch};
pub use code::{FileInfo, VersionCode};
pub use create::Create;
pub use replace::{ReplaceCode, Replaced};

/// Creates, shows, changes and deletes functions. Cheap to clone.
#[derive(Clone)]
pub struct Functions {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) objects: Arc<dyn Objects>,
    pub(crate) sandboxes: Arc<dyn Sandboxes>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) settings: Settings,
    pub(crate) snapshots: Snapshots,
    pub(crate) builds: BuildQueue,
    pub(crate) live: LiveLogs,
    pub(crate) book: Book,
}

impl Functions {
    /// The service over its parts. Builds happen only while the [`Self::builder`] runs.
    pub fn new(
        store: Store,
        objects: Arc<dyn Objects>,
        sandboxes: Arc<dyn Sandboxes>,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        settings: Settings,
    ) -> Self {
        let snapshots = Snapshots::new(&settings);
        let builds = BuildQueue::new(settings.build_queue);
        let book = Book::default();
        let inner = Inner {
            store,
            objects,
            sandboxes,
            clock,
            ids,
            settings,
            snapshots,
            builds,
            live: LiveLogs::default(),
            book,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The catalogue that execution reads; it sees every write of this service at once.
    pub fn catalog(&self, system: System) -> FunctionCatalog {
        FunctionCatalog::new(self.clone(), system)
    }

    /// The worker that carries out builds. There should be one per process.
    pub fn builder(&self, system: System) -> Builder {
        Builder::new(self.clone(), system)
    }

    /// What the host has, for lists and messages.
    pub fn sandboxes(&self) -> &Arc<dyn Sandboxes> {
        &self.inner.sandboxes
    }

    /// Tells everybody who keeps something of the function that it changed.
    pub(crate) async fn changed(&self, scope: &Scope, function: &Function) {
        self.inner.snapshots.forget(scope, &function.name);
        let mut keep = vec![function.active_version, function.latest_version];
        match self.inner.store.aliases().list(scope, &function.id, &PageRequest::largest()).await {
            Ok(aliases) => keep.extend(aliases.items.iter().flat_map(|alias| alias.split.versions())),
            // Idle sandboxes of old versions end by their age.
            Err(fault) => {
                return tracing::warn!(function = %function.id, error = %fault.log_line(), "no version is retired");
            }
        }
        self.inner.sandboxes.retire(&function.id, &keep);
    }

    /// The function with version `number`.
    async fn with_version(
        &self,
        scope: &Scope,
        function: Function,
        number: u32,
    ) -> FaultResult<FunctionWithVersion> {
        let version = self.inner.store.versions().get(scope, &function.id, number).await?;
        Ok(FunctionWithVersion { function, version })
    }

    /// Waits for a build that a write caused, at most as long as the settings say, and shows
    /// the function with that version as they are then.
    async fn await_build(
        &self,
        scope: &Scope,
        written: FunctionWithVersion,
    ) -> FaultResult<FunctionWithVersion> {
        let shown = if written.version.build.status == CompileStatus::Pending {
            let (id, number) = (written.function.id.clone(), written.version.number);
            self.inner.builds.submit_and_wait(scope, &written, self.inner.settings.build_wait).await;
            let function = self.inner.store.functions().get_by_id(scope, &id).await?;
            self.with_version(scope, function, number).await?
        } else {
            written
        };
        // What was just deployed is called next: its first call shall not wait for the disk.
        if let Some(code) = shown.version.runnable_code() {
            self.inner.sandboxes.prepare(&code);
            let (functions, scope) = (self.clone(), scope.clone());
            let target = FunctionRef { name: shown.function.name.clone(), qualifier: Qualifier::default() };
            // If it fails, the first call learns why. A write that comes meanwhile takes the
            // entry away that this fills, as with any reader.
            tokio::spawn(async move { functions.snapshot(&scope, &target).await });
        }
        Ok(shown)
    }
}

/// The first state of a build.
pub(crate) fn first_build(compiled: bool) -> Build {
    let status = if compiled { CompileStatus::Pending } else { CompileStatus::NotRequired };
    Build { status, output: String::new(), artifact: None }
}

/// Fails if the caller read another revision of `what` called `name` than there is.
pub(crate) fn check_revision_of(
    what: &str,
    name: &str,
    revision: u64,
    expected: Option<u64>,
) -> FaultResult<()> {
    match expected {
        Some(expected) if expected != revision => Err(Fault::new(
            Code::Conflict,
            format!(
                "{what} `{name}` has revision {revision}, not {expected}: it was changed meanwhile; read it again and \
                 repeat the change"
            ),
        )),
        _ => Ok(()),
    }
}

fn check_revision(function: &Function, expected: Option<u64>) -> FaultResult<()> {
    check_revision_of("function", function.name.as_str(), function.revision, expected)
}

/// Whether a write may be tried again: somebody else was faster, and the caller named no revision.
pub(crate) fn may_retry(fault: &Fault, expected: Option<u64>, tries: u32, settings: &Settings) -> bool {
    fault.code() == Code::Conflict && expected.is_none() && tries < settings.write_retries
}

/// A short pause that grows with the tries, so that writers do not meet again at once.
pub(crate) async fn pause(tries: u32) {
    tokio::time::sleep(Duration::from_millis(u64::from(tries) * 5)).await;
}

/// Checks what is shown of a function but runs nowhere.
fn validate_notes(description: &str, tags: &std::collections::BTreeMap<String, String>) -> FaultResult<()> {
    const DESCRIPTION_MAX: usize = 2048;
    const TAGS_MAX: usize = 50;
    let refuse =
        |field: &str, message: String| Err(Fault::invalid(message.clone()).with_field(field, message));
    if description.len() > DESCRIPTION_MAX {
        return refuse("description", format!("a description has at most {DESCRIPTION_MAX} bytes"));
    }
    if tags.len() > TAGS_MAX {
        return refuse("tags", format!("a function has at most {TAGS_MAX} tags"));
    }
    if tags.iter().any(|(key, value)| key.is_empty() || key.len() > 128 || value.len() > 256) {
        return refuse("tags", "a tag has a key of 1 to 128 bytes and a value of at most 256".to_owned());
    }
    Ok(())
}

/// Why this version cannot run now, for a caller; `None` if it can.
pub(crate) fn not_ready(name: &str, version: &Version) -> Option<Fault> {
    let number = version.number;
    let message = match version.build.status {
        CompileStatus::NotRequired | CompileStatus::Success => return None,
        CompileStatus::Pending | CompileStatus::Compiling => {
            format!("function `{name}` version {number} is being built; call it again in a moment")
        }
        CompileStatus::Failed => {
            let output = last_lines(&version.build.output);
            format!(
                "function `{name}` version {number} cannot run: its build failed; correct the code. {output}"
            )
        }
    };
    Some(Fault::new(Code::NotReady, message.trim_end().to_owned()))
}

/// The end of what a compiler printed, short enough for a message.
fn last_lines(output: &str) -> String {
    const BYTES: usize = 2000;
    let mut from = output.len().saturating_sub(BYTES);
    while !output.is_char_boundary(from) {
        from += 1;
    }
    let lines: Vec<_> = output[from..].lines().collect();
    let tail = &lines[lines.len().saturating_sub(20)..];
    if tail.is_empty() { String::new() } else { format!("The compiler said:\n{}", tail.join("\n")) }
}
