//! Sealing with the master keys, for everything that must be read again: secrets of functions,
//! secrets of key pairs.

use std::sync::Arc;

use nova_domain::{Code, Fault, FaultResult};
use nova_kit::seal::{KeyStore, SealError};
use nova_store::repo::SealedValue;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use zeroize::Zeroizing;

/// The master keys, and whose turn it is. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    keys: KeyStore,
    /// Read while a value is sealed and stored, written by a rotation: it must not drop a key with
    /// which somebody has sealed what is not stored yet.
    rotation: RwLock<()>,
}

impl Vault {
    /// A vault with these keys.
    pub fn new(keys: KeyStore) -> Self {
        Self { inner: Arc::new(Inner { keys, rotation: RwLock::new(()) }) }
    }

    pub(crate) fn keys(&self) -> &KeyStore {
        &self.inner.keys
    }

    /// To be held from before a value is sealed until it is stored.
    pub(crate) async fn sealing(&self) -> RwLockReadGuard<'_, ()> {
        self.inner.rotation.read().await
    }

    pub(crate) async fn rotating(&self) -> RwLockWriteGuard<'_, ()> {
        self.inner.rotation.write().await
    }

    /// Seals `plain` for `place` with the newest key.
    pub(crate) fn seal(&self, place: &str, plain: &[u8]) -> FaultResult<SealedValue> {
        let ring = self.inner.keys.ring();
        let bytes = ring.seal(place, plain).map_err(seal_fault)?;
        Ok(SealedValue { bytes, key_id: ring.newest().to_string() })
    }

    /// What was sealed for `place`.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.inner.keys.ring().open(place, sealed)
    }
}

pub(crate) fn seal_fault(error: SealError) -> Fault {
    match error {
        SealError::Fixed | SealError::Count(_) => Fault::new(Code::Conflict, error.to_string()),
        error => Fault::internal("seal a secret").with_source(error),
    }
}
