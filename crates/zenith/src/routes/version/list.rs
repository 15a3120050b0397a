//! `GET /functions/{name}/versions`.

use axum::extract::State;
use nova_api::v1::{Page, VersionView};

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let name = path.function()?;
    let (function, page) = app.functions().list_versions(&ctx.scope, &name, &query.page()?).await?;
    let view = |version| VersionView::new(name.as_str(), function.active_version, version);
    answer::json(&Page { items: page.items.into_iter().map(view).collect(), next_cursor: page.next_cursor })
}
