//! Users, members, invitations and service accounts.

use axum::extract::{Request, State};
use http::{HeaderValue, StatusCode, header};
use nova_api::v1::{
    AcceptInvitation, CreateInvitation, CreateServiceAccount, CreatedInvitation, InvitationView, MemberView,
    Page, PatchUser, ServiceAccountView, SetMember, UserView,
};
use nova_control::access::Accepting;
use nova_domain::access::{Invitation, MemberRole, Permission};
use nova_domain::{CredentialId, Fault, FaultResult, ServiceName, UserId};

use super::{of_server, whose};
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

fn user_of(path: &PathParams) -> FaultResult<UserId> {
    let id = path.get("id")?;
    UserId::new(id).map_err(|_| Fault::not_found("user", id.chars().take(80).collect::<String>()))
}

fn service_of(path: &PathParams) -> FaultResult<ServiceName> {
    ServiceName::new(path.get("service")?)
}

pub(crate) async fn list_users(State(app): State<App>, _: Ctx, query: Query) -> Answer {
    let page = app.access().users(&query.page()?).await?;
    let items = page.items.into_iter().map(UserView::from).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn get_user(State(app): State<App>, _: Ctx, path: PathParams) -> Answer {
    answer::json(&UserView::from(app.access().user(&user_of(&path)?).await?))
}

pub(crate) async fn change_user(
    State(app): State<App>,
    ctx: Ctx,
    path: PathParams,
    request: Request,
) -> Answer {
    let (parts, body) = request.into_parts();
    let id = user_of(&path)?;
    let body: PatchUser = body::json(&parts.headers, body, body::SMALL).await?;
    let user =
        app.access().change_user(ctx.caller()?, &id, body.name, body.superadmin, body.disabled).await?;
    answer::json(&UserView::from(user))
}

pub(crate) async fn delete_user(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    app.access().delete_user(ctx.caller()?, &user_of(&path)?).await?;
    Ok(answer::no_content())
}

pub(crate) async fn invite(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body: CreateInvitation = body::json(&parts.headers, body, body::SMALL).await?;
    let tenant = of_server(&ctx, body.server, Permission::UserManage)?;
    let role = match (&body.role, tenant) {
        (Some(role), _) => Some(MemberRole::parse(role)?),
        (None, Some(_)) => Some(MemberRole::Member),
        (None, None) => None,
    };
    let to = Invitation { email: body.email, role, superadmin: body.superadmin };
    let made = app.access().invite(ctx.caller()?, tenant, to).await?;
    let view = CreatedInvitation {
        invitation: InvitationView::new(made.invitation, made.to),
        // After the `#`, where no server's and no proxy's log sees it.
        path: format!("/ui/accept#{}", made.secret),
        secret: made.secret,
    };
    let mut response = answer::json_with(StatusCode::CREATED, &view)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

pub(crate) async fn list_invitations(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let tenant = whose(&ctx, &query, Permission::UserManage)?;
    let page = app.access().invitations(tenant, &query.page()?).await?;
    let items = page.items.into_iter().map(|(item, to)| InvitationView::new(item, to)).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn withdraw(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let tenant = whose(&ctx, &query, Permission::UserManage)?;
    let id = path.get("id")?;
    let id = CredentialId::new(id)
        .map_err(|_| Fault::not_found("invitation", id.chars().take(80).collect::<String>()))?;
    app.access().withdraw(tenant, &id).await?;
    Ok(answer::no_content())
}

pub(crate) async fn accept(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    super::auth::own_pages_only(&app, &request)?;
    let (parts, body) = request.into_parts();
    let body: AcceptInvitation = body::json(&parts.headers, body, body::SMALL).await?;
    let accepting = Accepting { secret: body.secret, name: body.name, password: body.password };
    answer::json(&UserView::from(app.access().accept(accepting, ctx.peer.address).await?))
}

pub(crate) async fn list_members(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let page = app.access().members(&ctx.scope.tenant, &query.page()?).await?;
    let items = page.items.into_iter().map(|item| MemberView::new(item.user, item.membership.role)).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn set_member(
    State(app): State<App>,
    ctx: Ctx,
    path: PathParams,
    request: Request,
) -> Answer {
    let (parts, body) = request.into_parts();
    let id = user_of(&path)?;
    let body: SetMember = body::json(&parts.headers, body, body::SMALL).await?;
    let role = MemberRole::parse(&body.role)?;
    app.access().set_member(ctx.caller()?, &ctx.scope.tenant, &id, role).await?;
    answer::json(&MemberView::new(app.access().user(&id).await?, role))
}

pub(crate) async fn remove_member(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    app.access().remove_member(ctx.caller()?, &ctx.scope.tenant, &user_of(&path)?).await?;
    Ok(answer::no_content())
}

pub(crate) async fn create_service(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body: CreateServiceAccount = body::json(&parts.headers, body, body::SMALL).await?;
    let name = ServiceName::new(body.name)?;
    let made = app.access().create_service(&ctx.scope.tenant, name, body.description).await?;
    answer::json_with(StatusCode::CREATED, &ServiceAccountView::from(made))
}

pub(crate) async fn list_services(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let page = app.access().services(&ctx.scope.tenant, &query.page()?).await?;
    let items = page.items.into_iter().map(ServiceAccountView::from).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn get_service(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let found = app.access().service(&ctx.scope.tenant, &service_of(&path)?).await?;
    answer::json(&ServiceAccountView::from(found))
}

pub(crate) async fn delete_service(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    app.access().delete_service(&ctx.scope.tenant, &service_of(&path)?).await?;
    Ok(answer::no_content())
}
