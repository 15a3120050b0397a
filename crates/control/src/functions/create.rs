//! Create a function.

use std::collections::BTreeMap;

use nova_domain::access::InvokePolicy;
use nova_domain::function::{Env, Function, Limits, Mode, PoolSettings, VersionSpec};
use nova_domain::http::{Cors, HttpAccess, HttpRates, HttpSettings};
use nova_domain::network::NetworkPolicy;
use nova_domain::runtime::RuntimeRef;
use nova_domain::version::Version;
use nova_domain::{FaultResult, FunctionName, Scope};
use nova_store::repo::FunctionWithVersion;

use super::{Functions, first_build, validate_notes};
use crate::audit::{self, about, shown};
use crate::source::Source;
use crate::spec;

/// What a user declares of a new function.
#[derive(Debug, Clone)]
pub struct Create {
    pub name: FunctionName,
    pub runtime: RuntimeRef,
    /// `module.function`; none with an interpreted runtime and no mode means mode script.
    pub handler: Option<String>,
    pub mode: Option<Mode>,
    pub source: Source,
    /// The file that is started or imported; found out if absent.
    pub entry: Option<String>,
    pub env: Env,
    pub limits: Limits,
    pub network: NetworkPolicy,
    pub pool: PoolSettings,
    pub http: HttpAccess,
    pub http_cors: Option<Cors>,
    pub http_rates: HttpRates,
    pub description: String,
    pub tags: BTreeMap<String, String>,
    pub invoke_policy: InvokePolicy,
}

impl Functions {
    /// Creates a function with version 1. For a compiled runtime it waits for the build; a build
    /// that fails leaves the function there, not callable, with the compiler's output.
    ///
    /// `AlreadyExists` if the name is taken, `MissingOnHost` if the host lacks the runtime,
    /// `InvalidArgument` for everything that is not as it should be.
    pub async fn create(&self, scope: &Scope, create: Create) -> FaultResult<FunctionWithVersion> {
        create.limits.validate()?;
        create.pool.validate()?;
        nova_domain::function::validate_env(&create.env)?;
        validate_notes(&create.description, &create.tags)?;
        let invoke_policy = create.invoke_policy.validated()?;
        let http_cors = create.http_cors.map(Cors::validated).transpose()?;
        let http_rates = create.http_rates.validated()?;
        let start = spec::start(create.runtime.runtime, create.handler, create.mode)?;
        nova_domain::host::require(&self.inner.sandboxes.runtimes(), &create.runtime)?;

        let stored =
            self.store_source(create.runtime.runtime, &start, create.source, create.entry.as_deref()).await?;
        let mut spec = VersionSpec {
            runtime: create.runtime,
            handler: start.handler,
            mode: start.mode,
            code: stored.digest,
            code_size: stored.size,
            entry: stored.entry,
            env: create.env,
            limits: create.limits,
            dependencies: None,
            network: create.network,
        };
        spec.validate()?;
        spec.dependencies = self.dependencies_of(&spec).await?;
        let mut http = HttpSettings { cors: http_cors, rates: http_rates, ..HttpSettings::default() };
        http.set_access(create.http);
        let now = self.inner.clock.now();
        let function = Function {
            id: self.inner.ids.function(),
            scope: scope.clone(),
            name: create.name,
            description: create.description,
            tags: create.tags,
            pool: create.pool,
            invoke_policy,
            http,
            active_version: 1,
            latest_version: 1,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        let version = Version {
            function_id: function.id.clone(),
            number: 1,
            build: first_build(spec.needs_build()),
            spec,
            created_at: now,
        };
        let told = audit::created(scope, "function", &function.name, shown::function(&function, &version));
        about(told, self.inner.store.functions().create(scope, &function, &version)).await?;
        self.changed(scope, &function).await;
        self.count_stored(&scope.tenant).await;
        self.await_build(scope, FunctionWithVersion { function, version }).await
    }
}
