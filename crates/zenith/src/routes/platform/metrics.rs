//! `GET /metrics`.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, header};

use crate::app::App;
use crate::edge::context::Ctx;
use crate::refused::Answer;

pub(crate) async fn text(State(app): State<App>, _: Ctx) -> Answer {
    let mut response = Response::new(Body::from((app.parts().metrics)()));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
