//! `cargo xtask generated`: files that are made from code are what the code makes now, and
//! hand-written lists are complete.

mod cli;
mod openapi;

use std::path::{Path, PathBuf};

use crate::documented;
use crate::report::{Checked, say};

/// How the check is made.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Write instead of compare.
    write: bool,
    /// A ready binary.
    nova: Option<PathBuf>,
    /// Leave out what needs the binary.
    no_binary: bool,
}

impl Options {
    /// Reads the options of the command.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--write" => options.write = true,
                "--no-binary" => options.no_binary = true,
                "--nova" => options.nova = Some(rest.next().ok_or("--nova needs a file")?.into()),
                other => return Err(format!("unknown option `{other}`")),
            }
        }
        Ok(options)
    }
}

/// Runs the checks, or writes the files.
pub(crate) fn run(root: &Path, options: &Options) -> Checked {
    let mut complaints = openapi::run(root, options.write)?;
    if !options.no_binary {
        let nova = match &options.nova {
            Some(path) => path.clone(),
            None => cli::build(root)?,
        };
        complaints.extend(cli::run(root, &nova, options.write)?);
        complaints.extend(documented::settings(root, &nova)?);
    }
    // Last, because links may lead to what was written just now.
    complaints.extend(documented::check(root)?);
    if complaints.is_empty() {
        say(if options.write { "generated: written" } else { "generated: up to date" });
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let parse =
            |text: &str| Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let all = parse("--write --nova /x --no-binary").expect("known");
        assert_eq!(all, Options { write: true, nova: Some("/x".into()), no_binary: true });
        assert!(parse("--wirte").is_err() && parse("--nova").is_err());
    }
}
