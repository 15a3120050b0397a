//! Printing answers as a table, JSON or YAML.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use indicatif::{ProgressBar, ProgressStyle};
use nova_domain::Timestamp;
use serde::Serialize;

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Yaml,
}

pub(super) struct Printer {
    pub(super) format: Format,
}

impl Printer {
    pub(super) fn new(format: Format) -> Self {
        Self { format }
    }

    /// One thing: as `label value` lines in table format.
    pub(super) fn one<T: Serialize>(&self, value: &T, lines: &[(&str, String)]) -> anyhow::Result<()> {
        match self.format {
            Format::Table => {
                let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
                let text: String =
                    lines.iter().map(|(label, value)| format!("{label:width$}  {value}\n")).collect();
                write_out(&text)
            }
            _ => self.structured(value),
        }
    }

    /// Many things: as a table with a head.
    pub(super) fn many<T: Serialize>(
        &self,
        value: &T,
        head: &[&str],
        rows: Vec<Vec<String>>,
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Table if rows.is_empty() => {
                if std::io::stdout().is_terminal() {
                    eprintln!("nothing found");
                }
                Ok(())
            }
            Format::Table => {
                let mut table = Table::new();
                table.load_style(NOTHING);
                table.set_header(head.iter().map(|name| name.to_uppercase()));
                for row in rows {
                    table.add_row(row);
                }
                let text: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
                write_out(&text)
            }
            _ => self.structured(value),
        }
    }

    fn structured<T: Serialize>(&self, value: &T) -> anyhow::Result<()> {
        let text = match self.format {
            Format::Yaml => {
                // By way of JSON text, so that raw JSON inside becomes structure too.
                let value: serde_json::Value = serde_json::from_str(&serde_json::to_string(value)?)?;
                serde_yaml_ng::to_string(&value)?
            }
            _ => serde_json::to_string_pretty(value)? + "\n",
        };
        write_out(&text)
    }
}

/// Writes to stdout; a reader that left (`| head`) is no error.
pub(super) fn write_out(text: &str) -> anyhow::Result<()> {
    write_bytes(text.as_bytes())
}

/// Writes bytes to stdout at once.
pub(super) fn write_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to stdout"),
    }
}

/// Asks a person at a terminal to type `word`; anywhere else `--yes` must have been said.
pub(super) fn confirm(what: &str, word: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("{what}; add --yes to do it without being asked");
    }
    eprint!("{what}. Type {word} to go on: ");
    std::io::stderr().flush().ok();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read the answer")?;
    if line.trim() != word {
        bail!("nothing was changed");
    }
    Ok(())
}

/// A sign of life on a terminal; nothing elsewhere.
pub(super) fn spinner(text: String) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(text);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// A point in time, UTC.
pub(super) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros())
        .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}
