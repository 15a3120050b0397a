//! Pages of other origins: what browsers are told, where a function's settings say it (CORS).

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use nova_domain::http::Cors;
use nova_domain::{Code, Fault, FaultResult};

/// How headers begin that say what other origins may.
const FAMILY: &str = "access-control-";

/// The one origin that a request comes from, if it says it.
pub(super) fn origin(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(header::ORIGIN).iter();
    let first = values.next();
    first.filter(|_| values.next().is_none()).cloned()
}

/// The answer to a browser that asks before it sends; `None` if this is no such question.
pub(super) fn preflight(cors: &Cors, parts: &Parts) -> Option<FaultResult<Response>> {
    let asked = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if parts.method != Method::OPTIONS || !parts.headers.contains_key(header::ORIGIN) {
        return None;
    }
    let from = origin(&parts.headers);
    if !from.as_ref().is_some_and(|origin| lets_in(cors, origin)) {
        let shown: String = from
            .and_then(|origin| Some(origin.to_str().ok()?.chars().take(200).collect()))
            .unwrap_or_default();
        let text =
            format!("pages of {shown:?} may send no requests here; the function's http_cors names who may");
        return Some(Err(Fault::new(Code::PermissionDenied, text)));
    }
    let text = |value: Option<&HeaderValue>| {
        value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let headers = text(parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let told = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, cors.methods_for(&text(Some(asked)))),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, cors.headers_for(&headers)),
        (header::ACCESS_CONTROL_MAX_AGE, cors.max_age_s.to_string()),
    ];
    for (name, value) in told {
        add(response.headers_mut(), name, &value);
    }
    let vary = HeaderValue::from_static("access-control-request-method, access-control-request-headers");
    response.headers_mut().append(header::VARY, vary);
    Some(Ok(response))
}

/// Takes away what the function itself says of other origins.
pub(super) fn forget(headers: &mut HeaderMap) {
    let said: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with(FAMILY)).cloned().collect();
    for name in said {
        headers.remove(name);
    }
}

/// Says in an answer, whatever it is, whether the page at `origin` may read it.
pub(super) fn allow(cors: &Cors, origin: Option<&HeaderValue>, into: &mut HeaderMap) {
    if !cors.lets_all_in() {
        into.append(header::VARY, HeaderValue::from_static("origin"));
    }
    let Some(origin) = origin.filter(|origin| lets_in(cors, origin)) else { return };
    let told = if cors.lets_all_in() { HeaderValue::from_static("*") } else { origin.clone() };
    into.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, told);
    if cors.credentials {
        into.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    add(into, header::ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose_headers.join(", "));
}

fn lets_in(cors: &Cors, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| cors.allows_origin(origin))
}

fn add(into: &mut HeaderMap, name: HeaderName, value: &str) {
    if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(value)) {
        into.insert(name, value);
    }
}
