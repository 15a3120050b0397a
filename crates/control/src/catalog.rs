//! The catalogue that execution reads, with snapshots in memory.
//!
//! A snapshot is put into the entry that was looked up *before* the database was asked, and
//! every write takes the whole entry away after it has committed. So a reader that was
//! slower than a writer fills an entry that nobody finds any more, and no old snapshot stays.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use moka::sync::Cache;
use nova_domain::alias::Alias;
use nova_domain::call::{AliasPick, FunctionRef, FunctionSnapshot, Qualifier};
use nova_domain::ports::Catalog;
use nova_domain::secret::references;
use nova_domain::{AliasName, FaultResult, FunctionName, Scope};
use nova_store::repo::FunctionWithVersion;
use nova_store::{PageRequest, System};

use crate::functions::{Functions, not_ready};
use crate::settings::Settings;

/// Snapshots of one function that are kept; calls by old version numbers are rare.
const PER_FUNCTION: usize = 16;

/// Snapshots in memory.
pub(crate) struct Snapshots {
    entries: Cache<(Scope, FunctionName), Arc<Entry>>,
    max_age: Option<Duration>,
}

#[derive(Default)]
struct Entry {
    snapshots: RwLock<Vec<Kept>>,
    aliases: RwLock<Vec<KeptAlias>>,
}

struct KeptAlias {
    alias: Arc<Alias>,
    read_at: Instant,
}

struct Kept {
    qualifier: Qualifier,
    snapshot: Arc<FunctionSnapshot>,
    read_at: Instant,
}

impl Entry {
    fn find(&self, qualifier: &Qualifier, max_age: Option<Duration>) -> Option<Arc<FunctionSnapshot>> {
        let kept = self.snapshots.read().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|one| one.qualifier == *qualifier)
            .filter(|one| max_age.is_none_or(|max| one.read_at.elapsed() <= max))
            .map(|one| one.snapshot.clone())
    }

    fn keep(&self, qualifier: Qualifier, snapshot: Arc<FunctionSnapshot>, read_at: Instant) {
        let mut kept = self.snapshots.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.qualifier != qualifier);
        if kept.len() >= PER_FUNCTION {
            kept.remove(0);
        }
        kept.push(Kept { qualifier, snapshot, read_at });
    }

    fn find_alias(&self, name: &AliasName, max_age: Option<Duration>) -> Option<Arc<Alias>> {
        let kept = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|one| one.alias.name == *name)
            .filter(|one| max_age.is_none_or(|max| one.read_at.elapsed() <= max))
            .map(|one| one.alias.clone())
    }

    fn keep_alias(&self, alias: Arc<Alias>, read_at: Instant) {
        let mut kept = self.aliases.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.alias.name != alias.name);
        if kept.len() >= PER_FUNCTION {
            kept.remove(0);
        }
        kept.push(KeptAlias { alias, read_at });
    }

    /// Whether nothing was found for it yet.
    fn is_empty(&self) -> bool {
        let nothing = self.snapshots.read().unwrap_or_else(PoisonError::into_inner).is_empty();
        nothing && self.aliases.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Snapshots {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { entries: Cache::new(settings.catalog_functions), max_age: settings.catalog_max_age }
    }

    /// Forgets everything about a function. To be called after its write has committed.
    pub(crate) fn forget(&self, scope: &Scope, name: &FunctionName) {
        self.entries.invalidate(&(scope.clone(), name.clone()));
    }

    /// Forgets everything about the functions of a scope. To be called after a write that concerns
    /// several of them has committed.
    pub(crate) fn forget_scope(&self, scope: &Scope) {
        for (key, _) in &self.entries {
            if key.0 == *scope {
                self.entries.invalidate(key.as_ref());
            }
        }
    }

    fn entry(&self, scope: &Scope, name: &FunctionName) -> Arc<Entry> {
        self.entries.get_with((scope.clone(), name.clone()), Arc::default)
    }
}

/// What to run, out of the store and memory.
#[derive(Clone)]
pub struct FunctionCatalog {
    functions: Functions,
    system: System,
}

impl FunctionCatalog {
    pub(crate) fn new(functions: Functions, system: System) -> Self {
        Self { functions, system }
    }
}

