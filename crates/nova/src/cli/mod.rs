//! The commands. Each is the typed client and printing; what a command does is in the
//! file of its name.

mod account;
mod alias;
mod audit;
mod build;
mod config;
mod context;
mod deploy;
mod dev;
mod doctor;
mod function;
mod init;
mod invoke;
mod job;
mod key;
mod logs;
mod output;
mod pages;
mod project;
mod quota;
mod role;
mod rollout;
mod runtimes;
mod secret;
mod session;
mod tenant;
mod user;
mod web;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use nova_api::client::{Client, ClientError};
use nova_domain::Code;

pub(crate) use config::ServerOptions;
use output::{Format, Printer};

/// Exit codes, as `nova help` shows them.
const EXIT_CODES: &str = "Exit codes:
  0  done
  1  the function failed or a job is dead (its error is on stderr), or an audit log is broken
  2  wrong usage
  3  the server refused or failed (a problem document says why)
  4  the server could not be reached
  5  a local error (file, project, host)

Environment: NOVA_SERVER (address), NOVA_CA, NOVA_KEY, NOVA_CONTEXT, NOVA_TENANT, NOVA_NAMESPACE, NOVA_OUTPUT.
What neither a flag nor the environment says comes from the context (`nova login`, `nova context`).";

/// A self-hosted serverless platform in one binary.
#[derive(Debug, Parser)]
#[command(name = "nova", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    /// Address of the server [default: of the context, else http://127.0.0.1:9000].
    #[arg(long, global = true, env = "NOVA_SERVER", value_name = "URL")]
    server: Option<String>,
    /// Key to show to the server [default: of the context]. On a shared machine other users can see
    /// flags: use NOVA_KEY or `nova login`.
    #[arg(long, global = true, env = "NOVA_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,
    /// Certificates (PEM) of authorities to trust besides the system's, for a server with one of its
    /// own [default: of the context].
    #[arg(long, global = true, env = "NOVA_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Context to use (`nova context list`) [default: the current one].
    #[arg(long, global = true, env = "NOVA_CONTEXT", value_name = "NAME")]
    context: Option<String>,
    /// Tenant to act in [default: of the context, else the key's own].
    #[arg(long, global = true, env = "NOVA_TENANT")]
    tenant: Option<String>,
    /// Namespace to act in [default: of the context, else `default`].
    #[arg(long, global = true, env = "NOVA_NAMESPACE")]
    namespace: Option<String>,
    /// How answers are printed.
    #[arg(short, long, global = true, env = "NOVA_OUTPUT", default_value = "table")]
    output: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(ServerOptions),
    /// Run the privileged side that makes sandboxes (`nova serve` starts it by itself).
    #[command(hide = true)]
    Keeper {
        /// Configuration, JSON.
        config: String,
        /// Start the keeper again when it dies.
        #[arg(long)]
        supervise: bool,
    },
    /// Make a project folder: `nova init python hello`.
    Init(init::InitArgs),
    /// Deploy a project (folder with nova.yaml); unchanged parts stay as they are.
    Deploy(deploy::DeployArgs),
    /// Deploy on every change of a file and show the logs.
    Dev(dev::DevArgs),
    /// Call a function.
    Invoke(invoke::InvokeArgs),
    /// Show the log lines of a function.
    Logs(logs::LogsArgs),
    /// Work with jobs, the calls of the queue.
    #[command(subcommand, alias = "jobs")]
    Job(job::JobCommand),
    /// Work with functions.
    #[command(subcommand, alias = "functions")]
    Fn(FunctionCommand),
    /// Work with aliases of functions.
    #[command(subcommand)]
    Alias(alias::AliasCommand),
    /// Give a new version the calls of an alias step by step.
    #[command(subcommand)]
    Rollout(rollout::RolloutCommand),
    /// Work with secrets.
    #[command(subcommand)]
    Secret(secret::SecretCommand),
    /// Languages that this server can run.
    Runtimes,
    /// Keep a server's address and a key as a context, and make it the current one.
    Login(context::LoginArgs),
    /// Forget the key of a context.
    Logout,
    /// Choose between servers, tenants and namespaces.
    #[command(subcommand)]
    Context(context::ContextCommand),
    /// Who you are for the server, and what you may.
    Whoami,
    /// Work with API keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Work with people: members of a tenant, users of the server, invitations.
    #[command(subcommand, alias = "member")]
    User(user::UserCommand),
    /// Work with service accounts, the programs of a tenant.
    #[command(subcommand, alias = "service-account")]
    Account(account::AccountCommand),
    /// Work with roles, sets of permissions.
    #[command(subcommand)]
    Role(role::RoleCommand),
    /// Give roles to somebody, and take them away.
    #[command(subcommand)]
    Binding(role::BindingCommand),
    /// See where you are signed in, and end it.
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Work with tenants.
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// Work with namespaces of a tenant.
    #[command(subcommand)]
    Namespace(tenant::NamespaceCommand),
    /// Who changed what.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// How much a tenant may have, and how much it has.
    #[command(subcommand)]
    Quota(quota::QuotaCommand),
    /// Show the configuration of a server on this host, with the origin of each value.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check the host and a running server.
    Doctor(ServerOptions),
    /// Print a completion script for a shell.
    Completion { shell: clap_complete::Shell },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Every setting, its value and where it comes from.
    Show(ServerOptions),
}

