//! `nova job`.

use std::time::Duration;

use clap::{Args, Subcommand};
use nova_api::client::{ListJobs, PageQuery};
use nova_api::v1::{AttemptView, CallError, JobView};
use nova_domain::job::JobStatus;
use tokio::time::Instant;

use super::output::{self, Format};
use super::pages::{all, up_to};
use super::{CommandResult, Context, Failure};

/// How often is asked how a job is.
const ASK: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// List jobs, newest first.
    List(ListArgs),
    /// Show a job with its event, its attempts and its answer.
    Show { id: String },
    /// Give dead jobs their attempts again.
    Retry(RetryArgs),
    /// Wait until a job has succeeded, and print its answer; exit code 1 if it is dead.
    Wait {
        id: String,
        /// Give up after so many seconds.
        #[arg(long, value_name = "S", default_value_t = 3600)]
        timeout: u64,
    },
    /// Delete jobs that are not running.
    Delete {
        #[arg(required = true)]
        ids: Vec<String>,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only jobs of that function.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// `queued`, `running`, `succeeded` or `dead`.
    #[arg(long)]
    status: Option<String>,
    /// Most jobs to show.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    #[arg(required_unless_present = "dead", conflicts_with = "dead")]
    ids: Vec<String>,
    /// All that are dead.
    #[arg(long)]
    dead: bool,
    /// Of those, the jobs of one function.
    #[arg(long, value_name = "NAME", requires = "dead")]
    function: Option<String>,
}

pub(super) async fn run(context: &Context, command: JobCommand) -> CommandResult {
    match command {
        JobCommand::List(args) => Ok(list(context, args).await?),
        JobCommand::Show { id } => Ok(show(context, &context.client.get_job(&id).await?)?),
        JobCommand::Retry(args) => Ok(retry(context, args).await?),
        JobCommand::Wait { id, timeout } => wait(context, &id, Duration::from_secs(timeout)).await,
        JobCommand::Delete { ids, yes } => Ok(delete(context, &ids, yes).await?),
    }
}

fn filter(function: Option<&String>, status: Option<&String>, page: &PageQuery) -> ListJobs {
    ListJobs {
        function: function.cloned(),
        status: status.cloned(),
        limit: page.limit,
        cursor: page.cursor.clone(),
    }
}

async fn list(context: &Context, args: ListArgs) -> anyhow::Result<()> {
    let ask = async |page: &PageQuery| {
        context.client.list_jobs(&filter(args.function.as_ref(), args.status.as_ref(), page)).await
    };
    let jobs = up_to(args.limit, ask).await?;
    let row = |job: &JobView| {
        vec![
            job.id.clone(),
            job.function.clone(),
            standing(job),
            format!("{} of {}", job.attempt, job.max_attempts),
            output::time(job.created_at),
            job.last_error.as_ref().map(brief).unwrap_or_default(),
        ]
    };
    let head = ["id", "function", "status", "attempts", "accepted", "last error"];
    context.printer.many(&jobs, &head, jobs.iter().map(row).collect())
}

/// `dead (expired)`, `queued until ..`.
fn standing(job: &JobView) -> String {
    let status = job.status.as_str();
    match (job.reason, job.next_attempt_at) {
        (Some(reason), _) => format!("{status} ({})", reason.as_str().replace('_', " ")),
        (None, Some(at)) if job.attempt > 0 || !job.attempts.is_empty() => {
            format!("{status} until {}", output::time(at))
        }
        _ => status.to_owned(),
    }
}

/// The beginning of an error, in one line.
fn brief(error: &CallError) -> String {
    let line = error.message.lines().next().unwrap_or_default();
    let text = format!("{}: {line}", error.error_type);
    if text.chars().count() <= 80 { text } else { text.chars().take(79).chain(['…']).collect() }
}

