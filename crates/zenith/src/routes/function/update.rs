//! `PATCH /functions/{name}`.

use axum::extract::{Request, State};
use http::StatusCode;
use nova_control::Patch;
use nova_domain::http::HttpAccess;

use super::convert;
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, if_match};
use crate::refused::Answer;
use crate::routes::{answer, code};

pub(crate) async fn update(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let name = path.function()?;
    let revision = if_match(&parts.headers)?;
    let _slot = code::upload_slot(&parts.headers).await;
    let mut change = convert::change(body::json(&parts.headers, body, body::CODE).await?)?;
    if !change.invoke_policy.is_keep() {
        super::may_share(&ctx, &name, "invoke_policy")?;
    }
    // A deploy that says again what is so already opens nothing.
    if let Patch::Set(access) = &change.http
        && *access != HttpAccess::Off
        && app.functions().offered(&ctx.scope, &name).await?.1.access != *access
    {
        super::may_share(&ctx, &name, "http")?;
    }
    change.expected = revision.or(change.expected);
    answer::function(StatusCode::OK, app.functions().update(&ctx.scope, &name, change).await?)
}
