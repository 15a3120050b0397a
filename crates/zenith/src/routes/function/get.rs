//! `GET /functions/{name}`.

use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    answer::function(StatusCode::OK, app.functions().get(&ctx.scope, &path.function()?).await?)
}
