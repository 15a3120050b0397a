//! `POST /functions/{name}/invoke-async`: a call that is made later.

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use nova_api::headers;
use nova_api::v1::{InvokeAsync, JobView};
use nova_domain::FaultResult;
use nova_domain::call::{Call, CallSource, FunctionRef};
use nova_domain::job::{JOB_PAYLOAD_MAX, Job};

use super::{call_without, qualifier, text};
use crate::app::App;
use crate::body::{self, Bounds};
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use crate::routes::answer;

const IDEMPOTENCY_STATUS: HeaderName = HeaderName::from_static(headers::IDEMPOTENCY_STATUS);
/// An event, and what is said around it.
const ORDER: Bounds = Bounds { size: JOB_PAYLOAD_MAX + 64 * 1024, ..body::EVENT };

pub(crate) async fn enqueue(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let target = FunctionRef { name: path.function()?, qualifier: qualifier(&parts)? };
    let call = call_without(&app, &ctx, target, CallSource::Queue, &parts)?;
    let order: InvokeAsync = body::json_or_nothing(&parts.headers, body, ORDER).await?;
    let retry = order.retry();
    let payload =
        order.payload.map_or(call.payload.clone(), |raw| Bytes::from(String::from(Box::<str>::from(raw))));
    let key = match order.idempotency_key {
        Some(key) => Some(key),
        None => text(&parts, headers::IDEMPOTENCY_KEY)?.map(str::to_owned),
    };
    let accepted = app.queue().enqueue(Call { payload, ..call }, retry, key).await?;
    let status = if accepted.replayed { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = location(&accepted.job)?;
    let mut response = answer::json_with(status, &JobView::from(accepted.job))?;
    response.headers_mut().insert(header::LOCATION, location);
    if accepted.replayed {
        response.headers_mut().insert(IDEMPOTENCY_STATUS, HeaderValue::from_static("replay"));
    }
    Ok(response)
}

/// Where the job is to be seen.
pub(super) fn location(job: &Job) -> FaultResult<HeaderValue> {
    let at = format!("/v1/async-invocations/{}", job.order.id);
    HeaderValue::from_str(&at)
        .map_err(|error| nova_domain::Fault::internal("an id is no header value").with_source(error))
}

/// The answer of AWS's API: nothing but that it was accepted, and where to look.
pub(super) fn accepted(job: &Job) -> Answer {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::ACCEPTED;
    response.headers_mut().insert(header::LOCATION, location(job)?);
    Ok(response)
}
