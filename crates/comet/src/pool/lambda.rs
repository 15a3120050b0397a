//! What a program for the AWS Lambda Runtime API is started with.

use std::collections::BTreeMap;

use nova_agent::guest::lambda::ARGUMENT;
use nova_agent::shims::SHIM_DIR;
use nova_domain::call::FunctionSnapshot;
use nova_keeper::protocol::Program;

use crate::runtimes;

/// The shim between the agent and the program: the agent's own binary.
pub(super) fn shim() -> Program {
    Program { argv: vec![format!("{SHIM_DIR}/agent"), ARGUMENT.to_owned()], env: runtimes::base_env() }
}

/// Adds the variables that AWS sets. What the function sets itself stays, so that a region
/// can be chosen; `AWS_LAMBDA_RUNTIME_API` comes from the shim, which knows its address.
pub(super) fn add_env(env: &mut BTreeMap<String, String>, snapshot: &FunctionSnapshot) {
    let (name, version) = (snapshot.function.name.as_str(), snapshot.version.to_string());
    let handler = snapshot.spec.handler.as_deref().unwrap_or("bootstrap");
    let memory = snapshot.spec.limits.memory_mb.to_string();
    let group = format!("/aws/lambda/{name}");
    for (key, value) in [
        ("_HANDLER", handler),
        ("LAMBDA_TASK_ROOT", "/code"),
        ("LAMBDA_RUNTIME_DIR", "/code"),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", &version),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", &version),
        ("AWS_REGION", "us-east-1"),
        ("LD_LIBRARY_PATH", "/code:/code/lib"),
        ("TZ", ":UTC"),
    ] {
        env.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }
    let region = env.get("AWS_REGION").cloned().unwrap_or_default();
    env.entry("AWS_DEFAULT_REGION".to_owned()).or_insert(region);
}
