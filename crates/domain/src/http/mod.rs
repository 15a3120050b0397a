//! How a function is offered to people and programs outside, on the content listener.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultResult};
use crate::name::AliasName;

mod cors;
mod rate;

pub use cors::{Cors, ENTRIES_MAX, MAX_AGE_MAX};
pub use rate::{HttpRates, RATE_MAX};

/// Who may send requests to the function's address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpAccess {
    /// Nobody: there is nothing at the address.
    #[default]
    Off,
    /// Everybody.
    Public,
    /// Who shows a key that may invoke the function.
    Key,
    /// Who has an address that was signed, until it expires.
    Signed,
}

impl HttpAccess {
    /// Every one there is.
    pub const ALL: &'static [HttpAccess] = &[Self::Off, Self::Public, Self::Key, Self::Signed];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Public => "public",
            Self::Key => "key",
            Self::Signed => "signed",
        }
    }

    /// The access of that name.
    pub fn parse(text: &str) -> FaultResult<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Fault::invalid(format!("http {shown:?} is not known: use off, public, key or signed"))
                .with_field("http", "off, public, key or signed")
        })
    }
}

/// How a function is offered on the content listener. Not part of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpSettings {
    pub access: HttpAccess,
    /// Requests run what this alias means; `None`: the active version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<AliasName>,
    /// Grows whenever `access` changes. Addresses are signed for one generation, so switching off
    /// and on again ends all that were given out.
    #[serde(default)]
    pub generation: u32,
    /// Which pages of other origins may read its answers; `None`: the function says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// How many requests are taken.
    #[serde(default, skip_serializing_if = "HttpRates::is_default")]
    pub rates: HttpRates,
}

impl HttpSettings {
    /// Sets who may; a change is a new generation.
    pub fn set_access(&mut self, access: HttpAccess) {
        if self.access != access {
            self.access = access;
            self.generation = self.generation.wrapping_add(1);
        }
    }
}

/// What the signature of an address is about: this text is what is signed. Its parts cannot be moved
/// into one another, because each is on a line of its own and none has line breaks.
pub struct SignedAddress<'a> {
    /// Id of the function.
    pub function: &'a str,
    pub generation: u32,
    pub method: &'a str,
    /// Path below the function's own, as it is in the request line.
    pub raw_path: &'a str,
    /// Query without the parameters of the signature, as it is in the request line.
    pub raw_query: &'a str,
    /// Seconds since 1970.
    pub expires: i64,
}

impl SignedAddress<'_> {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!(
            "nova address 1\n{}\n{}\n{}\n{}\n{}\n{}",
            self.function, self.generation, self.method, self.raw_path, self.raw_query, self.expires
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_access_begins_a_new_generation() {
        let mut http = HttpSettings::default();
        http.set_access(HttpAccess::Signed);
        http.set_access(HttpAccess::Signed);
        assert_eq!(http.generation, 1);
        http.set_access(HttpAccess::Off);
        http.set_access(HttpAccess::Signed);
        assert_eq!(http.generation, 3);
    }

    #[test]
    fn every_access_is_read_back_from_its_name() {
        for access in HttpAccess::ALL {
            assert_eq!(HttpAccess::parse(access.as_str()).expect("its own name"), *access);
        }
        assert!(HttpAccess::parse("open").is_err());
    }
}
