//! A new master key, and everything sealed again with it.
//!
//! The new key is in the file before anything is sealed with it, and the old ones leave the
//! file only when nothing is sealed with them. A crash anywhere leaves every secret readable,
//! and the next start (or the next rotation) goes on.

use nova_domain::FaultResult;
use nova_domain::audit::AuditOutcome;
use nova_store::PageRequest;
use serde_json::{Value, json};

use super::Secrets;
use crate::audit;
use crate::vault::seal_fault;

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Names the key that seals now.
    pub key_id: String,
    /// Secrets that were sealed again.
    pub resealed: u64,
    /// Secrets that no key of this server opens; they stay as they are.
    pub unreadable: u64,
}

impl Secrets {
    /// Makes a new master key in the key file and seals every secret again with it. Fails with
    /// `Conflict` if the keys come from a setting.
    pub async fn rotate_key(&self) -> FaultResult<Rotated> {
        let _turn = self.inner.vault.rotating().await;
        let before = self.inner.vault.keys().ring().newest().to_string();
        // The key is a file, which no transaction of the store covers: told before and after.
        self.tell(json!({"key_id": before}), json!({"state": "begun"})).await?;
        if let Err(fault) = self.inner.vault.keys().add_key().map_err(seal_fault) {
            let told =
                audit::changed(None, "master_key", "", json!({"key_id": before}), json!({"state": "failed"}));
            audit::note(self.store(), Some(&told), AuditOutcome::Failed, fault.code()).await;
            return Err(fault);
        }
        let done = self.reseal().await?;
        if done.unreadable == 0 {
            self.inner.vault.keys().drop_old_keys().map_err(seal_fault)?;
        }
        let after = json!({
            "state": "done",
            "key_id": done.key_id,
            "resealed": done.resealed,
            "unreadable": done.unreadable,
        });
        self.tell(json!({"key_id": before}), after).await?;
        Ok(done)
    }

    /// Seals again what an older key of the ring has sealed: for the start, after a key was added by
    /// hand or a rotation was interrupted.
    pub async fn reseal_old(&self) -> FaultResult<Rotated> {
        let _turn = self.inner.vault.rotating().await;
        self.reseal().await
    }

    async fn tell(&self, before: Value, after: Value) -> FaultResult<()> {
        let told = audit::changed(None, "master_key", "", before, after);
        self.store().audit().note(Some(&told), AuditOutcome::Done, None).await
    }

    async fn reseal(&self) -> FaultResult<Rotated> {
        let ring = self.inner.vault.keys().ring();
        let mut done = Rotated { key_id: ring.newest().to_string(), resealed: 0, unreadable: 0 };
        let mut page = PageRequest::largest();
        loop {
            let secrets = self.store().secrets();
            let found = secrets.sealed_with_others(&self.inner.system, &done.key_id, &page).await?;
            for stored in &found.items {
                let value = match self.open(stored) {
                    Ok(value) => value,
                    Err(fault) => {
                        done.unreadable += 1;
                        tracing::error!(
                            scope = %stored.secret.scope, secret = %stored.secret.name, key = %stored.value.key_id,
                            error = %fault.log_line(), "a secret cannot be opened"
                        );
                        continue;
                    }
                };
                let sealed = self.seal(&stored.secret, &value)?;
                // One that was changed meanwhile has the newest key already.
                if secrets.reseal(&self.inner.system, &stored.secret, &sealed).await? {
                    done.resealed += 1;
                }
            }
            match found.next_cursor {
                Some(cursor) => page = page.after(cursor),
                None => break,
            }
        }
        self.reseal_pairs(&mut done).await?;
        Ok(done)
    }

    /// The secrets of key pairs, sealed with the same keys.
    async fn reseal_pairs(&self, done: &mut Rotated) -> FaultResult<()> {
        let credentials = self.store().credentials();
        let mut page = PageRequest::largest();
        loop {
            let found = credentials.sealed_with_others(&self.inner.system, &done.key_id, &page).await?;
            for (id, value) in &found.items {
                let place = crate::access::pair_place(id);
                let secret = match self.inner.vault.open(&place, &value.bytes) {
                    Ok(secret) => secret,
                    Err(error) => {
                        done.unreadable += 1;
                        tracing::error!(pair = %id, key = %value.key_id, %error, "the secret of a key pair cannot be opened");
                        continue;
                    }
                };
                let sealed = self.inner.vault.seal(&place, &secret)?;
                if credentials.reseal(&self.inner.system, id, &sealed).await? {
                    done.resealed += 1;
                }
            }
            match found.next_cursor {
                Some(cursor) => page = page.after(cursor),
                None => return Ok(()),
            }
        }
    }
}
