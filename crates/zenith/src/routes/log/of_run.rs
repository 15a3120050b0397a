//! `GET /runs/{id}/logs`.

use axum::extract::State;
use nova_aurora::LogCursor;

use super::{cursor, page};
use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;
use crate::routes::run::get::run;

pub(crate) async fn of_run(
    State(app): State<App>,
    ctx: Ctx,
    allowed: Allowed,
    path: PathParams,
    query: Query,
) -> Answer {
    let after = cursor(&query)?.unwrap_or(LogCursor::START);
    let limit = query.number("limit", 1, 500)?.unwrap_or(500);
    let run = run(&app, &ctx, &allowed, &path).await?;
    let found = app.parts().observatory.run_logs(&ctx.scope, &run.id, after, limit).await?;
    answer::json(&page(found))
}
