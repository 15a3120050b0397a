//! Making a sandbox for a function version: code on disk, launch, Init.

use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

use nova_agent::protocol::{GuestMode, Init};
use nova_domain::SecretName;
use nova_domain::call::{FunctionSnapshot, PAYLOAD_OUT_MAX};
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::function::Mode;
use nova_domain::ports::{CodeTree, CodeTrees, Quotas, Secrets, Signals};
use nova_domain::quota::Permit;
use nova_domain::runtime::Runtime;
use nova_domain::secret::{SecretValue, reference, references};

use super::{Total, lambda};
use crate::Settings;
use crate::backend::{Backend, BackendError, SandboxSpec};
use crate::egress::{Egress, Owner, Session};
use crate::install;
use crate::runtimes::{self, Runtimes};
use crate::sandbox::{Listener, Mask, Sandbox};

pub(super) struct Starter {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) trees: Arc<dyn CodeTrees>,
    pub(super) secrets: OnceLock<Arc<dyn Secrets>>,
    pub(super) quotas: OnceLock<Arc<dyn Quotas>>,
    pub(super) signals: OnceLock<Arc<dyn Signals>>,
    pub(super) runtimes: Runtimes,
    pub(super) egress: Arc<Egress>,
    pub(super) settings: Settings,
    pub(super) total: Total,
}

/// A sandbox with what must live as long as it.
pub(super) struct Started {
    pub(super) sandbox: Sandbox,
    pub(super) code: CodeTree,
    pub(super) installed: Option<CodeTree>,
    /// Its network, if it has one.
    pub(super) network: Option<Session>,
}

impl Starter {
    pub(super) fn is_full(&self) -> bool {
        self.total.0.load(std::sync::atomic::Ordering::Relaxed) >= self.settings.max_sandboxes
    }

    /// Reserves a place among all sandboxes; give it back with [`Self::release`].
    pub(super) fn reserve(&self) -> bool {
        self.total.try_add(self.settings.max_sandboxes)
    }

    /// Room for the memory of one more sandbox of this version within the quotas of its tenant.
    pub(super) fn take_memory(&self, snapshot: &FunctionSnapshot) -> FaultResult<Permit> {
        match self.quotas.get() {
            Some(quotas) => quotas.sandbox(&snapshot.function.scope, snapshot.spec.limits.memory_mb),
            None => Ok(Permit::free()),
        }
    }

    /// Whether there is such room now.
    pub(super) fn has_memory(&self, snapshot: &FunctionSnapshot) -> bool {
        self.quotas
            .get()
            .is_none_or(|quotas| quotas.has_room(&snapshot.function.scope, snapshot.spec.limits.memory_mb))
    }

    pub(super) fn release(&self) {
        self.total.sub();
    }

    pub(super) async fn start(&self, snapshot: &FunctionSnapshot) -> FaultResult<Started> {
        let code = self.trees.materialise(&snapshot.code).await?;
        let installed = match &snapshot.installed {
            Some(digest) => Some(self.trees.materialise(digest).await?),
            None => None,
        };
        let secrets = self.reveal(snapshot).await?;
        let spec = self.plan(snapshot, &code, installed.as_ref(), &secrets)?;
        let mut launched = self.backend.launch(&spec).await.map_err(launch_fault)?;
        let network = self.open_network(snapshot, launched.link.take())?;
        let mask = Mask::new(&secrets);
        let signals = self.signals.get();
        let listener =
            signals.map(|signals| Listener::of_function(signals.clone(), snapshot.function.id.clone()));
        let sandbox = Sandbox::start(launched, &spec, self.backend.clone(), mask, listener);
        let sandbox = sandbox.map_err(|error| {
            Fault::new(Code::Unavailable, "the new sandbox could not be reached").with_source(error)
        })?;
        Ok(Started { sandbox, code, installed, network })
    }

    /// Serves what the version's policy allows; nothing is to be served without one.
    fn open_network(
        &self,
        snapshot: &FunctionSnapshot,
        link: Option<OwnedFd>,
    ) -> FaultResult<Option<Session>> {
        let policy = &snapshot.spec.network;
        let (Some(link), false) = (link, policy.is_none()) else { return Ok(None) };
        let function = &snapshot.function;
        let owner = Owner {
            function: function.id.clone(),
            label: function.name.to_string(),
            advice: format!("nova fn update {} --allow-network {{}}", function.name),
        };
        self.egress.attach(link, policy.clone(), owner).map(Some).map_err(|error| {
            Fault::new(Code::Unavailable, "the network of a new sandbox could not be opened")
                .with_source(error)
        })
    }

    /// The secrets that the version refers to. They go into this sandbox and are kept nowhere else.
    async fn reveal(&self, snapshot: &FunctionSnapshot) -> FaultResult<Vec<(SecretName, SecretValue)>> {
        let names = references(&snapshot.spec.env);
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let secrets =
            self.secrets.get().ok_or_else(|| Fault::new(Code::Unavailable, "the server is starting"))?;
        let function = &snapshot.function;
        let values = secrets.reveal(&function.scope, &function.name, &names).await?;
        Ok(names.into_iter().zip(values).collect())
    }

