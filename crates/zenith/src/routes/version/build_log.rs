//! `GET /functions/{name}/versions/{version}/build/log`, once or followed.

use axum::extract::State;
use bytes::Bytes;
use futures::StreamExt as _;
use http::HeaderMap;
use nova_api::v1::{BuildLineView, BuildLogView, Problem};
use nova_control::{BuildEvent, BuildPlace};
use nova_domain::FaultResult;
use nova_domain::call::Qualifier;

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;
use crate::sse;

pub(crate) async fn build_log(
    State(app): State<App>,
    ctx: Ctx,
    path: PathParams,
    query: Query,
    headers: HeaderMap,
) -> Answer {
    let (name, number) = (path.function()?, path.version("version")?);
    let functions = app.functions();
    if !query.flag("follow")? {
        let found = functions.get_version(&ctx.scope, &name, &Qualifier::Number(number)).await?;
        let build = found.version.build;
        let output = functions.build_so_far(&found.function.id, number).unwrap_or(build.output);
        return answer::json(&BuildLogView { compile_status: build.status, output });
    }
    // A browser that reconnects names the last event that it got.
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last.map(BuildPlace::parse).transpose()?;
    let events = functions.follow_build(&ctx.scope, &name, number, after).await?;
    let request_id = ctx.request_id.clone();
    Ok(sse::response(events.map(move |event| frame(event, &request_id))))
}

fn frame(event: FaultResult<BuildEvent>, request_id: &str) -> Bytes {
    match event {
        Ok(BuildEvent::Line(place, line)) => {
            let view = BuildLineView { at: line.at, text: line.text };
            sse::event("", Some(&place.to_string()), &json(&view))
        }
        Ok(BuildEvent::Missed(place, lines)) => {
            sse::event("missed", Some(&place.to_string()), format!("{{\"lines\":{lines}}}").as_bytes())
        }
        Ok(BuildEvent::Ended(build)) => sse::event(
            "done",
            None,
            &json(&BuildLogView { compile_status: build.status, output: build.output }),
        ),
        Err(fault) => {
            tracing::warn!(request_id, error = %fault.log_line(), "following a build ended");
            sse::event("error", None, &json(&Problem::of(&fault, request_id)))
        }
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
