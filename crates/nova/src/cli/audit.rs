//! `nova audit`: who changed what, and whether the log of it is whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use nova_api::client::{ListAudit, PageQuery, VerifyAudit};
use nova_api::v1::{AuditVerification, AuditView};
use nova_kit::dirs::{Dirs, Surroundings};
use serde::{Deserialize, Serialize};

use super::output::{self, Format, Printer, time};
use super::pages::{all, up_to};
use super::{CommandResult, Context, Failure, ServerOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List who changed what, newest first.
    List(ListArgs),
    /// Show an entry with what was before and after.
    Show {
        /// Its number.
        seq: u64,
        #[arg(long)]
        of_server: bool,
    },
    /// Look whether every entry is there and is what was written; exit code 1 if not.
    Verify(VerifyArgs),
    /// The same on this host's database itself, for every tenant (the server must be stopped if it is
    /// SQLite).
    VerifyDatabase(ServerOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Entries of the server itself: tenants, users, sessions.
    #[arg(long)]
    of_server: bool,
    /// Id or name of who did it.
    #[arg(long)]
    actor: Option<String>,
    /// Permission (`function:update`) or endpoint (`update_function`).
    #[arg(long)]
    action: Option<String>,
    /// Kind (`function`), or kind and name (`function:hello`).
    #[arg(long)]
    resource: Option<String>,
    /// `done`, `refused` or `failed`.
    #[arg(long)]
    outcome: Option<String>,
    /// Then or later: RFC 3339, or how long ago (`2h`, `7d`).
    #[arg(long)]
    since: Option<String>,
    /// Before.
    #[arg(long)]
    until: Option<String>,
    /// Most entries.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The log of the server itself.
    #[arg(long)]
    of_server: bool,
    /// Those of every tenant that you may use, and of the server.
    #[arg(long, conflicts_with = "of_server")]
    all: bool,
    /// File that keeps the last entry of each log: it must still be there next time, so that a log
    /// that was written anew is found. Keep it where whoever may write to the database may not.
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, command: AuditCommand) -> CommandResult {
    match command {
        AuditCommand::List(args) => list(context, args).await,
        AuditCommand::Show { seq, of_server } => show(context, seq, of_server).await,
        AuditCommand::Verify(args) => verify(context, &args).await,
        AuditCommand::VerifyDatabase(_) => unreachable!("handled before a client is made"),
    }
}

fn who(view: &AuditView) -> String {
    if view.actor.name.is_empty() { view.actor.kind.clone() } else { view.actor.name.clone() }
}

fn what(view: &AuditView) -> String {
    match view.resource.name.as_str() {
        "" => view.resource.kind.clone(),
        name => format!("{} {name}", view.resource.kind),
    }
}

async fn list(context: &Context, args: ListArgs) -> CommandResult {
    let query = ListAudit {
        server: args.of_server,
        actor: args.actor,
        action: args.action,
        resource: args.resource,
        outcome: args.outcome,
        since: args.since,
        until: args.until,
        ..ListAudit::default()
    };
    let items = up_to(args.limit, async |page: &PageQuery| {
        let query = ListAudit { limit: page.limit, cursor: page.cursor.clone(), ..query.clone() };
        context.client.list_audit(&query).await
    })
    .await?;
    let rows = items
        .iter()
        .map(|view| {
            vec![
                view.seq.to_string(),
                time(view.at),
                who(view),
                view.operation.clone(),
                what(view),
                view.outcome.clone(),
                view.changed.join(", "),
            ]
        })
        .collect();
    context.printer.many(&items, &["entry", "at", "who", "did", "what", "outcome", "changed"], rows)?;
    Ok(())
}

async fn show(context: &Context, seq: u64, of_server: bool) -> CommandResult {
    let view = context.client.get_audit(seq, of_server).await?;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let json = |value: &Option<Box<serde_json::value::RawValue>>| {
        value.as_ref().map_or_else(|| "-".to_owned(), |value| value.get().to_owned())
    };
    let id = if view.actor.id.is_empty() { String::new() } else { format!(" {}", view.actor.id) };
    let lines = [
        ("entry", view.seq.to_string()),
        ("at", time(view.at)),
        ("who", format!("{} ({}{id})", who(&view), view.actor.kind)),
        ("credential", text(&view.actor.credential)),
        ("from", text(&view.address)),
        ("request", text(&view.request_id)),
        ("tenant", view.tenant.clone().unwrap_or_else(|| "(the server)".to_owned())),
        ("namespace", text(&view.namespace)),
        ("did", format!("{} ({})", view.operation, view.action)),
        ("what", what(&view)),
        (
            "outcome",
            view.error.as_ref().map_or(view.outcome.clone(), |error| format!("{} ({error})", view.outcome)),
        ),
        ("changed", view.changed.join(", ")),
        ("before", json(&view.before)),
        ("after", json(&view.after)),
        ("hash", view.hash.clone()),
        ("previous", view.previous.clone()),
    ];
    context.printer.one(&view, &lines)?;
    Ok(())
}

/// The last entry of a log as it is kept elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Anchor {
    seq: u64,
    hash: String,
}

