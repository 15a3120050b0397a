//! Checks of the house that compilers and linters do not make: `cargo xtask layers`,
//! `sizes` and `generated`. Only std and serde_json, so that they are built in seconds.

mod documented;
mod generated;
mod layers;
mod manifest;
mod report;
mod sizes;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "cargo xtask COMMAND

  layers               every arrow between our crates is in the table, and manifests keep the rules
  sizes                no source file has more than 600 lines of code without a reason in xtask/sizes.toml
  generated            openapi/v1.json, docs/reference/cli.md and the documented lists are up to date
    --write            write the generated files anew
    --nova FILE        use this nova binary instead of building one
    --no-binary        leave out what needs the nova binary (the CLI reference and the settings)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.first().map(String::as_str) {
        Some("layers") => layers::run(&root()),
        Some("sizes") => sizes::run(&root()),
        Some("generated") => match generated::Options::parse(&arguments[1..]) {
            Ok(options) => generated::run(&root(), &options),
            Err(error) => return usage(&error),
        },
        Some("help" | "--help" | "-h") => {
            report::say(USAGE);
            return ExitCode::SUCCESS;
        }
        Some(other) => return usage(&format!("unknown command `{other}`")),
        None => return usage("name a command"),
    };
    match result {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            for complaint in &complaints {
                eprintln!("error: {complaint}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage(error: &str) -> ExitCode {
    eprintln!("error: {error}\n\n{USAGE}");
    ExitCode::from(2)
}

/// The root of the repository.
fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map(PathBuf::from).unwrap_or(own)
}
