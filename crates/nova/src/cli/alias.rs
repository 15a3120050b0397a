//! `nova alias`.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use nova_api::client::PageQuery;
use nova_api::v1::{AliasView, CreateAlias, Patch, PatchAlias, RolloutView, WeightView};

use super::output::{self, Format};
use super::{CommandResult, Context};

#[derive(Debug, Subcommand)]
pub(crate) enum AliasCommand {
    /// List the aliases of a function.
    List { function: String },
    /// Point an alias to a version; it is created if it is not there.
    Set(SetArgs),
    /// Show an alias, what it pointed to before, and its rollout.
    Show { function: String, alias: String },
    /// Delete an alias.
    Delete { function: String, alias: String },
    /// Give all calls to one version (without a number: to the only one besides the alias's own).
    Promote { function: String, alias: String, version: Option<u32> },
    /// Point an alias to what it pointed to before.
    Rollback { function: String, alias: String },
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    function: String,
    alias: String,
    /// The version that gets all calls, or those that no weight gives to another.
    version: u32,
    /// Percent of the calls for another version, repeatable: --weight 4=10.
    #[arg(long = "weight", value_name = "VERSION=PERCENT")]
    weights: Vec<String>,
    #[arg(long)]
    description: Option<String>,
}

pub(super) async fn run(context: &Context, command: AliasCommand) -> CommandResult {
    let client = &context.client;
    match command {
        AliasCommand::List { function } => list(context, &function).await?,
        AliasCommand::Set(args) => show(context, &set(context, args).await?)?,
        AliasCommand::Show { function, alias } => show(context, &client.get_alias(&function, &alias).await?)?,
        AliasCommand::Delete { function, alias } => {
            client.delete_alias(&function, &alias, None).await?;
            if context.printer.format == Format::Table {
                output::write_out(&format!("alias {alias} of {function} is deleted\n"))?;
            }
        }
        AliasCommand::Promote { function, alias, version } => {
            show(context, &client.promote_alias(&function, &alias, version).await?)?;
        }
        AliasCommand::Rollback { function, alias } => {
            show(context, &client.rollback_alias(&function, &alias).await?)?;
        }
    }
    Ok(())
}

async fn set(context: &Context, args: SetArgs) -> anyhow::Result<AliasView> {
    let weights = weights_of(&args.weights)?;
    let patch = PatchAlias {
        version: Some(args.version),
        weights: Some(weights.clone()),
        description: args.description.clone().map_or(Patch::Absent, Patch::Value),
    };
    match context.client.update_alias(&args.function, &args.alias, &patch).await {
        // Either of the two may be missing; creating tells which.
        Err(error) if error.problem().is_some_and(|problem| problem.code == "not_found") => {
            let new = CreateAlias {
                name: args.alias,
                version: args.version,
                weights,
                description: args.description.unwrap_or_default(),
            };
            Ok(context.client.create_alias(&args.function, &new).await?)
        }
        other => Ok(other?),
    }
}

fn weights_of(texts: &[String]) -> anyhow::Result<BTreeMap<String, u32>> {
    let mut weights = BTreeMap::new();
    for text in texts {
        let (version, percent) =
            text.split_once('=').with_context(|| format!("--weight {text:?} is not VERSION=PERCENT"))?;
        let percent = percent.trim_end_matches('%');
        let percent =
            percent.parse().with_context(|| format!("--weight {text:?}: {percent:?} is no percentage"))?;
        if weights.insert(version.trim_start_matches('v').to_owned(), percent).is_some() {
            bail!("--weight is given twice for version {version}");
        }
    }
    Ok(weights)
}

async fn list(context: &Context, function: &str) -> anyhow::Result<()> {
    let page = context.client.list_aliases(function, &PageQuery { limit: Some(500), cursor: None }).await?;
    let rows = page
        .items
        .iter()
        .map(|view| {
            vec![
                view.name.clone(),
                shares(&view.weights),
                view.rollout.as_ref().map_or_else(String::new, progress),
                output::time(view.updated_at),
                view.description.clone(),
            ]
        })
        .collect();
    context.printer.many(&page.items, &["name", "versions", "rollout", "updated", "description"], rows)
}

pub(super) fn show(context: &Context, view: &AliasView) -> anyhow::Result<()> {
    let mut lines = vec![
        ("name", view.name.clone()),
        ("function", view.function.clone()),
        ("version", view.version.to_string()),
        ("calls go to", shares(&view.weights)),
        ("description", view.description.clone()),
    ];
    if let Some(rollout) = &view.rollout {
        lines.push(("rollout", progress(rollout)));
    }
    for past in &view.history {
        lines.push(("before", format!("{} (until {})", shares(&past.weights), output::time(past.until))));
    }
    lines.push(("updated", output::time(view.updated_at)));
    context.printer.one(view, &lines)
}

/// `v3 90 %, v4 10 %`.
fn shares(weights: &[WeightView]) -> String {
    let shares: Vec<_> = weights.iter().map(|one| format!("v{} {} %", one.version, one.weight)).collect();
    shares.join(", ")
}

/// One line about a rollout.
pub(super) fn progress(rollout: &RolloutView) -> String {
    let mut text = format!(
        "{} to v{}, step {} of {} ({} %), {} calls, {} failed",
        rollout.status.as_str(),
        rollout.version,
        rollout.step,
        rollout.steps.len(),
        rollout.weight,
        rollout.calls,
        rollout.errors
    );
    if !rollout.note.is_empty() {
        text.push_str("; ");
        text.push_str(&rollout.note);
    }
    text
}
