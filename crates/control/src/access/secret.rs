//! Secrets: made, shown once, and known again by their hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nova_domain::access::CredentialKind;
use nova_domain::{Digest, Fault, FaultResult};
use sha2::{Digest as _, Sha256};

/// A new secret of 256 random bits.
pub(super) struct Secret {
    /// What the bearer keeps; never stored.
    pub(super) text: String,
    pub(super) hash: Digest,
    /// The first characters, to tell secrets apart.
    pub(super) prefix: String,
}

/// Characters of the random part that are shown later: 36 of 256 bits.
const SHOWN: usize = 6;

impl Secret {
    pub(super) fn new(kind: CredentialKind) -> FaultResult<Self> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            Fault::internal("the system gives no randomness").with_source(error.to_string())
        })?;
        let text = format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(bytes));
        let prefix = text[..kind.prefix().len() + SHOWN].to_owned();
        Ok(Self { hash: hash(&text), prefix, text })
    }
}

/// What is stored of a secret. A plain hash is right here: the secret is random, so nobody can
/// try all of them, and it is looked up by hash, so no comparison of ours tells its parts by time.
pub(super) fn hash(text: &str) -> Digest {
    Digest::from_bytes(Sha256::digest(text.as_bytes()).into())
}

/// Whether a text can be a secret of that kind; saves the database from looking for others.
pub(super) fn looks_like(kind: CredentialKind, text: &str) -> bool {
    text.strip_prefix(kind.prefix()).is_some_and(|rest| {
        rest.len() == 43 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_show_little_and_are_told_apart_by_kind() {
        let (one, two) = (
            Secret::new(CredentialKind::Key).expect("made"),
            Secret::new(CredentialKind::Key).expect("made"),
        );
        assert_ne!(one.text, two.text);
        assert!(one.text.starts_with(&one.prefix) && one.prefix.len() < one.text.len() / 3);
        assert!(looks_like(CredentialKind::Key, &one.text));
        assert!(!looks_like(CredentialKind::Session, &one.text));
        assert!(!looks_like(CredentialKind::Key, "nova_short"));
        assert_eq!(hash(&one.text), one.hash);
    }
}
