//! Principals in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use moka::sync::Cache;
use nova_domain::Digest;
use nova_domain::access::Principal;

use super::settings::AccessSettings;

/// A principal that was made from the database.
pub(super) struct Known {
    pub(super) principal: Arc<Principal>,
    /// When the use of its credential was noted last, microseconds.
    pub(super) noted_at: AtomicI64,
    /// Of a key pair: its secret, sealed.
    pub(super) sealed: Option<Vec<u8>>,
}

/// Principals by the hash of the secret. An answer of the database that was asked before a
/// change is not kept: the count of changes tells.
pub(super) struct Principals {
    known: Cache<Digest, Arc<Known>>,
    changes: AtomicU64,
}

impl Principals {
    pub(super) fn new(settings: &AccessSettings) -> Self {
        let known = Cache::builder().max_capacity(settings.principals).time_to_live(settings.believe).build();
        Self { known, changes: AtomicU64::new(0) }
    }

    pub(super) fn get(&self, hash: &Digest) -> Option<Arc<Known>> {
        self.known.get(hash)
    }

    /// To be asked before the database is, and given to [`Self::keep`] with what it said.
    pub(super) fn moment(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    pub(super) fn keep(
        &self,
        hash: Digest,
        principal: Arc<Principal>,
        sealed: Option<Vec<u8>>,
        moment: u64,
    ) -> Arc<Known> {
        let known = Arc::new(Known { principal, noted_at: AtomicI64::new(0), sealed });
        self.known.insert(hash, known.clone());
        // After the insert: a change that comes between is seen here or takes the entry away itself.
        if self.moment() != moment {
            self.known.invalidate(&hash);
        }
        known
    }

    /// Forgets everything. To be called after a write has committed.
    pub(super) fn forget(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.known.invalidate_all();
    }
}
