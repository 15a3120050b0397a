//! The scope headers.

use http::HeaderMap;
use nova_api::headers;
use nova_domain::{Fault, FaultResult, NamespaceName, Scope, TenantName};

/// The scope that a request names, or the defaults for what it leaves out. It only chooses; what
/// the caller may do there is another question.
pub(super) fn of(headers: &HeaderMap, tenant: &TenantName, namespace: &NamespaceName) -> FaultResult<Scope> {
    let mut scope = Scope { tenant: tenant.clone(), namespace: namespace.clone() };
    if let Some(tenant) = text(headers, headers::TENANT)? {
        scope.tenant = TenantName::new(tenant)?;
    }
    if let Some(namespace) = text(headers, headers::NAMESPACE)? {
        scope.namespace = NamespaceName::new(namespace)?;
    }
    Ok(scope)
}

fn text<'h>(headers: &'h HeaderMap, name: &'static str) -> FaultResult<Option<&'h str>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| Fault::invalid(format!("header {name} must be plain ASCII text")))
}
