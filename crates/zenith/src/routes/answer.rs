//! Answers that went well.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use nova_api::v1;
use nova_control::FunctionWithVersion;
use nova_domain::Fault;
use serde::Serialize;

use crate::refused::Answer;

/// JSON with status 200.
pub(super) fn json<T: Serialize>(value: &T) -> Answer {
    json_with(StatusCode::OK, value)
}

pub(super) fn json_with<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| Fault::internal("an answer could not be written").with_source(error))?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A function, with its revision as `ETag`.
pub(super) fn function(status: StatusCode, found: FunctionWithVersion) -> Answer {
    let view = v1::FunctionView::new(found.function, found.version);
    let mut response = json_with(status, &view)?;
    etag(&mut response, view.revision);
    Ok(response)
}

pub(super) fn etag(response: &mut Response, revision: u64) {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
}

pub(super) fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
