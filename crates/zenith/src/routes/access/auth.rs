//! Signing in and out, and who the caller is.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, header};
use nova_api::endpoints::{ENDPOINTS, ScopeKind};
use nova_api::headers::SESSION_COOKIE;
use nova_api::v1;
use nova_api::v1::access::{permission_texts, subject_kind};
use nova_control::PageRequest;
use nova_domain::access::{Credential, Permission, Principal, Subject, Target};
use nova_domain::{Code, CredentialId, Fault, FaultResult, Scope};

use super::convert;
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

/// Most tenants that are named with a caller.
const SCOPES_MAX: u32 = 100;

pub(crate) async fn sign_in(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    own_pages_only(&app, &request)?;
    let (parts, body) = request.into_parts();
    let agent =
        parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: v1::SignIn = body::json(&parts.headers, body, body::SMALL).await?;
    let begun = app.access().sign_in(convert::sign_in(body)?, ctx.peer.address, agent).await?;
    let mut scope = ctx.scope.clone();
    if let Some(home) = &begun.principal.home {
        scope.tenant = home.clone();
    }
    let mut response = answer::json(&me_of(&app, &begun.principal, &scope).await?)?;
    let left = begun.session.expires_at.map_or(0, |at| at.micros_since(app.parts().clock.now()) / 1_000_000);
    set_cookie(&app, &mut response, &begun.secret, left.max(0))?;
    Ok(response)
}

/// A foreign page could sign somebody in as somebody else.
pub(super) fn own_pages_only(app: &App, request: &Request) -> FaultResult<()> {
    if app.parts().site.is_foreign_page(request) {
        return Err(Fault::new(
            Code::PermissionDenied,
            "only pages of this server may do this (header Origin)",
        ));
    }
    Ok(())
}

pub(crate) async fn change_password(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body: v1::ChangePassword = body::json(&parts.headers, body, body::SMALL).await?;
    app.access().change_password(ctx.caller()?, body.old, body.new).await?;
    Ok(answer::no_content())
}

pub(crate) async fn list_sessions(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let caller = ctx.caller()?;
    let page = app.access().sessions(&caller.subject, &query.page()?).await?;
    let current = |session: &Credential| caller.credential.as_ref() == Some(&session.id);
    let items = page
        .items
        .into_iter()
        .map(|session| {
            let current = current(&session);
            v1::SessionView::new(session, current)
        })
        .collect();
    answer::json(&v1::Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn end_session(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let id = path.get("id")?;
    let id = CredentialId::new(id)
        .map_err(|_| Fault::not_found("session", id.chars().take(80).collect::<String>()))?;
    app.access().end_session(&ctx.caller()?.subject, &id).await?;
    Ok(answer::no_content())
}

pub(crate) async fn sign_out(State(app): State<App>, ctx: Ctx) -> Answer {
    app.access().sign_out(ctx.caller()?).await?;
    let mut response = answer::no_content();
    set_cookie(&app, &mut response, "", 0)?;
    Ok(response)
}

pub(crate) async fn me(State(app): State<App>, ctx: Ctx) -> Answer {
    answer::json(&me_of(&app, ctx.caller()?, &ctx.scope).await?)
}

pub(super) fn cookie(app: &App, name: &str, value: &str, seconds: i64, same_site: &str) -> String {
    let secure = if app.parts().site.is_secure() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={seconds}{secure}")
}

pub(super) fn set_cookie(app: &App, response: &mut Response, value: &str, seconds: i64) -> FaultResult<()> {
    let text = cookie(app, SESSION_COOKIE, value, seconds, "Strict");
    let value = HeaderValue::from_str(&text)
        .map_err(|error| Fault::internal("a cookie could not be written").with_source(error))?;
    response.headers_mut().insert(header::SET_COOKIE, value);
    // What follows depends on who asks, and must not be kept by anybody between.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(())
}

/// What the endpoints that ask for a permission are about, in the narrowest case.
fn kind_of(permission: Permission) -> ScopeKind {
    let asks = |kind| {
        let mut rows = ENDPOINTS.iter().filter(|row| row.scope == kind);
        rows.any(|row| row.permission == Some(permission.as_str()))
    };
    let kinds = [ScopeKind::Namespace, ScopeKind::Tenant, ScopeKind::Platform];
    // What no row asks for is asked by handlers: `owner:manage`, of a tenant.
    kinds.into_iter().find(|kind| asks(*kind)).unwrap_or(ScopeKind::Tenant)
}

/// What a caller may do in a scope, with all names and with some.
fn told(caller: &Principal, scope: &Scope) -> (Vec<String>, Vec<v1::NamedPermissions>) {
    let of_tenant = Target { tenant: Some(&scope.tenant), ..Target::default() };
    let of_namespace = Target { namespace: Some(&scope.namespace), ..of_tenant };
    let mut whole = Vec::new();
    let mut named: BTreeMap<String, Vec<Permission>> = BTreeMap::new();
    for permission in Permission::ALL.iter().copied() {
        let may = match kind_of(permission) {
            ScopeKind::Namespace => match caller.names(permission, &of_namespace).patterns() {
                None => true,
                Some(patterns) => {
                    for pattern in patterns {
                        named.entry(pattern).or_default().push(permission);
                    }
                    false
                }
            },
            ScopeKind::Tenant => caller.allows(permission, &of_tenant),
            ScopeKind::Platform => caller.allows(permission, &Target::default()),
        };
        if may {
            whole.push(permission);
        }
    }
    let named = named
        .into_iter()
        .map(|(names, may)| v1::NamedPermissions { names, permissions: permission_texts(may) });
    (permission_texts(whole), named.collect())
}

async fn me_of(app: &App, caller: &Principal, scope: &Scope) -> FaultResult<v1::Me> {
    let page = app.access().tenants(caller, &PageRequest::new(SCOPES_MAX, None)?).await?;
    let mut scopes = Vec::with_capacity(page.items.len());
    for tenant in page.items {
        let namespaces = app.access().usable_namespaces(caller, &tenant.name).await?;
        scopes.push(v1::UsableScope {
            tenant: tenant.name.into(),
            namespaces: namespaces.into_iter().map(String::from).collect(),
        });
    }
    let held = caller.grants.iter().map(|grant| v1::HeldRole {
        role: grant.role.to_string(),
        tenant: grant.tenant.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string),
        namespaces: grant.namespaces.to_string(),
        resources: grant.resources.to_string(),
    });
    let (permissions, named) = told(caller, scope);
    Ok(v1::Me {
        subject: caller.subject.to_string(),
        kind: subject_kind(&caller.subject).to_owned(),
        name: caller.name.clone(),
        superadmin: caller.is_superadmin(),
        dev: caller.subject == Subject::Dev,
        credential: caller.credential.as_ref().map(ToString::to_string),
        expires_at: caller.expires_at,
        tenant: scope.tenant.to_string(),
        namespace: scope.namespace.to_string(),
        permissions,
        named,
        roles: held.collect(),
        scopes,
    })
}
