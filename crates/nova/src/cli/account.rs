//! `nova account`: service accounts, the programs of a tenant.

use clap::Subcommand;
use nova_api::v1::{CreateServiceAccount, ServiceAccountView};

use super::key::time;
use super::pages::all;
use super::user::say;
use super::{CommandResult, Context};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make a service account; then give it roles (`nova binding create service:ID ROLE`) and keys
    /// (`nova key create NAME --service-account ACCOUNT`).
    Create {
        name: String,
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List service accounts of the tenant.
    List,
    /// Show a service account.
    Show { name: String },
    /// Delete a service account; its keys end.
    Delete { name: String },
}

pub(super) async fn run(context: &Context, command: AccountCommand) -> CommandResult {
    let client = &context.client;
    match command {
        AccountCommand::Create { name, description } => {
            let body = CreateServiceAccount { name, description };
            show(context, &client.create_service_account(&body).await?)?;
        }
        AccountCommand::Show { name } => show(context, &client.get_service_account(&name).await?)?,
        AccountCommand::List => {
            let items = all(async |page| client.list_service_accounts(page).await).await?;
            let row = |view: &ServiceAccountView| {
                let created = time(Some(view.created_at));
                vec![view.name.clone(), view.subject.clone(), view.description.clone(), created]
            };
            let head = ["name", "subject", "description", "created"];
            context.printer.many(&items, &head, items.iter().map(row).collect())?;
        }
        AccountCommand::Delete { name } => {
            client.delete_service_account(&name).await?;
            say(context, &format!("service account {name} is deleted\n"))?;
        }
    }
    Ok(())
}

fn show(context: &Context, view: &ServiceAccountView) -> anyhow::Result<()> {
    let lines = [
        ("name", view.name.clone()),
        ("subject", view.subject.clone()),
        ("description", view.description.clone()),
        ("created", time(Some(view.created_at))),
    ];
    context.printer.one(view, &lines)
}
