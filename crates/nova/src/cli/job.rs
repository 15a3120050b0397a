//! `nova job`.

use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand, value_parser};
use nova_api::client::{ClientError, ListJobs, PageQuery};
use nova_api::v1::{AttemptView, CallError, JobView};
use nova_domain::Code;
use nova_domain::job::JobStatus;
use tokio::time::Instant;

use super::output::{self, Format};
use super::pages::{PAGE, up_to};
use super::{CommandResult, Context, Failure};

/// How often is asked how a job is.
const ASK: Duration = Duration::from_millis(500);
/// Longest time to wait, seconds.
const A_YEAR: u64 = 31_536_000;

#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// List jobs, newest first.
    List(ListArgs),
    /// Show a job with its event, its attempts and its answer.
    Show { id: String },
    /// Give dead jobs their attempts again, the first at once.
    Retry(RetryArgs),
    /// Wait until a job has succeeded, and print its answer; exit code 1 if it is dead, 5 if the time is
    /// over.
    Wait {
        id: String,
        /// Give up after so many seconds.
        #[arg(long, value_name = "S", default_value_t = 3600, value_parser = value_parser!(u64).range(..=A_YEAR))]
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
    /// All that are dead, those that you may see.
    #[arg(long)]
    dead: bool,
    /// Of those, the jobs of one function.
    #[arg(long, value_name = "NAME", requires = "dead", conflicts_with = "ids")]
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
        ("waits", format!("{} ms, doubled up to {} ms", job.backoff_base_ms, job.backoff_max_ms)),
        ("at most", format!("{} s old", job.max_age_s)),
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
    let mut jobs = Vec::with_capacity(args.ids.len());
    if args.dead {
        retry_dead(context, args.function.as_ref(), &mut jobs).await?;
    }
    for id in &args.ids {
        let job = context.client.retry_job(id).await;
        jobs.push(job.with_context(|| stopped_at(id, "retried", jobs.len()))?);
    }
    if context.printer.format == Format::Table {
        return output::write_out(&format!("{} retried\n", count(jobs.len())));
    }
    context.printer.many(&jobs, &[], Vec::new())
}

/// Page by page, from the newest on: one that dies again meanwhile lies behind and is not met twice.
async fn retry_dead(
    context: &Context,
    function: Option<&String>,
    jobs: &mut Vec<JobView>,
) -> anyhow::Result<()> {
    let dead = JobStatus::Dead.as_str().to_owned();
    let mut query = PageQuery { limit: Some(PAGE), cursor: None };
    loop {
        let page = context.client.list_jobs(&filter(function, Some(&dead), &query)).await?;
        for JobView { id, .. } in page.items {
            match context.client.retry_job(&id).await {
                Ok(job) => jobs.push(job),
                // Somebody else retried or deleted it since the page was made.
                Err(error) if is_over(&error) => {}
                Err(error) => return Err(error).context(stopped_at(&id, "retried", jobs.len())),
            }
        }
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return Ok(()),
        }
    }
}

fn is_over(error: &ClientError) -> bool {
    let over = [Code::Conflict.as_str(), Code::NotFound.as_str()];
    error.problem().is_some_and(|problem| over.contains(&problem.code.as_str()))
}

async fn delete(context: &Context, ids: &[String], yes: bool) -> anyhow::Result<()> {
    if !yes {
        output::confirm(&format!("this deletes {} with event and answer", count(ids.len())), "delete")?;
    }
    for (done, id) in ids.iter().enumerate() {
        let deleted = context.client.delete_job(id).await;
        deleted.with_context(|| stopped_at(id, "deleted", done))?;
    }
    if context.printer.format == Format::Table {
        output::write_out(&format!("{} deleted\n", count(ids.len())))?;
    }
    Ok(())
}

