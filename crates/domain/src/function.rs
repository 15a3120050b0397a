//! Functions: what a user declares, with its limits and pool settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::access::InvokePolicy;
use crate::dependencies::Installer;
use crate::fault::{Code, Fault};
use crate::http::HttpSettings;
use crate::id::{Digest, FunctionId};
use crate::name::{FunctionName, Scope, SecretName};
use crate::network::NetworkPolicy;
use crate::runtime::{Runtime, RuntimeRef};
use crate::secret::reference;
use crate::time::Timestamp;

/// How the code is started for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// An interpreter stays up and calls `handler(event, context)`.
    Handler,
    /// A plain program, started for each call: the event is on stdin, stdout is the response.
    /// The default of an interpreted function that names no handler.
    Script,
    /// An executable, started for each call: JSON on stdin, JSON on stdout.
    Process,
    /// An executable that stays up and fetches its calls from the AWS Lambda Runtime API, one
    /// at a time.
    Lambda,
}

impl Mode {
    /// Every mode there is.
    pub const ALL: &'static [Mode] = &[Mode::Handler, Mode::Script, Mode::Process, Mode::Lambda];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Handler => "handler",
            Mode::Script => "script",
            Mode::Process => "process",
            Mode::Lambda => "lambda",
        }
    }
}

/// Limits of one sandbox and one call. Part of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of the whole sandbox with its temporary files, MiB. 64..=10240, default 128.
    pub memory_mb: u32,
    /// Time that user code may take for one call, seconds. 1..=900, default 30.
    pub timeout_s: u32,
    /// CPU time per wall time, thousandths of one CPU. 50..=32000, default 1000.
    pub cpu_millis: u32,
    /// Processes and threads at once. 8..=4096, default 128.
    pub pids: u32,
    /// Size of `/tmp`, MiB (counts into memory). 1..=10240, default 64.
    pub tmp_mb: u32,
    /// Largest single file that may be written, MiB. 1..=10240, default 64.
    pub file_size_mb: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mb: 128, timeout_s: 30, cpu_millis: 1000, pids: 128, tmp_mb: 64, file_size_mb: 64 }
    }
}

impl Limits {
    /// Checks every limit against its bounds; the fault names each field that is out of them.
    pub fn validate(&self) -> Result<(), Fault> {
        let checks = [
            ("limits.memory_mb", self.memory_mb, 64, 10_240),
            ("limits.timeout_s", self.timeout_s, 1, 900),
            ("limits.cpu_millis", self.cpu_millis, 50, 32_000),
            ("limits.pids", self.pids, 8, 4096),
            ("limits.tmp_mb", self.tmp_mb, 1, 10_240),
            ("limits.file_size_mb", self.file_size_mb, 1, 10_240),
        ];
        collect_range_faults(&checks)
    }
}

/// How many sandboxes a function may have and how long they live. Not part of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSettings {
    /// Sandboxes kept ready without any call. 0..=100, default 0.
    pub min_replicas: u32,
    /// Sandboxes at once. 1..=1000, default 10.
    pub max_replicas: u32,
    /// Calls at once in one sandbox. 1..=1000, default 1.
    pub instance_concurrency: u32,
    /// How long an idle sandbox above `min_replicas` stays, seconds. 0..=3600, default 60.
    pub idle_ttl_s: u32,
    /// A sandbox is replaced after this many calls. 0 (never)..=10_000_000, default 0.
    pub max_calls: u32,
    /// Calls that may wait for a sandbox. 0..=100_000, default 1000.
    pub max_queue: u32,
    /// How long a call may wait for a sandbox, milliseconds. 1..=900_000, default 30_000.
    pub max_wait_ms: u32,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            min_replicas: 0,
            max_replicas: 10,
            instance_concurrency: 1,
            idle_ttl_s: 60,
            max_calls: 0,
            max_queue: 1000,
            max_wait_ms: 30_000,
        }
    }
}

