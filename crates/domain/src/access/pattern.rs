//! Which names a grant is for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultResult};

/// All names (`*`), those that begin so (`billing-*`), or one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pattern {
    All,
    Prefix(String),
    One(String),
}

impl Pattern {
    /// Reads `*`, `text*` or `text`: at most 64 of letters, digits, `. _ -`.
    pub fn parse(text: &str) -> FaultResult<Self> {
        let (body, open) = text.strip_suffix('*').map_or((text, false), |body| (body, true));
        let ok = body.len() <= 64
            && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        match (ok, body, open) {
            (true, "", true) => Ok(Self::All),
            (true, body, true) => Ok(Self::Prefix(body.to_owned())),
            (true, body, false) if !body.is_empty() => Ok(Self::One(body.to_owned())),
            _ => {
                let shown: String = text.chars().take(80).collect();
                Err(Fault::invalid(format!(
                    "pattern {shown:?} is not valid: use a name, the beginning of one and '*', or '*' alone"
                )))
            }
        }
    }

    /// Whether `name` is meant. `None` means "no certain one", which only `*` takes in.
    pub fn matches(&self, name: Option<&str>) -> bool {
        match (self, name) {
            (Self::All, _) => true,
            (_, None) => false,
            (Self::Prefix(prefix), Some(name)) => name.starts_with(prefix.as_str()),
            (Self::One(one), Some(name)) => one == name,
        }
    }

    /// Whether every name that `other` means is meant by this one too.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (_, Self::All) | (Self::One(_), Self::Prefix(_)) => false,
            (Self::Prefix(ours), Self::Prefix(theirs) | Self::One(theirs)) => {
                theirs.starts_with(ours.as_str())
            }
            (Self::One(ours), Self::One(theirs)) => ours == theirs,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::One(one) => f.write_str(one),
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = Fault;
    fn try_from(text: String) -> Result<Self, Fault> {
        Self::parse(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> String {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect("valid")
    }

    #[test]
    fn patterns_match_names_and_cover_each_other() {
        assert!(pattern("*").matches(None) && pattern("*").matches(Some("x")));
        assert!(pattern("bill*").matches(Some("billing")) && !pattern("bill*").matches(None));
        assert!(pattern("a").matches(Some("a")) && !pattern("a").matches(Some("ab")));
        assert!(pattern("*").covers(&pattern("a*")) && pattern("a*").covers(&pattern("ab*")));
        assert!(pattern("a*").covers(&pattern("ab")) && pattern("a").covers(&pattern("a")));
        for (ours, theirs) in [("a*", "*"), ("a", "a*"), ("ab*", "a*"), ("a", "b"), ("a", "*")] {
            assert!(!pattern(ours).covers(&pattern(theirs)), "{ours} {theirs}");
        }
    }

    #[test]
    fn odd_patterns_are_refused() {
        for bad in ["", "a*b", "**", "a b", "é", "a/b", &"x".repeat(65)] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
