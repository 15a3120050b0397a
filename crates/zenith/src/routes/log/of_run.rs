//! `GET /runs/{id}/logs`.

use axum::extract::State;
use nova_aurora::LogCursor;

use super::{cursor, page};
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;
use crate::routes::run::get::run_id;

pub(crate) async fn of_run(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let after = cursor(&query)?.unwrap_or(LogCursor::START);
    let limit = query.number("limit", 1, 500)?.unwrap_or(500);
    let found = app.parts().observatory.run_logs(&ctx.scope, &run_id(&path)?, after, limit).await?;
    answer::json(&page(found))
}
