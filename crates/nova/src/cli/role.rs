//! `nova role` and `nova binding`: sets of permissions, and who has them.

use anyhow::bail;
use clap::Subcommand;
use nova_api::v1::{BindingView, CreateBinding, CreateRole, PutRole, RoleView};

use super::key::role_grant;
use super::pages::{all, all_of};
use super::user::{done, say};
use super::{CommandResult, Context};

#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// List the built-in roles and those of the tenant.
    List,
    /// Show a role with its permissions.
    Show { name: String },
    /// Make a role of the tenant.
    Create {
        name: String,
        /// Permission such as `function:invoke`, repeatable; `nova role show owner` lists them.
        #[arg(long = "permission", value_name = "NOUN:VERB", required = true)]
        permissions: Vec<String>,
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Change a role of the tenant; whoever has it gets the change at once.
    Update {
        name: String,
        /// Permission to add, repeatable.
        #[arg(long, value_name = "NOUN:VERB")]
        add: Vec<String>,
        /// Permission to take away, repeatable.
        #[arg(long, value_name = "NOUN:VERB")]
        remove: Vec<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a role that nobody has.
    Delete { name: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum BindingCommand {
    /// List who has which role.
    List {
        /// Roles over the whole server.
        #[arg(long)]
        of_server: bool,
    },
    /// Give a role: `nova binding create user:ID operator@staging`.
    Create {
        /// `user:ID`, `service:ID` or `key:ID`.
        subject: String,
        /// `ROLE`, `ROLE@NAMESPACES` or `ROLE@NAMESPACES/RESOURCES`, such as `invoker@prod/billing-*`.
        #[arg(value_name = "ROLE[@NAMESPACES[/RESOURCES]]")]
        role: String,
        /// Over the whole server.
        #[arg(long)]
        of_server: bool,
    },
    /// Take a role away.
    Delete {
        id: String,
        #[arg(long)]
        of_server: bool,
    },
}

pub(super) async fn roles(context: &Context, command: RoleCommand) -> CommandResult {
    let client = &context.client;
    match command {
        RoleCommand::List => {
            let items = all(async |page| client.list_roles(page).await).await?;
            let row = |view: &RoleView| {
                let kind = if view.built_in { "built in" } else { "own" };
                let count = view.permissions.len().to_string();
                vec![view.name.clone(), kind.to_owned(), count, view.description.clone()]
            };
            let head = ["name", "kind", "permissions", "description"];
            context.printer.many(&items, &head, items.iter().map(row).collect())?;
        }
        RoleCommand::Show { name } => show(context, &client.get_role(&name).await?)?,
        RoleCommand::Create { name, permissions, description } => {
            show(context, &client.create_role(&CreateRole { name, description, permissions }).await?)?;
        }
        RoleCommand::Update { name, add, remove, description } => {
            let before = client.get_role(&name).await?;
            let body = changed(before, add, &remove, description)?;
            show(context, &client.put_role(&name, &body).await?)?;
        }
        RoleCommand::Delete { name } => {
            client.delete_role(&name).await?;
            say(context, &format!("role {name} is deleted\n"))?;
        }
    }
    Ok(())
}

fn changed(
    before: RoleView,
    add: Vec<String>,
    remove: &[String],
    description: Option<String>,
) -> anyhow::Result<PutRole> {
    if before.built_in {
        bail!(
            "role {} is built in and stays as it is; make one of your own with `nova role create`",
            before.name
        );
    }
    if let Some(missing) = remove.iter().find(|permission| !before.permissions.contains(permission)) {
        bail!("role {} does not have {missing}; `nova role show {0}` lists what it has", before.name);
    }
    let mut permissions = before.permissions;
    permissions.retain(|permission| !remove.contains(permission));
    permissions.extend(add);
    Ok(PutRole { description: description.unwrap_or(before.description), permissions })
}

fn show(context: &Context, view: &RoleView) -> anyhow::Result<()> {
    let mut lines = vec![
        ("name", view.name.clone()),
        ("kind", if view.built_in { "built in" } else { "own" }.to_owned()),
        ("description", view.description.clone()),
    ];
    lines.extend(view.permissions.iter().map(|permission| ("permission", permission.clone())));
    context.printer.one(view, &lines)
}

pub(super) async fn bindings(context: &Context, command: BindingCommand) -> CommandResult {
    let client = &context.client;
    match command {
        BindingCommand::List { of_server } => {
            let items = all_of(of_server, async |query| client.list_bindings(query).await).await?;
            let row = |view: &BindingView| {
                let (subject, role) = (view.subject.clone(), view.role.clone());
                vec![view.id.clone(), subject, role, view.namespaces.clone(), view.resources.clone()]
            };
            let head = ["id", "subject", "role", "namespaces", "resources"];
            context.printer.many(&items, &head, items.iter().map(row).collect())?;
        }
        BindingCommand::Create { subject, role, of_server } => {
            let grant = role_grant(&role);
            let body = CreateBinding {
                subject,
                role: grant.role,
                namespaces: Some(grant.namespaces),
                resources: Some(grant.resources),
                server: of_server,
            };
            let made = client.create_binding(&body).await?;
            let text = format!("{} has role {} now (binding {})\n", made.subject, made.role, made.id);
            done(context, &made, &text)?;
        }
        BindingCommand::Delete { id, of_server } => {
            client.delete_binding(&id, of_server).await?;
            say(context, &format!("binding {id} is taken away\n"))?;
        }
    }
    Ok(())
}
