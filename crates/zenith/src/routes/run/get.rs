//! `GET /runs/{id}`.

use axum::extract::State;
use nova_api::v1::RunView;
use nova_domain::run::Run;
use nova_domain::{Fault, FaultResult, RunId};

use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::{PathParams, cut};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, allowed: Allowed, path: PathParams) -> Answer {
    answer::json(&RunView::from(run(&app, &ctx, &allowed, &path).await?))
}

/// The run that the path names; one that the caller may not see does not exist.
pub(in crate::routes) async fn run(
    app: &App,
    ctx: &Ctx,
    allowed: &Allowed,
    path: &PathParams,
) -> FaultResult<Run> {
    let run = app.parts().observatory.run(&ctx.scope, &run_id(path)?).await?;
    if allowed.names.has(run.function.as_str()) { Ok(run) } else { Err(Fault::not_found("run", run.id)) }
}

/// An id that cannot be one does not exist.
fn run_id(path: &PathParams) -> FaultResult<RunId> {
    let text = path.get("id")?;
    RunId::new(text).map_err(|_| Fault::not_found("run", cut(text)))
}