impl PoolSettings {
    /// Checks every setting against its bounds.
    pub fn validate(&self) -> Result<(), Fault> {
        let checks = [
            ("min_replicas", self.min_replicas, 0, 100),
            ("max_replicas", self.max_replicas, 1, 1000),
            ("instance_concurrency", self.instance_concurrency, 1, 1000),
            ("idle_ttl_s", self.idle_ttl_s, 0, 3600),
            ("max_calls", self.max_calls, 0, 10_000_000),
            ("max_queue", self.max_queue, 0, 100_000),
            ("max_wait_ms", self.max_wait_ms, 1, 900_000),
        ];
        collect_range_faults(&checks)?;
        if self.min_replicas > self.max_replicas {
            return Err(Fault::invalid("min_replicas is larger than max_replicas")
                .with_field("min_replicas", format!("at most max_replicas ({})", self.max_replicas)));
        }
        Ok(())
    }
}

fn collect_range_faults(checks: &[(&str, u32, u32, u32)]) -> Result<(), Fault> {
    let mut fault: Option<Fault> = None;
    for (field, value, low, high) in checks {
        if (low..=high).contains(&value) {
            continue;
        }
        let text = format!("must be {low} to {high}, is {value}");
        let base = fault.take().unwrap_or_else(|| Fault::invalid(format!("{field} {text}")));
        fault = Some(base.with_field(*field, text));
    }
    fault.map_or(Ok(()), Err)
}

/// Environment variables of a function. Names are checked by [`validate_env`].
pub type Env = BTreeMap<String, String>;

/// Largest sum of names and values of a function's environment, bytes.
pub const ENV_MAX_BYTES: usize = 64 * 1024;

/// Checks names (`[A-Za-z_][A-Za-z0-9_]*`, not beginning with `NOVA_`), NUL-free values, well-formed
/// references to secrets and the total size.
pub fn validate_env(env: &Env) -> Result<(), Fault> {
    let mut total = 0;
    for (name, value) in env {
        total += name.len() + value.len();
        let mut bytes = name.bytes();
        let shaped = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !shaped || name.len() > 128 {
            return Err(Fault::invalid(format!("environment name {name:?} is not valid"))
                .with_field("env_vars", "use letters, digits and '_', not beginning with a digit"));
        }
        if name.starts_with("NOVA_") {
            return Err(Fault::invalid(format!("environment name `{name}` is reserved"))
                .with_field("env_vars", "names beginning with NOVA_ are set by Nova"));
        }
        if let Some(secret) = reference(value) {
            SecretName::new(secret).map_err(|fault| {
                let text = fault.message().to_owned();
                fault.with_field(format!("env_vars.{name}"), text)
            })?;
        }
        if value.contains('\0') {
            return Err(Fault::invalid(format!("environment value of `{name}` holds a NUL byte")));
        }
    }
    if total > ENV_MAX_BYTES {
        return Err(Fault::new(
            Code::InvalidArgument,
            format!("the environment is {total} bytes; the limit is {ENV_MAX_BYTES}"),
        ));
    }
    Ok(())
}

/// Everything that decides how code behaves; a change of it makes a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionSpec {
    pub runtime: RuntimeRef,
    /// `module.function` (with folders: `pkg/module.function`); `None` in modes script and
    /// process. In mode lambda any word that the program understands.
    pub handler: Option<String>,
    pub mode: Mode,
    /// The source tree: SHA-256 of its canonical archive, an object.
    pub code: Digest,
    /// Unpacked size of the source tree, bytes.
    pub code_size: u64,
    /// The file that is started or imported, relative to the tree's root.
    pub entry: String,
    #[serde(default)]
    pub env: Env,
    pub limits: Limits,
    /// What installs the packages that the code's manifest names; none are named otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<Installer>,
    /// What it may reach on the network.
    #[serde(default, skip_serializing_if = "NetworkPolicy::is_none")]
    pub network: NetworkPolicy,
}

impl VersionSpec {
    /// Whether something must be built or installed before it can run.
    pub fn needs_build(&self) -> bool {
        self.runtime.runtime.is_compiled() || self.dependencies.is_some()
    }

