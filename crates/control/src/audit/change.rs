//! A change, told by what was and what is.

use nova_domain::audit::{Chain, Change, Resource};
use nova_domain::function::Env;
use nova_domain::secret::reference;
use nova_domain::{NamespaceName, Scope, TenantName};
use serde_json::Value;

/// What a value that is not shown is replaced by.
const HIDDEN: &str = "(hidden)";

/// Whose a thing is.
pub(crate) struct Place(Chain, Option<NamespaceName>);

impl From<&Scope> for Place {
    fn from(scope: &Scope) -> Self {
        Self(Chain::Tenant(scope.tenant.clone()), Some(scope.namespace.clone()))
    }
}

impl From<&TenantName> for Place {
    fn from(tenant: &TenantName) -> Self {
        Self(Chain::Tenant(tenant.clone()), None)
    }
}

/// `None`: the server's.
impl From<Option<&TenantName>> for Place {
    fn from(tenant: Option<&TenantName>) -> Self {
        Self(Chain::of(tenant), None)
    }
}

/// Something that is new.
pub(crate) fn created(place: impl Into<Place>, kind: &str, name: impl ToString, after: Value) -> Change {
    told(place.into(), Resource::new(kind, name), None, Some(after))
}

/// Something that goes.
pub(crate) fn deleted(place: impl Into<Place>, kind: &str, name: impl ToString, before: Value) -> Change {
    told(place.into(), Resource::new(kind, name), Some(before), None)
}

/// Something that is another than before.
pub(crate) fn changed(
    place: impl Into<Place>,
    kind: &str,
    name: impl ToString,
    before: Value,
    after: Value,
) -> Change {
    told(place.into(), Resource::new(kind, name), Some(before), Some(after))
}

fn told(
    Place(chain, namespace): Place,
    resource: Resource,
    mut before: Option<Value>,
    mut after: Option<Value>,
) -> Change {
    let mut changed = Vec::new();
    if let (Some(before), Some(after)) = (&before, &after) {
        differences("", before, after, &mut changed);
    }
    // Only now: a value that changed is told by its name.
    for value in [&mut before, &mut after].into_iter().flatten() {
        hide(value);
    }
    Change { namespace, before, after, changed, ..Change::of(chain, resource) }
}

/// Where an environment is in what is shown.
pub(crate) const ENV: &str = "env";

/// An environment before its values are hidden.
pub(crate) fn env(env: &Env) -> Value {
    env.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
}

/// Takes the values of environments away; the names stay, and which secret a value refers to.
fn hide(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        match value {
            Value::Object(env) if name == ENV => {
                for value in env.values_mut() {
                    if value.as_str().and_then(reference).is_none() {
                        *value = HIDDEN.into();
                    }
                }
            }
            other => hide(other),
        }
    }
}

/// Dotted paths of what differs; a list counts as one value.
fn differences(at: &str, before: &Value, after: &Value, into: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                let none = &Value::Null;
                differences(&path, before.get(name).unwrap_or(none), after.get(name).unwrap_or(none), into);
            }
        }
        (before, after) if before != after => into.push(at.to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_of_an_environment_is_told_by_name_only() {
        let tenant = TenantName::new("acme").expect("valid");
        let before = json!({"version": {"env": {"A": "hunter2", "B": "1", "DB": "$SECRET:db"}}, "tags": {}});
        let after =
            json!({"version": {"env": {"A": "hunter3", "C": "1", "DB": "$SECRET:db"}}, "tags": {"a": "b"}});
        let change = changed(&tenant, "function", "hello", before, after);
        assert_eq!(change.changed, ["tags.a", "version.env.A", "version.env.B", "version.env.C"]);
        let text = format!("{change:?}");
        assert!(!text.contains("hunter") && text.contains("$SECRET:db"), "{text}");
    }
}
