//! `/tenants`.

use axum::extract::{Request, State};
use http::StatusCode;
use nova_api::v1::{CreateTenant, Page, TenantView};
use nova_domain::TenantName;

use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn create(State(app): State<App>, _: Ctx, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body: CreateTenant = body::json(&parts.headers, body, body::SMALL).await?;
    let made = app.access().create_tenant(TenantName::new(body.name)?, body.description).await?;
    answer::json_with(StatusCode::CREATED, &TenantView::from(made))
}

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let page = app.access().tenants(ctx.caller()?, &query.page()?).await?;
    let items = page.items.into_iter().map(TenantView::from).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn get(State(app): State<App>, _: Ctx, path: PathParams) -> Answer {
    let name = TenantName::new(path.get("tenant")?)?;
    answer::json(&TenantView::from(app.access().tenant(&name).await?))
}

pub(crate) async fn delete(State(app): State<App>, _: Ctx, path: PathParams) -> Answer {
    app.access().delete_tenant(&TenantName::new(path.get("tenant")?)?).await?;
    Ok(answer::no_content())
}
