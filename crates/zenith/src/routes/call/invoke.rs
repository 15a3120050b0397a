//! `POST /functions/{name}/invoke`: the hot path.

use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use nova_api::headers;
use nova_api::v1::CallError;
use nova_domain::call::{CallSource, FunctionError, Outcome, PAYLOAD_OUT_MAX};
use nova_domain::{Code, Fault, RunId};

use super::call_of;
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;

pub(crate) const FAILED_BY: HeaderName = HeaderName::from_static(headers::FAILED_BY);

/// If the client goes away this future is dropped, and with it the invoker's, which cancels the call.
pub(crate) async fn invoke(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let call = call_of(&app, &ctx, &path, CallSource::Api, &parts, body).await?;
    let id = call.id.clone();
    let outcome = app.parts().invoker.invoke(call).await?;
    if let Err(error) = &outcome.result
        && error.is_too_large()
    {
        return Err(too_large(error).into());
    }
    let failed = outcome.result.is_err();
    let body = answer(&id, &outcome, ctx.began.elapsed());
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if failed {
        headers.insert(FAILED_BY, HeaderValue::from_static("function"));
    }
    Ok(response)
}

/// A response over the limit is the function's doing, and still no answer that could be given.
fn too_large(error: &FunctionError) -> Fault {
    let limit = format!("{} (limit: {PAYLOAD_OUT_MAX} bytes)", error.message);
    Fault::new(Code::ResponseTooLarge, limit)
}

/// `nova_api::v1::InvokeAnswer`, written by hand so that the output is copied once and not read.
pub(super) fn answer(id: &RunId, outcome: &Outcome, took: Duration) -> Vec<u8> {
    let output: &[u8] = outcome.result.as_ref().map_or(b"null", |bytes| bytes);
    let mut text = Vec::with_capacity(output.len() + 192);
    // Writing to a Vec does not fail, and ids hold nothing that JSON must escape.
    let _ = write!(text, "{{\"request_id\":\"{id}\",\"output\":");
    text.extend_from_slice(if output.is_empty() { b"null" } else { output });
    text.extend_from_slice(b",\"error\":");
    match &outcome.result {
        Ok(_) => text.extend_from_slice(b"null"),
        Err(error) => {
            let start = text.len();
            if serde_json::to_writer(&mut text, &CallError::from(error.clone())).is_err() {
                text.truncate(start);
                text.extend_from_slice(b"null");
            }
        }
    }
    let (millis, cold) = (took.as_secs_f64() * 1000.0, outcome.usage.cold_start);
    let version = outcome.function.version;
    let _ = write!(text, ",\"duration_ms\":{millis:.3},\"cold_start\":{cold},\"version\":{version}}}");
    text
}
