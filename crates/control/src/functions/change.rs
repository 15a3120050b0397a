//! Change a function (PATCH).

use std::collections::BTreeMap;

use nova_domain::access::InvokePolicy;
use nova_domain::call::Qualifier;
use nova_domain::function::{Env, Function, Limits, Mode, PoolSettings, VersionSpec};
use nova_domain::http::{Cors, HttpAccess, HttpSettings};
use nova_domain::network::{NetworkPolicy, NetworkRule};
use nova_domain::runtime::RuntimeRef;
use nova_domain::version::{CompileStatus, Version};
use nova_domain::{AliasName, Fault, FaultResult, FunctionName, Scope};
use nova_store::repo::FunctionWithVersion;

use super::{Functions, check_revision, first_build, may_retry, pause, validate_notes};
use crate::audit::{self, about, shown};
use crate::source::{Files, Source};
use crate::spec;

/// A field of a change: as it is, back to its default, or a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    #[default]
    Keep,
    Default,
    Set(T),
}

impl<T> Patch<T> {
    /// Whether nothing is to be changed.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    fn apply(self, target: &mut T, default: T) {
        match self {
            Self::Keep => {}
            Self::Default => *target = default,
            Self::Set(value) => *target = value,
        }
    }

    /// The value that is to be, where the default is none.
    fn or_keep(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::Default => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// What is to be changed; the default changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The revision that the caller read.
    pub expected: Option<u64>,
    /// The default is not possible here: it stays as it is.
    pub runtime: Patch<RuntimeRef>,
    pub handler: Patch<String>,
    pub mode: Patch<Mode>,
    /// New text of the entry file; the other files stay.
    pub code: Option<String>,
    /// The whole code anew; goes without `code`.
    pub source: Option<Source>,
    pub entry: Patch<String>,
    pub env: Patch<Env>,
    /// Single variables on top: `None` takes one away.
    pub merge_env: BTreeMap<String, Option<String>>,
    pub limits: LimitsChange,
    pub network: Patch<NetworkPolicy>,
    /// Single rules on top: added, and taken away.
    pub allow_network: Vec<NetworkRule>,
    pub revoke_network: Vec<NetworkRule>,
    pub min_replicas: Patch<u32>,
    pub max_replicas: Patch<u32>,
    pub instance_concurrency: Patch<u32>,
    pub idle_ttl_s: Patch<u32>,
    pub max_calls: Patch<u32>,
    pub max_queue: Patch<u32>,
    pub max_wait_ms: Patch<u32>,
    pub http: Patch<HttpAccess>,
    pub http_alias: Patch<AliasName>,
    pub http_cors: Patch<Cors>,
    pub http_rate: Patch<u32>,
    pub http_client_rate: Patch<u32>,
    pub description: Patch<String>,
    pub tags: Patch<BTreeMap<String, String>>,
    pub invoke_policy: Patch<InvokePolicy>,
}

/// Changes of single limits.
#[derive(Debug, Clone, Default)]
pub struct LimitsChange {
    pub memory_mb: Patch<u32>,
    pub timeout_s: Patch<u32>,
    pub cpu_millis: Patch<u32>,
    pub pids: Patch<u32>,
    pub tmp_mb: Patch<u32>,
    pub file_size_mb: Patch<u32>,
}

impl LimitsChange {
    fn apply(self, limits: &mut Limits) {
        let default = Limits::default();
        self.memory_mb.apply(&mut limits.memory_mb, default.memory_mb);
        self.timeout_s.apply(&mut limits.timeout_s, default.timeout_s);
        self.cpu_millis.apply(&mut limits.cpu_millis, default.cpu_millis);
        self.pids.apply(&mut limits.pids, default.pids);
        self.tmp_mb.apply(&mut limits.tmp_mb, default.tmp_mb);
        self.file_size_mb.apply(&mut limits.file_size_mb, default.file_size_mb);
    }
}

impl Functions {
    /// Changes a function. What decides how code behaves makes a new version if it differs; the
    /// rest does not. A change that changes nothing writes nothing. The version that is returned
    /// is the new one, if there is one, else the active one.
    pub async fn update(
        &self,
        scope: &Scope,
        name: &FunctionName,
        change: Change,
    ) -> FaultResult<FunctionWithVersion> {
        let expected = change.expected;
        let mut tries = 0;
        let written = loop {
            tries += 1;
            match self.try_update(scope, name, change.clone()).await {
                Err(fault) if may_retry(&fault, expected, tries, &self.inner.settings) => pause(tries).await,
                other => break other?,
            }
        };
        self.await_build(scope, written).await
    }

