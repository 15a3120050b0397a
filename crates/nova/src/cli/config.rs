//! `nova config show`, and how every command finds a server's settings on this host.

use std::path::{Path, PathBuf};

use clap::Args;
use nova_kit::config::{self, Loaded, Sources};
use toml::Value;

use super::CommandResult;
use super::output::{Format, Printer};
use crate::settings::ServerSettings;

/// `NOVA_*` variables that are no settings of a server.
const NOT_SETTINGS: &[&str] = &[
    "NOVA_SERVER",
    "NOVA_CA",
    "NOVA_KEY",
    "NOVA_CONTEXT",
    "NOVA_CONTEXTS",
    "NOVA_TENANT",
    "NOVA_NAMESPACE",
    "NOVA_OUTPUT",
    "NOVA_CONFIG",
    "NOVA_CACHE_DIR",
    "NOVA_BINARY",
];
/// What tests are told begins so.
const TEST_PREFIX: &str = "NOVA_TEST_";
/// Looked for when `--config` names none.
const USUAL_FILES: &[&str] = &["nova.toml", "/etc/nova/nova.toml"];

/// Flags of commands that need a server's settings.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServerOptions {
    /// Configuration file (default: ./nova.toml, then /etc/nova/nova.toml, if there).
    #[arg(long, env = "NOVA_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Loopback only and no key needed: for development.
    #[arg(long)]
    dev: bool,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address on which functions are served to outside, `auto` (the next port) or `off`.
    #[arg(long, value_name = "ADDRESS")]
    content_listen: Option<String>,
    /// `sqlite:DIR` or `postgres://..`.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Folder for everything that must be kept (cache and run go below it).
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Any other setting, repeatable: `--set pool.stock_python=8`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl ServerOptions {
    /// Loads the settings in order: defaults, file, environment, flags.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded<ServerSettings>> {
        let usual = USUAL_FILES.iter().map(Path::new).find(|path| path.exists()).map(Path::to_owned);
        let file = self.config.clone().or(usual);
        let mut env: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("NOVA_") && !name.starts_with(TEST_PREFIX))
            .collect();
        env.sort();
        let mut set = Vec::new();
        for text in &self.set {
            let Some((key, value)) = text.split_once('=') else {
                anyhow::bail!("--set {text:?} is not KEY=VALUE");
            };
            set.push((key.to_owned(), value.to_owned()));
        }
        let mut flags: Vec<(String, &'static str, Value)> = Vec::new();
        let texts = [
            ("--listen", "server.listen", &self.listen),
            ("--content-listen", "content.listen", &self.content_listen),
            ("--database", "database.url", &self.database),
            ("--data-dir", "dirs.data", &self.data_dir),
        ];
        for (flag, key, value) in texts {
            if let Some(value) = value {
                flags.push((flag.to_owned(), key, Value::String(value.clone())));
            }
        }
        if self.dev {
            flags.push(("--dev".to_owned(), "server.dev", Value::Boolean(true)));
        }
        let sources = Sources { file: file.as_deref(), env, ignored_env: NOT_SETTINGS, flags, set };
        Ok(config::load(&sources)?)
    }
}

pub(super) fn show(options: &ServerOptions, format: &Format) -> CommandResult {
    let loaded = options.load()?;
    let rows: Vec<Vec<String>> =
        loaded.shown().map(|(key, value, origin)| vec![key.to_owned(), value, origin.to_string()]).collect();
    let items: Vec<_> = rows
        .iter()
        .map(|row| serde_json::json!({"key": row[0], "value": row[1], "origin": row[2]}))
        .collect();
    Printer::new(*format).many(&items, &["key", "value", "origin"], rows)?;
    Ok(())
}
