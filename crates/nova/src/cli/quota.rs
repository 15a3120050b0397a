//! `nova quota`: how much a tenant may have.

use clap::{Args, Subcommand};
use nova_api::v1::{PutQuota, QuotaView};

use super::output::{self, Format};
use super::{CommandResult, Context};

#[derive(Debug, Subcommand)]
pub(crate) enum QuotaCommand {
    /// Show quotas of the tenant with their usage.
    Show,
    /// Set a quota of the tenant (administrators of the server).
    Set(SetArgs),
    /// Take a quota away.
    Unset {
        /// functions, storage_bytes, memory_mb, concurrency or invocations.
        quota: String,
        /// Of this namespace only.
        #[arg(long, value_name = "NAMESPACE")]
        of_namespace: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// functions, storage_bytes, memory_mb, concurrency or invocations.
    quota: String,
    /// What is over it is refused.
    #[arg(long, required_unless_present = "soft")]
    hard: Option<u64>,
    /// What is over it is told, and done.
    #[arg(long)]
    soft: Option<u64>,
    /// Of invocations: length of the window, a number and s, m, h or d [default: 60s].
    #[arg(long, value_name = "DURATION")]
    window: Option<String>,
    /// Of this namespace only.
    #[arg(long, value_name = "NAMESPACE")]
    of_namespace: Option<String>,
}

pub(super) async fn run(context: &Context, command: QuotaCommand) -> CommandResult {
    let client = &context.client;
    match command {
        QuotaCommand::Show => {
            let page = client.list_quotas().await?;
            print(context, &page.items)
        }
        QuotaCommand::Set(args) => {
            let window_s = args.window.as_deref().map(super::key::seconds).transpose()?;
            let window_s = window_s.map(u32::try_from).transpose()?;
            let body = PutQuota { hard: args.hard, soft: args.soft, window_s };
            let tenant = client.me().await?.tenant;
            let view = client.set_quota(&tenant, args.of_namespace.as_deref(), &args.quota, &body).await?;
            print(context, &[view])
        }
        QuotaCommand::Unset { quota, of_namespace } => {
            let tenant = client.me().await?.tenant;
            client.unset_quota(&tenant, of_namespace.as_deref(), &quota).await?;
            if context.printer.format == Format::Table {
                output::write_out(&format!("quota {quota} of {tenant} is taken away\n"))?;
            }
            Ok(())
        }
    }
}

fn print(context: &Context, items: &[QuotaView]) -> CommandResult {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let rows = items
        .iter()
        .map(|view| {
            let state = match (view.hard_reached, view.soft_reached) {
                (true, _) => "used up",
                (false, true) => "soft limit reached",
                (false, false) => "",
            };
            vec![
                view.quota.clone(),
                view.namespace.clone().unwrap_or_else(|| "(all)".to_owned()),
                number(view.used),
                number(view.soft),
                number(view.hard),
                view.window_s.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s")),
                state.to_owned(),
            ]
        })
        .collect();
    context.printer.many(&items, &["quota", "namespace", "used", "soft", "hard", "window", "state"], rows)?;
    Ok(())
}
