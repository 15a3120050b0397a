//! `POST /functions/{name}/versions/{version}/activate`.

use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, if_match};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn activate(
    State(app): State<App>,
    ctx: Ctx,
    path: PathParams,
    headers: HeaderMap,
) -> Answer {
    let (name, version) = (path.function()?, path.version("version")?);
    let activated = app.functions().activate(&ctx.scope, &name, version, if_match(&headers)?).await?;
    answer::function(StatusCode::OK, activated)
}
