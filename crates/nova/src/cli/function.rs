//! `nova fn`: create, list, show, change, versions, roll back, delete.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use nova_api::client::{ListFunctions, ListRuns, PageQuery};
use nova_api::v1::{CreateFunction, FunctionView, InvokePolicyBody, Patch, PatchFunction, SignUrl};
use nova_domain::http::HttpAccess;
use nova_domain::version::CompileStatus;

use super::pages::up_to;
use super::{CommandResult, Context, Failure, output, web};

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    name: String,
    /// Language, with a version if wished: python, python3.11, node, ruby, go, rust, executable.
    #[arg(long)]
    runtime: String,
    /// Source file, or an archive (zip, tar, tar.gz).
    #[arg(long, value_name = "FILE")]
    code: PathBuf,
    /// `module.function`; without it the file is run as a script.
    #[arg(long)]
    handler: Option<String>,
    #[arg(long, value_name = "MB")]
    memory: Option<u32>,
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    #[arg(long)]
    min_replicas: Option<u32>,
    #[arg(long)]
    max_replicas: Option<u32>,
    #[arg(long)]
    instance_concurrency: Option<u32>,
    /// Environment variable, repeatable.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Host that the code may connect to, repeatable: a name, *.ending, an address or a network;
    /// without ports 443.
    #[arg(long, value_name = "HOST[:PORT,..]")]
    allow_network: Vec<String>,
    /// Who may send requests to its address on the content listener: off, public, key or signed.
    #[arg(long)]
    http: Option<String>,
    #[arg(long, default_value = "")]
    description: String,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Text in the name or description.
    #[arg(long)]
    search: Option<String>,
    #[arg(long)]
    runtime: Option<String>,
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    name: String,
    #[arg(long)]
    handler: Option<String>,
    #[arg(long, value_name = "MB")]
    memory: Option<u32>,
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    #[arg(long)]
    min_replicas: Option<u32>,
    #[arg(long)]
    max_replicas: Option<u32>,
    #[arg(long)]
    instance_concurrency: Option<u32>,
    /// Set an environment variable, repeatable; the others stay.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Take an environment variable away, repeatable.
    #[arg(long, value_name = "NAME")]
    unset_env: Vec<String>,
    /// Add a host that the code may connect to, repeatable; the others stay.
    #[arg(long, value_name = "HOST[:PORT,..]")]
    allow_network: Vec<String>,
    /// Take a host away again, repeatable; the others stay.
    #[arg(long, value_name = "HOST[:PORT,..]")]
    revoke_network: Vec<String>,
    /// Take all hosts away; those of --allow-network are added after.
    #[arg(long)]
    no_network: bool,
    /// Let a caller in and nobody else who is not named so, repeatable: `user:ID`, `service:ID`,
    /// `key:ID`, `role:NAME`, `function:NAMES`.
    #[arg(long = "allow-caller", value_name = "CALLER")]
    allow_callers: Vec<String>,
    /// Keep a caller out, whatever else is said; repeatable.
    #[arg(long = "deny-caller", value_name = "CALLER")]
    deny_callers: Vec<String>,
    /// Forget both lists; those of --allow-caller and --deny-caller are added after.
    #[arg(long)]
    any_caller: bool,
    /// Who may send requests to its address on the content listener: off, public, key or signed.
    #[arg(long)]
    http: Option<String>,
    /// The alias that those requests run; empty: the active version.
    #[arg(long, value_name = "ALIAS")]
    http_alias: Option<String>,
    #[command(flatten)]
    web: web::WebArgs,
    #[arg(long)]
    description: Option<String>,
}

impl UpdateArgs {
    fn adds_callers(&self) -> bool {
        !(self.allow_callers.is_empty() && self.deny_callers.is_empty())
    }
}

