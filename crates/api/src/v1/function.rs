//! Functions: create, change, show.

use std::collections::BTreeMap;

use nova_domain::Timestamp;
use nova_domain::access::{CallerRule, InvokePolicy};
use nova_domain::function::{Function, Mode};
use nova_domain::http::HttpAccess;
use nova_domain::version::{CompileStatus, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::http::CorsBody;
use super::patch::Patch;
use crate::schema;

/// Body of `POST /functions`. The code comes as `code`, `files` (or both: `code` is then the
/// entry file) or `archive`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateFunction {
    /// 1 to 64 letters, digits, `_` or `-`; unique within the namespace.
    pub name: String,
    /// `python`, `node`, `ruby`, `go`, `rust` or `executable`; a version may follow (`python3.11`).
    pub runtime: String,
    /// `module.function`. Absent with an interpreted runtime and no mode: mode `script`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Source text of the entry file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Source files by path below the code's root.
    #[serde(default, alias = "dependency_files", skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// A zip, tar or tar.gz archive, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// The file that is started or imported; guessed from handler and runtime if absent.
    #[serde(default, alias = "entry_point", skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Memory of a sandbox, MiB: 64 to 10240, default 128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u32>,
    /// Longest time of one call, seconds: 1 to 900, default 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
    /// Sandboxes kept ready: 0 to 100, default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_replicas: Option<u32>,
    /// Sandboxes at once: 1 to 1000, default 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_replicas: Option<u32>,
    /// How the code is started; from handler and runtime if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::mode, required = false)]
    pub mode: Option<Mode>,
    /// Calls at once in one sandbox: 1 to 1000, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_concurrency: Option<u32>,
    /// How long an idle sandbox stays, seconds: 0 to 3600, default 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_ttl_s: Option<u32>,
    /// A sandbox is replaced after this many calls; 0 is never, the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<u32>,
    /// Calls that may wait for a sandbox: 0 to 100000, default 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_queue: Option<u32>,
    /// How long a call may wait for a sandbox, milliseconds: 1 to 900000, default 30000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_wait_ms: Option<u32>,
    /// Environment variables; names do not begin with `NOVA_`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env_vars: BTreeMap<String, String>,
    #[serde(default)]
    pub limits: LimitsBody,
    /// What the code may reach on the network: `HOST[:PORT,..]`, where HOST is a name, `*.ending`,
    /// `*`, an IP address or a network; without ports 443. Empty, the default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<String>,
    /// Who may send requests to its address on the content listener: `off` (the default), `public`,
    /// `key` or `signed`. Opening it needs `function:share`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::http_access, required = false)]
    pub http: Option<HttpAccess>,
    /// Which pages of other origins may read its answers. Absent: the function's own answers say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_cors: Option<CorsBody>,
    /// Requests in a second that its address takes: 1 to 1000000, 0 any number. Absent: what the server
    /// says (`content.rate`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_rate: Option<u32>,
    /// The same for one client of a `public` or `signed` address (`content.client_rate`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_client_rate: Option<u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Who may call it, on top of roles. Setting it needs `function:share`.
    #[serde(default, skip_serializing_if = "InvokePolicyBody::is_empty")]
    pub invoke_policy: InvokePolicyBody,
}

/// Who may call a function. Callers are `*`, `user:ID`, `service:ID`, `key:ID`,
/// `token:ISSUER#SUB`, `role:NAME` or `function:NAMES`. Each needs `function:invoke` besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InvokePolicyBody {
    /// If there are any, nobody else may.
    pub allow: Vec<String>,
    /// These may not, whatever `allow` says.
    pub deny: Vec<String>,
}

impl InvokePolicyBody {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }
}

impl From<InvokePolicy> for InvokePolicyBody {
    fn from(policy: InvokePolicy) -> Self {
        let texts = |rules: Vec<CallerRule>| rules.into_iter().map(String::from).collect();
        Self { allow: texts(policy.allow), deny: texts(policy.deny) }
    }
}

