//! `POST /functions`.

use axum::extract::{Request, State};
use http::{HeaderValue, StatusCode, header};
use nova_domain::http::HttpAccess;

use super::convert;
use crate::app::App;
use crate::body;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::refused::Answer;
use crate::routes::{answer, code};

pub(crate) async fn create(State(app): State<App>, ctx: Ctx, allowed: Allowed, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let _slot = code::upload_slot(&parts.headers).await;
    let create = convert::create(body::json(&parts.headers, body, body::CODE).await?)?;
    allowed.require(&ctx, create.name.as_str())?;
    if !create.invoke_policy.is_empty() {
        super::may_share(&ctx, &create.name, "invoke_policy")?;
    }
    if create.http != HttpAccess::Off {
        super::may_share(&ctx, &create.name, "http")?;
    }
    let location = format!("/v1/functions/{}", create.name);
    let made = app.functions().create(&ctx.scope, create).await?;
    let mut response = answer::function(StatusCode::CREATED, made)?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
