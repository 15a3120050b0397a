//! The one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("keeper") {
        let config = arguments.next().unwrap_or_default();
        let result = serde_json::from_str(&config).map_err(std::io::Error::other).and_then(nova_keeper::process::run);
        if let Err(error) = result {
            eprintln!("nova keeper: {error}");
            return ExitCode::FAILURE;
        }
        return ExitCode::SUCCESS;
    }
    ExitCode::from(2)
}
