//! `GET /runs` and `GET /functions/{name}/runs`.

use axum::extract::State;
use nova_api::v1::{Page, RunView};
use nova_aurora::{RunFilter, Whose};
use nova_domain::call::CallSource;
use nova_domain::run::RunStatus;
use nova_domain::{Fault, FaultResult, FunctionName};

use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query, cut};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn of_function(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    list(&app, &ctx, Whose::Function(&path.function()?), &query).await
}

pub(crate) async fn all(State(app): State<App>, ctx: Ctx, allowed: Allowed, query: Query) -> Answer {
    let function = wanted(&ctx, &allowed, &query)?;
    let whose = function.as_ref().map_or(Whose::Names(&allowed.names), Whose::Function);
    list(&app, &ctx, whose, &query).await
}

/// `?function=`, if the caller may see its runs.
pub(in crate::routes) fn wanted(
    ctx: &Ctx,
    allowed: &Allowed,
    query: &Query,
) -> FaultResult<Option<FunctionName>> {
    let function = query.get("function").map(FunctionName::new).transpose()?;
    if let Some(name) = &function {
        allowed.require(ctx, name.as_str())?;
    }
    Ok(function)
}

async fn list(app: &App, ctx: &Ctx, whose: Whose<'_>, query: &Query) -> Answer {
    let parts = app.parts();
    let filter = RunFilter {
        status: query.get("status").map(status).transpose()?,
        source: query.get("source").map(source).transpose()?,
        since: query.time("since", &*parts.clock)?,
        until: query.time("until", &*parts.clock)?,
        error: query.get("error").map(str::to_owned),
        ..RunFilter::default()
    };
    let page = parts.observatory.runs(&ctx.scope, whose, filter, &query.page()?).await?;
    let items = page.items.into_iter().map(RunView::from).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

fn status(text: &str) -> FaultResult<RunStatus> {
    RunStatus::parse(text)
        .ok_or_else(|| unknown("status", text, "succeeded, failed, cancelled or platform_error"))
}

fn source(text: &str) -> FaultResult<CallSource> {
    CallSource::ALL
        .iter()
        .copied()
        .find(|source| source.as_str() == text)
        .ok_or_else(|| unknown("source", text, "api, stream, function, http or queue"))
}

fn unknown(name: &str, text: &str, known: &str) -> Fault {
    Fault::invalid(format!("{name} {:?} is not known; use {known}", cut(text))).with_field(name, known)
}
