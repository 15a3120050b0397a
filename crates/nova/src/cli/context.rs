//! Contexts: servers with a key, a tenant and a namespace, kept in a file that only its owner can read.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use nova_api::client::Client;
use serde::{Deserialize, Serialize};

use super::output::{Format, Printer};
use super::{CommandResult, Context, Global};

/// Where a server is if nothing says.
const USUAL_SERVER: &str = "http://127.0.0.1:9000";
/// Name of a context if nothing says.
const USUAL_NAME: &str = "default";

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Read the key from standard input.
    #[arg(long)]
    stdin: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// List contexts.
    List,
    /// Make a context the current one.
    Use { name: String },
    /// Change where a context points to.
    Set {
        name: String,
        #[arg(long = "to-server", value_name = "URL")]
        server: Option<String>,
        #[arg(long = "to-tenant", value_name = "NAME")]
        tenant: Option<String>,
        #[arg(long = "to-namespace", value_name = "NAME")]
        namespace: Option<String>,
    },
    /// Forget a context.
    Delete { name: String },
}

/// One server, as somebody uses it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// File with certificates of authorities to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca: Option<PathBuf>,
}

/// The file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Contexts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, Entry>,
    #[serde(skip)]
    path: PathBuf,
}

/// `$NOVA_CONTEXTS`, or `nova/contexts.toml` where the user's settings are.
fn usual_path() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("NOVA_CONTEXTS") {
        return Ok(path.into());
    }
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
    Ok(base.context("no home folder; set NOVA_CONTEXTS to a file")?.join("nova/contexts.toml"))
}

impl Contexts {
    /// Reads the file; none is an empty one.
    pub(super) fn load() -> anyhow::Result<Self> {
        match usual_path() {
            Ok(path) => Self::read(path),
            // Without a home everything can still be said by flags.
            Err(_) => Ok(Self::default()),
        }
    }

    fn read(path: PathBuf) -> anyhow::Result<Self> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { path, ..Self::default() });
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mode = std::fs::metadata(&path).map(|found| found.permissions().mode()).unwrap_or_default();
        let mut read: Self =
            toml::from_str(&text).with_context(|| format!("{} is not valid", path.display()))?;
        if mode & 0o077 != 0 && read.contexts.values().any(|entry| entry.key.is_some()) {
            eprintln!("warning: others may read the keys in {}; run: chmod 600 {0}", path.display());
        }
        read.path = path;
        Ok(read)
    }

    /// Writes the file anew, readable by its owner only, whole or not at all.
    fn save(&self) -> anyhow::Result<()> {
        let shown = self.path.display();
        let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let text = toml::to_string(self).context("write contexts")?;
        let next = self.path.with_extension(format!("toml.{}", std::process::id()));
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&next)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&next, &self.path));
        if written.is_err() {
            let _ = std::fs::remove_file(&next);
        }
        written.with_context(|| format!("cannot write {shown}"))
    }

    fn current_name(&self) -> &str {
        self.current.as_deref().unwrap_or(USUAL_NAME)
    }
}

/// What flags, environment and context say together.
pub(super) struct Chosen {
    name: String,
    entry: Entry,
}

impl Chosen {
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        let entry = &self.entry;
        let address = entry.server.as_deref().unwrap_or(USUAL_SERVER);
        let mut client = match &entry.ca {
            Some(path) => {
                let pem = super::read_file(path)?;
                Client::trusting(address, Some(&pem)).with_context(|| path.display().to_string())?
            }
            None => Client::new(address)?,
        };
        client = client.in_scope(entry.tenant.as_deref(), entry.namespace.as_deref());
        Ok(match &entry.key {
            Some(key) => client.with_key(key),
            None => client,
        })
    }
}

/// Puts flags and environment over the context. A context's key goes to that context's server only.
pub(super) fn choose(file: &Contexts, global: &Global) -> anyhow::Result<Chosen> {
    let name = global.context.clone().unwrap_or_else(|| file.current_name().to_owned());
    let mut entry = match file.contexts.get(&name) {
        Some(entry) => entry.clone(),
        None => Entry::default(),
    };
    if let Some(server) = &global.server {
        let same = |known: &str| known.trim_end_matches('/') == server.trim_end_matches('/');
        if !same(entry.server.as_deref().unwrap_or(USUAL_SERVER)) {
            entry = Entry::default();
        }
        entry.server = Some(server.clone());
    }
    entry.tenant = global.tenant.clone().or(entry.tenant);
    entry.namespace = global.namespace.clone().or(entry.namespace);
    if let Some(ca) = global.ca.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        // Kept with the context, which is used from other folders too.
        entry.ca = Some(std::path::absolute(ca).with_context(|| format!("--ca {}", ca.display()))?);
    }
    // A variable that is set to nothing is as good as none.
    entry.key = global.key.clone().filter(|key| !key.is_empty()).or(entry.key);
    Ok(Chosen { name, entry })
}

