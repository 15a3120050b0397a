//! `DELETE /async-invocations/{id}`.

use axum::extract::State;

use super::job_id;
use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn delete(State(app): State<App>, ctx: Ctx, allowed: Allowed, path: PathParams) -> Answer {
    app.queue().delete(&ctx.scope, &allowed.names, &job_id(&path)?).await?;
    Ok(answer::no_content())
}
