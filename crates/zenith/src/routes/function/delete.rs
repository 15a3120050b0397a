//! `DELETE /functions/{name}`.

use axum::extract::State;
use http::HeaderMap;

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, if_match};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn delete(State(app): State<App>, ctx: Ctx, path: PathParams, headers: HeaderMap) -> Answer {
    app.functions().delete(&ctx.scope, &path.function()?, if_match(&headers)?).await?;
    Ok(answer::no_content())
}