    async fn try_update(
        &self,
        scope: &Scope,
        name: &FunctionName,
        change: Change,
    ) -> FaultResult<FunctionWithVersion> {
        let found = self.get(scope, name).await?;
        check_revision(&found.function, change.expected)?;
        let base = self.base_of(scope, &found).await?;
        let function = changed_function(&found.function, &change)?;
        self.check_http(scope, &found.function, &function).await?;
        // The same code again is a wish to build it again, if the build had failed.
        let failed = change.source.is_some() && base.build.status == CompileStatus::Failed;
        let spec = self.changed_spec(base.spec.clone(), change).await?;
        if spec != base.spec || failed {
            return self.write_version(scope, &found.function, function, spec, &base, failed).await;
        }
        if function == found.function {
            return Ok(found);
        }
        let before = shown::function_alone(&found.function);
        let told = audit::changed(scope, "function", name, before, shown::function_alone(&function));
        let function = about(told, self.write(scope, function, None)).await?;
        Ok(FunctionWithVersion { function, version: found.version })
    }

    /// What a change starts from: the active version, or the latest while its build goes on,
    /// because that one is about to become active and its changes must not be lost.
    pub(super) async fn base_of(&self, scope: &Scope, found: &FunctionWithVersion) -> FaultResult<Version> {
        if found.function.latest_version == found.function.active_version {
            return Ok(found.version.clone());
        }
        let latest = self.get_version(scope, &found.function.name, &Qualifier::Latest).await?.version;
        let under_way = matches!(latest.build.status, CompileStatus::Pending | CompileStatus::Compiling);
        Ok(if under_way { latest } else { found.version.clone() })
    }

    async fn changed_spec(&self, mut spec: VersionSpec, change: Change) -> FaultResult<VersionSpec> {
        change.limits.apply(&mut spec.limits);
        change.network.apply(&mut spec.network, NetworkPolicy::default());
        spec.network = spec.network.changed(&change.allow_network, &change.revoke_network)?;
        change.env.apply(&mut spec.env, Env::new());
        for (name, value) in change.merge_env {
            match value {
                Some(value) => spec.env.insert(name, value),
                None => spec.env.remove(&name),
            };
        }
        if let Patch::Set(runtime) = change.runtime
            && runtime != spec.runtime
        {
            nova_domain::host::require(&self.inner.sandboxes.runtimes(), &runtime)?;
            spec.runtime = runtime;
        }
        let restart = !(change.handler.is_keep() && change.mode.is_keep() && change.entry.is_keep());
        let Change { code, source, .. } = change;
        if restart || code.is_some() || source.is_some() {
            // A handler that is set without a mode says the mode, as in create.
            let keep_mode = if change.handler.is_keep() { Some(spec.mode) } else { None };
            let mode = match change.mode {
                Patch::Keep => keep_mode,
                Patch::Default => None,
                Patch::Set(mode) => Some(mode),
            };
            let present = if matches!(mode, None | Some(Mode::Handler | Mode::Lambda)) {
                spec.handler.take()
            } else {
                None
            };
            let start = spec::start(spec.runtime.runtime, change.handler.or_keep(present), mode)?;
            let same_start = start.mode == spec.mode;
            let wish = match change.entry {
                Patch::Set(entry) => Some(entry),
                Patch::Keep | Patch::Default => None,
            };
            // The entry file so far stays one if nothing says how the code starts.
            let previous = (same_start && !restart).then(|| spec.entry.clone());
            let runtime = spec.runtime.runtime;
            if let Some(source) = source {
                if code.is_some() {
                    return Err(Fault::invalid("the code is given twice: as a text and as a whole"));
                }
                let (wish, previous) = (wish.as_deref(), previous.as_deref());
                let stored = self.store_new_source(runtime, &start, source, wish, previous).await?;
                (spec.code, spec.code_size, spec.entry) = (stored.digest, stored.size, stored.entry);
            } else {
                let mut files = self.load(&spec.code).await?;
                let wish = wish.or(previous.filter(|entry| files.contains_key(entry)));
                spec.entry = spec::find_entry(runtime, &start, wish.as_deref(), &files)?;
                if let Some(code) = code {
                    replace_text(&mut files, &spec.entry, code);
                    let stored = self.store_files(files).await?;
                    (spec.code, spec.code_size) = (stored.digest, stored.size);
                }
            }
            (spec.mode, spec.handler) = (start.mode, start.handler);
        }
        spec.validate()?;
        Ok(spec)
    }

