//! Says of every request what the audit log needs to know, before its handler changes anything.
//! The router puts it on every row of the table but those that only call functions.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use nova_api::endpoints::{Endpoint, Method, ScopeKind};
use nova_control::audit::{actor, within};
use nova_domain::audit::{Actor, Chain, Origin, Resource};
use nova_domain::{Code, Fault, TenantName};

use super::authorise::segment;
use super::context::Context;
use crate::app::App;
use crate::refused::Refused;

/// An endpoint whose changes are written to the audit log.
#[derive(Clone)]
pub(crate) struct Audited {
    app: App,
    row: &'static Endpoint,
    /// Which segment of the path names what is changed, and which the tenant.
    resource: Option<usize>,
    tenant: Option<usize>,
}

impl Audited {
    /// For a row; `None` if it changes nothing that is declared: calls have their runs.
    pub(crate) fn of(app: &App, row: &'static Endpoint) -> Option<Self> {
        if row.permission == Some("function:invoke") {
            return None;
        }
        let segments: Vec<_> = row.path.split('/').collect();
        let tenant = segments.iter().position(|segment| *segment == "{tenant}");
        // The first that is no tenant; of a tenant itself, the tenant.
        let other = segments.iter().position(|segment| segment.starts_with('{') && *segment != "{tenant}");
        Some(Self { app: app.clone(), row, resource: other.or(tenant), tenant })
    }

    fn origin(&self, context: &Context, path: &str) -> Origin {
        let path = path.strip_prefix("/v1").unwrap_or(path);
        let named = self.tenant.and_then(|place| segment(path, place));
        let named = named.and_then(|name| TenantName::new(name).ok());
        let tenant = named.as_ref().unwrap_or(&context.scope.tenant);
        let chain = match self.row.scope {
            ScopeKind::Platform => Chain::Server,
            // Somebody who may do nothing in a tenant writes nothing into its log, nor into that of one
            // that there is not.
            _ if context.caller().is_ok_and(|caller| !caller.knows(tenant)) => Chain::Server,
            ScopeKind::Tenant | ScopeKind::Namespace => Chain::Tenant(tenant.clone()),
        };
        let action = self.row.permission.unwrap_or(self.row.id);
        let kind = action.split_once(':').map_or("session", |(kind, _)| kind);
        let name = self.resource.and_then(|place| segment(path, place)).unwrap_or_default();
        Origin {
            actor: match context.caller() {
                Ok(caller) => actor(&caller.subject, &caller.name, caller.credential.as_ref()),
                Err(_) => Actor::anonymous(),
            },
            address: context.peer.address.map(|address| address.to_string()),
            request_id: Some(context.request_id.to_string()),
            action: action.to_owned(),
            operation: self.row.id.to_owned(),
            chain,
            namespace: (self.row.scope == ScopeKind::Namespace).then(|| context.scope.namespace.clone()),
            resource: Resource::new(kind, name),
        }
    }
}

/// Runs around each handler and its authorisation.
pub(crate) async fn audited(State(audited): State<Arc<Audited>>, request: Request, next: Next) -> Response {
    let Some(context) = request.extensions().get::<Arc<Context>>().cloned() else {
        return Refused::from(Fault::internal("a route was reached without passing the edge"))
            .into_response();
    };
    let origin = audited.origin(&context, request.uri().path());
    within(origin, async {
        let response = next.run(request).await;
        // Somebody who is known and tries what they may not: worth a line. Nobody known can fill the log.
        let tried = response.status() == StatusCode::FORBIDDEN && audited.row.method != Method::Get;
        if tried && context.caller().is_ok() {
            audited.app.audit().refused(Code::PermissionDenied).await;
        }
        response
    })
    .await
}
