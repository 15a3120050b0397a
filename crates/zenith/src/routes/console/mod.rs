//! The console's files below `/ui/`, out of the binary.

mod files;
mod serve;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use http::{HeaderMap, header};

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use files::CONSOLE;

/// `GET /`: browsers go to the console, programs to the documentation.
pub(crate) async fn root(_: Ctx, headers: HeaderMap) -> Answer {
    let page = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|accepts| accepts.contains("text/html"));
    Ok(Redirect::to(if page { "/ui/" } else { "/docs/" }).into_response())
}

/// `GET /ui`: the console's own links are relative to `/ui/`.
pub(crate) async fn without_slash(_: Ctx) -> Answer {
    Ok(Redirect::to("/ui/").into_response())
}

/// `GET /ui/`.
pub(crate) async fn index(State(_): State<App>, _: Ctx, headers: HeaderMap) -> Answer {
    serve::answer(CONSOLE, "", &headers)
}

/// `GET /ui/{*file}`.
pub(crate) async fn file(State(_): State<App>, _: Ctx, path: PathParams, headers: HeaderMap) -> Answer {
    serve::answer(CONSOLE, path.get("file")?, &headers)
}
