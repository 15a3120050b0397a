//! Functions.

use nova_domain::access::{Permission, Target};
use nova_domain::{Code, Fault, FaultResult, FunctionName};

use crate::edge::context::Context;

pub(super) mod convert;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod update;
pub(super) mod url;

/// Saying who may call a function, by `field`, needs more than changing it.
fn may_share(context: &Context, name: &FunctionName, field: &str) -> FaultResult<()> {
    let (tenant, namespace) = (&context.scope.tenant, &context.scope.namespace);
    let target = Target { tenant: Some(tenant), namespace: Some(namespace), resource: Some(name.as_str()) };
    if context.caller()?.allows(Permission::FunctionShare, &target) {
        return Ok(());
    }
    let message =
        format!("`{field}` needs `{}` for `{name}` in {tenant}/{namespace}", Permission::FunctionShare);
    Err(Fault::new(Code::PermissionDenied, message))
}