    /// Checks limits, environment, and that mode, runtime and handler fit together.
    pub fn validate(&self) -> Result<(), Fault> {
        self.limits.validate()?;
        validate_env(&self.env)?;
        let runtime = self.runtime.runtime;
        if (self.mode == Mode::Lambda) != (runtime == Runtime::Provided) {
            return Err(Fault::invalid("runtime `provided` and mode `lambda` belong together")
                .with_field("mode", "leave it out"));
        }
        match (self.mode, runtime.is_interpreted()) {
            (Mode::Lambda, _) => self.handler.as_deref().map_or(Ok(()), validate_lambda_handler),
            (Mode::Handler, true) => {
                let handler = self.handler.as_deref().unwrap_or_default();
                validate_handler(handler)
            }
            (Mode::Script, true) | (Mode::Process, false) => Ok(()),
            (Mode::Handler | Mode::Script, false) => {
                Err(Fault::invalid(format!("runtime `{runtime}` runs executables: use mode `process`"))
                    .with_field("mode", "must be `process`"))
            }
            (Mode::Process, true) => Err(Fault::invalid(format!(
                "runtime `{runtime}` is interpreted: use mode `handler` or `script`"
            ))
            .with_field("mode", "must be `handler` or `script`")),
        }
    }
}

/// Checks the shape `path/to/module.function`: relative, no `..`, at most 256 bytes.
pub fn validate_handler(handler: &str) -> Result<(), Fault> {
    let bad = |why: &str| {
        let shown: String = handler.chars().take(80).collect();
        Err(Fault::invalid(format!("handler {shown:?} is not valid: {why}")).with_field("handler", why))
    };
    if handler.is_empty() || handler.len() > 256 {
        return bad("write it as module.function, at most 256 bytes");
    }
    if handler.starts_with('/') || handler.split('/').any(|part| part == ".." || part.is_empty()) {
        return bad("it is a path below the code's root");
    }
    match handler.rsplit_once('.') {
        Some((module, function)) if !module.is_empty() && !function.is_empty() => Ok(()),
        _ => bad("write it as module.function"),
    }
}

/// Checks a handler of runtime `provided`: one word of at most 128 bytes, as on AWS.
pub fn validate_lambda_handler(handler: &str) -> Result<(), Fault> {
    let shaped = (1..=128).contains(&handler.len())
        && !handler.contains(|c: char| c.is_whitespace() || c.is_control());
    if shaped {
        return Ok(());
    }
    let shown: String = handler.chars().take(80).collect();
    Err(Fault::invalid(format!("handler {shown:?} is not valid"))
        .with_field("handler", "1 to 128 bytes without spaces"))
}

/// A function as it stands: identity, pool settings, and which version is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    pub id: FunctionId,
    pub scope: Scope,
    pub name: FunctionName,
    pub description: String,
    pub tags: BTreeMap<String, String>,
    pub pool: PoolSettings,
    /// Who may call it, on top of roles.
    pub invoke_policy: InvokePolicy,
    /// How it is offered on the content listener.
    #[serde(default)]
    pub http: HttpSettings,
    /// The version that a call without qualifier runs.
    pub active_version: u32,
    /// The highest version number given out.
    pub latest_version: u32,
    /// Grows by one with every stored change; a compare-and-set guard.
    pub revision: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The runtime's default handler, `None` where it has none.
pub const fn default_handler(runtime: Runtime) -> Option<&'static str> {
    match runtime {
        Runtime::Python | Runtime::Node | Runtime::Ruby => Some("main.handler"),
        Runtime::Go | Runtime::Rust | Runtime::Executable | Runtime::Provided => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_out_of_bounds_is_named() {
        let limits = Limits { memory_mb: 1, timeout_s: 901, ..Limits::default() };
        let fault = limits.validate().expect_err("out of bounds");
        let fields: Vec<_> = fault.fields().iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["limits.memory_mb", "limits.timeout_s"]);
    }

    #[test]
    fn handlers_stay_below_the_code_root() {
        for good in ["main.handler", "src/app.handle", "pkg.mod.fn"] {
            assert!(validate_handler(good).is_ok(), "{good}");
        }
        for bad in ["", "main", "../x.y", "/etc/x.y", "a//b.c", ".x", "x."] {
            assert!(validate_handler(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reserved_and_malformed_environment_names_are_refused() {
        for bad in ["NOVA_X", "1A", "A-B", "", "A=B"] {
            let env = Env::from([(bad.to_owned(), String::new())]);
            assert!(validate_env(&env).is_err(), "{bad}");
        }
        let big = Env::from([("A".to_owned(), "x".repeat(ENV_MAX_BYTES))]);
        assert!(validate_env(&big).is_err());
    }
}
