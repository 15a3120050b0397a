//! `nova invoke`.

use std::io::{IsTerminal as _, Read as _};

use anyhow::Context as _;
use clap::Args;
use futures::StreamExt as _;
use nova_api::client::{CallOptions, StreamItem};
use nova_api::v1::{CallError, InvokeAsync};
use serde_json::value::RawValue;

use super::output::Format;
use super::{CommandResult, Context, Failure, output};

#[derive(Debug, Args)]
pub(crate) struct InvokeArgs {
    name: String,
    /// The event: JSON text, `@file`, or `-` for stdin. Default `{}`.
    #[arg(short, long, value_name = "JSON", allow_hyphen_values = true)]
    data: Option<String>,
    /// Print the function's output as it comes.
    #[arg(long)]
    stream: bool,
    /// Version to call: a number, `$LATEST` or an alias.
    #[arg(long)]
    qualifier: Option<String>,
    /// Calls of an alias with the same key run the same version.
    #[arg(long, value_name = "KEY")]
    sticky_key: Option<String>,
    /// Give up after this many milliseconds.
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u64>,
    #[command(flatten)]
    queued: QueueArgs,
    /// Print the time it took, and whether it was a cold start, to stderr.
    #[arg(short, long)]
    verbose: bool,
}

/// How a call is queued.
#[derive(Debug, Args)]
struct QueueArgs {
    /// Queue the call: it is made soon, and again when it fails (see `nova job`).
    #[arg(long = "async", conflicts_with_all = ["stream", "timeout_ms", "verbose"])]
    queue: bool,
    /// Attempts in all, 1 to 20 [default: 3].
    #[arg(long, value_name = "N", requires = "queue")]
    max_attempts: Option<u32>,
    /// Wait after the first failure, milliseconds; doubled with each further one [default: 1000].
    #[arg(long, value_name = "MS", requires = "queue")]
    backoff_base_ms: Option<u64>,
    /// Longest wait, milliseconds [default: 60000].
    #[arg(long, value_name = "MS", requires = "queue")]
    backoff_max_ms: Option<u64>,
    /// Age at which no further attempt is begun, seconds [default: 21600].
    #[arg(long, value_name = "S", requires = "queue")]
    max_age_s: Option<u64>,
    /// Orders of the function with the same key are one job.
    #[arg(long, value_name = "KEY", requires = "queue")]
    idempotency_key: Option<String>,
}

pub(super) async fn invoke(context: &Context, args: &InvokeArgs) -> CommandResult {
    let event = event_of(args.data.as_deref())?;
    let options = CallOptions {
        qualifier: args.qualifier.clone(),
        sticky_key: args.sticky_key.clone(),
        timeout_ms: args.timeout_ms,
        traceparent: None,
    };
    if args.queued.queue {
        return Ok(enqueue(context, args, event, &options).await?);
    }
    if args.stream {
        return stream(context, args, event, &options).await;
    }
    let answer = context.client.invoke(&args.name, event, &options).await?;
    if args.verbose {
        tell(&answer.request_id, answer.duration_ms, answer.cold_start, answer.version);
    }
    if context.printer.format == Format::Table {
        if let Some(error) = answer.error {
            return Err(function_failed(&error, &answer.request_id));
        }
        let text = answer.output.map_or_else(|| "null".to_owned(), |output| output.get().to_owned());
        output::write_out(&(text + "\n"))?;
        return Ok(());
    }
    context.printer.one(&answer, &[])?;
    match answer.error {
        Some(_) => Err(Failure::Function),
        None => Ok(()),
    }
}

async fn enqueue(
    context: &Context,
    args: &InvokeArgs,
    event: Vec<u8>,
    options: &CallOptions,
) -> anyhow::Result<()> {
    let queued = &args.queued;
    let body = InvokeAsync {
        payload: payload_of(event)?,
        max_attempts: queued.max_attempts,
        backoff_base_ms: queued.backoff_base_ms,
        backoff_max_ms: queued.backoff_max_ms,
        max_age_s: queued.max_age_s,
        idempotency_key: queued.idempotency_key.clone(),
    };
    let job = context.client.invoke_async(&args.name, &body, options).await?;
    context.printer.one(
        &job,
        &[
            ("job", job.id.clone()),
            ("status", job.status.as_str().to_owned()),
            ("see", format!("nova job show {}", job.id)),
        ],
    )
}

/// The event as a part of a JSON document; none, as with a call, is the empty one.
fn payload_of(event: Vec<u8>) -> anyhow::Result<Option<Box<RawValue>>> {
    let text = String::from_utf8(event).context("the event is not UTF-8")?;
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    RawValue::from_string(text).map(Some).context("the event is not valid JSON")
}

async fn stream(
    context: &Context,
    args: &InvokeArgs,
    event: Vec<u8>,
    options: &CallOptions,
) -> CommandResult {
    let mut items = context.client.invoke_stream(&args.name, event, options).await?;
    while let Some(item) = items.next().await {
        match item? {
            StreamItem::Chunk(bytes) => output::write_bytes(&bytes)?,
            StreamItem::Done(done) => {
                if args.verbose {
                    tell(&done.request_id, done.duration_ms, done.cold_start, done.version);
                }
                if let Some(error) = done.error {
                    return Err(function_failed(&error, &done.request_id));
                }
            }
        }
    }
    Ok(())
}

fn tell(request_id: &str, duration_ms: f64, cold: bool, version: u32) {
    let start = if cold { "cold" } else { "warm" };
    eprintln!("{duration_ms:.2} ms, {start}, version {version}, request {request_id}");
}

fn function_failed(error: &CallError, request_id: &str) -> Failure {
    eprintln!("{}: {}", error.error_type, error.message);
    for frame in &error.stack {
        eprintln!("  {frame}");
    }
    eprintln!("(the function failed: {}, request {request_id})", error.kind.as_str());
    Failure::Function
}

fn event_of(data: Option<&str>) -> anyhow::Result<Vec<u8>> {
    match data {
        None => Ok(b"{}".to_vec()),
        Some("-") => {
            if std::io::stdin().is_terminal() {
                eprintln!("reading the event from stdin; end with Ctrl-D");
            }
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read stdin")?;
            Ok(bytes)
        }
        Some(text) => match text.strip_prefix('@') {
            Some(path) => super::read_file(&path.into()),
            None => Ok(text.as_bytes().to_vec()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queued_event_is_json_or_nothing() {
        let read = |bytes: &[u8]| payload_of(bytes.to_vec()).map(|raw| raw.map(|raw| raw.get().to_owned()));
        assert_eq!(read(b" {\"a\": 1}\n").expect("JSON").as_deref(), Some("{\"a\": 1}"));
        assert_eq!(read(b"null").expect("JSON").as_deref(), Some("null"));
        assert_eq!(read(b"").expect("nothing"), None);
        assert_eq!(read(b" \n").expect("nothing"), None);
        for bad in [&b"{"[..], b"{} {}", b"\xff", b"hello"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
