//! `GET /runs/{id}`.

use axum::extract::State;
use nova_api::v1::RunView;
use nova_domain::{Fault, FaultResult, RunId};

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, cut};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let run = app.parts().observatory.run(&ctx.scope, &run_id(&path)?).await?;
    answer::json(&RunView::from(run))
}

/// An id that cannot be one does not exist.
pub(in crate::routes) fn run_id(path: &PathParams) -> FaultResult<RunId> {
    let text = path.get("id")?;
    RunId::new(text).map_err(|_| Fault::not_found("run", cut(text)))
}
