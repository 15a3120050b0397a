//! `nova deploy`: makes the server's function equal to the project.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use nova_api::v1::{CreateFunction, FunctionView, LimitsPatch, Patch, PatchFunction};
use nova_artifacts::trees::{self, Tree};
use nova_domain::version::CompileStatus;

use super::build::Expected;
use super::project::Project;
use super::{CommandResult, Context, Failure, output};

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// Folders of projects.
    #[arg(default_value = ".", value_name = "FOLDER")]
    folders: Vec<PathBuf>,
}

/// What a deploy did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Deployed {
    Created,
    Changed,
    Unchanged,
}

pub(super) async fn deploy(context: &Context, args: &DeployArgs) -> CommandResult {
    for folder in &args.folders {
        let project = Project::read(folder)?;
        let begun = Instant::now();
        let spinner = output::spinner(format!("deploying {}", project.name));
        let shown = Mutex::default();
        let expected = Expected::of(context, folder, &project).await;
        let watch = async {
            match &expected {
                Some(build) => build.watch(&spinner, &shown).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(watch);
        let work = deploy_project(context, folder, &project);
        tokio::pin!(work);
        let (mut result, mut watching) = (None, true);
        while result.is_none() {
            tokio::select! {
                biased;
                done = &mut work => result = Some(done),
                () = &mut watch, if watching => watching = false,
            }
        }
        let Some(result) = result else { continue };
        if watching
            && expected.is_some()
            && result.as_ref().is_ok_and(|(_, deployed)| *deployed != Deployed::Unchanged)
        {
            // The last lines are on their way.
            let _ = tokio::time::timeout(Duration::from_secs(2), &mut watch).await;
        }
        spinner.finish_and_clear();
        let (view, deployed) = result?;
        tell(context, &view, &deployed, begun)?;
        if view.compile_status == CompileStatus::Failed {
            let shown = shown.lock().map(|shown| shown.clone()).unwrap_or_default();
            for line in view.compile_output.lines().filter(|line| !shown.contains(*line)) {
                eprintln!("{line}");
            }
            return Err(Failure::Function);
        }
    }
    Ok(())
}

fn tell(context: &Context, view: &FunctionView, deployed: &Deployed, begun: Instant) -> anyhow::Result<()> {
    let word = match deployed {
        Deployed::Created => "created",
        Deployed::Changed => "changed",
        Deployed::Unchanged => "unchanged",
    };
    if context.printer.format != output::Format::Table {
        return context.printer.one(view, &[]);
    }
    let build = match view.compile_status {
        CompileStatus::NotRequired => String::new(),
        status => format!(", build: {}", status.as_str()),
    };
    output::write_out(&format!(
        "{} {word}: version {} ({}{build}) in {} ms\n",
        view.name,
        view.version,
        view.runtime,
        begun.elapsed().as_millis()
    ))
}

/// Creates or changes the function so that it is as the project says.
pub(super) async fn deploy_project(
    context: &Context,
    folder: &std::path::Path,
    project: &Project,
) -> anyhow::Result<(FunctionView, Deployed)> {
    let files = project.files(folder)?;
    let mut tree = Tree::new();
    for (path, (bytes, executable)) in files {
        tree.add(&path, bytes.into(), executable).with_context(|| folder.display().to_string())?;
    }
    let archive = BASE64.encode(trees::pack(&tree));
    let client = &context.client;
    let before = match client.get_function(&project.name).await {
        Ok(view) => view,
        Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => {
            let body = create_body(project, archive);
            let view = client.create_function(&body).await.context("the function was not created")?;
            return Ok((view, Deployed::Created));
        }
        Err(error) => return Err(error.into()),
    };
    // Code and settings in one change, so that a deploy makes one version, or none.
    let patch = PatchFunction { archive: Some(archive), ..patch_body(project) };
    let mut view =
        client.update_function(&project.name, &patch).await.context("the function was not changed")?;
    if view.compile_status == CompileStatus::NotRequired {
        view.compile_output.clear();
    }
    let same = view.revision == before.revision;
    Ok((view, if same { Deployed::Unchanged } else { Deployed::Changed }))
}

fn create_body(project: &Project, archive: String) -> CreateFunction {
    CreateFunction {
        name: project.name.clone(),
        runtime: project.runtime.clone(),
        handler: project.handler.clone(),
        archive: Some(archive),
        entry: project.entry.clone(),
        memory_mb: project.memory_mb,
        timeout_s: project.timeout_s,
        min_replicas: project.min_replicas,
        max_replicas: project.max_replicas,
        mode: project.mode,
        instance_concurrency: project.instance_concurrency,
        idle_ttl_s: project.idle_ttl_s,
        max_calls: project.max_calls,
        env_vars: project.env_vars.clone(),
        limits: project.limits.clone(),
        network: project.network.clone(),
        http: project.http,
        http_cors: project.http_cors.clone(),
        http_rate: project.http_rate,
        http_client_rate: project.http_client_rate,
        description: project.description.clone(),
        tags: project.tags.clone(),
        ..CreateFunction::default()
    }
}

fn set_or_default<T: Clone>(value: &Option<T>) -> Patch<T> {
    value.clone().map_or(Patch::Null, Patch::Value)
}

fn set_or_keep<T: Clone>(value: &Option<T>) -> Patch<T> {
    value.clone().map_or(Patch::Absent, Patch::Value)
}

fn patch_body(project: &Project) -> PatchFunction {
    let limits = &project.limits;
    PatchFunction {
        runtime: Patch::Value(project.runtime.clone()),
        handler: set_or_default(&project.handler),
        mode: set_or_default(&project.mode),
        entry: set_or_default(&project.entry),
        memory_mb: set_or_default(&project.memory_mb),
        timeout_s: set_or_default(&project.timeout_s),
        min_replicas: set_or_default(&project.min_replicas),
        max_replicas: set_or_default(&project.max_replicas),
        instance_concurrency: set_or_default(&project.instance_concurrency),
        idle_ttl_s: set_or_default(&project.idle_ttl_s),
        max_calls: set_or_default(&project.max_calls),
        env_vars: Patch::Value(project.env_vars.clone()),
        limits: Patch::Value(LimitsPatch {
            cpu_millis: match (&limits.cpu_millis, &limits.vcpus) {
                (None, Some(_)) => Patch::Absent,
                (value, _) => set_or_default(value),
            },
            vcpus: limits.vcpus.map_or(Patch::Absent, Patch::Value),
            pids: set_or_default(&limits.pids),
            tmp_mb: set_or_default(&limits.tmp_mb),
            file_size_mb: set_or_default(&limits.file_size_mb),
        }),
        network: Patch::Value(project.network.clone()),
        // No part of a version: switching it off ends addresses that were given out.
        http: set_or_keep(&project.http),
        http_cors: set_or_keep(&project.http_cors),
        http_rate: set_or_keep(&project.http_rate),
        http_client_rate: set_or_keep(&project.http_client_rate),
        description: Patch::Value(project.description.clone()),
        tags: Patch::Value(project.tags.clone()),
        ..PatchFunction::default()
    }
}
