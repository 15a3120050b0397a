//! `/roles` and `/bindings`.

use axum::extract::{Request, State};
use http::StatusCode;
use nova_api::v1::{BindingView, CreateBinding, CreateRole, Page, PutRole, RoleGrantBody, RoleView};
use nova_domain::access::role::PermissionList;
use nova_domain::access::{Permission, Subject};
use nova_domain::{BindingId, Fault, FaultResult, RoleName};

use super::{convert, of_server, whose};
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

fn role_of(path: &PathParams) -> FaultResult<RoleName> {
    RoleName::new(path.get("role")?)
}

pub(crate) async fn create(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body: CreateRole = body::json(&parts.headers, body, body::SMALL).await?;
    let permissions = PermissionList(body.permissions).checked()?;
    let name = RoleName::new(body.name)?;
    let tenant = &ctx.scope.tenant;
    let made = app.access().create_role(ctx.caller()?, tenant, name, body.description, permissions).await?;
    answer::json_with(StatusCode::CREATED, &RoleView::from(made))
}

/// The first page begins with the built-in ones.
pub(crate) async fn list(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let page = app.access().roles(&ctx.scope.tenant, &query.page()?).await?;
    let built_in = app.access().built_in_roles().iter().filter(|_| query.get("cursor").is_none());
    let items = built_in
        .map(|(name, permissions, about)| RoleView::built_in(name, *permissions, about))
        .chain(page.items.into_iter().map(RoleView::from))
        .collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let name = role_of(&path)?;
    let built_in = app.access().built_in_roles().iter().find(|(known, ..)| *known == name.as_str());
    if let Some((name, permissions, about)) = built_in {
        return answer::json(&RoleView::built_in(name, *permissions, about));
    }
    answer::json(&RoleView::from(app.access().role(&ctx.scope.tenant, &name).await?))
}

pub(crate) async fn put(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let name = role_of(&path)?;
    let body: PutRole = body::json(&parts.headers, body, body::SMALL).await?;
    let permissions = PermissionList(body.permissions).checked()?;
    let tenant = &ctx.scope.tenant;
    let changed =
        app.access().change_role(ctx.caller()?, tenant, name, body.description, permissions).await?;
    answer::json(&RoleView::from(changed))
}

pub(crate) async fn delete(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    app.access().delete_role(&ctx.scope.tenant, &role_of(&path)?).await?;
    Ok(answer::no_content())
}

pub(crate) async fn bind(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body: CreateBinding = body::json(&parts.headers, body, body::SMALL).await?;
    let tenant = of_server(&ctx, body.server, Permission::RoleManage)?;
    let all = || "*".to_owned();
    let given = convert::role_grant(&RoleGrantBody {
        role: body.role,
        namespaces: body.namespaces.unwrap_or_else(all),
        resources: body.resources.unwrap_or_else(all),
    })?;
    let made = app.access().bind(ctx.caller()?, tenant, Subject::parse(&body.subject)?, given).await?;
    answer::json_with(StatusCode::CREATED, &BindingView::from(made))
}

pub(crate) async fn list_bindings(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let tenant = whose(&ctx, &query, Permission::RoleRead)?;
    let page = app.access().bindings(tenant, &query.page()?).await?;
    let items = page.items.into_iter().map(BindingView::from).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn unbind(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let tenant = whose(&ctx, &query, Permission::RoleManage)?;
    let id = path.get("id")?;
    let id = BindingId::new(id)
        .map_err(|_| Fault::not_found("binding", id.chars().take(80).collect::<String>()))?;
    app.access().unbind(tenant, &id).await?;
    Ok(answer::no_content())
}
