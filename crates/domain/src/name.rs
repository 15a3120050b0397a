//! Validated names. A value of one of these types has passed its check; code past
//! the edge need not check again.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fault::{Code, Fault};

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Checks and wraps `value`. Fails with [`Code::InvalidArgument`] and the rule in the text.
            pub fn new(value: impl AsRef<str>) -> Result<Self, Fault> {
                let value = value.as_ref();
                let check: fn(&str) -> bool = $check;
                if check(value) {
                    Ok(Self(value.into()))
                } else {
                    let shown: String = value.chars().take(80).collect();
                    Err(Fault::new(
                        Code::InvalidArgument,
                        format!(concat!($what, " {:?} is not valid: ", $rule), shown),
                    ))
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Fault;
            fn try_from(value: String) -> Result<Self, Fault> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0.to_string()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

fn is_scope_name(value: &str) -> bool {
    let mut chars = value.chars();
    value.len() <= 64
        && chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

name_type!(
    /// The name of a function, unique within a namespace: 1 to 64 of `A-Z a-z 0-9 _ -`.
    FunctionName,
    "function name",
    "use 1 to 64 letters, digits, '_' or '-'",
    |value| (1..=64).contains(&value.len())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
);
name_type!(
    /// The name of a tenant: a letter or digit, then up to 63 of letters, digits, `. _ -`.
    TenantName,
    "tenant",
    "use a letter or digit, then up to 63 letters, digits, '.', '_' or '-'",
    is_scope_name
);
name_type!(
    /// The name of a namespace (an environment of a tenant); same rule as [`TenantName`].
    NamespaceName,
    "namespace",
    "use a letter or digit, then up to 63 letters, digits, '.', '_' or '-'",
    is_scope_name
);

name_type!(
    /// The name of a secret, unique within a namespace: a letter or digit, then up to 127 of letters,
    /// digits, `. _ -`.
    SecretName,
    "secret name",
    "use a letter or digit, then up to 127 letters, digits, '.', '_' or '-'",
    |value| value.len() <= 128
        && value.starts_with(|c: char| c.is_ascii_alphanumeric())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
);
name_type!(
    /// The name of a role: a letter or digit, then up to 63 of letters, digits, `. _ -`.
    RoleName,
    "role",
    "use a letter or digit, then up to 63 letters, digits, '.', '_' or '-'",
    is_scope_name
);
name_type!(
    /// The name of a service account, unique within its tenant; same rule as [`TenantName`].
    ServiceName,
    "service account",
    "use a letter or digit, then up to 63 letters, digits, '.', '_' or '-'",
    is_scope_name
);

name_type!(
    /// The name of an alias of a function: a letter, then up to 63 of letters, digits, `_ -`. Not one
    /// that a version could be called by.
    AliasName,
    "alias",
    "use a letter, then up to 63 letters, digits, '_' or '-'; not `active`, `latest` or a version number",
    |value| value.len() <= 64
        && value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && !matches!(value, "active" | "latest")
        && value.trim_start_matches('v').parse::<u64>().is_err()
);

/// Who a thing belongs to: a tenant and one of its namespaces. Every repository
/// method takes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    pub tenant: TenantName,
    pub namespace: NamespaceName,
}

impl Scope {
    /// The scope used when a request names none: `default` / `default`.
    pub fn default_scope() -> Self {
        Self { tenant: TenantName("default".into()), namespace: NamespaceName("default".into()) }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_names_follow_the_published_rule() {
        for good in ["a", "hello", "Hello_1-x", &"x".repeat(64)] {
            assert!(FunctionName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "..", "é", "a.b", &"x".repeat(65)] {
            let fault = FunctionName::new(bad).expect_err(bad);
            assert_eq!(fault.code(), Code::InvalidArgument);
            assert!(fault.message().contains("1 to 64"));
        }
    }

    #[test]
    fn an_alias_cannot_be_taken_for_a_version() {
        for good in ["live", "v", "v1x", "Prod_2-b"] {
            assert!(AliasName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "1", "v1", "vv12", "active", "latest", "$LATEST", "-a", "a.b", &"x".repeat(65)] {
            assert!(AliasName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn scope_names_may_hold_dots_but_not_start_with_one() {
        assert!(TenantName::new("acme.co").is_ok());
        assert!(TenantName::new(".acme").is_err());
        assert!(NamespaceName::new("").is_err());
    }
}
