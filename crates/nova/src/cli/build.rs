//! Logs of builds: `nova fn build-log`, and what `nova deploy` shows while it waits.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt as _;
use indicatif::ProgressBar;
use nova_api::client::{BuildNews, Client};
use nova_domain::dependencies::Installer;
use nova_domain::runtime::RuntimeRef;
use nova_domain::version::CompileStatus;

use super::output::Format;
use super::project::Project;
use super::{CommandResult, Context, Failure, output};

/// How often a version that is about to be made is looked for.
const POLL: Duration = Duration::from_millis(150);

/// The log of the newest version's build, or of another's; fails if the build did.
pub(super) async fn build_log(
    context: &Context,
    name: &str,
    version: Option<u32>,
    follow: bool,
) -> CommandResult {
    let client = &context.client;
    let version = match version {
        Some(version) => version,
        None => client.get_function(name).await?.latest_version,
    };
    let plain = context.printer.format == Format::Table;
    let mut status = None;
    if follow {
        let mut news = client.follow_build(name, version).await?;
        while let Some(one) = news.next().await {
            match one? {
                BuildNews::Line(line) if plain => output::write_out(&(line.text + "\n"))?,
                BuildNews::Line(line) => output::write_out(&(serde_json::to_string(&line)? + "\n"))?,
                BuildNews::Missed(lines) => eprintln!("({lines} lines are not kept)"),
                BuildNews::Done(view) => status = Some(view.compile_status),
            }
        }
    } else {
        let view = client.get_build_log(name, version).await?;
        status = Some(view.compile_status);
        if plain {
            output::write_out(&(view.output + "\n"))?;
        } else {
            context.printer.one(&view, &[])?;
        }
    }
    match status {
        Some(CompileStatus::Failed) => Err(Failure::Function),
        _ => Ok(()),
    }
}

/// The build that a deploy will cause, if it changes something.
pub(super) struct Expected {
    client: Client,
    name: String,
    version: u32,
}

impl Expected {
    /// `None` for a project that is never built.
    pub(super) async fn of(context: &Context, folder: &Path, project: &Project) -> Option<Self> {
        if context.printer.format != Format::Table {
            return None;
        }
        let runtime = RuntimeRef::parse(&project.runtime).ok()?.runtime;
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        if !runtime.is_compiled() && Installer::find(runtime, std::iter::empty(), text).is_none() {
            return None;
        }
        let version = match context.client.get_function(&project.name).await {
            Ok(view) => view.latest_version + 1,
            Err(_) => 1,
        };
        Some(Self { client: context.client.clone(), name: project.name.clone(), version })
    }

    /// Shows the log on stderr until the build ends. Lines that were shown go to `shown`.
    pub(super) async fn watch(&self, spinner: &ProgressBar, shown: &std::sync::Mutex<HashSet<String>>) {
        let mut news = loop {
            match self.client.follow_build(&self.name, self.version).await {
                Ok(news) => break news,
                // It is not there yet; what else is wrong, the deploy itself says.
                Err(_) => tokio::time::sleep(POLL).await,
            }
        };
        while let Some(Ok(one)) = news.next().await {
            match one {
                BuildNews::Line(line) => {
                    spinner.suspend(|| eprintln!("  {}", line.text));
                    if let Ok(mut shown) = shown.lock() {
                        shown.insert(line.text);
                    }
                }
                BuildNews::Missed(lines) => spinner.suspend(|| eprintln!("  ({lines} lines are not kept)")),
                BuildNews::Done(_) => return,
            }
        }
    }
}
