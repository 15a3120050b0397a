//! What the audit log shows of each thing. Never in here: values of secrets, passwords, key
//! material and its hashes. Code is its digest.

use nova_domain::access::{
    Binding, Credential, Invitation, KeyNote, Membership, Namespace, Role, ServiceAccount, Tenant, User,
};
use nova_domain::alias::Alias;
use nova_domain::function::Function;
use nova_domain::secret::{Grant, Secret};
use nova_domain::version::Version;
use serde_json::{Value, json};

use super::change::{ENV, env};

/// A function with the version that a change is about.
pub(crate) fn function(function: &Function, version: &Version) -> Value {
    let mut shown = function_alone(function);
    let spec = &version.spec;
    shown["version"] = json!({
        "number": version.number,
        "runtime": spec.runtime.to_string(),
        "handler": spec.handler,
        "mode": spec.mode.as_str(),
        "entry": spec.entry,
        "code": spec.code.to_string(),
        "code_size": spec.code_size,
        ENV: env(&spec.env),
        "limits": spec.limits,
        "network": spec.network,
    });
    shown
}

/// A function where no version changes.
pub(crate) fn function_alone(function: &Function) -> Value {
    json!({
        "id": function.id.as_str(),
        "description": function.description,
        "tags": function.tags,
        "pool": function.pool,
        "invoke_policy": function.invoke_policy,
        "http": {
            "access": function.http.access.as_str(),
            "alias": function.http.alias,
            "cors": function.http.cors,
            "rates": function.http.rates,
        },
        "active_version": function.active_version,
        "latest_version": function.latest_version,
    })
}

/// An alias: which part of the calls each version gets, and how its rollout stands.
pub(crate) fn alias(alias: &Alias) -> Value {
    let split = &alias.split;
    let weights: serde_json::Map<String, Value> = split
        .versions()
        .into_iter()
        .map(|version| (version.to_string(), split.weight(version).into()))
        .collect();
    json!({
        "description": alias.description,
        "weights": weights,
        "rollout": alias.rollout.as_ref().map(|rollout| json!({
            "plan": rollout.plan,
            "status": rollout.status.as_str(),
            "note": rollout.note,
        })),
    })
}

pub(crate) fn secret(secret: &Secret) -> Value {
    json!({
        "description": secret.description,
        "functions": secret.functions.iter().map(Grant::as_str).collect::<Vec<_>>(),
        // Counts its values.
        "version": secret.version,
    })
}

pub(crate) fn tenant(tenant: &Tenant) -> Value {
    json!({"description": tenant.description})
}

pub(crate) fn namespace(namespace: &Namespace) -> Value {
    json!({"description": namespace.description})
}

pub(crate) fn user(user: &User) -> Value {
    json!({
        "email": user.email,
        "name": user.name,
        "superadmin": user.superadmin,
        "disabled": user.disabled,
        "linked": user.subject.as_ref().map(|(issuer, _)| issuer),
    })
}

pub(crate) fn membership(membership: &Membership) -> Value {
    json!({"role": membership.role.as_str()})
}

pub(crate) fn service(account: &ServiceAccount) -> Value {
    json!({"id": account.id.as_str(), "description": account.description})
}

pub(crate) fn role(role: &Role) -> Value {
    let permissions: Vec<_> = role.permissions.iter().map(|permission| permission.as_str()).collect();
    json!({"description": role.description, "permissions": permissions})
}

pub(crate) fn binding(binding: &Binding) -> Value {
    json!({
        "subject": binding.subject.to_string(),
        "role": binding.role.as_str(),
        "namespaces": binding.namespaces.to_string(),
        "resources": binding.resources.to_string(),
    })
}

/// A key with its roles, without anything of its secret but the beginning that everybody sees.
pub(crate) fn key(key: &Credential, roles: &[Binding]) -> Value {
    let note = KeyNote::of(key);
    json!({
        "name": key.name,
        "aws": note.pair,
        "function": note.function.map(|of| format!("{}/{}", of.scope.namespace, of.name)),
        "owner": key.owner.to_string(),
        "prefix": key.prefix,
        "expires_at_us": key.expires_at.map(nova_domain::Timestamp::as_micros),
        "roles": roles.iter().map(binding).collect::<Vec<_>>(),
    })
}

/// A session, by whom and how it was begun.
pub(crate) fn session(session: &Credential) -> Value {
    let note = |name: &str| session.note.get(name).cloned().unwrap_or_default();
    json!({
        "owner": session.owner.to_string(),
        "name": session.name,
        "by": note("by"),
        "agent": note("agent"),
    })
}

pub(crate) fn invitation(to: &Invitation) -> Value {
    json!({
        "email": to.email,
        "role": to.role.map(nova_domain::access::MemberRole::as_str),
        "superadmin": to.superadmin,
    })
}
