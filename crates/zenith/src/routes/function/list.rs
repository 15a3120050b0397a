//! `GET /functions`.

use axum::extract::State;
use nova_api::v1::{FunctionView, Page};
use nova_control::FunctionFilter;
use nova_domain::runtime::RuntimeRef;

use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::Query;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, allowed: Allowed, query: Query) -> Answer {
    let runtime = query.get("runtime").map(RuntimeRef::parse).transpose()?;
    let filter = FunctionFilter {
        search: query.get("search").or(query.get("q")).map(str::to_owned),
        runtime: runtime.map(|wish| wish.runtime),
        names: allowed.names,
    };
    let page = app.functions().list(&ctx.scope, &filter, &query.page()?).await?;
    let items = page.items.into_iter().map(|one| FunctionView::new(one.function, one.version)).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}
