//! `GET /secrets`.

use axum::extract::State;
use nova_api::v1::{Page, SecretView};

use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::Query;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, allowed: Allowed, query: Query) -> Answer {
    let page = app.parts().secrets.list(&ctx.scope, &allowed.names, &query.page()?).await?;
    let items = page.items.into_iter().map(SecretView::from).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}
