//! `nova user`: members of a tenant, users of the server, invitations.

use anyhow::bail;
use clap::Subcommand;
use nova_api::v1::{CreateInvitation, InvitationView, MemberView, PatchUser, SetMember, UserView};
use serde::Serialize;

use super::key::time;
use super::output::{self, Format};
use super::pages::{all, all_of};
use super::{CommandResult, Context};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List members of the tenant.
    List {
        /// Every user of the server.
        #[arg(long)]
        of_server: bool,
    },
    /// Show a member of the tenant, by id or address.
    Show {
        who: String,
        /// A user of the server.
        #[arg(long)]
        of_server: bool,
    },
    /// Invite somebody; the link is shown this one time.
    Invite {
        email: String,
        /// What they will be in the tenant: owner, admin or member.
        #[arg(long, default_value = "member", conflicts_with = "of_server")]
        role: String,
        /// Only an account on the server, no membership.
        #[arg(long)]
        of_server: bool,
        /// An administrator of the whole server.
        #[arg(long, requires = "of_server")]
        superadmin: bool,
    },
    /// List invitations that were not accepted yet.
    Invitations {
        #[arg(long)]
        of_server: bool,
    },
    /// Take an invitation back.
    Withdraw {
        id: String,
        #[arg(long)]
        of_server: bool,
    },
    /// Make a user a member of the tenant, or change what a member is.
    SetRole {
        /// Id or address of a member; id of somebody who is none yet.
        who: String,
        /// owner, admin or member.
        role: String,
    },
    /// End a membership of the tenant.
    Remove {
        /// Id or address.
        who: String,
        /// Delete the account itself, with everything that lets its owner act.
        #[arg(long)]
        of_server: bool,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
    },
    /// Keep a user of the server out; their keys and sessions open nothing while it lasts.
    Disable { who: String },
    /// Let a user of the server in again.
    Enable { who: String },
}

pub(super) async fn run(context: &Context, command: UserCommand) -> CommandResult {
    let client = &context.client;
    match command {
        UserCommand::List { of_server: false } => {
            let items = all(async |page| client.list_members(page).await).await?;
            members(context, &items)?;
        }
        UserCommand::List { of_server: true } => {
            let items = all(async |page| client.list_users(page).await).await?;
            users(context, &items)?;
        }
        UserCommand::Show { who, of_server: false } => {
            let view = member(context, &who).await?;
            let lines = [
                ("id", view.user.clone()),
                ("email", view.email.clone()),
                ("name", view.name.clone()),
                ("role", view.role.clone()),
                ("state", state(view.disabled).to_owned()),
            ];
            context.printer.one(&view, &lines)?;
        }
        UserCommand::Show { who, of_server: true } => show(context, &user(context, &who).await?)?,
        UserCommand::Invite { email, role, of_server, superadmin } => {
            let role = (!of_server).then_some(role);
            invite(context, CreateInvitation { email, role, server: of_server, superadmin }).await?;
        }
        UserCommand::Invitations { of_server } => {
            let items = all_of(of_server, async |query| client.list_invitations(query).await).await?;
            invitations(context, &items)?;
        }
        UserCommand::Withdraw { id, of_server } => {
            client.delete_invitation(&id, of_server).await?;
            say(context, &format!("invitation {id} is taken back\n"))?;
        }
        UserCommand::SetRole { who, role } => {
            let id = if who.contains('@') { member(context, &who).await?.user } else { who };
            let view = client.set_member(&id, &SetMember { role }).await?;
            done(context, &view, &format!("{} is {} now\n", view.email, view.role))?;
        }
        UserCommand::Remove { who, of_server: false, yes } => {
            let view = member(context, &who).await?;
            confirm(yes, &format!("This ends the membership of {}", view.email), &view.email)?;
            client.remove_member(&view.user).await?;
            say(context, &format!("{} is no member any more\n", view.email))?;
        }
        UserCommand::Remove { who, of_server: true, yes } => {
            let view = user(context, &who).await?;
            confirm(yes, &format!("This deletes the account of {}", view.email), &view.email)?;
            client.delete_user(&view.id).await?;
            say(context, &format!("{} is deleted\n", view.email))?;
        }
        UserCommand::Disable { who } => set_disabled(context, &who, true).await?,
        UserCommand::Enable { who } => set_disabled(context, &who, false).await?,
    }
    Ok(())
}