/// Asks the server who the key is, and keeps both.
pub(super) async fn login(
    mut file: Contexts,
    chosen: &Chosen,
    args: &LoginArgs,
    printer: &Printer,
) -> CommandResult {
    let mut entry = chosen.entry.clone();
    entry.key = Some(match entry.key {
        Some(key) if !args.stdin => key,
        _ => read_key(args.stdin)?,
    });
    let chosen = Chosen { name: chosen.name.clone(), entry };
    let me = chosen.client()?.me().await?;
    if file.path.as_os_str().is_empty() {
        return Err(anyhow::anyhow!("no home folder; set NOVA_CONTEXTS to a file").into());
    }
    file.current = Some(chosen.name.clone());
    file.contexts.insert(chosen.name.clone(), chosen.entry);
    file.save()?;
    let lines = [
        ("context", chosen.name),
        ("subject", me.subject.clone()),
        ("name", me.name.clone()),
        ("kept in", file.path.display().to_string()),
    ];
    printer.one(&me, &lines)?;
    Ok(())
}

fn read_key(stdin: bool) -> anyhow::Result<String> {
    let mut text = String::new();
    if !stdin && std::io::stdin().is_terminal() {
        text = rpassword::prompt_password("Key: ").context("cannot read the key")?;
    } else {
        std::io::stdin().lock().take(64 * 1024).read_to_string(&mut text).context("cannot read the key")?;
    }
    let text = text.trim();
    if text.is_empty() {
        bail!("no key was given");
    }
    Ok(text.to_owned())
}

/// Forgets the key of a context.
pub(super) fn logout(name: Option<&str>) -> anyhow::Result<()> {
    let mut file = Contexts::load()?;
    let name = name.unwrap_or_else(|| file.current_name()).to_owned();
    match file.contexts.get_mut(&name) {
        Some(entry) if entry.key.is_some() => entry.key = None,
        _ => bail!("context `{name}` has no key"),
    }
    file.save()
}

pub(super) fn run(command: &ContextCommand, format: Format) -> anyhow::Result<()> {
    let mut file = Contexts::load()?;
    match command {
        ContextCommand::List => return list(&file, format),
        ContextCommand::Use { name } => {
            if !file.contexts.contains_key(name) {
                bail!("there is no context `{name}`; `nova --context {name} login` makes one");
            }
            file.current = Some(name.clone());
        }
        ContextCommand::Set { name, server, tenant, namespace } => {
            let entry = file.contexts.entry(name.clone()).or_default();
            if server.is_some() && *server != entry.server {
                // A key is for one server.
                entry.key = None;
                entry.server = server.clone();
            }
            entry.tenant = tenant.clone().or(entry.tenant.take());
            entry.namespace = namespace.clone().or(entry.namespace.take());
        }
        ContextCommand::Delete { name } => {
            if file.contexts.remove(name).is_none() {
                bail!("there is no context `{name}`");
            }
            if file.current.as_deref() == Some(name) {
                file.current = None;
            }
        }
    }
    file.save()
}

fn list(file: &Contexts, format: Format) -> anyhow::Result<()> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let shown: Vec<_> = file
        .contexts
        .iter()
        .map(|(name, entry)| {
            serde_json::json!({
                "name": name, "current": name == file.current_name(), "server": entry.server,
                "tenant": entry.tenant, "namespace": entry.namespace, "has_key": entry.key.is_some(),
            })
        })
        .collect();
    let rows = file
        .contexts
        .iter()
        .map(|(name, entry)| {
            let mark = if name == file.current_name() { "*" } else { "" };
            let key = if entry.key.is_some() { "yes" } else { "" };
            vec![
                mark.to_owned(),
                name.clone(),
                text(&entry.server),
                text(&entry.tenant),
                text(&entry.namespace),
                key.to_owned(),
            ]
        })
        .collect();
    Printer::new(format).many(&shown, &["", "name", "server", "tenant", "namespace", "key"], rows)
}

/// `nova whoami`.
pub(super) async fn whoami(context: &Context) -> CommandResult {
    let me = context.client.me().await?;
    let roles: Vec<String> = me
        .roles
        .iter()
        .map(|held| match (held.namespaces.as_str(), held.resources.as_str()) {
            ("*", "*") => format!("{} in {}", held.role, held.tenant),
            (namespaces, resources) => {
                format!("{} in {}/{namespaces} for {resources}", held.role, held.tenant)
            }
        })
        .collect();
    let scopes: Vec<String> =
        me.scopes.iter().map(|scope| format!("{}: {}", scope.tenant, scope.namespaces.join(" "))).collect();
    let named: Vec<String> =
        me.named.iter().map(|some| format!("{}: {}", some.names, some.permissions.join(" "))).collect();
    let mut lines = vec![
        ("subject", me.subject.clone()),
        ("name", me.name.clone()),
        ("acts in", format!("{}/{}", me.tenant, me.namespace)),
        ("roles", roles.join(", ")),
        ("may there", me.permissions.join(" ")),
    ];
    if !named.is_empty() {
        lines.push(("and with some names", named.join("; ")));
    }
    lines.push(("scopes", scopes.join("; ")));
    context.printer.one(&me, &lines)?;
    Ok(())
}