fn show(context: &Context, job: &JobView) -> anyhow::Result<()> {
    let mut lines = vec![
        ("id", job.id.clone()),
        ("function", format!("{} ({})", job.function, job.qualifier)),
        ("status", standing(job)),
        ("attempts", format!("{} of {}", job.attempt, job.max_attempts)),
        ("accepted", output::time(job.created_at)),
    ];
    lines.extend(job.ended_at.map(|at| ("ended", output::time(at))));
    lines.extend(job.caller.clone().map(|caller| ("ordered by", caller)));
    lines.extend(job.idempotency_key.clone().map(|key| ("key", key)));
    lines.extend(job.attempts.iter().map(|attempt| ("attempt", told(attempt))));
    lines.extend(job.payload.as_ref().map(|raw| ("event", raw.get().to_owned())));
    lines.extend(job.output.as_ref().map(|raw| ("answer", raw.get().to_owned())));
    context.printer.one(job, &lines)
}

fn told(attempt: &AttemptView) -> String {
    let outcome = match (&attempt.error, attempt.ended_at) {
        (Some(error), _) => brief(error),
        (None, Some(_)) => "succeeded".to_owned(),
        (None, None) => "running".to_owned(),
    };
    let counts = if attempt.postponed { " (does not count)" } else { "" };
    format!("{}  {outcome}{counts}  run {}", output::time(attempt.began_at), attempt.run_id)
}

async fn retry(context: &Context, args: RetryArgs) -> anyhow::Result<()> {
    let ids = if args.dead {
        let dead = JobStatus::Dead.as_str().to_owned();
        let ask = async |page: &PageQuery| {
            context.client.list_jobs(&filter(args.function.as_ref(), Some(&dead), page)).await
        };
        all(ask).await?.into_iter().map(|job| job.id).collect()
    } else {
        args.ids
    };
    let mut jobs = Vec::with_capacity(ids.len());
    for id in &ids {
        jobs.push(context.client.retry_job(id).await?);
    }
    if context.printer.format == Format::Table {
        return output::write_out(&format!("{} retried\n", count(jobs.len())));
    }
    context.printer.many(&jobs, &[], Vec::new())
}

async fn delete(context: &Context, ids: &[String], yes: bool) -> anyhow::Result<()> {
    if !yes {
        output::confirm(&format!("this deletes {} with event and answer", count(ids.len())), "delete")?;
    }
    for id in ids {
        context.client.delete_job(id).await?;
    }
    if context.printer.format == Format::Table {
        output::write_out(&format!("{} deleted\n", count(ids.len())))?;
    }
    Ok(())
}

fn count(jobs: usize) -> String {
    if jobs == 1 { "1 job".to_owned() } else { format!("{jobs} jobs") }
}

async fn wait(context: &Context, id: &str, timeout: Duration) -> CommandResult {
    let until = Instant::now() + timeout;
    let bar = output::spinner(format!("job {id}"));
    let job = loop {
        let job = context.client.get_job(id).await?;
        if job.ended_at.is_some() {
            break job;
        }
        if Instant::now() + ASK > until {
            return Err(still(&job, timeout).into());
        }
        bar.set_message(format!("job {id} is {}", standing(&job)));
        tokio::time::sleep(ASK).await;
    };
    bar.finish_and_clear();
    if context.printer.format != Format::Table {
        context.printer.one(&job, &[])?;
    } else if job.status == JobStatus::Succeeded {
        let answer = job.output.as_ref().map_or("null", |raw| raw.get());
        output::write_out(&format!("{answer}\n"))?;
    }
    if job.status == JobStatus::Succeeded {
        return Ok(());
    }
    if let Some(error) = &job.last_error {
        eprintln!("{}: {}", error.error_type, error.message);
    }
    eprintln!("(job {id} is {}; see `nova job show {id}`)", standing(&job));
    Err(Failure::Function)
}

fn still(job: &JobView, timeout: Duration) -> anyhow::Error {
    let text = format!("job {} is {} after {} s", job.id, standing(job), timeout.as_secs());
    anyhow::anyhow!("{text}; it goes on, wait again or see `nova job show {}`", job.id)
}
