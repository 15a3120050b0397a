//! `nova doctor`: what this host gives, and how a running server stands.

use nova_api::client::ClientError;
use nova_api::v1::HealthStatus;
use nova_comet::Runtimes;
use nova_keeper::client::Connection;
use nova_keeper::protocol::{ReplyBody, Request, RequestBody, Status};
use nova_kit::dirs::{Dirs, Surroundings};

use super::{CommandResult, Context, ServerOptions};

mod access;

struct Check {
    name: String,
    good: bool,
    detail: String,
}

pub(super) async fn doctor(context: &Context, options: &ServerOptions) -> CommandResult {
    let settings = options.load()?.settings;
    let dirs =
        Dirs::resolve(&Surroundings::here(), &settings.dirs.data, &settings.dirs.cache, &settings.dirs.run);
    let mut checks = Vec::new();
    check_runtimes(&mut checks);
    access::check(&settings, &dirs, &mut checks);
    check_server(context, &mut checks).await;
    match keeper_status(&dirs) {
        Ok(status) => check_keeper(&status, &mut checks),
        Err(error) => checks.push(Check {
            name: "keeper".into(),
            good: false,
            detail: format!("none answers in {} ({error}); `nova serve` starts one", dirs.run.display()),
        }),
    }
    let rows = checks
        .iter()
        .map(|check| {
            vec![
                if check.good { "ok" } else { "MISSING" }.to_owned(),
                check.name.clone(),
                check.detail.clone(),
            ]
        })
        .collect();
    let items: Vec<_> = checks
        .iter()
        .map(|check| serde_json::json!({"check": check.name, "ok": check.good, "detail": check.detail}))
        .collect();
    context.printer.many(&items, &["state", "check", "detail"], rows)?;
    Ok(())
}

fn check_runtimes(checks: &mut Vec<Check>) {
    let runtimes = Runtimes::discover();
    for runtime in nova_domain::runtime::Runtime::ALL {
        if runtime.is_executable() {
            continue;
        }
        let (good, detail) = match runtimes.find(&(*runtime).into()) {
            Ok(found) => (true, format!("{} at {}", found.version, found.path)),
            Err(fault) => (false, fault.message().to_owned()),
        };
        checks.push(Check { name: format!("runtime {runtime}"), good, detail });
    }
}

async fn check_server(context: &Context, checks: &mut Vec<Check>) {
    let (good, detail) = match context.client.health().await {
        Ok(health) => (
            health.status == HealthStatus::Ok,
            format!("{} at {}, up {} s", health.version, context.client.base(), health.uptime_s),
        ),
        Err(error @ ClientError::Unreachable { .. }) => (false, error.to_string()),
        Err(error) => (false, error.to_string()),
    };
    checks.push(Check { name: "server".into(), good, detail });
}

fn keeper_status(dirs: &Dirs) -> anyhow::Result<Status> {
    let (connection, _) = Connection::open(&crate::serve::keeper_socket(&dirs.run))?;
    match connection.call(&Request { id: 1, body: RequestBody::Status })? {
        (ReplyBody::Status(status), _) => Ok(*status),
        (other, _) => anyhow::bail!("unexpected answer {other:?}"),
    }
}

fn check_keeper(status: &Status, checks: &mut Vec<Check>) {
    let mode = if status.rootless { "rootless" } else { "root" };
    checks.push(Check {
        name: "keeper".into(),
        good: true,
        detail: format!(
            "pid {}, {mode}, {} sandboxes, {} of {} launches from stock",
            status.pid, status.sandboxes, status.from_stock_total, status.launched_total
        ),
    });
    for layer in &status.layers {
        checks.push(Check {
            name: format!("isolation: {}", layer.name),
            good: layer.active,
            detail: layer.detail.clone(),
        });
    }
    for (key, stock) in &status.stock {
        let name = if key.is_empty() { "bare" } else { key };
        checks.push(Check {
            name: format!("stock {name}"),
            good: stock.ready > 0 || stock.target == 0,
            detail: format!(
                "{} ready, {} starting, {} wanted, {:.1} MiB together",
                stock.ready,
                stock.starting,
                stock.target,
                stock.memory_bytes as f64 / 1_048_576.0
            ),
        });
    }
    if let Some(error) = &status.refill_error {
        checks.push(Check { name: "stock refill".into(), good: false, detail: error.clone() });
    }
}
