//! `nova key`: make, list, show and revoke API keys.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use nova_api::client::ListKeys;
use nova_api::v1::{CreateKey, RoleGrantBody};
use nova_domain::Timestamp;
use nova_kit::dirs::{Dirs, Surroundings};

use super::output::{self, Format, Printer};
use super::pages::all_of;
use super::{CommandResult, Context, ServerOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key; its secret is shown this one time.
    Create(CreateArgs),
    /// List keys of the tenant.
    List {
        /// Keys of the server itself.
        #[arg(long)]
        of_server: bool,
    },
    /// Show a key with its roles.
    Show {
        id: String,
        #[arg(long)]
        of_server: bool,
    },
    /// End a key at once.
    Revoke {
        id: String,
        #[arg(long)]
        of_server: bool,
    },
    /// Make a new admin key on this host's database (the server must be stopped if it is SQLite),
    /// and end the admin key before it.
    ResetAdmin(ServerOptions),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What the key is for.
    name: String,
    /// Role, repeatable: `ROLE`, `ROLE@NAMESPACES` or `ROLE@NAMESPACES/RESOURCES`, such as `invoker@prod/billing-*`.
    #[arg(long = "role", value_name = "ROLE[@NAMESPACES[/RESOURCES]]")]
    roles: Vec<String>,
    /// Service account that the key is for.
    #[arg(long, value_name = "NAME")]
    service_account: Option<String>,
    /// A key of the server itself.
    #[arg(long)]
    of_server: bool,
    /// A pair of access key id and secret access key, for clients of AWS such as boto3.
    #[arg(long)]
    aws: bool,
    /// Function of the namespace that uses the key: calls with it are calls by that function.
    #[arg(long, value_name = "NAME")]
    for_function: Option<String>,
    /// When it ends: a number and s, m, h or d.
    #[arg(long, value_name = "DURATION")]
    expires_in: Option<String>,
}

/// Reads `ROLE[@NAMESPACES[/RESOURCES]]`.
pub(super) fn role_grant(text: &str) -> RoleGrantBody {
    let (role, place) = text.split_once('@').unwrap_or((text, "*"));
    let (namespaces, resources) = place.split_once('/').unwrap_or((place, "*"));
    RoleGrantBody {
        role: role.to_owned(),
        namespaces: namespaces.to_owned(),
        resources: resources.to_owned(),
    }
}

/// Reads `90d` as seconds.
pub(super) fn seconds(text: &str) -> anyhow::Result<u64> {
    let unit = text.chars().last().unwrap_or_default();
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => bail!("{text:?} is no duration; write it like 12h or 90d"),
    };
    let number: u64 = text[..text.len() - 1]
        .parse()
        .with_context(|| format!("{text:?} is no duration; write it like 12h or 90d"))?;
    number.checked_mul(factor).with_context(|| format!("{text:?} is too long"))
}

pub(super) fn time(at: Option<Timestamp>) -> String {
    at.and_then(|at| jiff::Timestamp::from_microsecond(at.as_micros()).ok())
        .map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

pub(super) async fn run(context: &Context, command: KeyCommand) -> CommandResult {
    match command {
        KeyCommand::Create(args) => create(context, args).await,
        KeyCommand::List { of_server } => list(context, of_server).await,
        KeyCommand::Show { id, of_server } => show(context, &id, of_server).await,
        KeyCommand::Revoke { id, of_server } => {
            context.client.revoke_key(&id, of_server).await?;
            if context.printer.format == Format::Table {
                output::write_out(&format!("key {id} is revoked\n"))?;
            }
            Ok(())
        }
        KeyCommand::ResetAdmin(_) => unreachable!("handled before a client is made"),
    }
}

async fn create(context: &Context, args: CreateArgs) -> CommandResult {
    let body = CreateKey {
        name: args.name,
        roles: args.roles.iter().map(|text| role_grant(text)).collect(),
        service_account: args.service_account,
        server: args.of_server,
        aws: args.aws,
        function: args.for_function,
        expires_in_s: args.expires_in.as_deref().map(seconds).transpose()?,
    };
    let made = context.client.create_key(&body).await?;
    if context.printer.format == Format::Table {
        eprintln!("key {} is made; this is the only time that its secret is shown", made.key.id);
        match &made.access_key_id {
            // As in the environment, or after a change of case in ~/.aws/credentials.
            Some(id) => output::write_out(&format!(
                "AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={}\n",
                made.secret
            ))?,
            None => output::write_out(&format!("{}\n", made.secret))?,
        }
    } else {
        context.printer.one(&made, &[])?;
    }
    Ok(())
}

async fn list(context: &Context, of_server: bool) -> CommandResult {
    let items = all_of(of_server, async |page: &ListKeys| context.client.list_keys(page).await).await?;
    let rows = items
        .iter()
        .map(|key| {
            let end = if key.expired { "ended".to_owned() } else { time(key.expires_at) };
            vec![
                key.id.clone(),
                key.name.clone(),
                key.prefix.clone(),
                key.subject.clone(),
                end,
                time(key.last_used_at),
            ]
        })
        .collect();
    context.printer.many(&items, &["id", "name", "prefix", "subject", "ends", "last used"], rows)?;
    Ok(())
}

async fn show(context: &Context, id: &str, of_server: bool) -> CommandResult {
    let key = context.client.get_key(id, of_server).await?;
    let roles: Vec<String> = key
        .roles
        .iter()
        .flatten()
        .map(|grant| format!("{}@{}/{}", grant.role, grant.namespaces, grant.resources))
        .collect();
    let lines = [
        ("id", key.id.clone()),
        ("name", key.name.clone()),
        (if key.aws { "access key id" } else { "prefix" }, key.prefix.clone()),
        ("subject", key.subject.clone()),
        ("function", key.function.clone().unwrap_or_else(|| "-".to_owned())),
        ("tenant", key.tenant.clone().unwrap_or_else(|| "(the server)".to_owned())),
        ("roles", roles.join(", ")),
        ("created", time(Some(key.created_at))),
        ("ends", if key.expired { "ended".to_owned() } else { time(key.expires_at) }),
        ("last used", time(key.last_used_at)),
    ];
    context.printer.one(&key, &lines)?;
    Ok(())
}

/// Works on the database itself, for who has no key any more.
pub(super) fn reset_admin(options: &ServerOptions, format: Format) -> anyhow::Result<()> {
    let settings = options.load()?.settings;
    let dirs =
        Dirs::resolve(&Surroundings::here(), &settings.dirs.data, &settings.dirs.cache, &settings.dirs.run);
    let url = crate::serve::database_url(&settings, &dirs)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start")?;
    let secret = runtime.block_on(crate::serve::reset_admin_key(&settings, &url))?;
    let printer = Printer::new(format);
    if format == Format::Table {
        eprintln!("this key may do everything; it is shown this one time");
        return output::write_out(&format!("{secret}\n"));
    }
    printer.one(&serde_json::json!({"secret": secret}), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_durations_are_read() {
        let grant = role_grant("invoker@prod/billing-*");
        assert_eq!(
            (grant.role.as_str(), grant.namespaces.as_str(), grant.resources.as_str()),
            ("invoker", "prod", "billing-*")
        );
        assert_eq!(role_grant("viewer").namespaces, "*");
        assert_eq!(seconds("90d").expect("valid"), 90 * 86_400);
        for bad in ["", "d", "90", "-1h", "1w", "99999999999999999999d", "é"] {
            assert!(seconds(bad).is_err(), "{bad:?}");
        }
    }
}
