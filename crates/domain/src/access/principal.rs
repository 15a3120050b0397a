//! A known caller and what it may.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::binding::Subject;
use super::names::Names;
use super::pattern::Pattern;
use super::permission::{Permission, PermissionSet};
use super::role;
use crate::id::CredentialId;
use crate::name::{FunctionName, NamespaceName, Scope, TenantName};
use crate::time::Timestamp;

/// Permissions within some part of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `None`: every tenant, and the server itself.
    pub tenant: Option<TenantName>,
    pub namespaces: Pattern,
    pub resources: Pattern,
    pub permissions: PermissionSet,
    /// The role that it comes from, for people.
    pub role: Arc<str>,
}

impl Grant {
    /// All of a tenant, or (`None`) of the server.
    pub fn whole(tenant: Option<TenantName>, permissions: PermissionSet, role: &str) -> Self {
        Self { tenant, namespaces: Pattern::All, resources: Pattern::All, permissions, role: role.into() }
    }

    fn reaches(&self, target: &Target<'_>) -> bool {
        self.reaches_place_of(target) && self.resources.matches(target.resource)
    }

    /// Whether its tenant and namespaces are those of the target, whatever the resource.
    fn reaches_place_of(&self, target: &Target<'_>) -> bool {
        let tenant = match (&self.tenant, target.tenant) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(ours), Some(theirs)) => ours == theirs,
        };
        tenant && self.namespaces.matches(target.namespace.map(NamespaceName::as_str))
    }

    /// Whether everything that `other` reaches is reached by this one too.
    fn covers_place_of(&self, other: &Self) -> bool {
        let tenant = self.tenant.is_none() || self.tenant == other.tenant;
        tenant && self.namespaces.covers(&other.namespaces) && self.resources.covers(&other.resources)
    }
}

/// What a request is about. `None` means all of that kind: a list, or the server itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Target<'a> {
    pub tenant: Option<&'a TenantName>,
    pub namespace: Option<&'a NamespaceName>,
    pub resource: Option<&'a str>,
}

/// A known caller. Made by control from what is stored; never changed, only replaced.
#[derive(Debug, Clone)]
pub struct Principal {
    pub subject: Subject,
    /// For people: an address, a name of a key.
    pub name: String,
    /// The credential that it showed.
    pub credential: Option<CredentialId>,
    /// The tenant that is meant when a request names none.
    pub home: Option<TenantName>,
    pub grants: Vec<Grant>,
    /// What the credential allows of them; `None`: all.
    pub bounds: Option<Vec<Grant>>,
    pub expires_at: Option<Timestamp>,
    /// The function that the credential was made for: its calls are calls by that function.
    pub function: Option<CallerFunction>,
}

/// A function that calls others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerFunction {
    pub scope: Scope,
    pub name: FunctionName,
}

impl Principal {
    /// Whoever reaches a server that runs with `--dev`.
    pub fn dev() -> Self {
        Self {
            subject: Subject::Dev,
            name: "dev".to_owned(),
            credential: None,
            home: None,
            grants: vec![Grant::whole(None, PermissionSet::all(), role::SUPERADMIN)],
            bounds: None,
            expires_at: None,
            function: None,
        }
    }

    /// Whether it may do that there.
    pub fn allows(&self, permission: Permission, target: &Target<'_>) -> bool {
        if role::ANYBODY.has(permission) {
            return true;
        }
        let within = |grants: &[Grant]| {
            grants.iter().any(|grant| grant.permissions.has(permission) && grant.reaches(target))
        };
        within(&self.grants) && self.bounds.as_deref().is_none_or(within)
    }

    /// The resources of a place that it may do that with; `target.resource` counts for nothing.
    pub fn names(&self, permission: Permission, target: &Target<'_>) -> Names {
        if role::ANYBODY.has(permission) {
            return Names::All;
        }
        let within = |grants: &[Grant]| {
            let there = |grant: &&Grant| grant.permissions.has(permission) && grant.reaches_place_of(target);
            Names::of(grants.iter().filter(there).map(|grant| grant.resources.clone()))
        };
        let held = within(&self.grants);
        self.bounds.as_deref().map_or(held.clone(), |bounds| held.and(&within(bounds)))
    }

    /// Whether it may do all of what `grant` allows, everywhere the grant reaches: nobody
    /// gives away more than they have.
    pub fn covers(&self, grant: &Grant) -> bool {
        let within = |grants: &[Grant]| {
            let ours = grants
                .iter()
                .filter(|ours| ours.covers_place_of(grant))
                .fold(role::ANYBODY, |sum, ours| sum.with(ours.permissions));
            grant.permissions.without(ours).is_empty()
        };
        within(&self.grants) && self.bounds.as_deref().is_none_or(within)
    }

    /// Whether it may do anything at all in `tenant`.
    pub fn knows(&self, tenant: &TenantName) -> bool {
        let within = |grants: &[Grant]| {
            grants.iter().any(|grant| grant.tenant.as_ref().is_none_or(|ours| ours == tenant))
        };
        within(&self.grants) && self.bounds.as_deref().is_none_or(within)
    }

    /// Whether it administers the whole server.
    pub fn is_superadmin(&self) -> bool {
        self.covers(&Grant::whole(None, PermissionSet::all(), role::SUPERADMIN))
    }

    /// Whether it has a role there, whatever its credential leaves of it.
    pub fn holds_role(&self, role: &str, target: &Target<'_>) -> bool {
        let within =
            |grants: &[Grant]| grants.iter().any(|grant| &*grant.role == role && grant.reaches(target));
        within(&self.grants) || self.bounds.as_deref().is_some_and(within)
    }

