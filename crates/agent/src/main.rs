//! `nova-agent START`: process 1 of a sandbox. START is JSON, see `nova_agent::guest::Start`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(argument) = std::env::args().nth(1) else {
        eprintln!("nova-agent runs inside a Nova sandbox only; the keeper starts it");
        return ExitCode::from(2);
    };
    let result =
        serde_json::from_str(&argument).map_err(std::io::Error::other).and_then(nova_agent::guest::run);
    match result {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("nova-agent: {error}");
            ExitCode::FAILURE
        }
    }
}
