//! `docs/reference/cli.md`: the help of every command, as the binary prints it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::report::{Checked, at, cargo, output_of};

const FILE: &str = "docs/reference/cli.md";
/// A command line deeper than this is a mistake in our reading of the help.
const DEPTH_MAX: usize = 4;

const HEAD: &str = "# Command line reference

Made from the help of the `nova` binary by `cargo xtask generated --write`. Do not edit.

";

/// Builds the binary and returns its path.
pub(crate) fn build(root: &Path) -> Result<PathBuf, String> {
    let mut command = cargo(root);
    command.args(["build", "--quiet", "--package", "nova", "--bin", "nova", "--message-format", "json"]);
    let messages = output_of(&mut command)?;
    let mut executables = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let ours = message["target"]["name"] == "nova";
        message["executable"].as_str().filter(|_| ours).map(PathBuf::from)
    });
    executables.next_back().ok_or_else(|| "cargo build named no executable `nova`".to_owned())
}

/// Compares the file with what the binary says, or writes it.
pub(crate) fn run(root: &Path, nova: &Path, write: bool) -> Checked {
    let mut text = HEAD.to_owned();
    describe(nova, &mut Vec::new(), &mut text)?;
    let path = root.join(FILE);
    if write {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
        }
        std::fs::write(&path, text).map_err(|error| at(&path, error))?;
        return Ok(Vec::new());
    }
    if std::fs::read_to_string(&path).is_ok_and(|stored| stored == text) {
        return Ok(Vec::new());
    }
    Ok(vec![format!("{FILE} is old: run `cargo xtask generated --write`, look at the change, commit it")])
}

/// Appends the help of a command and of those below it.
fn describe(nova: &Path, command: &mut Vec<String>, text: &mut String) -> Result<(), String> {
    if command.len() > DEPTH_MAX {
        return Err(format!("`nova {}` is deeper than commands can be", command.join(" ")));
    }
    let help = help_of(nova, command)?;
    let name = [&["nova".to_owned()], command.as_slice()].concat().join(" ");
    let level = "#".repeat(command.len().min(2) + 2);
    text.push_str(&format!("{level} {name}\n\n```text\n{help}\n```\n\n"));
    for below in subcommands(&help) {
        command.push(below);
        describe(nova, command, text)?;
        command.pop();
    }
    if command.is_empty() {
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    Ok(())
}

fn help_of(nova: &Path, command: &[String]) -> Result<String, String> {
    let mut run = Command::new(nova);
    run.args(command).arg("--help");
    // Help shows the values of these variables.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("NOVA_")) {
        run.env_remove(name);
    }
    let help = output_of(&mut run)?;
    Ok(help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned())
}

/// The names under `Commands:`.
fn subcommands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // Deeper lines go on with a description.
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_help_without_descriptions_and_help_itself() {
        let help = "Text.\n\nUsage: nova <COMMAND>\n\nCommands:\n  serve  Run the server\n  fn     Work with\n         functions\n  help   Print this\n\nOptions:\n  -h  Help\n";
        assert_eq!(subcommands(help), ["serve", "fn"]);
        assert!(subcommands("Usage: nova serve\n").is_empty());
    }
}
