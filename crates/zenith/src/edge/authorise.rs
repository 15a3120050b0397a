//! Whether a known caller may use an endpoint. Every row of the table that names a permission is
//! behind this, because the router puts it there; a handler cannot forget it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use nova_api::endpoints::{Endpoint, ScopeKind};
use nova_domain::access::{Names, Permission, Subject, Target};
use nova_domain::{Code, Fault, FaultResult, TenantName};
use percent_encoding::percent_decode_str;

use super::aws;
use super::context::Context;
use crate::app::App;
use crate::refused::Refused;

/// An endpoint that asks for a permission.
#[derive(Clone)]
pub(crate) struct Guarded {
    app: App,
    permission: Permission,
    scope: ScopeKind,
    /// Which segment of the path names the resource, and which the tenant.
    resource: Option<usize>,
    tenant: Option<usize>,
    /// Whether some names are enough; the handler takes [`Allowed`] then.
    narrows: bool,
    /// Whether the name may be written as AWS writes names.
    aws: bool,
}

impl Guarded {
    /// The guard of a row; `None` if it is open to everybody.
    pub(crate) fn of(app: &App, row: &Endpoint) -> FaultResult<Option<Self>> {
        let Some(permission) = row.permission else { return Ok(None) };
        let place = |name: &str| row.path.split('/').position(|segment| segment == name);
        Ok(Some(Self {
            app: app.clone(),
            permission: Permission::parse(permission)?,
            scope: row.scope,
            resource: place("{name}"),
            tenant: place("{tenant}"),
            narrows: row.narrows,
            aws: row.is_aws(),
        }))
    }

    /// What the caller may do this with; fails unless it is known and may do it.
    async fn check(&self, context: &Context, path: &str) -> FaultResult<Names> {
        let caller = context.caller()?;
        let path = path.strip_prefix("/v1").unwrap_or(path);
        let named;
        let tenant = match self.tenant.and_then(|place| segment(path, place)) {
            Some(text) => {
                named = TenantName::new(text)?;
                &named
            }
            None => &context.scope.tenant,
        };
        let mut resource = self.resource.and_then(|place| segment(path, place));
        if self.aws {
            resource =
                resource.map(|text| aws::function_of(&text).map(|(name, _)| name.to_string())).transpose()?;
        }
        let target = match self.scope {
            ScopeKind::Platform => Target::default(),
            ScopeKind::Tenant => Target { tenant: Some(tenant), ..Target::default() },
            ScopeKind::Namespace => Target {
                tenant: Some(tenant),
                namespace: Some(&context.scope.namespace),
                resource: resource.as_deref(),
            },
        };
        let names = match self.narrows {
            true => caller.names(self.permission, &target),
            false if caller.allows(self.permission, &target) => Names::All,
            false => Names::of([]),
        };
        if names.is_empty() {
            return Err(refuse(self.permission, &target, caller.knows(tenant)));
        }
        // With `--dev` the headers are enough to work somewhere new.
        if self.permission == Permission::FunctionCreate && caller.subject == Subject::Dev {
            self.app.access().ensure_scope(&context.scope).await?;
        }
        Ok(names)
    }
}

/// The same words whether or not the tenant or the thing exists.
fn refuse(permission: Permission, target: &Target<'_>, knows: bool) -> Fault {
    let message = match (target.tenant, target.namespace) {
        (None, _) => format!("this needs `{permission}` over the whole server"),
        (Some(tenant), _) if !knows => {
            format!(
                "you may do nothing in tenant `{tenant}`; name another with X-Nova-Tenant, or ask its owner"
            )
        }
        (Some(tenant), None) => format!("this needs `{permission}` in tenant `{tenant}`"),
        (Some(tenant), Some(namespace)) => match target.resource {
            Some(name) => {
                let name: String = name.chars().take(80).collect();
                format!("this needs `{permission}` for `{name}` in {tenant}/{namespace}")
            }
            None => format!("this needs `{permission}` for everything in {tenant}/{namespace}"),
        },
    };
    Fault::new(Code::PermissionDenied, message)
}

/// The segment at a place, decoded.
pub(super) fn segment(path: &str, place: usize) -> Option<String> {
    path.split('/').nth(place).map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned())
}

/// Runs before each guarded handler.
pub(crate) async fn authorise(
    State(guarded): State<Arc<Guarded>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(context) = request.extensions().get::<Arc<Context>>().cloned() else {
        return Refused::from(Fault::internal("a route was reached without passing the edge"))
            .into_response();
    };
    match guarded.check(&context, request.uri().path()).await {
        Ok(names) => {
            if guarded.narrows {
                request.extensions_mut().insert(Allowed { names, permission: guarded.permission });
            }
            next.run(request).await
        }
        Err(fault) => {
            if let Some(route) = request.extensions().get::<MatchedPath>() {
                let _ = context.route.set(route.clone());
            }
            Refused::from(fault).into_response()
        }
    }
}

/// The names that an endpoint which narrows is about for this caller. Only its handlers can take it.
#[derive(Clone)]
pub(crate) struct Allowed {
    pub(crate) names: Names,
    permission: Permission,
}

impl Allowed {
    /// Fails unless `name` is one of them.
    pub(crate) fn require(&self, context: &Context, name: &str) -> FaultResult<()> {
        if self.names.has(name) {
            return Ok(());
        }
        let (tenant, namespace) = (&context.scope.tenant, &context.scope.namespace);
        let target = Target { tenant: Some(tenant), namespace: Some(namespace), resource: Some(name) };
        Err(refuse(self.permission, &target, true))
    }
}

impl<S: Sync> FromRequestParts<S> for Allowed {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let missing = || Fault::internal("a handler asks for names where its endpoint does not narrow");
        Ok(parts.extensions.remove::<Self>().ok_or_else(missing)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_found_by_place_and_decoded() {
        assert_eq!(segment("/functions/a%62c/invoke", 2).as_deref(), Some("abc"));
        assert_eq!(segment("/functions", 2), None);
    }
}