/// Further limits of a sandbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsBody {
    /// CPU time per wall time, thousandths of one CPU: 50 to 32000, default 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_millis: Option<u32>,
    /// The same in CPUs (`0.5`); give one of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<f64>,
    /// Processes and threads at once: 8 to 4096, default 128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<u32>,
    /// Size of `/tmp`, MiB: 1 to 10240, default 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmp_mb: Option<u32>,
    /// Largest single file, MiB: 1 to 10240, default 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size_mb: Option<u32>,
}

/// Body of `PATCH /functions/{name}`. A field that is absent stays, null sets the default.
/// Runtime, handler, mode, entry, environment, limits and network make a new version if they change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatchFunction {
    /// The revision that was read; the change is refused if it is another by now. `If-Match` does the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, required = false)]
    pub runtime: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, required = false)]
    pub handler: Patch<String>,
    /// `handler`, `script`, `process` or `lambda`; null: what handler and runtime say.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, required = false)]
    pub mode: Patch<Mode>,
    /// New source text of the entry file; the other files stay, unless `files` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The whole code anew: source files by path below the code's root. With `code` as the
    /// entry file, or that one among them.
    #[serde(alias = "dependency_files", skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// The whole code anew: a zip, tar or tar.gz archive, base64. Goes without `code` and `files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    #[serde(skip_serializing_if = "Patch::is_absent", alias = "entry_point")]
    #[schema(value_type = Option<String>, required = false)]
    pub entry: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub memory_mb: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub timeout_s: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub min_replicas: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub max_replicas: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub instance_concurrency: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub idle_ttl_s: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub max_calls: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub max_queue: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub max_wait_ms: Patch<u32>,
    /// The whole environment anew; null empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<BTreeMap<String, String>>, required = false)]
    pub env_vars: Patch<BTreeMap<String, String>>,
    /// Single variables: a value sets one, null takes it away; the others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub merge_env_vars: BTreeMap<String, Option<String>>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<LimitsPatch>, required = false)]
    pub limits: Patch<LimitsPatch>,
    /// All network rules anew; null takes all away.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Vec<String>>)]
    pub network: Patch<Vec<String>>,
    /// Network rules to add; the others stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_network: Vec<String>,
    /// Network rules to take away; the others stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revoke_network: Vec<String>,
    /// Who may send requests to its address on the content listener: `off`, `public`, `key` or `signed`;
    /// null: `off`. A change ends every signed address. Opening it needs `function:share`.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, required = false)]
    pub http: Patch<HttpAccess>,
    /// The alias that those requests run; null: the active version.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, required = false)]
    pub http_alias: Patch<String>,
    /// Which pages of other origins may read its answers, anew; null: the function's own answers say so.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<CorsBody>, required = false)]
    pub http_cors: Patch<CorsBody>,
    /// Requests in a second that its address takes: 1 to 1000000, 0 any number; null: what the server
    /// says (`content.rate`).
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub http_rate: Patch<u32>,
    /// The same for one client of a `public` or `signed` address; null: `content.client_rate`.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub http_client_rate: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, required = false)]
    pub description: Patch<String>,
    /// All tags anew; null takes all away.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<BTreeMap<String, String>>, required = false)]
    pub tags: Patch<BTreeMap<String, String>>,
    /// Who may call it, anew; null: whoever may by their roles. Needs `function:share`.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<InvokePolicyBody>, required = false)]
    pub invoke_policy: Patch<InvokePolicyBody>,
}

/// Changes of single limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsPatch {
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub cpu_millis: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<f64>, required = false)]
    pub vcpus: Patch<f64>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub pids: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub tmp_mb: Patch<u32>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, required = false)]
    pub file_size_mb: Patch<u32>,
}

/// Limits of a sandbox, beside memory and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitsView {
    pub cpu_millis: u32,
    pub pids: u32,
    pub tmp_mb: u32,
    pub file_size_mb: u32,
}

