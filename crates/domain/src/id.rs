//! Typed ids. Ids are time-ordered text (ULID), so that index inserts stay local;
//! they are made by `kit::ids`, never here.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fault::{Code, Fault};

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Wraps an id: 1 to 40 ASCII letters, digits or `-`.
            pub fn new(value: impl AsRef<str>) -> Result<Self, Fault> {
                let value = value.as_ref();
                let ok = (1..=40).contains(&value.len())
                    && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                if ok {
                    Ok(Self(value.into()))
                } else {
                    Err(Fault::new(Code::InvalidArgument, concat!("not a valid ", $what, " id")))
                }
            }

            /// The id as text.
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
    };
}

id_type!(
    /// Identifies a function for ever, also after a rename or a delete and re-create.
    FunctionId,
    "function"
);
id_type!(
    /// Identifies one run; also the `request_id` of the call that caused it.
    RunId,
    "run"
);

id_type!(
    /// Identifies one piece of queued work; each of its attempts is a run with an id of its own.
    JobId,
    "job"
);

id_type!(
    /// Identifies a person.
    UserId,
    "user"
);
id_type!(
    /// Identifies a service account.
    ServiceId,
    "service account"
);
id_type!(
    /// Identifies a key, a session or an invitation; says nothing of its secret.
    CredentialId,
    "credential"
);
id_type!(
    /// Identifies one binding of a role.
    BindingId,
    "binding"
);

/// SHA-256 of some bytes; the address of an object. Text form: 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// From the 32 raw bytes of a SHA-256.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Parses 64 hex digits, with or without a leading `sha256:`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        let bad = || Fault::new(Code::InvalidArgument, "a digest is 64 hexadecimal digits");
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(bad());
        }
        let mut bytes = [0u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| bad())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| bad())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl TryFrom<String> for Digest {
    type Error = Fault;
    fn try_from(value: String) -> Result<Self, Fault> {
        Self::parse(&value)
    }
}

impl From<Digest> for String {
    fn from(value: Digest) -> String {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_text_round_trips_and_bad_text_is_refused() {
        let digest = Digest::from_bytes([0xab; 32]);
        assert_eq!(Digest::parse(&digest.to_string()).expect("own text"), digest);
        assert_eq!(Digest::parse(&format!("sha256:{digest}")).expect("prefixed"), digest);
        for bad in ["", "ab", &"g".repeat(64), &"é".repeat(32)] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
    }
}
