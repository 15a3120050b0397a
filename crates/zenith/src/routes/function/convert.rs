//! Wire to control: what a body says, as values that passed their checks.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nova_api::v1;
use nova_control::{Change, Create, LimitsChange, Patch, Source};
use nova_domain::access::{CallerRule, InvokePolicy};
use nova_domain::function::{Limits, PoolSettings};
use nova_domain::http::{Cors, HttpRates};
use nova_domain::network::{NetworkPolicy, NetworkRule};
use nova_domain::runtime::RuntimeRef;
use nova_domain::{AliasName, Fault, FaultResult, FunctionName};

pub(super) fn create(body: v1::CreateFunction) -> FaultResult<Create> {
    let name = FunctionName::new(&body.name).map_err(|fault| {
        Fault::invalid(fault.message().to_owned()).with_field("name", "1 to 64 letters, digits, '_' or '-'")
    })?;
    let limits = limits(&body)?;
    let pool = pool(&body);
    Ok(Create {
        name,
        runtime: runtime(&body.runtime)?,
        handler: body.handler,
        mode: body.mode,
        source: source(body.code, body.files, body.archive)?,
        entry: body.entry,
        env: body.env_vars,
        limits,
        network: NetworkPolicy::parse(&body.network)?,
        pool,
        http: body.http.unwrap_or_default(),
        http_cors: body.http_cors.map(Cors::from),
        http_rates: HttpRates { all: body.http_rate, client: body.http_client_rate },
        description: body.description,
        tags: body.tags,
        invoke_policy: policy(body.invoke_policy)?,
    })
}

fn runtime(text: &str) -> FaultResult<RuntimeRef> {
    RuntimeRef::parse(text)
        .map_err(|fault| Fault::invalid(fault.message().to_owned()).with_field("runtime", "not known"))
}

fn limits(body: &v1::CreateFunction) -> FaultResult<Limits> {
    let default = Limits::default();
    let cpu = match (body.limits.cpu_millis, body.limits.vcpus) {
        (Some(_), Some(_)) => return Err(two_cpus()),
        (cpu, None) => cpu,
        (None, Some(vcpus)) => Some(cpu_millis(vcpus)?),
    };
    Ok(Limits {
        memory_mb: body.memory_mb.unwrap_or(default.memory_mb),
        timeout_s: body.timeout_s.unwrap_or(default.timeout_s),
        cpu_millis: cpu.unwrap_or(default.cpu_millis),
        pids: body.limits.pids.unwrap_or(default.pids),
        tmp_mb: body.limits.tmp_mb.unwrap_or(default.tmp_mb),
        file_size_mb: body.limits.file_size_mb.unwrap_or(default.file_size_mb),
    })
}

fn two_cpus() -> Fault {
    Fault::invalid("limits.cpu_millis and limits.vcpus say the same; give one")
        .with_field("limits.vcpus", "leave it out, or leave cpu_millis out")
}

fn cpu_millis(vcpus: f64) -> FaultResult<u32> {
    if (0.05..=32.0).contains(&vcpus) {
        // In bounds, so the cast cuts nothing off.
        return Ok((vcpus * 1000.0).round() as u32);
    }
    let text = format!("must be 0.05 to 32, is {vcpus}");
    Err(Fault::invalid(format!("limits.vcpus {text}")).with_field("limits.vcpus", text))
}

fn pool(body: &v1::CreateFunction) -> PoolSettings {
    let default = PoolSettings::default();
    PoolSettings {
        min_replicas: body.min_replicas.unwrap_or(default.min_replicas),
        max_replicas: body.max_replicas.unwrap_or(default.max_replicas),
        instance_concurrency: body.instance_concurrency.unwrap_or(default.instance_concurrency),
        idle_ttl_s: body.idle_ttl_s.unwrap_or(default.idle_ttl_s),
        max_calls: body.max_calls.unwrap_or(default.max_calls),
        max_queue: body.max_queue.unwrap_or(default.max_queue),
        max_wait_ms: body.max_wait_ms.unwrap_or(default.max_wait_ms),
    }
}

/// The code of a body; `archive` goes alone.
pub(in crate::routes) fn source(
    code: Option<String>,
    files: BTreeMap<String, String>,
    archive: Option<String>,
) -> FaultResult<Source> {
    let Some(archive) = archive else { return Ok(Source::Files { code, files }) };
    if code.is_some() || !files.is_empty() {
        return Err(Fault::invalid("`archive` holds all the code: leave `code` and `files` out")
            .with_field("archive", "goes alone"));
    }
    let text = archive.trim();
    STANDARD.decode(text).map(|bytes| Source::Archive(bytes.into())).map_err(|error| {
        Fault::invalid(format!("`archive` is not base64: {error}")).with_field("archive", "not base64")
    })
}