/// What is said of the one job of several that went wrong.
fn stopped_at(id: &str, what: &str, done: usize) -> String {
    let before = if done == 0 { String::new() } else { format!("; {} before it were", count(done)) };
    format!("job {id} was not {what}{before}")
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
        match &job.output {
            Some(answer) => output::write_out(&format!("{}\n", answer.get()))?,
            None => eprintln!("(job {id} succeeded; its answer is too large to be kept)"),
        }
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::json;

    use super::super::Cli;
    use super::*;

    fn job(changed: serde_json::Value) -> JobView {
        let mut job = json!({
            "id": "01J", "function": "mail", "qualifier": "active", "status": "queued",
            "attempt": 0, "max_attempts": 3, "backoff_base_ms": 1000, "backoff_max_ms": 60000, "max_age_s": 60,
            "created_at": "2026-11-21T09:30:00.000000Z", "next_attempt_at": "2026-11-21T09:30:00.000000Z",
            "ended_at": null, "attempts": [], "last_error": null, "payload_size": 2, "caller": null,
        });
        let fields = job.as_object_mut().expect("an object");
        fields.extend(changed.as_object().expect("an object").clone());
        serde_json::from_value(job).expect("a job")
    }

    fn attempt(changed: serde_json::Value) -> serde_json::Value {
        let mut attempt = json!({
            "run_id": "01R", "began_at": "2026-11-21T09:30:01.000000Z", "ended_at": null, "error": null,
            "postponed": false,
        });
        let fields = attempt.as_object_mut().expect("an object");
        fields.extend(changed.as_object().expect("an object").clone());
        attempt
    }

    fn error(message: &str) -> serde_json::Value {
        json!({"kind": "error", "type": "ValueError", "message": message, "stack": []})
    }

    #[test]
    fn where_a_job_stands_is_said_in_a_few_words() {
        assert_eq!(standing(&job(json!({}))), "queued");
        let later = json!({"attempt": 1, "attempts": [attempt(json!({"error": error("x")}))]});
        assert_eq!(standing(&job(later)), "queued until 2026-11-21 09:30:00");
        let running = json!({"status": "running", "next_attempt_at": null, "attempt": 1});
        assert_eq!(standing(&job(running)), "running");
        let dead = json!({"status": "dead", "reason": "attempts_used_up", "next_attempt_at": null});
        assert_eq!(standing(&job(dead)), "dead (attempts used up)");
    }

    #[test]
    fn an_attempt_is_one_line_that_is_not_long() {
        let ended = "2026-11-21T09:30:02.000000Z";
        let of = |changed| {
            told(&job(json!({"attempts": [attempt(changed)]})).attempts.pop().expect("one attempt"))
        };
        assert_eq!(of(json!({})), "2026-11-21 09:30:01  running  run 01R");
        assert_eq!(of(json!({"ended_at": ended})), "2026-11-21 09:30:01  succeeded  run 01R");
        let busy = of(json!({"ended_at": ended, "postponed": true, "error": error("busy\nmore")}));
        assert_eq!(busy, "2026-11-21 09:30:01  ValueError: busy (does not count)  run 01R");
        let long = of(json!({"ended_at": ended, "error": error(&"ä".repeat(500))}));
        assert!(long.chars().count() < 120 && long.contains('…'), "{long}");
    }

    #[test]
    fn of_several_jobs_the_one_that_went_wrong_is_named() {
        assert_eq!(stopped_at("01J", "retried", 0), "job 01J was not retried");
        assert_eq!(stopped_at("01J", "deleted", 2), "job 01J was not deleted; 2 jobs before it were");
    }

    #[test]
    fn commands_about_jobs_are_read_and_wrong_ones_refused() {
        let read = |line: &str| Cli::try_parse_from(line.split_whitespace()).map(drop);
        for good in [
            "nova jobs list",
            "nova job list --function f --status dead --limit 3",
            "nova job retry 1 2",
            "nova job retry --dead --function f",
            "nova job delete 1 2 -y",
            "nova job wait 1 --timeout 0",
            "nova invoke f --async --max-attempts 2 --backoff-base-ms 1 --backoff-max-ms 2 --max-age-s 3 \
             --idempotency-key k --qualifier live --sticky-key s",
            "nova fn invoke f --async",
        ] {
            read(good).unwrap_or_else(|error| panic!("{good}: {error}"));
        }
        for bad in [
            "nova job retry",
            "nova job retry 1 --dead",
            "nova job retry 1 --function f",
            "nova job retry --function f",
            "nova job delete",
            "nova job show",
            "nova job wait 1 --timeout -1",
            "nova job wait 1 --timeout 18446744073709551615",
            "nova invoke f --async --stream",
            "nova invoke f --async --verbose",
            "nova invoke f --async --timeout-ms 5",
            "nova invoke f --max-attempts 2",
            "nova invoke f --backoff-base-ms 2",
            "nova invoke f --backoff-max-ms 2",
            "nova invoke f --max-age-s 2",
            "nova invoke f --idempotency-key k",
            "nova invoke f --async --max-attempts many",
        ] {
            assert_eq!(read(bad).expect_err(bad).exit_code(), 2, "{bad}");
        }
    }
}
