//! Aliases of functions.

pub(super) mod rollout;

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use nova_api::v1;
use nova_control::{AliasChange, NewAlias};
use nova_domain::alias::{Alias, Weights};
use nova_domain::{AliasName, Fault, FaultResult, FunctionName};

use super::answer;
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query, cut, if_match};
use crate::refused::{Answer, Refused};

pub(crate) async fn create(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let function = path.function()?;
    let (parts, body) = request.into_parts();
    let body: v1::CreateAlias = body::json(&parts.headers, body, body::SMALL).await?;
    let name = AliasName::new(&body.name).map_err(|fault| {
        let text = fault.message().to_owned();
        fault.with_field("name", text)
    })?;
    let location = format!("/v1/functions/{function}/aliases/{name}");
    let new = NewAlias {
        name,
        version: body.version,
        weights: weights(body.weights)?,
        description: body.description,
    };
    let made = app.functions().create_alias(&ctx.scope, &function, new).await?;
    let mut response = shown(StatusCode::CREATED, &function, made)?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let function = path.function()?;
    let page = app.functions().list_aliases(&ctx.scope, &function, &query.page()?).await?;
    let view = |alias| v1::AliasView::new(function.as_str(), alias);
    answer::json(&v1::Page {
        items: page.items.into_iter().map(view).collect(),
        next_cursor: page.next_cursor,
    })
}

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let function = path.function()?;
    let found = app.functions().get_alias(&ctx.scope, &function, &alias_of(&path)?).await?;
    shown(StatusCode::OK, &function, found)
}

pub(crate) async fn update(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    let (parts, body) = request.into_parts();
    let expected = if_match(&parts.headers)?;
    let body: v1::PatchAlias = body::json(&parts.headers, body, body::SMALL).await?;
    let change = AliasChange {
        version: body.version,
        weights: body.weights.map(weights).transpose()?,
        description: match body.description {
            v1::Patch::Absent => None,
            v1::Patch::Null => Some(String::new()),
            v1::Patch::Value(text) => Some(text),
        },
    };
    let changed = app.functions().change_alias(&ctx.scope, &function, &alias, change, expected).await?;
    shown(StatusCode::OK, &function, changed)
}

pub(crate) async fn delete(State(app): State<App>, ctx: Ctx, path: PathParams, headers: HeaderMap) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    app.functions().delete_alias(&ctx.scope, &function, &alias, if_match(&headers)?).await?;
    Ok(answer::no_content())
}

pub(crate) async fn promote(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    let (parts, body) = request.into_parts();
    let expected = if_match(&parts.headers)?;
    let body: v1::PromoteAlias = body::json_or_nothing(&parts.headers, body, body::SMALL).await?;
    let done = app.functions().promote_alias(&ctx.scope, &function, &alias, body.version, expected).await?;
    shown(StatusCode::OK, &function, done)
}

pub(crate) async fn roll_back(
    State(app): State<App>,
    ctx: Ctx,
    path: PathParams,
    headers: HeaderMap,
) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    let done = app.functions().roll_back_alias(&ctx.scope, &function, &alias, if_match(&headers)?).await?;
    shown(StatusCode::OK, &function, done)
}

/// The alias that the path names; a name that none can have is of one that is not there.
pub(super) fn alias_of(path: &PathParams) -> FaultResult<AliasName> {
    let text = path.get("alias")?;
    AliasName::new(text).map_err(|_| Fault::not_found("alias", cut(text)))
}

/// An alias, with its revision as `ETag`.
pub(super) fn shown(status: StatusCode, function: &FunctionName, alias: Alias) -> Result<Response, Refused> {
    let revision = alias.revision;
    let mut response = answer::json_with(status, &v1::AliasView::new(function.as_str(), alias))?;
    answer::etag(&mut response, revision);
    Ok(response)
}

fn weights(body: BTreeMap<String, u32>) -> FaultResult<Weights> {
    let mut weights = Weights::new();
    for (text, weight) in body {
        let number = text.strip_prefix('v').unwrap_or(&text).parse().map_err(|_| {
            Fault::invalid(format!("weights are by version number, and {:?} is none", cut(&text)))
                .with_field("weights", "version numbers as names")
        })?;
        if weights.insert(number, weight).is_some() {
            return Err(Fault::invalid(format!("version {number} has two weights"))
                .with_field("weights", "one weight for each version"));
        }
    }
    Ok(weights)
}