    /// Stores a new version of `function`. It is active at once if it needs no build; a build of
    /// the same code by the same toolchain is used again, unless `rebuild`. `before` is the function as
    /// it was, and `base` the version that the new one came from.
    pub(super) async fn write_version(
        &self,
        scope: &Scope,
        before: &Function,
        mut function: Function,
        mut spec: VersionSpec,
        base: &Version,
        rebuild: bool,
    ) -> FaultResult<FunctionWithVersion> {
        let same_build = base.build.status == CompileStatus::Success
            && (&base.spec.runtime, &base.spec.code, &base.spec.entry)
                == (&spec.runtime, &spec.code, &spec.entry);
        if (&base.spec.runtime, &base.spec.code) != (&spec.runtime, &spec.code) {
            spec.dependencies = self.dependencies_of(&spec).await?;
        }
        let build = if same_build && !rebuild { base.build.clone() } else { first_build(spec.needs_build()) };
        function.latest_version += 1;
        if build.status.can_run() {
            function.active_version = function.latest_version;
        }
        let version = Version {
            function_id: function.id.clone(),
            number: function.latest_version,
            spec,
            build,
            created_at: self.inner.clock.now(),
        };
        let (before, after) = (shown::function(before, base), shown::function(&function, &version));
        let told = audit::changed(scope, "function", &function.name, before, after);
        let function = about(told, self.write(scope, function, Some(&version))).await?;
        Ok(FunctionWithVersion { function, version })
    }

    async fn write(
        &self,
        scope: &Scope,
        mut function: Function,
        version: Option<&Version>,
    ) -> FaultResult<Function> {
        function.updated_at = self.inner.clock.now();
        let function = self.inner.store.functions().update(scope, &function, version).await?;
        self.changed(scope, &function).await;
        self.count_stored(&scope.tenant).await;
        Ok(function)
    }
}

/// The function with the parts of the change that make no version.
fn changed_function(function: &Function, change: &Change) -> FaultResult<Function> {
    let mut function = function.clone();
    let (pool, default) = (&mut function.pool, PoolSettings::default());
    change.min_replicas.clone().apply(&mut pool.min_replicas, default.min_replicas);
    change.max_replicas.clone().apply(&mut pool.max_replicas, default.max_replicas);
    change.instance_concurrency.clone().apply(&mut pool.instance_concurrency, default.instance_concurrency);
    change.idle_ttl_s.clone().apply(&mut pool.idle_ttl_s, default.idle_ttl_s);
    change.max_calls.clone().apply(&mut pool.max_calls, default.max_calls);
    change.max_queue.clone().apply(&mut pool.max_queue, default.max_queue);
    change.max_wait_ms.clone().apply(&mut pool.max_wait_ms, default.max_wait_ms);
    pool.validate()?;
    change_http(&mut function.http, change)?;
    change.description.clone().apply(&mut function.description, String::new());
    change.tags.clone().apply(&mut function.tags, BTreeMap::new());
    validate_notes(&function.description, &function.tags)?;
    change.invoke_policy.clone().apply(&mut function.invoke_policy, InvokePolicy::default());
    function.invoke_policy = function.invoke_policy.validated()?;
    Ok(function)
}

fn change_http(http: &mut HttpSettings, change: &Change) -> FaultResult<()> {
    if !change.http.is_keep() {
        http.set_access(change.http.clone().or_keep(None).unwrap_or_default());
    }
    http.alias = change.http_alias.clone().or_keep(http.alias.take());
    http.cors = change.http_cors.clone().or_keep(http.cors.take()).map(Cors::validated).transpose()?;
    http.rates.all = change.http_rate.clone().or_keep(http.rates.all);
    http.rates.client = change.http_client_rate.clone().or_keep(http.rates.client);
    http.rates = http.rates.validated()?;
    Ok(())
}

fn replace_text(files: &mut Files, entry: &str, code: String) {
    if let Some(file) = files.get_mut(entry) {
        file.bytes = code.into();
    }
}