fn state(disabled: bool) -> &'static str {
    if disabled { "disabled" } else { "active" }
}

pub(super) fn say(context: &Context, text: &str) -> anyhow::Result<()> {
    if context.printer.format == Format::Table { output::write_out(text) } else { Ok(()) }
}

/// A sentence for people, the thing itself for programs.
pub(super) fn done<T: Serialize>(context: &Context, view: &T, text: &str) -> anyhow::Result<()> {
    if context.printer.format == Format::Table {
        return output::write_out(text);
    }
    context.printer.one(view, &[])
}

fn members(context: &Context, items: &[MemberView]) -> anyhow::Result<()> {
    let row = |view: &MemberView| {
        let state = state(view.disabled).to_owned();
        vec![view.user.clone(), view.email.clone(), view.name.clone(), view.role.clone(), state]
    };
    context.printer.many(&items, &["id", "email", "name", "role", "state"], items.iter().map(row).collect())
}

fn users(context: &Context, items: &[UserView]) -> anyhow::Result<()> {
    let row = |view: &UserView| {
        let over = if view.superadmin { "server" } else { "" };
        let state = state(view.disabled).to_owned();
        let (id, email, name) = (view.id.clone(), view.email.clone(), view.name.clone());
        vec![id, email, name, over.to_owned(), state, time(Some(view.created_at))]
    };
    let head = ["id", "email", "name", "administers", "state", "created"];
    context.printer.many(&items, &head, items.iter().map(row).collect())
}

fn show(context: &Context, view: &UserView) -> anyhow::Result<()> {
    let lines = [
        ("id", view.id.clone()),
        ("email", view.email.clone()),
        ("name", view.name.clone()),
        ("administers", if view.superadmin { "the server" } else { "-" }.to_owned()),
        ("state", state(view.disabled).to_owned()),
        ("created", time(Some(view.created_at))),
    ];
    context.printer.one(view, &lines)
}

fn invitations(context: &Context, items: &[InvitationView]) -> anyhow::Result<()> {
    let row = |view: &InvitationView| {
        let role = view.role.clone().unwrap_or_else(|| "-".to_owned());
        vec![view.id.clone(), view.email.clone(), role, time(view.expires_at)]
    };
    context.printer.many(&items, &["id", "email", "role", "ends"], items.iter().map(row).collect())
}

async fn invite(context: &Context, body: CreateInvitation) -> anyhow::Result<()> {
    let made = context.client.create_invitation(&body).await?;
    if context.printer.format != Format::Table {
        return context.printer.one(&made, &[]);
    }
    eprintln!(
        "send this link to {}; it is shown this one time and can be used until {}",
        made.invitation.email,
        time(made.invitation.expires_at)
    );
    output::write_out(&format!("{}{}\n", context.client.base(), made.path))
}

async fn set_disabled(context: &Context, who: &str, disabled: bool) -> anyhow::Result<()> {
    let id = user(context, who).await?.id;
    let patch = PatchUser { disabled: Some(disabled), ..PatchUser::default() };
    let view = context.client.change_user(&id, &patch).await?;
    done(context, &view, &format!("{} is {}\n", view.email, state(view.disabled)))
}

/// A member by id or address.
async fn member(context: &Context, who: &str) -> anyhow::Result<MemberView> {
    let items = all(async |page| context.client.list_members(page).await).await?;
    let same = |view: &MemberView| view.user == who || view.email.eq_ignore_ascii_case(who);
    match items.into_iter().find(same) {
        Some(found) => Ok(found),
        None => bail!("{who} is no member of this tenant; `nova user list` shows who is"),
    }
}

/// A user of the server by id or address.
async fn user(context: &Context, who: &str) -> anyhow::Result<UserView> {
    if !who.contains('@') {
        return Ok(context.client.get_user(who).await?);
    }
    let items = all(async |page| context.client.list_users(page).await).await?;
    match items.into_iter().find(|view| view.email.eq_ignore_ascii_case(who)) {
        Some(found) => Ok(found),
        None => bail!("{who} is no user of this server; `nova user list --of-server` shows who is"),
    }
}

fn confirm(yes: bool, what: &str, word: &str) -> anyhow::Result<()> {
    if yes { Ok(()) } else { output::confirm(what, word) }
}
