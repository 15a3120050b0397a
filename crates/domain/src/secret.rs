//! Secrets: values that only sandboxes of functions that were granted them may see.
//!
//! A function names one in its environment, `DB_URL=$SECRET:db-url`. The reference is part
//! of the version; the value is looked up when a sandbox starts and goes nowhere else.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::fault::{Code, Fault};
use crate::function::Env;
use crate::name::{FunctionName, Scope, SecretName};
use crate::time::Timestamp;

/// What an environment value begins with that refers to a secret.
pub const SECRET_PREFIX: &str = "$SECRET:";
/// Largest value of a secret, bytes.
pub const SECRET_MAX_BYTES: usize = 32 * 1024;
/// Most secrets of one namespace.
pub const SECRETS_PER_NAMESPACE: u32 = 1000;
/// Most grants of one secret.
pub const GRANTS_MAX: usize = 100;
/// Longest description, characters.
const DESCRIPTION_MAX: usize = 500;

/// The value of a secret. Does not print itself; its memory is overwritten when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// Takes a value of 1 to [`SECRET_MAX_BYTES`] bytes without NUL, which no environment can hold.
    pub fn new(value: impl Into<Zeroizing<String>>) -> Result<Self, Fault> {
        let value = value.into();
        let complaint = match value.len() {
            0 => Some("must not be empty".to_owned()),
            size if size > SECRET_MAX_BYTES => {
                Some(format!("is {size} bytes; the limit is {SECRET_MAX_BYTES}"))
            }
            _ if value.contains('\0') => Some("holds a NUL byte, which no environment takes".to_owned()),
            _ => None,
        };
        match complaint {
            Some(why) => {
                Err(Fault::invalid(format!("the value of the secret {why}")).with_field("value", why))
            }
            None => Ok(Self(value)),
        }
    }

    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

/// Which functions may have a secret: a name, or the beginning of names (`api-*`; `*` is all
/// of the namespace).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Grant(String);

impl Grant {
    /// Parses a function name, or the beginning of one with `*` at its end.
    pub fn new(text: impl Into<String>) -> Result<Self, Fault> {
        let text = text.into();
        let ok = match text.strip_suffix('*') {
            Some("") => true,
            Some(beginning) => FunctionName::new(beginning).is_ok(),
            None => FunctionName::new(&text).is_ok(),
        };
        if ok {
            return Ok(Self(text));
        }
        let shown: String = text.chars().take(80).collect();
        let rule = "a function name, or the beginning of names followed by '*'";
        Err(Fault::invalid(format!("grant {shown:?} is not {rule}")).with_field("functions", rule))
    }

    /// Whether a function of that name is meant.
    pub fn covers(&self, function: &FunctionName) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => function.as_str().starts_with(beginning),
            None => function.as_str() == self.0,
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Grant {
    type Error = Fault;
    fn try_from(text: String) -> Result<Self, Fault> {
        Self::new(text)
    }
}

impl From<Grant> for String {
    fn from(grant: Grant) -> String {
        grant.0
    }
}

/// What is known of a secret beside its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub scope: Scope,
    pub name: SecretName,
    pub description: String,
    /// Functions that may have it; nobody at first.
    pub functions: Vec<Grant>,
    /// Counts the values it has had, from 1.
    pub version: u32,
    /// Grows by one with every stored change; a compare-and-set guard.
    pub revision: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Secret {
    /// Checks what a user gave: bounded description, bounded grants without repetition.
    pub fn validate(&self) -> Result<(), Fault> {
        if self.description.chars().count() > DESCRIPTION_MAX {
            return Err(Fault::invalid(format!(
                "the description is longer than {DESCRIPTION_MAX} characters"
            ))
            .with_field("description", format!("at most {DESCRIPTION_MAX} characters")));
        }
        if self.functions.len() > GRANTS_MAX {
            return Err(Fault::invalid(format!("a secret takes at most {GRANTS_MAX} grants")).with_field(
                "functions",
                format!("at most {GRANTS_MAX}; use the beginning of names, `api-*`"),
            ));
        }
        Ok(())
    }

    /// Whether a function of that name may have it.
    pub fn is_granted_to(&self, function: &FunctionName) -> bool {
        self.functions.iter().any(|grant| grant.covers(function))
    }

    /// The refusal for a function that may not have it.
    pub fn refuse(name: &SecretName, function: &FunctionName) -> Fault {
        Fault::new(
            Code::SecretUnavailable,
            format!(
                "function `{function}` refers to the secret `{name}`, which does not exist or was not granted \
                 to it; run: nova secret grant {name} {function}"
            ),
        )
    }
}

/// The secret that an environment value refers to, if it does.
pub fn reference(value: &str) -> Option<&str> {
    value.strip_prefix(SECRET_PREFIX)
}

/// Names of all secrets that an environment refers to, each once, sorted.
pub fn references(env: &Env) -> Vec<SecretName> {
    let mut names: Vec<_> = env
        .values()
        .filter_map(|value| reference(value))
        .filter_map(|name| SecretName::new(name).ok())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_does_not_print_itself() {
        let value = SecretValue::new("hunter2".to_owned()).expect("valid");
        assert!(!format!("{value:?}").contains("hunter2"));
        assert_eq!(value.expose(), "hunter2");
    }

    #[test]
    fn empty_large_and_nul_values_are_refused_without_showing_them() {
        for bad in [String::new(), "x".repeat(SECRET_MAX_BYTES + 1), "hunter2\0".to_owned()] {
            let fault = SecretValue::new(bad).expect_err("refused");
            assert_eq!(fault.code(), Code::InvalidArgument);
            assert!(!fault.message().contains("hunter2"));
        }
    }

    #[test]
    fn grants_name_a_function_or_the_beginning_of_names() {
        let covers = |grant: &str, function: &str| {
            Grant::new(grant).expect("valid").covers(&FunctionName::new(function).expect("valid"))
        };
        assert!(covers("api", "api") && !covers("api", "api-2"));
        assert!(covers("api-*", "api-2") && !covers("api-*", "ap"));
        assert!(covers("*", "anything"));
        for bad in ["", "a b", "*x", "a*b", "a**", "/"] {
            assert!(Grant::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn references_are_found_once_each() {
        let env = [("A", "$SECRET:b"), ("B", "$SECRET:a"), ("C", "$SECRET:b"), ("D", "plain $SECRET:x")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let names: Vec<_> = references(&env).iter().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
