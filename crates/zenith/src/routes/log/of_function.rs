//! `GET /functions/{name}/logs`, once or followed.

use axum::extract::State;
use bytes::Bytes;
use futures::StreamExt as _;
use http::HeaderMap;
use nova_api::v1::Problem;
use nova_aurora::{FollowedLine, LINES_MAX, LogPlace, LogQuery};
use nova_domain::FaultResult;

use super::{followed, page, place, run};
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;
use crate::sse;

pub(crate) async fn of_function(
    State(app): State<App>,
    ctx: Ctx,
    path: PathParams,
    query: Query,
    headers: HeaderMap,
) -> Answer {
    let (name, parts) = (path.function()?, app.parts());
    let mut wanted = LogQuery {
        tail: query.number("tail", 0, LINES_MAX)?,
        since: query.time("since", &*parts.clock)?,
        after: place(&query)?,
        run: run(&query)?,
    };
    if !query.flag("follow")? {
        let limit = query.number("limit", 1, 500)?;
        // A tail says itself how many lines there are to be.
        let limit = limit.or(wanted.tail.filter(|tail| *tail > 0)).unwrap_or(500);
        return answer::json(&page(parts.observatory.logs(&ctx.scope, &name, &wanted, limit).await?));
    }
    // A browser that reconnects names the last line that it got.
    if let Some(last) = headers.get("last-event-id").and_then(|value| value.to_str().ok()) {
        wanted.after = Some(LogPlace::parse(last)?);
    }
    let lines = parts.observatory.follow(&ctx.scope, &name, &wanted).await?;
    let request_id = ctx.request_id.clone();
    Ok(sse::response(lines.map(move |line| frame(line, &request_id))))
}

/// A line as an event whose id resumes after it; a fault as the last one.
fn frame(line: FaultResult<FollowedLine>, request_id: &str) -> Bytes {
    match line {
        Ok(line) => {
            let view = followed(line);
            sse::event("", Some(&view.cursor), &serde_json::to_vec(&view).unwrap_or_default())
        }
        Err(fault) => {
            tracing::warn!(request_id, error = %fault.log_line(), "following a log ended");
            let problem = Problem::of(&fault, request_id);
            sse::event("error", None, &serde_json::to_vec(&problem).unwrap_or_default())
        }
    }
}
