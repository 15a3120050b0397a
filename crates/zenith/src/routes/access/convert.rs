//! Bodies to what control takes.

use std::time::Duration;

use nova_api::v1;
use nova_control::access::{KeyOwner, NewKey, RoleGrant, SignIn};
use nova_domain::access::{CallerFunction, Pattern};
use nova_domain::{Fault, FaultResult, FunctionName, RoleName, Scope, ServiceName};

/// Longest life of a key that has an end: a hundred years.
const LONGEST_S: u64 = 100 * 365 * 24 * 3600;

pub(super) fn sign_in(body: v1::SignIn) -> FaultResult<SignIn> {
    match (body.key, body.email, body.password) {
        (Some(key), None, None) => Ok(SignIn::Key(key)),
        (None, Some(email), Some(password)) => Ok(SignIn::Password { email, password }),
        _ => Err(Fault::invalid("send `key`, or `email` and `password`")),
    }
}

pub(super) fn role_grant(body: &v1::RoleGrantBody) -> FaultResult<RoleGrant> {
    Ok(RoleGrant {
        role: RoleName::new(&body.role)?,
        namespaces: Pattern::parse(&body.namespaces)?,
        resources: Pattern::parse(&body.resources)?,
    })
}

pub(super) fn new_key(body: v1::CreateKey, scope: &Scope) -> FaultResult<NewKey> {
    if body.expires_in_s.is_some_and(|seconds| !(1..=LONGEST_S).contains(&seconds)) {
        let rule = format!("1 to {LONGEST_S} seconds");
        return Err(Fault::invalid(format!("`expires_in_s` must be {rule}")).with_field("expires_in_s", rule));
    }
    let owner = match &body.service_account {
        Some(name) => KeyOwner::Service(ServiceName::new(name)?),
        None => KeyOwner::Itself,
    };
    let function = body
        .function
        .as_ref()
        .map(|name| FunctionName::new(name).map(|name| CallerFunction { scope: scope.clone(), name }));
    Ok(NewKey {
        tenant: (!body.server).then(|| scope.tenant.clone()),
        name: body.name,
        owner,
        roles: body.roles.iter().map(role_grant).collect::<FaultResult<_>>()?,
        lasts: body.expires_in_s.map(Duration::from_secs),
        pair: body.aws,
        function: function.transpose()?,
    })
}
