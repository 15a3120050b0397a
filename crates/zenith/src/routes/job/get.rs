//! `GET /async-invocations/{id}`.

use axum::extract::State;
use nova_api::v1::JobView;

use super::job_id;
use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, allowed: Allowed, path: PathParams) -> Answer {
    let job = app.queue().job(&ctx.scope, &allowed.names, &job_id(&path)?).await?;
    answer::json(&JobView::from(job))
}
