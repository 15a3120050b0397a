//! The OpenAPI document and a page that shows it, out of the binary alone.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::response::{IntoResponse as _, Redirect, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use nova_domain::Fault;
use utoipa_swagger_ui::Config;

use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| nova_api::openapi::v1_json().into());
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

/// `GET /openapi.json`.
pub(crate) async fn openapi(_: Ctx) -> Answer {
    let mut response = Response::new(Body::from(DOCUMENT.clone()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// `GET /docs`: on to the page.
pub(crate) async fn root(_: Ctx) -> Answer {
    Ok(Redirect::to("/docs/").into_response())
}

/// `GET /docs/`.
pub(crate) async fn index(_: Ctx) -> Answer {
    serve("index.html")
}

/// `GET /docs/{*file}`.
pub(crate) async fn file(_: Ctx, path: PathParams) -> Answer {
    serve(path.get("file")?)
}

fn serve(name: &str) -> Answer {
    let found = utoipa_swagger_ui::serve(name, CONFIG.clone())
        .map_err(|error| Fault::internal(format!("the documentation page: {error}")))?;
    let Some(file) = found else {
        return Err(Fault::not_found("file of the documentation", crate::query::cut(name)).into());
    };
    let mut response = Response::new(Body::from(file.bytes.into_owned()));
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&file.content_type) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if file.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let policy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    Ok(response)
}