type Anchors = BTreeMap<String, Anchor>;

fn read_anchors(path: &Path) -> anyhow::Result<Anchors> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
            format!("{} is no file of anchors (nova audit verify --anchors)", path.display())
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Anchors::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The new file replaces the old one whole.
fn write_anchors(path: &Path, anchors: &Anchors) -> anyhow::Result<()> {
    let next = path.with_extension("new");
    let text = serde_json::to_vec_pretty(anchors)?;
    let written = std::fs::write(&next, text).and_then(|()| std::fs::rename(&next, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// How a log is called in a file of anchors; no tenant can be called `*`.
fn name_of(found: &AuditVerification) -> String {
    found.tenant.clone().unwrap_or_else(|| "*".to_owned())
}

async fn verify(context: &Context, args: &VerifyArgs) -> CommandResult {
    let mut anchors = match &args.anchors {
        Some(path) => read_anchors(path)?,
        None => Anchors::new(),
    };
    let mut found = Vec::new();
    let client = &context.client;
    let query = |name: Option<&str>, server: bool| {
        let anchor = name.and_then(|name| anchors.get(name));
        VerifyAudit {
            server,
            anchor_seq: anchor.map(|anchor| anchor.seq),
            anchor_hash: anchor.map(|anchor| anchor.hash.clone()),
        }
    };
    if args.all {
        found.push(client.verify_audit(&query(Some("*"), true)).await?);
        for tenant in all(async |page: &PageQuery| client.list_tenants(page).await).await? {
            let of = client.in_scope(tenant.name.as_str(), None);
            found.push(of.verify_audit(&query(Some(&tenant.name), false)).await?);
        }
    } else if args.of_server {
        found.push(client.verify_audit(&query(Some("*"), true)).await?);
    } else {
        // Which tenant is meant, the server says.
        let tenant = if anchors.is_empty() { None } else { Some(client.me().await?.tenant) };
        found.push(client.verify_audit(&query(tenant.as_deref(), false)).await?);
    }
    for one in &found {
        if let (true, Some(seq), Some(hash)) = (one.intact, one.head_seq, &one.head_hash) {
            anchors.insert(name_of(one), Anchor { seq, hash: hash.clone() });
        }
    }
    report(&context.printer, &found)?;
    if let Some(path) = &args.anchors {
        write_anchors(path, &anchors)?;
    }
    end(&found)
}

fn report(printer: &Printer, found: &[AuditVerification]) -> anyhow::Result<()> {
    let rows = found
        .iter()
        .map(|one| {
            let state = match &one.broken {
                None => "intact".to_owned(),
                Some(broken) => format!("BROKEN at entry {}: {}", broken.seq, broken.why),
            };
            vec![
                one.tenant.clone().unwrap_or_else(|| "(the server)".to_owned()),
                one.entries.to_string(),
                one.head_hash.clone().unwrap_or_else(|| "-".to_owned()),
                state,
            ]
        })
        .collect();
    printer.many(&found, &["tenant", "entries", "last hash", "state"], rows)
}

fn end(found: &[AuditVerification]) -> CommandResult {
    if found.iter().all(|one| one.intact) {
        return Ok(());
    }
    eprintln!("error: the audit log is not what was written");
    Err(Failure::Function)
}

/// Works on the database itself.
pub(super) fn verify_database(options: &ServerOptions, format: Format) -> CommandResult {
    let settings = options.load()?.settings;
    let dirs =
        Dirs::resolve(&Surroundings::here(), &settings.dirs.data, &settings.dirs.cache, &settings.dirs.run);
    let url = crate::serve::database_url(&settings, &dirs)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start")?;
    let found = runtime.block_on(crate::serve::verify_audit(&url))?;
    report(&Printer::new(format), &found)?;
    if format == Format::Table && found.is_empty() {
        output::write_out("there are no entries yet\n")?;
    }
    end(&found)
}