/// A function with its active version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FunctionView {
    pub id: String,
    pub name: String,
    pub tenant: String,
    pub namespace: String,
    pub runtime: String,
    pub handler: Option<String>,
    #[schema(schema_with = schema::mode)]
    pub mode: Mode,
    pub entry: String,
    pub memory_mb: u32,
    pub timeout_s: u32,
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub instance_concurrency: u32,
    pub idle_ttl_s: u32,
    pub max_calls: u32,
    pub max_queue: u32,
    pub max_wait_ms: u32,
    pub env_vars: BTreeMap<String, String>,
    pub limits: LimitsView,
    /// What the code may reach on the network.
    #[serde(default)]
    pub network: Vec<String>,
    /// Who may send requests to its address on the content listener.
    #[serde(default)]
    #[schema(schema_with = schema::http_access)]
    pub http: HttpAccess,
    /// The alias that those requests run; null: the active version.
    #[serde(default)]
    pub http_alias: Option<String>,
    /// Which pages of other origins may read its answers; null: the function's own answers say so.
    #[serde(default)]
    pub http_cors: Option<CorsBody>,
    /// Requests in a second that its address takes, 0 any number; null: what the server says.
    #[serde(default)]
    pub http_rate: Option<u32>,
    /// The same for one client of a `public` or `signed` address.
    #[serde(default)]
    pub http_client_rate: Option<u32>,
    pub description: String,
    pub tags: BTreeMap<String, String>,
    /// Who may call it, on top of roles.
    #[serde(default)]
    pub invoke_policy: InvokePolicyBody,
    /// The active version: what a call without qualifier runs.
    pub version: u32,
    /// The highest version number given out.
    pub latest_version: u32,
    /// SHA-256 of the active version's source tree.
    pub code_hash: String,
    /// How far the build of the shown version is. After a write that made a version, that is
    /// the new version, active or not.
    #[schema(schema_with = schema::compile_status)]
    pub compile_status: CompileStatus,
    /// What the compiler printed (the end of it); empty in lists.
    pub compile_output: String,
    /// Grows with every change; also the `ETag`.
    pub revision: u64,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub updated_at: Timestamp,
}

impl FunctionView {
    /// The function with the configuration of `version`.
    pub fn new(function: Function, version: Version) -> Self {
        let spec = version.spec;
        let limits = spec.limits;
        Self {
            id: function.id.into(),
            name: function.name.into(),
            tenant: function.scope.tenant.into(),
            namespace: function.scope.namespace.into(),
            runtime: spec.runtime.to_string(),
            handler: spec.handler,
            mode: spec.mode,
            entry: spec.entry,
            memory_mb: limits.memory_mb,
            timeout_s: limits.timeout_s,
            min_replicas: function.pool.min_replicas,
            max_replicas: function.pool.max_replicas,
            instance_concurrency: function.pool.instance_concurrency,
            idle_ttl_s: function.pool.idle_ttl_s,
            max_calls: function.pool.max_calls,
            max_queue: function.pool.max_queue,
            max_wait_ms: function.pool.max_wait_ms,
            env_vars: spec.env,
            limits: LimitsView::from(&limits),
            network: spec.network.texts(),
            http: function.http.access,
            http_alias: function.http.alias.map(String::from),
            http_cors: function.http.cors.map(CorsBody::from),
            http_rate: function.http.rates.all,
            http_client_rate: function.http.rates.client,
            description: function.description,
            tags: function.tags,
            invoke_policy: function.invoke_policy.into(),
            version: function.active_version,
            latest_version: function.latest_version,
            code_hash: spec.code.to_string(),
            compile_status: version.build.status,
            compile_output: version.build.output,
            revision: function.revision,
            created_at: function.created_at,
            updated_at: function.updated_at,
        }
    }
}

impl From<&nova_domain::function::Limits> for LimitsView {
    fn from(limits: &nova_domain::function::Limits) -> Self {
        Self {
            cpu_millis: limits.cpu_millis,
            pids: limits.pids,
            tmp_mb: limits.tmp_mb,
            file_size_mb: limits.file_size_mb,
        }
    }
}
