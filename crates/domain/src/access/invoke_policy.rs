//! Who may call one function: a list of its own, on top of what roles allow.
//!
//! A role says what somebody may in a namespace; this says whom a function lets in. It only
//! narrows: nobody can call by being on the list alone.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::binding::Subject;
use super::pattern::Pattern;
use super::principal::{Principal, Target};
use crate::fault::{Code, Fault, FaultResult};
use crate::function::Function;
use crate::name::{FunctionName, RoleName};

/// Most entries of each list.
pub const CALLERS_MAX: usize = 100;

/// Some callers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallerRule(String);

impl CallerRule {
    /// Reads `*`, `user:ID`, `service:ID`, `key:ID`, `token:ISSUER#SUB`, `dev`, `role:NAME` or
    /// `function:NAMES`, where NAMES is a name or the beginning of one and `*`.
    pub fn parse(text: &str) -> FaultResult<Self> {
        let known = match text.split_once(':') {
            None => matches!(text, "*" | "dev"),
            Some(("user" | "service" | "key", _)) => Subject::parse(text).is_ok(),
            Some(("token", of)) => !of.is_empty() && of.len() <= 512 && !of.chars().any(char::is_control),
            Some(("role", name)) => RoleName::new(name).is_ok(),
            Some(("function", names)) => Pattern::parse(names).is_ok(),
            Some(_) => false,
        };
        if known {
            return Ok(Self(text.to_owned()));
        }
        let shown: String = text.chars().take(80).collect();
        let rule =
            "`*`, `user:ID`, `service:ID`, `key:ID`, `token:ISSUER#SUB`, `role:NAME` or `function:NAMES`";
        Err(Fault::invalid(format!("{shown:?} names no callers: use {rule}"))
            .with_field("invoke_policy", rule))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CallerRule {
    type Error = Fault;
    fn try_from(text: String) -> FaultResult<Self> {
        Self::parse(&text)
    }
}

impl From<CallerRule> for String {
    fn from(rule: CallerRule) -> Self {
        rule.0
    }
}

/// Who may call a function. Nothing in it: whoever may by their roles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvokePolicy {
    /// If there are any, nobody else may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<CallerRule>,
    /// These may not, whatever `allow` says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<CallerRule>,
}

/// What is known of a caller where a call is let in.
#[derive(Debug, Clone, Copy)]
pub struct Calling<'a> {
    /// `None`: nobody known.
    pub principal: Option<&'a Principal>,
    /// The function that the request says it comes from. Anybody can say so: it can take a
    /// right away and give none.
    pub claimed: Option<&'a FunctionName>,
}

impl InvokePolicy {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// Checks what a user gave, and sorts it.
    pub fn validated(mut self) -> FaultResult<Self> {
        for (name, list) in [("allow", &mut self.allow), ("deny", &mut self.deny)] {
            list.sort();
            list.dedup();
            if list.len() > CALLERS_MAX {
                let rule = format!("at most {CALLERS_MAX}; give a role to several callers and name that");
                return Err(Fault::invalid(format!(
                    "invoke_policy.{name} has {} entries: {rule}",
                    list.len()
                ))
                .with_field(format!("invoke_policy.{name}"), rule));
            }
        }
        Ok(self)
    }

    /// Fails with `PermissionDenied` if `function` does not let this caller in.
    pub fn check(&self, function: &Function, calling: Calling<'_>) -> FaultResult<()> {
        if self.is_empty() {
            return Ok(());
        }
        if self.deny.iter().any(|rule| denies(rule, function, calling)) {
            return Err(refuse(function));
        }
        if self.allow.is_empty() || self.allow.iter().any(|rule| allows(rule, function, calling)) {
            return Ok(());
        }
        Err(refuse(function))
    }
}

fn refuse(function: &Function) -> Fault {
    Fault::new(
        Code::PermissionDenied,
        format!(
            "`{}` does not let you call it; whoever may share it can change its invoke_policy",
            function.name
        ),
    )
}

fn denies(rule: &CallerRule, function: &Function, calling: Calling<'_>) -> bool {
    if let Some(names) = function_names(rule) {
        return [calling.claimed, from_function(function, calling)]
            .into_iter()
            .flatten()
            .any(|name| names.matches(Some(name.as_str())));
    }
    matches(rule, function, calling, |principal, role, target| principal.holds_role(role, target))
}

fn allows(rule: &CallerRule, function: &Function, calling: Calling<'_>) -> bool {
    if let Some(names) = function_names(rule) {
        return from_function(function, calling).is_some_and(|name| names.matches(Some(name.as_str())));
    }
    matches(rule, function, calling, |principal, role, target| principal.acts_by_role(role, target))
}

fn function_names(rule: &CallerRule) -> Option<Pattern> {
    Pattern::parse(rule.0.strip_prefix("function:")?).ok()
}

/// The function whose key was shown, if it is of the same namespace.
fn from_function<'a>(function: &Function, calling: Calling<'a>) -> Option<&'a FunctionName> {
    let of = calling.principal?.function.as_ref()?;
    (of.scope == function.scope).then_some(&of.name)
}

fn matches(
    rule: &CallerRule,
    function: &Function,
    calling: Calling<'_>,
    has_role: impl Fn(&Principal, &str, &Target<'_>) -> bool,
) -> bool {
    if rule.0 == "*" {
        return true;
    }
    let Some(principal) = calling.principal else { return false };
    match rule.0.strip_prefix("role:") {
        Some(role) => {
            let target = Target {
                tenant: Some(&function.scope.tenant),
                namespace: Some(&function.scope.namespace),
                resource: Some(function.name.as_str()),
            };
            has_role(principal, role, &target)
        }
        None => principal.subject.to_string() == rule.0,
    }
}

#[cfg(test)]
mod tests;