pub(super) fn change(body: v1::PatchFunction) -> FaultResult<Change> {
    let runtime = match body.runtime {
        v1::Patch::Absent => Patch::Keep,
        v1::Patch::Value(text) => Patch::Set(runtime(&text)?),
        v1::Patch::Null => {
            return Err(Fault::invalid("a function cannot be without runtime")
                .with_field("runtime", "has no default; leave it out, or name one"));
        }
    };
    let mut limits = limits_change(body.limits)?;
    limits.memory_mb = patch(body.memory_mb);
    limits.timeout_s = patch(body.timeout_s);
    // A text alone is the entry file's; with other files, or as an archive, it is all the code.
    let (code, source) = match (body.code, body.files, body.archive) {
        (code, files, None) if files.is_empty() => (code, None),
        (code, files, archive) => (None, Some(source(code, files, archive)?)),
    };
    Ok(Change {
        expected: body.revision,
        runtime,
        handler: patch(body.handler),
        mode: patch(body.mode),
        code,
        source,
        entry: patch(body.entry),
        env: patch(body.env_vars),
        merge_env: body.merge_env_vars,
        limits,
        network: match body.network {
            v1::Patch::Absent => Patch::Keep,
            v1::Patch::Null => Patch::Default,
            v1::Patch::Value(rules) => Patch::Set(NetworkPolicy::parse(&rules)?),
        },
        allow_network: network_rules(&body.allow_network)?,
        revoke_network: network_rules(&body.revoke_network)?,
        min_replicas: patch(body.min_replicas),
        max_replicas: patch(body.max_replicas),
        instance_concurrency: patch(body.instance_concurrency),
        idle_ttl_s: patch(body.idle_ttl_s),
        max_calls: patch(body.max_calls),
        max_queue: patch(body.max_queue),
        max_wait_ms: patch(body.max_wait_ms),
        http: patch(body.http),
        http_alias: match body.http_alias {
            v1::Patch::Absent => Patch::Keep,
            v1::Patch::Null => Patch::Default,
            v1::Patch::Value(text) => Patch::Set(http_alias(&text)?),
        },
        http_cors: match body.http_cors {
            v1::Patch::Absent => Patch::Keep,
            v1::Patch::Null => Patch::Default,
            v1::Patch::Value(body) => Patch::Set(body.into()),
        },
        http_rate: patch(body.http_rate),
        http_client_rate: patch(body.http_client_rate),
        description: patch(body.description),
        tags: patch(body.tags),
        invoke_policy: match body.invoke_policy {
            v1::Patch::Absent => Patch::Keep,
            v1::Patch::Null => Patch::Default,
            v1::Patch::Value(body) => Patch::Set(policy(body)?),
        },
    })
}

fn policy(body: v1::InvokePolicyBody) -> FaultResult<InvokePolicy> {
    let rules =
        |texts: &[String]| texts.iter().map(|text| CallerRule::parse(text)).collect::<FaultResult<_>>();
    Ok(InvokePolicy { allow: rules(&body.allow)?, deny: rules(&body.deny)? })
}

fn http_alias(text: &str) -> FaultResult<AliasName> {
    AliasName::new(text).map_err(|fault| {
        let text = fault.message().to_owned();
        fault.with_field("http_alias", text)
    })
}

fn network_rules(rules: &[String]) -> FaultResult<Vec<NetworkRule>> {
    rules.iter().map(|rule| NetworkRule::parse(rule)).collect()
}

/// Null as a whole sets every limit of the group back.
fn limits_change(body: v1::Patch<v1::LimitsPatch>) -> FaultResult<LimitsChange> {
    let body = match body {
        v1::Patch::Absent => return Ok(LimitsChange::default()),
        v1::Patch::Null => {
            return Ok(LimitsChange {
                cpu_millis: Patch::Default,
                pids: Patch::Default,
                tmp_mb: Patch::Default,
                file_size_mb: Patch::Default,
                ..LimitsChange::default()
            });
        }
        v1::Patch::Value(body) => body,
    };
    let cpu_millis = match (patch(body.cpu_millis), body.vcpus) {
        (cpu, v1::Patch::Absent) => cpu,
        (Patch::Keep, v1::Patch::Null) => Patch::Default,
        (Patch::Keep, v1::Patch::Value(vcpus)) => Patch::Set(cpu_millis(vcpus)?),
        _ => return Err(two_cpus()),
    };
    Ok(LimitsChange {
        cpu_millis,
        pids: patch(body.pids),
        tmp_mb: patch(body.tmp_mb),
        file_size_mb: patch(body.file_size_mb),
        ..LimitsChange::default()
    })
}

fn patch<T>(field: v1::Patch<T>) -> Patch<T> {
    match field {
        v1::Patch::Absent => Patch::Keep,
        v1::Patch::Null => Patch::Default,
        v1::Patch::Value(value) => Patch::Set(value),
    }
}