impl Functions {
    /// What to run for `target`, from memory if it is there.
    pub async fn snapshot(&self, scope: &Scope, target: &FunctionRef) -> FaultResult<Arc<FunctionSnapshot>> {
        let snapshots = &self.inner.snapshots;
        let entry = snapshots.entry(scope, &target.name);
        if let Qualifier::Alias(pick) = &target.qualifier {
            let number = self.picked(scope, &target.name, pick, &entry).await?;
            let target = FunctionRef { name: target.name.clone(), qualifier: Qualifier::Number(number) };
            return Box::pin(self.snapshot(scope, &target)).await;
        }
        if let Some(snapshot) = entry.find(&target.qualifier, snapshots.max_age) {
            return Ok(snapshot);
        }
        // The age counts from before the query: the answer is at least as new as that.
        let asked_at = Instant::now();
        let found = match self.get_version(scope, &target.name, &target.qualifier).await {
            Ok(found) => found,
            Err(fault) => {
                // Names that do not exist must not fill the memory.
                if entry.is_empty() {
                    snapshots.forget(scope, &target.name);
                }
                return Err(fault);
            }
        };
        let secrets = self.secrets_state(scope, &found).await?;
        let snapshot = snapshot_of(found, secrets)?;
        entry.keep(target.qualifier.clone(), snapshot.clone(), asked_at);
        Ok(snapshot)
    }

    /// The version that an alias means for a call, by the alias in memory if it is there.
    async fn picked(
        &self,
        scope: &Scope,
        name: &FunctionName,
        pick: &AliasPick,
        entry: &Entry,
    ) -> FaultResult<u32> {
        let snapshots = &self.inner.snapshots;
        if let Some(alias) = entry.find_alias(&pick.name, snapshots.max_age) {
            return Ok(alias.pick(pick.point));
        }
        let asked_at = Instant::now();
        match self.get_alias(scope, name, &pick.name).await {
            Ok(alias) => {
                let number = alias.pick(pick.point);
                entry.keep_alias(Arc::new(alias), asked_at);
                Ok(number)
            }
            Err(fault) => {
                if entry.is_empty() {
                    snapshots.forget(scope, name);
                }
                Err(fault)
            }
        }
    }

    /// A number that differs after any change of a secret that the version refers to; 0 if it
    /// refers to none.
    async fn secrets_state(&self, scope: &Scope, found: &FunctionWithVersion) -> FaultResult<u64> {
        let names = references(&found.version.spec.env);
        if names.is_empty() {
            return Ok(0);
        }
        let found = self.inner.store.secrets().find(scope, &names).await?;
        let mut state: Vec<_> = found
            .into_iter()
            .map(|stored| (stored.secret.name, stored.secret.created_at, stored.secret.revision))
            .collect();
        state.sort();
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        Ok(hasher.finish())
    }
}

#[async_trait]
impl Catalog for FunctionCatalog {
    async fn resolve(&self, scope: &Scope, target: &FunctionRef) -> FaultResult<Arc<FunctionSnapshot>> {
        self.functions.snapshot(scope, target).await
    }

    async fn always_on(&self) -> FaultResult<Vec<Arc<FunctionSnapshot>>> {
        let mut request = PageRequest::largest();
        let mut all = Vec::new();
        loop {
            let functions = self.functions.inner.store.functions();
            let page = functions.always_on(&self.system, &request).await?;
            // Those that are not built yet come when they are.
            for found in page.items {
                let secrets = self.functions.secrets_state(&found.function.scope, &found).await?;
                all.extend(snapshot_of(found, secrets).ok());
            }
            match page.next_cursor {
                Some(cursor) => request = request.after(cursor),
                None => return Ok(all),
            }
        }
    }
}

fn snapshot_of(found: FunctionWithVersion, secrets: u64) -> FaultResult<Arc<FunctionSnapshot>> {
    let FunctionWithVersion { function, version } = found;
    match version.runnable_code() {
        Some(code) => {
            let installed = version.installed();
            let (number, spec) = (version.number, version.spec);
            Ok(Arc::new(FunctionSnapshot { function, version: number, spec, code, installed, secrets }))
        }
        None => Err(not_ready(function.name.as_str(), &version).unwrap_or_else(|| {
            nova_domain::Fault::internal(format!(
                "version {} of {} was built into nothing",
                version.number, function.id
            ))
        })),
    }
}