#[derive(Debug, Args)]
pub(crate) struct UrlArgs {
    name: String,
    /// Make an address that whoever has it may use (for functions with --http signed).
    #[arg(long)]
    sign: bool,
    /// How long it is good for: seconds, or 90s, 10m, 1h, 7d.
    #[arg(long, value_name = "TIME", requires = "sign")]
    expires: Option<String>,
    /// Path below the function's own, with its query.
    #[arg(long, requires = "sign")]
    path: Option<String>,
    /// The method that it is good for [default: GET].
    #[arg(long, requires = "sign")]
    method: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    name: String,
    /// succeeded, failed, cancelled or platform_error.
    #[arg(long)]
    status: Option<String>,
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

fn pairs(values: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    values
        .iter()
        .map(|text| {
            let (name, value) =
                text.split_once('=').with_context(|| format!("--env {text:?} is not NAME=VALUE"))?;
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// A source file goes as text; an archive or executable as base64.
fn code_of(path: &PathBuf, runtime: &str) -> anyhow::Result<(Option<String>, Option<String>)> {
    use base64::Engine as _;
    let bytes = super::read_file(path)?;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let packed = bytes.starts_with(b"PK\x03\x04")
        || bytes.starts_with(&[0x1f, 0x8b])
        || bytes.get(257..262) == Some(b"ustar");
    if packed {
        return Ok((None, Some(encode(&bytes))));
    }
    if runtime.starts_with("executable") {
        let archive = nova_artifacts::trees::pack_executable("bootstrap", &bytes)
            .map_err(|fault| anyhow::anyhow!("{}: {fault}", path.display()))?;
        return Ok((None, Some(encode(&archive))));
    }
    let text = String::from_utf8(bytes)
        .with_context(|| format!("{} is neither text nor an archive", path.display()))?;
    Ok((Some(text), None))
}

pub(super) async fn create(context: &Context, args: &CreateArgs) -> CommandResult {
    let (code, archive) = code_of(&args.code, &args.runtime)?;
    let body = CreateFunction {
        name: args.name.clone(),
        runtime: args.runtime.clone(),
        handler: args.handler.clone(),
        code,
        archive,
        memory_mb: args.memory,
        timeout_s: args.timeout,
        min_replicas: args.min_replicas,
        max_replicas: args.max_replicas,
        instance_concurrency: args.instance_concurrency,
        env_vars: pairs(&args.env)?,
        network: args.allow_network.clone(),
        http: args.http.as_deref().map(HttpAccess::parse).transpose()?,
        description: args.description.clone(),
        ..CreateFunction::default()
    };
    let spinner = output::spinner(format!("creating {}", args.name));
    let created = context.client.create_function(&body).await;
    spinner.finish_and_clear();
    let view = created?;
    show_view(context, &view)?;
    if view.compile_status == CompileStatus::Failed { Err(Failure::Function) } else { Ok(()) }
}

pub(super) async fn list(context: &Context, args: &ListArgs) -> CommandResult {
    let items = up_to(args.limit as usize, async |page: &PageQuery| {
        let query = ListFunctions {
            search: args.search.clone(),
            runtime: args.runtime.clone(),
            limit: page.limit,
            cursor: page.cursor.clone(),
        };
        context.client.list_functions(&query).await
    })
    .await?;
    let rows = items
        .iter()
        .map(|view| {
            vec![
                view.name.clone(),
                view.runtime.clone(),
                view.version.to_string(),
                view.compile_status.as_str().to_owned(),
                format!("{} MB", view.memory_mb),
                format!("{} s", view.timeout_s),
                output::time(view.updated_at),
            ]
        })
        .collect();
    context.printer.many(
        &items,
        &["name", "runtime", "version", "build", "memory", "timeout", "updated"],
        rows,
    )?;
    Ok(())
}

pub(super) async fn show(context: &Context, name: &str) -> CommandResult {
    let view = context.client.get_function(name).await?;
    show_view(context, &view)?;
    Ok(())
}

fn show_view(context: &Context, view: &FunctionView) -> anyhow::Result<()> {
    let mut lines = vec![
        ("name", view.name.clone()),
        ("runtime", view.runtime.clone()),
        ("mode", format!("{:?}", view.mode).to_lowercase()),
        ("handler", view.handler.clone().unwrap_or_else(|| "-".to_owned())),
        ("entry", view.entry.clone()),
        ("version", format!("{} (latest {})", view.version, view.latest_version)),
        ("build", view.compile_status.as_str().to_owned()),
        ("memory", format!("{} MB", view.memory_mb)),
        ("timeout", format!("{} s", view.timeout_s)),
        ("replicas", format!("{} to {}", view.min_replicas, view.max_replicas)),
        ("concurrency", view.instance_concurrency.to_string()),
        ("code", view.code_hash.clone()),
        ("created", output::time(view.created_at)),
        ("updated", output::time(view.updated_at)),
    ];
    if view.http != HttpAccess::Off {
        let alias =
            view.http_alias.as_ref().map_or_else(String::new, |alias| format!(", runs alias {alias}"));
        lines
            .push(("http", format!("{}{alias}; its address: nova fn url {}", view.http.as_str(), view.name)));
    }
    lines.extend(web::lines(view));
    if !view.description.is_empty() {
        lines.push(("description", view.description.clone()));
    }
    for (name, value) in &view.env_vars {
        lines.push(("env", format!("{name}={value}")));
    }
    for rule in &view.network {
        lines.push(("network", rule.clone()));
    }
    for (label, rules) in [("callers", &view.invoke_policy.allow), ("refused", &view.invoke_policy.deny)] {
        lines.extend(rules.iter().map(|rule| (label, rule.clone())));
    }
    if !view.compile_output.is_empty() {
        lines.push(("compiler", format!("\n{}", view.compile_output)));
    }
    context.printer.one(view, &lines)
}

pub(super) async fn update(context: &Context, args: &UpdateArgs) -> CommandResult {
    let set = |value: Option<u32>| value.map_or(Patch::Absent, Patch::Value);
    let mut merge: BTreeMap<String, Option<String>> =
        pairs(&args.env)?.into_iter().map(|(name, value)| (name, Some(value))).collect();
    merge.extend(args.unset_env.iter().map(|name| (name.clone(), None)));
    let present = Present::of(context, args).await?;
    let revision = present.0.as_ref().map(|view| view.revision);
    let invoke_policy = invoke_policy(&present, args);
    let patch = PatchFunction {
        revision,
        invoke_policy,
        handler: args.handler.clone().map_or(Patch::Absent, Patch::Value),
        memory_mb: set(args.memory),
        timeout_s: set(args.timeout),
        min_replicas: set(args.min_replicas),
        max_replicas: set(args.max_replicas),
        instance_concurrency: set(args.instance_concurrency),
        merge_env_vars: merge,
        network: if args.no_network { Patch::Null } else { Patch::Absent },
        allow_network: args.allow_network.clone(),
        revoke_network: args.revoke_network.clone(),
        http: match &args.http {
            Some(text) => Patch::Value(HttpAccess::parse(text)?),
            None => Patch::Absent,
        },
        http_alias: match args.http_alias.as_deref() {
            None => Patch::Absent,
            Some("") => Patch::Null,
            Some(alias) => Patch::Value(alias.to_owned()),
        },
        http_cors: args.web.cors(present.0.as_ref().and_then(|view| view.http_cors.clone()))?,
        http_rate: args.web.rate(),
        http_client_rate: args.web.client_rate(),
        description: args.description.clone().map_or(Patch::Absent, Patch::Value),
        ..PatchFunction::default()
    };
    let view = context.client.update_function(&args.name, &patch).await?;
    show_view(context, &view)?;
    Ok(())
}

/// The function as it is, if what is wished adds to that. The change is then of this revision.
struct Present(Option<FunctionView>);

impl Present {
    async fn of(context: &Context, args: &UpdateArgs) -> anyhow::Result<Self> {
        if (args.adds_callers() && !args.any_caller) || args.web.changes_cors() {
            return Ok(Self(Some(context.client.get_function(&args.name).await?)));
        }
        Ok(Self(None))
    }
}

/// The lists of callers with what is added.
fn invoke_policy(present: &Present, args: &UpdateArgs) -> Patch<InvokePolicyBody> {
    let adds = args.adds_callers();
    let mut policy = match (args.any_caller, &present.0) {
        (false, _) if !adds => return Patch::Absent,
        (true, _) if !adds => return Patch::Null,
        (false, Some(view)) => view.invoke_policy.clone(),
        _ => InvokePolicyBody::default(),
    };
    policy.allow.extend(args.allow_callers.iter().cloned());
    policy.deny.extend(args.deny_callers.iter().cloned());
    Patch::Value(policy)
}

pub(super) async fn versions(context: &Context, name: &str) -> CommandResult {
    let page = context.client.list_versions(name, &PageQuery { limit: Some(500), cursor: None }).await?;
    let rows = page
        .items
        .iter()
        .map(|view| {
            vec![
                view.version.to_string(),
                if view.active { "active" } else { "" }.to_owned(),
                view.compile_status.as_str().to_owned(),
                view.runtime.clone(),
                view.handler.clone().unwrap_or_else(|| view.entry.clone()),
                format!("{} MB", view.memory_mb),
                view.code_hash.get(..12).unwrap_or_default().to_owned(),
                output::time(view.created_at),
            ]
        })
        .collect();
    let head = ["version", "state", "build", "runtime", "handler", "memory", "code", "created"];
    context.printer.many(&page.items, &head, rows)?;
    Ok(())
}

pub(super) async fn diff(context: &Context, name: &str, from: u32, to: u32) -> CommandResult {
    let diff = context.client.diff_versions(name, from, to).await?;
    let text = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
    };
    let rows = diff
        .changes
        .iter()
        .map(|change| vec![change.field.clone(), text(&change.from), text(&change.to)])
        .collect();
    let (v1, v2) = (format!("version {from}"), format!("version {to}"));
    context.printer.many(&diff, &["field", &v1, &v2], rows)?;
    Ok(())
}

pub(super) async fn rollback(context: &Context, name: &str, version: Option<u32>) -> CommandResult {
    let target = match version {
        Some(version) => version,
        None => previous(context, name).await?,
    };
    let view = context.client.activate_version(name, target, None).await?;
    if context.printer.format == output::Format::Table {
        output::write_out(&format!("{name} runs version {} now\n", view.version))?;
    } else {
        context.printer.one(&view, &[])?;
    }
    Ok(())
}

/// The newest version before the active one that can run.
async fn previous(context: &Context, name: &str) -> anyhow::Result<u32> {
    let page = context.client.list_versions(name, &PageQuery { limit: Some(500), cursor: None }).await?;
    let active = page.items.iter().find(|view| view.active).map_or(0, |view| view.version);
    let before = page
        .items
        .iter()
        .filter(|view| view.version < active && view.compile_status.can_run())
        .map(|view| view.version)
        .max();
    match before {
        Some(version) => Ok(version),
        None => bail!("`{name}` has no version before {active} that can run"),
    }
}

pub(super) async fn url(context: &Context, args: &UrlArgs) -> CommandResult {
    if !args.sign {
        let found = context.client.get_function_url(&args.name).await?;
        let url = found.url.clone().unwrap_or_else(|| "none: this server has no content listener".to_owned());
        if context.printer.format == output::Format::Table {
            output::write_out(&format!("{url}\n"))?;
            if found.http == HttpAccess::Off {
                eprintln!(
                    "(nothing is there: its http is off; run: nova fn update {} --http public)",
                    args.name
                );
            }
        } else {
            context.printer.one(&found, &[])?;
        }
        return Ok(());
    }
    let body = SignUrl {
        expires_s: args.expires.as_deref().map(super::rollout::seconds).transpose()?,
        path: args.path.clone(),
        method: args.method.clone(),
    };
    let signed = context.client.sign_function_url(&args.name, &body).await?;
    if context.printer.format == output::Format::Table {
        output::write_out(&format!("{}\n", signed.url))?;
    } else {
        context.printer.one(&signed, &[])?;
    }
    Ok(())
}

pub(super) async fn runs(context: &Context, args: &RunsArgs) -> CommandResult {
    let query = ListRuns {
        function: Some(args.name.clone()),
        status: args.status.clone(),
        limit: Some(args.limit.clamp(1, 500)),
        cursor: None,
        ..ListRuns::default()
    };
    let page = context.client.list_runs(&query).await?;
    let rows = page
        .items
        .iter()
        .map(|run| {
            vec![
                run.id.clone(),
                run.status.as_str().to_owned(),
                format!("{:.1} ms", run.duration_ms),
                if run.cold_start { "cold" } else { "warm" }.to_owned(),
                run.version.to_string(),
                run.error.as_ref().map_or_else(String::new, |error| {
                    format!("{}: {}", error.error_type, first_line(&error.message))
                }),
                output::time(run.started_at),
            ]
        })
        .collect();
    context.printer.many(
        &page.items,
        &["id", "status", "duration", "start", "version", "error", "at"],
        rows,
    )?;
    Ok(())
}

pub(super) async fn delete(context: &Context, name: &str, yes: bool) -> CommandResult {
    if !yes {
        output::confirm(&format!("This deletes `{name}` with all its versions"), name)?;
    }
    context.client.delete_function(name, None).await?;
    if context.printer.format == output::Format::Table {
        output::write_out(&format!("{name} is deleted\n"))?;
    }
    Ok(())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(60).collect()
}