    /// What to make for the version, with the Init that makes it the function's.
    fn plan(
        &self,
        snapshot: &FunctionSnapshot,
        code: &CodeTree,
        installed: Option<&CodeTree>,
        secrets: &[(SecretName, SecretValue)],
    ) -> FaultResult<SandboxSpec> {
        let spec = &snapshot.spec;
        let limits = &spec.limits;
        let function = &snapshot.function;
        let mut kind = String::new();
        let mut program = None;
        let mut init = Init::new(GuestMode::Process);
        match spec.mode {
            Mode::Handler => {
                let found = self.runtimes.find(&spec.runtime)?;
                kind = runtimes::stock_key(found);
                program = self.runtimes.shim_program(found);
                init = Init::new(GuestMode::Handler);
                init.handler = spec.handler.clone().unwrap_or_default();
            }
            Mode::Script => {
                init.command = runtimes::script_command(self.runtimes.find(&spec.runtime)?, &spec.entry);
            }
            Mode::Lambda => {
                // No stock has a runtime of this kind: it is made from scratch.
                kind = "lambda".to_owned();
                program = Some(lambda::shim());
                init = Init::new(GuestMode::Handler);
                init.command = vec![format!("/code/{}", spec.entry)];
                init.keeps_processes = true;
            }
            Mode::Process => {
                let entry = if spec.runtime.runtime.is_compiled() { "bootstrap" } else { &spec.entry };
                init.command = vec![format!("/code/{entry}")];
            }
        }
        init.entry.clone_from(&spec.entry);
        init.function = function.name.to_string();
        init.version = snapshot.version;
        init.memory_mb = limits.memory_mb;
        init.timeout_s = limits.timeout_s;
        init.file_size = u64::from(limits.file_size_mb) << 20;
        init.concurrency = snapshot.pool().instance_concurrency;
        init.streaming_chunk = self.settings.stream_chunk;
        init.output_max = PAYLOAD_OUT_MAX;
        init.egress_ports = spec.network.ports().into_iter().collect();
        if spec.mode != Mode::Handler {
            init.env = runtimes::base_env();
        }
        init.env.extend(spec.env.clone());
        for value in init.env.values_mut() {
            let Some(name) = reference(value) else { continue };
            if let Some((_, secret)) = secrets.iter().find(|(known, _)| known.as_str() == name) {
                secret.expose().clone_into(value);
            }
        }
        init.env.extend(nova_env(snapshot));
        if spec.mode == Mode::Lambda {
            lambda::add_env(&mut init.env, snapshot);
        }
        if spec.mode == Mode::Script && spec.runtime.runtime == Runtime::Python {
            init.env
                .entry("PYTHONPATH".to_owned())
                .or_insert_with(|| "/code/deps:/code/vendor:/deps/python".to_owned());
        }
        if spec.mode == Mode::Script && spec.runtime.runtime == Runtime::Ruby && installed.is_some() {
            // With it a script finds its gems as a handler does.
            let option = format!("-r{}", install::RUBY_SETUP);
            init.env
                .entry("RUBYOPT".to_owned())
                .and_modify(|options| *options = format!("{option} {options}"))
                .or_insert(option);
        }
        let mut mounts = vec![(code.path.display().to_string(), "/code".to_owned())];
        if let Some(installed) = installed {
            mounts.push((installed.path.display().to_string(), install::FOLDER.to_owned()));
            init.layers.push(install::FOLDER.to_owned());
        }
        Ok(SandboxSpec {
            kind,
            runtime: program,
            mounts,
            memory_bytes: u64::from(limits.memory_mb) << 20,
            cpu_millis: limits.cpu_millis,
            pids: limits.pids,
            tmp_bytes: u64::from(limits.tmp_mb) << 20,
            label: format!("{}/{}@{}", function.scope, function.name, snapshot.version),
            opening: opening_of(&init)?,
        })
    }
}

/// Init as the first frame's body.
pub(crate) fn opening_of(init: &Init) -> FaultResult<String> {
    serde_json::to_string(init).map_err(|error| Fault::internal("write an Init").with_source(error))
}

/// Variables that tell a function about itself.
fn nova_env(snapshot: &FunctionSnapshot) -> impl IntoIterator<Item = (String, String)> {
    let (function, limits) = (&snapshot.function, &snapshot.spec.limits);
    [
        ("NOVA_FUNCTION_NAME", function.name.to_string()),
        ("NOVA_FUNCTION_ID", function.id.to_string()),
        ("NOVA_FUNCTION_VERSION", snapshot.version.to_string()),
        ("NOVA_MEMORY_LIMIT_MB", limits.memory_mb.to_string()),
        ("NOVA_TIMEOUT_S", limits.timeout_s.to_string()),
        ("NOVA_RUNTIME", snapshot.spec.runtime.to_string()),
        ("NOVA_CODE_DIR", "/code".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

pub(crate) fn launch_fault(error: BackendError) -> Fault {
    Fault::new(
        Code::Unavailable,
        "a sandbox could not be made; try again, and if it goes on, look at `nova doctor` and the server's log",
    )
    .with_retry_after(std::time::Duration::from_secs(1))
    .with_source(error)
}
