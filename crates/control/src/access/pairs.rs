//! Key pairs, with which clients of AWS sign their requests. The check needs the secret itself,
//! so it is sealed in the database, and opened for the moment of a check.

use std::sync::Arc;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nova_domain::access::{CredentialKind, KeyNote, Principal};
use nova_domain::{Code, CredentialId, Fault, FaultResult};
use zeroize::Zeroizing;

use super::cache::Known;
use super::sigv4::{Claim, Refusal, SignedParts};
use super::{Access, secret};
use crate::vault::Vault;

/// What every access key id begins with.
const PREFIX: &str = "NOVA";
/// Length of an access key id, as at AWS.
const ID_LEN: usize = 20;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What the secret of a key pair is sealed for.
pub(crate) fn pair_place(id: &CredentialId) -> String {
    format!("nova key pair\n{id}")
}

/// A new pair: an id of 80 random bits, which is no secret, and a secret of 240.
pub(super) struct Pair {
    pub(super) access_key_id: String,
    pub(super) secret: Zeroizing<String>,
}

impl Pair {
    pub(super) fn new() -> FaultResult<Self> {
        let mut bytes = Zeroizing::new([0u8; ID_LEN - PREFIX.len() + 30]);
        rand::fill(&mut bytes[..]).map_err(|_| Fault::internal("the system gives no randomness"))?;
        let (id, secret) = bytes.split_at(ID_LEN - PREFIX.len());
        let id = id.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Ok(Self {
            access_key_id: PREFIX.chars().chain(id).collect(),
            secret: Zeroizing::new(URL_SAFE_NO_PAD.encode(secret)),
        })
    }
}

fn looks_like_id(text: &str) -> bool {
    text.len() == ID_LEN
        && text
            .strip_prefix(PREFIX)
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
}

/// A key pair that a request names; it says who the caller is once the signature is right.
pub struct Signer {
    known: Arc<Known>,
    secret: Zeroizing<Vec<u8>>,
}

impl Access {
    /// Tells where secrets of key pairs are sealed. Without it there are no key pairs.
    pub fn set_vault(&self, vault: Vault) {
        let _ = self.inner.vault.set(vault);
    }

    pub(super) fn vault(&self) -> FaultResult<&Vault> {
        self.inner.vault.get().ok_or_else(|| Fault::new(Code::Unavailable, "this server has no master keys"))
    }

    /// The key pair of that id. To be asked before the body of a request is read.
    pub async fn signer(&self, access_key_id: &str) -> FaultResult<Signer> {
        if !looks_like_id(access_key_id) {
            return Err(Refusal::UnknownKey.into());
        }
        let hash = secret::hash(access_key_id);
        let known = match self.inner.principals.get(&hash) {
            Some(known) => known,
            None => {
                let inner = &self.inner;
                let moment = inner.principals.moment();
                let found = inner.store.credentials().by_hash(&inner.system, &hash).await?;
                let pair = |key: &nova_domain::access::Credential| {
                    key.kind == CredentialKind::Key && KeyNote::of(key).pair
                };
                let credential = found.filter(pair).ok_or(Refusal::UnknownKey)?;
                let sealed = inner.store.credentials().sealed(&inner.system, &credential.id).await?;
                let sealed = sealed.ok_or(Refusal::UnknownKey)?;
                let principal = Arc::new(self.principal_of(credential).await?);
                inner.principals.keep(hash, principal, Some(sealed.bytes), moment)
            }
        };
        if known.principal.expires_at.is_some_and(|at| at <= self.inner.clock.now()) {
            return Err(Refusal::Ended.into());
        }
        let (Some(sealed), Some(id)) = (&known.sealed, &known.principal.credential) else {
            return Err(Refusal::UnknownKey.into());
        };
        let secret = self.vault()?.open(&pair_place(id), sealed).map_err(|error| {
            Fault::new(
                Code::Unavailable,
                "the secret of this key pair cannot be read with this server's master keys; whoever runs the \
                 server finds the reason in its log, or make a new pair",
            )
            .with_source(error)
        })?;
        Ok(Signer { known, secret })
    }

    /// Who signed, if the claim is right for this request with this body.
    pub fn signed_by(
        &self,
        signer: &Signer,
        claim: &Claim<'_>,
        parts: &SignedParts<'_>,
        body: &[u8],
    ) -> FaultResult<Arc<Principal>> {
        claim.check(parts, body, &signer.secret)?;
        self.inner.used.note(&signer.known, self.inner.clock.now());
        Ok(signer.known.principal.clone())
    }

    /// What time it is for signatures.
    pub fn now(&self) -> nova_domain::Timestamp {
        self.inner.clock.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_differ_and_have_the_form_of_those_of_aws() {
        let (one, two) = (Pair::new().expect("made"), Pair::new().expect("made"));
        assert_ne!(one.access_key_id, two.access_key_id);
        assert_ne!(*one.secret, *two.secret);
        assert_eq!((one.access_key_id.len(), one.secret.len()), (20, 40));
        assert!(looks_like_id(&one.access_key_id));
        for odd in ["", "AKIAIOSFODNN7EXAMPLE", "NOVAaaaaaaaaaaaaaaaa", "NOVAABC"] {
            assert!(!looks_like_id(odd), "{odd}");
        }
    }
}
