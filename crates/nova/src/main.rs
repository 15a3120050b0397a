//! The one binary: `nova serve`, `nova keeper`, and every command.

mod cli;
mod issuers;
mod serve;
mod settings;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