#[derive(Debug, Subcommand)]
enum FunctionCommand {
    /// Make a function from one file.
    Create(function::CreateArgs),
    /// The same as `nova deploy`.
    Deploy(deploy::DeployArgs),
    /// The same as `nova invoke`.
    Invoke(invoke::InvokeArgs),
    /// The same as `nova logs`.
    Logs(logs::LogsArgs),
    /// List functions.
    List(function::ListArgs),
    /// Show a function.
    Show { name: String },
    /// Change settings of a function.
    Update(Box<function::UpdateArgs>),
    /// List the versions of a function.
    Versions { name: String },
    /// What the build of a version printed.
    BuildLog {
        name: String,
        /// Another version than the newest.
        #[arg(long)]
        version: Option<u32>,
        /// Show lines as they come until the build ends.
        #[arg(short, long)]
        follow: bool,
    },
    /// What differs between two versions.
    Diff { name: String, from: u32, to: u32 },
    /// Make an earlier version the active one (without a number: the one before).
    Rollback { name: String, version: Option<u32> },
    /// Show a function's address for the outside, or sign one.
    Url(function::UrlArgs),
    /// List the runs of a function.
    Runs(function::RunsArgs),
    /// Delete a function with all its versions.
    Delete {
        name: String,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
    },
}

/// What a command works with.
struct Context {
    client: Client,
    printer: Printer,
}

/// An error that has its own exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// User code failed, a job is dead, or an audit log is broken; it was told already.
    Function,
    Other(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

type CommandResult = Result<(), Failure>;

/// Parses the command line and runs it.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Keeper { config, supervise } => {
            crate::serve::keeper::run(&config, supervise).map_err(Failure::from)
        }
        Command::Serve(options) => crate::serve::run(&options).map_err(Failure::from),
        Command::Config(ConfigCommand::Show(options)) => config::show(&options, &cli.global.output),
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "nova", &mut std::io::stdout());
            Ok(())
        }
        Command::Context(command) => context::run(&command, cli.global.output).map_err(Failure::from),
        Command::Logout => context::logout(cli.global.context.as_deref()).map_err(Failure::from),
        Command::Key(key::KeyCommand::ResetAdmin(options)) => {
            key::reset_admin(&options, cli.global.output).map_err(Failure::from)
        }
        Command::Audit(audit::AuditCommand::VerifyDatabase(options)) => {
            audit::verify_database(&options, cli.global.output)
        }
        command => with_client(&cli.global, command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Function) => ExitCode::from(1),
        Err(Failure::Other(error)) => report(&error),
    }
}

