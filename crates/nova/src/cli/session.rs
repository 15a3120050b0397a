//! `nova session`: where you are signed in.

use clap::Subcommand;
use nova_api::v1::SessionView;

use super::key::time;
use super::pages::all;
use super::user::say;
use super::{CommandResult, Context};

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List your sessions.
    List,
    /// End one of your sessions.
    End { id: String },
}

pub(super) async fn run(context: &Context, command: SessionCommand) -> CommandResult {
    let client = &context.client;
    match command {
        SessionCommand::List => {
            let items = all(async |page| client.list_sessions(page).await).await?;
            let row = |view: &SessionView| {
                let agent = view.agent.chars().take(40).collect();
                let (used, end) = (time(view.last_used_at), time(view.expires_at));
                vec![view.id.clone(), view.by.clone(), view.address.clone(), agent, used, end]
            };
            let head = ["id", "by", "address", "agent", "last used", "ends"];
            context.printer.many(&items, &head, items.iter().map(row).collect())?;
        }
        SessionCommand::End { id } => {
            client.end_session(&id).await?;
            say(context, &format!("session {id} is ended\n"))?;
        }
    }
    Ok(())
}
