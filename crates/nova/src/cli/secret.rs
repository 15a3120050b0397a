//! `nova secret`.

use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use nova_api::client::PageQuery;
use nova_api::v1::secret::SecretText;
use nova_api::v1::{CreateSecret, PatchSecret, SecretView};

use super::output::{self, Format};
use super::pages::all;
use super::{CommandResult, Context};

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Create a secret, or give an existing one a new value. The value is read from stdin or a file,
    /// never from the command line, where others could see it.
    Set(SetArgs),
    /// List secrets; values are never shown.
    List,
    /// Show a secret without its value.
    Show { name: String },
    /// Let functions have a secret: names, or beginnings of names such as 'api-*'.
    Grant {
        name: String,
        #[arg(required = true)]
        functions: Vec<String>,
    },
    /// Take grants back.
    Revoke {
        name: String,
        #[arg(required = true)]
        functions: Vec<String>,
    },
    /// Delete a secret.
    Delete { name: String },
    /// Make a new master key and seal every secret again with it.
    RotateKey,
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    name: String,
    /// Read the value from this file instead of stdin. A newline at the end is left out.
    #[arg(long, value_name = "FILE")]
    file: Option<std::path::PathBuf>,
    #[arg(long)]
    description: Option<String>,
    /// Function that may have it; can be given several times.
    #[arg(long = "function", value_name = "NAME")]
    functions: Vec<String>,
}

pub(super) async fn run(context: &Context, command: SecretCommand) -> CommandResult {
    let client = &context.client;
    match command {
        SecretCommand::Set(args) => set(context, args).await?,
        SecretCommand::List => list(context).await?,
        SecretCommand::Show { name } => show(context, &client.get_secret(&name).await?)?,
        SecretCommand::Grant { name, functions } => {
            let patch = PatchSecret { grant: functions, ..PatchSecret::default() };
            show(context, &client.update_secret(&name, &patch).await?)?;
        }
        SecretCommand::Revoke { name, functions } => {
            let patch = PatchSecret { revoke: functions, ..PatchSecret::default() };
            show(context, &client.update_secret(&name, &patch).await?)?;
        }
        SecretCommand::Delete { name } => {
            client.delete_secret(&name).await?;
            if context.printer.format == Format::Table {
                output::write_out(&format!("{name} is deleted\n"))?;
            }
        }
        SecretCommand::RotateKey => {
            let done = client.rotate_master_key().await?;
            let lines = [
                ("master key", done.key_id.clone()),
                ("sealed again", done.resealed.to_string()),
                ("unreadable", done.unreadable.to_string()),
            ];
            context.printer.one(&done, &lines)?;
        }
    }
    Ok(())
}

async fn set(context: &Context, args: SetArgs) -> anyhow::Result<()> {
    let value = SecretText(value_of(&args)?);
    // Most often there is one already: a new value is what secrets get most.
    let patch = PatchSecret {
        value: Some(value.clone()),
        description: args.description.clone().map_or_else(Default::default, nova_api::v1::Patch::Value),
        grant: args.functions.clone(),
        ..PatchSecret::default()
    };
    let view = match context.client.update_secret(&args.name, &patch).await {
        Err(error) if error.problem().is_some_and(|problem| problem.code == "not_found") => {
            let new = CreateSecret {
                name: args.name,
                value,
                description: args.description.unwrap_or_default(),
                functions: args.functions,
            };
            context.client.create_secret(&new).await?
        }
        other => other?,
    };
    show(context, &view)
}

fn value_of(args: &SetArgs) -> anyhow::Result<String> {
    let mut text = String::new();
    match &args.file {
        Some(path) => {
            text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        }
        None => {
            if std::io::stdin().is_terminal() {
                eprintln!("Value of `{}` (end with Ctrl-D):", args.name);
            }
            std::io::stdin().read_to_string(&mut text).context("cannot read the value from stdin")?;
        }
    }
    let value = text.strip_suffix('\n').map_or(&*text, |text| text.strip_suffix('\r').unwrap_or(text));
    if value.is_empty() {
        bail!("the value is empty; pipe it in: printf %s VALUE | nova secret set {}", args.name);
    }
    Ok(value.to_owned())
}

async fn list(context: &Context) -> anyhow::Result<()> {
    let items = all(async |page: &PageQuery| context.client.list_secrets(page).await).await?;
    let rows = items
        .iter()
        .map(|view| {
            vec![
                view.name.clone(),
                view.version.to_string(),
                view.functions.join(" "),
                output::time(view.updated_at),
                view.description.clone(),
            ]
        })
        .collect();
    context.printer.many(&items, &["name", "version", "functions", "updated", "description"], rows)
}

fn show(context: &Context, view: &SecretView) -> anyhow::Result<()> {
    let functions = if view.functions.is_empty() {
        format!("none; run: nova secret grant {} FUNCTION", view.name)
    } else {
        view.functions.join(" ")
    };
    let lines = [
        ("name", view.name.clone()),
        ("description", view.description.clone()),
        ("version", view.version.to_string()),
        ("functions", functions),
        ("use", format!("nova fn update FUNCTION --env NAME=$SECRET:{}", view.name)),
        ("created", output::time(view.created_at)),
        ("updated", output::time(view.updated_at)),
    ];
    context.printer.one(view, &lines)
}
