//! `GET /secrets/{name}`.

use axum::extract::State;
use http::StatusCode;

use super::{answer_with, name_of};
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    answer_with(StatusCode::OK, app.parts().secrets.get(&ctx.scope, &name_of(&path)?).await?)
}
