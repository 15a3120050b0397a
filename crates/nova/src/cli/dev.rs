//! `nova dev`: deploys on every change and shows the logs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use notify::{RecursiveMode, Watcher as _};
use nova_domain::version::CompileStatus;
use tokio::sync::mpsc;

use super::deploy::deploy_project;
use super::project::{FILE, Project};
use super::{CommandResult, Context, logs, output};

/// Editors write a file in several steps; changes this close together are one.
const SETTLE: Duration = Duration::from_millis(60);

#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// Folder of the project.
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) async fn dev(context: &Context, args: &DevArgs) -> CommandResult {
    let project = Project::read(&args.folder)?;
    let mut changes = watch(&args.folder)?;
    deploy_and_tell(context, &args.folder).await;
    output::write_out(&format!("watching {}; stop with Ctrl-C\n", args.folder.display()))?;
    let follow = logs::follow(context, &project.name);
    tokio::pin!(follow);
    loop {
        tokio::select! {
            result = &mut follow => return result,
            change = changes.recv() => {
                if change.is_none() {
                    return Ok(());
                }
                while let Ok(Some(_)) = tokio::time::timeout(SETTLE, changes.recv()).await {}
                deploy_and_tell(context, &args.folder).await;
            }
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

async fn deploy_and_tell(context: &Context, folder: &Path) {
    let begun = Instant::now();
    let result = match Project::read(folder) {
        Ok(project) => deploy_project(context, folder, &project).await,
        Err(error) => Err(error),
    };
    match result {
        Ok((view, _)) if view.compile_status == CompileStatus::Failed => {
            eprintln!("build failed; version {} goes on:\n{}", view.version, view.compile_output);
        }
        Ok((view, _)) => {
            eprintln!(
                "deployed {} version {} in {} ms",
                view.name,
                view.version,
                begun.elapsed().as_millis()
            );
        }
        Err(error) => eprintln!("not deployed: {error:#}"),
    }
}

/// Sends something for each change of a file that is deployed.
fn watch(folder: &Path) -> anyhow::Result<mpsc::Receiver<()>> {
    let (sender, receiver) = mpsc::channel(64);
    let root = folder.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if event.kind.is_access() {
            return;
        }
        let project = Project::read(&root).ok();
        let counts = event.paths.iter().any(|path| {
            let relative = path.strip_prefix(&root).unwrap_or(path);
            relative.ends_with(FILE)
                || relative.iter().all(|part| {
                    let part = part.to_string_lossy();
                    project.as_ref().is_none_or(|project| !project.is_ignored(&part))
                })
        });
        if counts {
            // Full means that a deploy is due anyway.
            let _ = sender.try_send(());
        }
    })
    .context("cannot watch files")?;
    watcher
        .watch(folder, RecursiveMode::Recursive)
        .with_context(|| format!("cannot watch {}", folder.display()))?;
    // It watches as long as it lives, which is until the process ends.
    Box::leak(Box::new(watcher));
    Ok(receiver)
}
