//! `GET /functions/{name}/versions/{v1}/diff/{v2}`.

use axum::extract::State;
use nova_api::v1::{ChangeView, VersionDiff};

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn diff(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let (name, v1, v2) = (path.function()?, path.version("v1")?, path.version("v2")?);
    let changes = app.functions().diff(&ctx.scope, &name, v1, v2).await?;
    let changes = changes.into_iter().map(ChangeView::from).collect();
    answer::json(&VersionDiff { function: name.into(), v1, v2, changes })
}
