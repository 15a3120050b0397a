//! When credentials were used last: noted in memory, written down now and then.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use nova_domain::{CredentialId, Timestamp};

use super::cache::Known;

/// Finest step of a last use.
const STEP_US: i64 = 60 * 1_000_000;
/// Most credentials that wait to be written down; more are noted later.
const WAITING_MAX: usize = 100_000;

/// What waits to be written down.
#[derive(Default)]
pub(super) struct Used(Mutex<HashMap<CredentialId, Timestamp>>);

impl Used {
    /// Notes a use; all but one a minute cost one atomic read.
    pub(super) fn note(&self, known: &Known, now: Timestamp) {
        let last = known.noted_at.load(Ordering::Relaxed);
        if now.as_micros() - last < STEP_US {
            return;
        }
        known.noted_at.store(now.as_micros(), Ordering::Relaxed);
        let Some(id) = &known.principal.credential else { return };
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_MAX || waiting.contains_key(id) {
            waiting.insert(id.clone(), now);
        }
    }

    pub(super) fn take(&self) -> Vec<(CredentialId, Timestamp)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}
