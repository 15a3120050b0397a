//! `POST /functions/{name}/invoke-stream`: output as it is written, as server-sent events.

use std::sync::Arc;

use axum::extract::{Request, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::StreamExt as _;
use nova_api::v1::Problem;
use nova_domain::RunId;
use nova_domain::call::{CallSource, EventStream, StreamEvent};

use super::call_of;
use super::invoke::answer;
use crate::app::App;
use crate::edge::context::{Context, Ctx};
use crate::query::PathParams;
use crate::refused::Answer;
use crate::sse;

pub(crate) async fn stream(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let call = call_of(&app, &ctx, &path, CallSource::Stream, &parts, body).await?;
    let id = call.id.clone();
    let events = app.parts().invoker.invoke_stream(call).await?;
    Ok(sse::response(frames(events, id, ctx.0)))
}

/// The next event is asked for when the one before is on its way to the client, so a slow
/// client slows the function; a client that is gone drops the events and so cancels the call.
fn frames(
    events: EventStream,
    id: RunId,
    context: Arc<Context>,
) -> impl futures::Stream<Item = Bytes> + Send {
    events.map(move |event| match event {
        StreamEvent::Chunk(bytes) => chunk(&bytes),
        StreamEvent::Done(outcome) => {
            sse::event("done", None, &answer(&id, &outcome, context.began.elapsed()))
        }
        StreamEvent::Failed(fault) => {
            tracing::warn!(request_id = %context.request_id, cause = %fault.log_line(), "stream failed");
            let problem = Problem::of(&fault, &context.request_id);
            sse::event("error", None, &serde_json::to_vec(&problem).unwrap_or_default())
        }
    })
}

fn chunk(bytes: &[u8]) -> Bytes {
    const HEAD: &str = "data: ";
    let mut frame = String::with_capacity(HEAD.len() + bytes.len().div_ceil(3) * 4 + 2);
    frame.push_str(HEAD);
    STANDARD.encode_string(bytes, &mut frame);
    frame.push_str("\n\n");
    frame.into()
}
