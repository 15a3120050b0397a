//! `nova tenant` and `nova namespace`.

use clap::Subcommand;
use nova_api::client::PageQuery;
use nova_api::v1::{CreateNamespace, CreateTenant, NamespaceView, TenantView};

use super::key::time;
use super::output::{self, Format};
use super::pages::all;
use super::{CommandResult, Context};

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Make a tenant with its namespace `default`.
    Create {
        name: String,
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List tenants that you may use.
    List,
    /// Show a tenant.
    Show { name: String },
    /// Delete a tenant that has no functions, with its keys, members and roles.
    Delete { name: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum NamespaceCommand {
    /// Make a namespace.
    Create {
        name: String,
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List namespaces.
    List,
    /// Show a namespace.
    Show { name: String },
    /// Delete a namespace that has no functions.
    Delete { name: String },
}

fn say(context: &Context, text: &str) -> anyhow::Result<()> {
    if context.printer.format == Format::Table { output::write_out(text) } else { Ok(()) }
}

fn show_tenant(context: &Context, view: &TenantView) -> CommandResult {
    let lines = [
        ("name", view.name.clone()),
        ("description", view.description.clone()),
        ("created", time(Some(view.created_at))),
    ];
    context.printer.one(view, &lines)?;
    Ok(())
}

fn show_namespace(context: &Context, view: &NamespaceView) -> CommandResult {
    let lines = [
        ("name", view.name.clone()),
        ("tenant", view.tenant.clone()),
        ("description", view.description.clone()),
        ("created", time(Some(view.created_at))),
    ];
    context.printer.one(view, &lines)?;
    Ok(())
}

pub(super) async fn tenants(context: &Context, command: TenantCommand) -> CommandResult {
    let client = &context.client;
    match command {
        TenantCommand::Create { name, description } => {
            show_tenant(context, &client.create_tenant(&CreateTenant { name, description }).await?)
        }
        TenantCommand::Show { name } => show_tenant(context, &client.get_tenant(&name).await?),
        TenantCommand::Delete { name } => {
            client.delete_tenant(&name).await?;
            say(context, &format!("tenant {name} is deleted\n"))?;
            Ok(())
        }
        TenantCommand::List => {
            let items = all(async |page: &PageQuery| client.list_tenants(page).await).await?;
            let rows = items
                .iter()
                .map(|view| vec![view.name.clone(), view.description.clone(), time(Some(view.created_at))])
                .collect();
            context.printer.many(&items, &["name", "description", "created"], rows)?;
            Ok(())
        }
    }
}

pub(super) async fn namespaces(context: &Context, command: NamespaceCommand) -> CommandResult {
    let client = &context.client;
    match command {
        NamespaceCommand::Create { name, description } => {
            show_namespace(context, &client.create_namespace(&CreateNamespace { name, description }).await?)
        }
        NamespaceCommand::Show { name } => show_namespace(context, &client.get_namespace(&name).await?),
        NamespaceCommand::Delete { name } => {
            client.delete_namespace(&name).await?;
            say(context, &format!("namespace {name} is deleted\n"))?;
            Ok(())
        }
        NamespaceCommand::List => {
            let items = all(async |page: &PageQuery| client.list_namespaces(page).await).await?;
            let rows = items
                .iter()
                .map(|view| vec![view.name.clone(), view.description.clone(), time(Some(view.created_at))])
                .collect();
            context.printer.many(&items, &["name", "description", "created"], rows)?;
            Ok(())
        }
    }
}
