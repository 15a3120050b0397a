//! `nova-agent START`: process 1 of a sandbox. START is JSON, see `nova_agent::guest::Start`.
//! `nova-agent lambda`: the shim between that and programs for the Lambda Runtime API.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(argument) = std::env::args().nth(1) else {
        eprintln!("nova-agent runs inside a Nova sandbox only; the keeper starts it");
        return ExitCode::from(2);
    };
    if argument == nova_agent::guest::lambda::ARGUMENT {
        return end(nova_agent::guest::lambda::run());
    }
    end(serde_json::from_str(&argument).map_err(std::io::Error::other).and_then(nova_agent::guest::run))
}

fn end(result: std::io::Result<i32>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("nova-agent: {error}");
            ExitCode::FAILURE
        }
    }
}
