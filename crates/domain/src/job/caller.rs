//! Who ordered a job, as far as the functions that it calls ask.

use serde::{Deserialize, Serialize};

use crate::access::{CallerFunction, Grant, Pattern, PermissionSet, Principal, Subject, Target};
use crate::fault::FaultResult;
use crate::id::CredentialId;
use crate::name::{FunctionName, Scope};

/// Who ordered a job: what an [`InvokePolicy`](crate::access::InvokePolicy) asks of a caller, as it was
/// when the job was accepted. It holds no permissions: those were asked then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCaller {
    /// As [`Subject`] is written.
    pub subject: String,
    /// For people.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<CallerFunction>,
    /// Roles that it has over the function, whatever its credential leaves of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<String>,
    /// Those by which it acts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acts: Vec<String>,
}

impl JobCaller {
    /// What is kept of a caller that calls `function`.
    pub fn of(principal: &Principal, scope: &Scope, function: &FunctionName) -> Self {
        let target = Target {
            tenant: Some(&scope.tenant),
            namespace: Some(&scope.namespace),
            resource: Some(function.as_str()),
        };
        let bounds = principal.bounds.iter().flatten();
        let mut known: Vec<_> = principal.grants.iter().chain(bounds).map(|grant| &*grant.role).collect();
        known.sort_unstable();
        known.dedup();
        let those = |has: fn(&Principal, &str, &Target<'_>) -> bool| {
            known.iter().filter(|role| has(principal, role, &target)).map(|role| (*role).to_owned()).collect()
        };
        Self {
            subject: principal.subject.to_string(),
            name: principal.name.clone(),
            credential: principal.credential.clone(),
            function: principal.function.clone(),
            holds: those(Principal::holds_role),
            acts: those(Principal::acts_by_role),
        }
    }

    /// A caller that a policy of a function of `scope` treats as the one that ordered the job.
    pub fn principal(&self, scope: &Scope) -> FaultResult<Principal> {
        let grants = |roles: &[String]| {
            let grant = |role: &String| Grant {
                tenant: Some(scope.tenant.clone()),
                namespaces: Pattern::All,
                resources: Pattern::All,
                permissions: PermissionSet::EMPTY,
                role: role.as_str().into(),
            };
            roles.iter().map(grant).collect::<Vec<_>>()
        };
        Ok(Principal {
            subject: Subject::read(&self.subject)?,
            name: self.name.clone(),
            credential: self.credential.clone(),
            home: Some(scope.tenant.clone()),
            grants: grants(&self.holds),
            bounds: Some(grants(&self.acts)),
            expires_at: None,
            function: self.function.clone(),
        })
    }
}
