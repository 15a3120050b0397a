//! `nova logs`.

use clap::Args;
use futures::StreamExt as _;
use nova_api::client::LogQuery;
use nova_api::v1::LogLineView;

use super::output::Format;
use super::{CommandResult, Context, output};

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    name: String,
    /// Go on showing lines as they come.
    #[arg(short, long)]
    follow: bool,
    /// How many of the last lines.
    #[arg(short = 'n', long, default_value_t = 100)]
    tail: u32,
    /// Lines since a time (RFC 3339).
    #[arg(long)]
    since: Option<String>,
    /// Lines of one request.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

pub(super) async fn logs(context: &Context, args: &LogsArgs) -> CommandResult {
    let query = LogQuery {
        tail: Some(args.tail),
        since: args.since.clone(),
        request_id: args.request_id.clone(),
        ..LogQuery::default()
    };
    if args.follow {
        return follow_with(context, &args.name, &query).await;
    }
    let page = context.client.get_logs(&args.name, &query).await?;
    if context.printer.format == Format::Table {
        for line in &page.items {
            print(context, line)?;
        }
        return Ok(());
    }
    context.printer.one(&page, &[])?;
    Ok(())
}

/// Shows lines as they come until the server ends the stream.
pub(super) async fn follow(context: &Context, name: &str) -> CommandResult {
    follow_with(context, name, &LogQuery { tail: Some(0), ..LogQuery::default() }).await
}

async fn follow_with(context: &Context, name: &str, query: &LogQuery) -> CommandResult {
    let mut lines = context.client.follow_logs(name, query).await?;
    while let Some(line) = lines.next().await {
        print(context, &line?)?;
    }
    Ok(())
}

fn print(context: &Context, line: &LogLineView) -> anyhow::Result<()> {
    if context.printer.format != Format::Table {
        return output::write_out(&(serde_json::to_string(line)? + "\n"));
    }
    let at = jiff::Timestamp::from_microsecond(line.at.as_micros()).unwrap_or_default();
    let short = line.request_id.get(line.request_id.len().saturating_sub(6)..).unwrap_or_default();
    let at = at.strftime("%H:%M:%S%.3f");
    output::write_out(&format!("{at} {short} {:8} {}\n", line.stream.as_str(), line.text))
}
