//! How many open jobs a tenant has: counted once a second, and added to in between.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nova_domain::TenantName;
use tokio::time::Instant;

/// How long a count holds.
const HOLDS: Duration = Duration::from_secs(1);
/// Tenants that are remembered; beyond it all are counted anew.
const TENANTS_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Depth(Mutex<HashMap<TenantName, (Instant, u64)>>);

impl Depth {
    /// The number of open jobs, if it was counted a short while ago.
    pub(super) fn known(&self, tenant: &TenantName) -> Option<u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(tenant).filter(|(at, _)| at.elapsed() < HOLDS).map(|(_, count)| *count)
    }

    /// Remembers a count.
    pub(super) fn counted(&self, tenant: &TenantName, count: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= TENANTS_MAX {
            counts.clear();
        }
        counts.insert(tenant.clone(), (Instant::now(), count));
    }

    /// One more was accepted.
    pub(super) fn grew(&self, tenant: &TenantName) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = counts.get_mut(tenant) {
            *count += 1;
        }
    }
}
