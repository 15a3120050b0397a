//! `nova rollout`.

use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};
use nova_api::v1::{RolloutView, StartRollout};
use nova_domain::rollout::RolloutStatus;

use super::output::{self, Format};
use super::{CommandResult, Context, Failure, alias};

#[derive(Debug, Subcommand)]
pub(crate) enum RolloutCommand {
    /// Give a version the calls of an alias step by step; if too many fail, they go back.
    Start(StartArgs),
    /// Show how far the rollout of an alias is.
    Status {
        function: String,
        alias: String,
        /// Wait until it is over; the exit code is 1 if the version did not get all calls.
        #[arg(long)]
        wait: bool,
    },
    /// Keep the weights as they are.
    Pause { function: String, alias: String },
    /// Go on; the present step begins anew.
    Resume { function: String, alias: String },
    /// Stop, and put the weights back.
    Abort { function: String, alias: String },
}

#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    function: String,
    alias: String,
    version: u32,
    /// Percent of the calls at each step, growing to 100.
    #[arg(long, value_delimiter = ',', value_name = "PERCENT,..", default_value = "5,25,50,100")]
    steps: Vec<u32>,
    /// How long each step holds at least: seconds, or 90s, 10m, 1h.
    #[arg(long, value_name = "TIME", default_value = "60s")]
    interval: String,
    /// Percent of the version's calls that may fail.
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0)]
    max_errors: f64,
    /// Calls of the version that a step needs before it may end.
    #[arg(long, value_name = "CALLS", default_value_t = 20)]
    min_calls: u32,
}

pub(super) async fn run(context: &Context, command: RolloutCommand) -> CommandResult {
    let client = &context.client;
    let act = async |function: &str, name: &str, act: &str| -> CommandResult {
        alias::show(context, &client.act_on_rollout(function, name, act).await?)?;
        Ok(())
    };
    match command {
        RolloutCommand::Start(args) => {
            let body = StartRollout {
                version: args.version,
                steps: args.steps,
                interval_s: Some(seconds(&args.interval)?),
                max_error_percent: Some(args.max_errors),
                min_calls: Some(args.min_calls),
            };
            alias::show(context, &client.start_rollout(&args.function, &args.alias, &body).await?)?;
            Ok(())
        }
        RolloutCommand::Status { function, alias, wait } => status(context, &function, &alias, wait).await,
        RolloutCommand::Pause { function, alias } => act(&function, &alias, "pause").await,
        RolloutCommand::Resume { function, alias } => act(&function, &alias, "resume").await,
        RolloutCommand::Abort { function, alias } => act(&function, &alias, "abort").await,
    }
}

async fn status(context: &Context, function: &str, name: &str, wait: bool) -> CommandResult {
    let mut told = String::new();
    loop {
        let rollout = context.client.get_rollout(function, name).await?;
        let open = matches!(rollout.status, RolloutStatus::Running | RolloutStatus::Paused);
        if !wait || !open {
            show(context, &rollout)?;
            let good = !wait || rollout.status == RolloutStatus::Done;
            return if good { Ok(()) } else { Err(Failure::Function) };
        }
        let now = alias::progress(&rollout);
        if now != told && context.printer.format == Format::Table {
            eprintln!("{now}");
            told = now;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn show(context: &Context, view: &RolloutView) -> anyhow::Result<()> {
    let steps: Vec<_> = view.steps.iter().map(ToString::to_string).collect();
    let mut lines = vec![
        ("status", view.status.as_str().to_owned()),
        ("version", format!("{} (from {})", view.version, view.from_version)),
        ("step", format!("{} of {}, {} %", view.step, view.steps.len(), view.weight)),
        ("steps", format!("{} %, {} s each", steps.join(", "), view.interval_s)),
        ("calls", format!("{}, {} failed", view.calls, view.errors)),
        ("bounds", format!("{} % failed, after {} calls", view.max_error_percent, view.min_calls)),
        ("started", output::time(view.started_at)),
    ];
    if let Some(ended) = view.ended_at {
        lines.push(("ended", output::time(ended)));
    }
    if !view.note.is_empty() {
        lines.push(("note", view.note.clone()));
    }
    context.printer.one(view, &lines)
}

/// `90`, `90s`, `10m`, `2h`, `7d`.
pub(super) fn seconds(text: &str) -> anyhow::Result<u32> {
    let (number, unit) = match text.char_indices().last() {
        Some((place, 's')) => (&text[..place], 1),
        Some((place, 'm')) => (&text[..place], 60),
        Some((place, 'h')) => (&text[..place], 3600),
        Some((place, 'd')) => (&text[..place], 86_400),
        _ => (text, 1),
    };
    match number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(seconds) => Ok(seconds),
        None => bail!("{text:?} is no time; write 90s, 10m, 1h or 7d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_have_a_unit() {
        for (text, expected) in [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604_800)] {
            assert_eq!(seconds(text).expect("a time"), expected);
        }
        for bad in ["", "m", "x", "1.5h", "99999999d", "1\u{e9}"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
