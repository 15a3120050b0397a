//! Who may do what: signing in, people, keys, roles, tenants, namespaces.

pub(super) mod auth;
pub(super) mod convert;
pub(super) mod keys;
pub(super) mod namespaces;
pub(super) mod oidc;
pub(super) mod people;
pub(super) mod roles;
pub(super) mod tenants;

use nova_domain::access::{Permission, Target};
use nova_domain::{Code, Fault, FaultResult, TenantName};

use crate::edge::context::Context;
use crate::query::Query;

/// Whose things are meant: the tenant's, or with `server=true` the server's own.
pub(super) fn whose<'c>(
    context: &'c Context,
    query: &Query,
    permission: Permission,
) -> FaultResult<Option<&'c TenantName>> {
    of_server(context, query.flag("server")?, permission)
}

/// The tenant of the request, or with `server` none: that needs the permission over the server.
fn of_server(context: &Context, server: bool, permission: Permission) -> FaultResult<Option<&TenantName>> {
    if !server {
        return Ok(Some(&context.scope.tenant));
    }
    if context.caller()?.allows(permission, &Target::default()) {
        return Ok(None);
    }
    Err(Fault::new(Code::PermissionDenied, format!("this needs `{permission}` over the whole server")))
}
