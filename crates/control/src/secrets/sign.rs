//! Signatures of addresses, by a key that is made from the master key: there is nothing to store, every
//! node that knows the master key can check them, and a rotation ends them.

use nova_domain::http::SignedAddress;

use super::Secrets;

const PURPOSE: &str = "address";

impl Secrets {
    /// Signs an address with the newest master key: the key's name and the signature.
    pub fn sign(&self, address: &SignedAddress<'_>) -> (String, Vec<u8>) {
        let (key, signature) = self.inner.vault.keys().ring().sign(PURPOSE, &address.text());
        (key.to_string(), signature)
    }

    /// Whether the address was signed so, with a key that is still there.
    pub fn is_signed(&self, address: &SignedAddress<'_>, key: &str, signature: &[u8]) -> bool {
        self.inner.vault.keys().ring().is_signed(PURPOSE, &address.text(), key, signature)
    }
}