    /// Whether a role is what lets it act there: one that it has, and that its credential leaves.
    pub fn acts_by_role(&self, role: &str, target: &Target<'_>) -> bool {
        let within =
            |grants: &[Grant]| grants.iter().any(|grant| &*grant.role == role && grant.reaches(target));
        within(&self.grants) && self.bounds.as_deref().is_none_or(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(text: &str) -> TenantName {
        TenantName::new(text).expect("valid")
    }

    fn namespace(text: &str) -> NamespaceName {
        NamespaceName::new(text).expect("valid")
    }

    fn grant(of: Option<&str>, namespaces: &str, resources: &str, permissions: PermissionSet) -> Grant {
        Grant {
            tenant: of.map(tenant),
            namespaces: Pattern::parse(namespaces).expect("valid"),
            resources: Pattern::parse(resources).expect("valid"),
            permissions,
            role: "r".into(),
        }
    }

    fn with(grants: Vec<Grant>) -> Principal {
        Principal { grants, ..Principal::dev() }
    }

    #[test]
    fn a_grant_ends_at_its_tenant_its_namespaces_and_its_resources() {
        let caller = with(vec![grant(Some("acme"), "prod", "bill*", role::INVOKER)]);
        let (acme, other, prod, test) =
            (tenant("acme"), tenant("other"), namespace("prod"), namespace("test"));
        let at = |tenant, namespace, resource| Target { tenant: Some(tenant), namespace, resource };
        let may = |target: &Target<'_>| caller.allows(Permission::FunctionInvoke, target);
        assert!(may(&at(&acme, Some(&prod), Some("billing"))));
        for target in [
            at(&other, Some(&prod), Some("billing")),
            at(&acme, Some(&test), Some("billing")),
            at(&acme, Some(&prod), Some("mail")),
            at(&acme, Some(&prod), None),
            at(&acme, None, Some("billing")),
            Target::default(),
        ] {
            assert!(!may(&target), "{target:?}");
        }
        assert!(!caller.allows(Permission::FunctionRead, &at(&acme, Some(&prod), Some("billing"))));
    }

    #[test]
    fn bounds_narrow_and_never_widen() {
        let mut caller = with(vec![grant(Some("acme"), "*", "*", role::OPERATOR)]);
        caller.bounds = Some(vec![grant(None, "*", "*", role::INVOKER.with(role::ADMIN))]);
        let acme = tenant("acme");
        let target = Target { tenant: Some(&acme), ..Target::default() };
        assert!(caller.allows(Permission::FunctionInvoke, &target));
        assert!(!caller.allows(Permission::KeyManage, &target), "bounds do not grant");
        caller.bounds = Some(vec![grant(Some("acme"), "*", "*", role::INVOKER)]);
        assert!(!caller.allows(Permission::FunctionRead, &target));
        assert!(!caller.covers(&grant(Some("acme"), "*", "*", role::VIEWER)));
    }

    #[test]
    fn the_names_of_a_caller_are_exactly_those_it_is_allowed() {
        let mut caller = with(vec![
            grant(Some("acme"), "prod", "bill*", role::OPERATOR),
            grant(Some("acme"), "*", "mail", role::VIEWER),
            grant(Some("other"), "*", "*", role::OWNER),
        ]);
        let (acme, prod, test) = (tenant("acme"), namespace("prod"), namespace("test"));
        let all = ["billing", "bill-a", "mail", "mails", "x"];
        let check = |caller: &Principal| {
            for place in [&prod, &test] {
                for permission in [Permission::FunctionRead, Permission::FunctionCreate, Permission::KeyRead]
                {
                    let at = |resource| Target { tenant: Some(&acme), namespace: Some(place), resource };
                    let names = caller.names(permission, &at(None));
                    for name in all {
                        let allowed = caller.allows(permission, &at(Some(name)));
                        assert_eq!(names.has(name), allowed, "{permission} {place} {name}");
                    }
                }
            }
        };
        check(&caller);
        caller.bounds = Some(vec![grant(Some("acme"), "*", "bill-*", role::OPERATOR)]);
        check(&caller);
        let target = Target { tenant: Some(&acme), namespace: Some(&test), resource: None };
        assert!(caller.names(Permission::FunctionRead, &target).is_empty());
        assert_eq!(Principal::dev().names(Permission::FunctionRead, &target), Names::All);
    }

    #[test]
    fn nobody_gives_away_more_than_they_have() {
        let admin = with(vec![grant(Some("acme"), "*", "*", role::ADMIN)]);
        assert!(admin.covers(&grant(Some("acme"), "prod", "a*", role::OPERATOR)));
        assert!(!admin.covers(&grant(Some("acme"), "*", "*", role::OWNER)));
        assert!(!admin.covers(&grant(None, "*", "*", role::INVOKER)));
        assert!(!admin.covers(&grant(Some("other"), "*", "*", role::INVOKER)));
        // Two grants together cover what neither covers alone.
        let both = with(vec![
            grant(Some("acme"), "*", "*", role::INVOKER),
            grant(Some("acme"), "prod", "*", role::VIEWER),
        ]);
        assert!(both.covers(&grant(Some("acme"), "prod", "*", role::VIEWER.with(role::INVOKER))));
        assert!(!both.covers(&grant(Some("acme"), "*", "*", role::VIEWER)));
    }

    #[test]
    fn only_a_grant_over_the_server_reaches_the_server() {
        let owner = with(vec![grant(Some("acme"), "*", "*", PermissionSet::all())]);
        assert!(!owner.allows(Permission::TenantCreate, &Target::default()));
        assert!(!owner.is_superadmin() && Principal::dev().is_superadmin());
        assert!(owner.knows(&tenant("acme")) && !owner.knows(&tenant("other")));
        assert!(owner.allows(Permission::SelfRead, &Target::default()));
    }
}