fn with_client(global: &Global, command: Command) -> CommandResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start")?;
    let file = context::Contexts::load()?;
    let chosen = context::choose(&file, global)?;
    let context = Context { client: chosen.client()?, printer: Printer::new(global.output) };
    runtime.block_on(async {
        match command {
            Command::Init(args) => init::init(&args),
            Command::Deploy(args) | Command::Fn(FunctionCommand::Deploy(args)) => {
                deploy::deploy(&context, &args).await
            }
            Command::Dev(args) => dev::dev(&context, &args).await,
            Command::Invoke(args) | Command::Fn(FunctionCommand::Invoke(args)) => {
                invoke::invoke(&context, &args).await
            }
            Command::Logs(args) | Command::Fn(FunctionCommand::Logs(args)) => {
                logs::logs(&context, &args).await
            }
            Command::Fn(command) => function_command(&context, command).await,
            Command::Job(command) => job::run(&context, command).await,
            Command::Alias(command) => alias::run(&context, command).await,
            Command::Rollout(command) => rollout::run(&context, command).await,
            Command::Secret(command) => secret::run(&context, command).await,
            Command::Runtimes => runtimes::list(&context).await,
            Command::Login(args) => context::login(file, &chosen, &args, &context.printer).await,
            Command::Whoami => context::whoami(&context).await,
            Command::Key(command) => key::run(&context, command).await,
            Command::User(command) => user::run(&context, command).await,
            Command::Account(command) => account::run(&context, command).await,
            Command::Role(command) => role::roles(&context, command).await,
            Command::Binding(command) => role::bindings(&context, command).await,
            Command::Session(command) => session::run(&context, command).await,
            Command::Tenant(command) => tenant::tenants(&context, command).await,
            Command::Namespace(command) => tenant::namespaces(&context, command).await,
            Command::Audit(command) => audit::run(&context, command).await,
            Command::Quota(command) => quota::run(&context, command).await,
            Command::Doctor(options) => doctor::doctor(&context, &options).await,
            Command::Serve(_)
            | Command::Keeper { .. }
            | Command::Config(_)
            | Command::Context(_)
            | Command::Logout
            | Command::Completion { .. } => {
                unreachable!("handled before a client is made")
            }
        }
    })
}

async fn function_command(context: &Context, command: FunctionCommand) -> CommandResult {
    match command {
        FunctionCommand::Create(args) => function::create(context, &args).await,
        FunctionCommand::List(args) => function::list(context, &args).await,
        FunctionCommand::Show { name } => function::show(context, &name).await,
        FunctionCommand::Update(args) => function::update(context, &args).await,
        FunctionCommand::Versions { name } => function::versions(context, &name).await,
        FunctionCommand::BuildLog { name, version, follow } => {
            build::build_log(context, &name, version, follow).await
        }
        FunctionCommand::Diff { name, from, to } => function::diff(context, &name, from, to).await,
        FunctionCommand::Rollback { name, version } => function::rollback(context, &name, version).await,
        FunctionCommand::Url(args) => function::url(context, &args).await,
        FunctionCommand::Runs(args) => function::runs(context, &args).await,
        FunctionCommand::Delete { name, yes } => function::delete(context, &name, yes).await,
        FunctionCommand::Deploy(_) | FunctionCommand::Invoke(_) | FunctionCommand::Logs(_) => {
            unreachable!("handled together with the commands of the same name")
        }
    }
}

/// Tells a person what went wrong and what to do, and picks the exit code.
fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error}");
    let unreachable = error
        .chain()
        .any(|cause| matches!(cause.downcast_ref::<ClientError>(), Some(ClientError::Unreachable { .. })));
    // Of a connection that failed only the last cause says something new.
    let causes: Vec<_> = error.chain().skip(1).collect();
    for cause in if unreachable { &causes[causes.len().saturating_sub(1)..] } else { &causes[..] } {
        eprintln!("  because: {cause}");
    }
    let Some(client_error) = error.chain().find_map(|cause| cause.downcast_ref::<ClientError>()) else {
        return ExitCode::from(5);
    };
    match client_error {
        ClientError::Problem(problem) => {
            for field in &problem.errors {
                eprintln!("  {}: {}", field.field, field.message);
            }
            eprintln!("  code {}, request {}", problem.code, problem.request_id);
            if problem.code == Code::Unauthenticated.as_str() {
                eprintln!("  give a key with `nova login`, or set NOVA_KEY");
            }
            ExitCode::from(3)
        }
        ClientError::Unreachable { .. } => {
            eprintln!("  start one with `nova serve --dev`, or name another with --server or NOVA_SERVER");
            ExitCode::from(4)
        }
        _ => ExitCode::from(3),
    }
}

/// A file or folder that is read by a command, with its path in the error.
fn read_file(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
