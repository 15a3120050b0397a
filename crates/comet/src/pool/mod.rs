//! Sandboxes of functions, one pool per (function, version). A sandbox belongs to one
//! function version for ever; an idle one is reused by the next call of that version.

mod function;
mod lambda;
mod start;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nova_domain::call::{FunctionSnapshot, SandboxKey};
use nova_domain::fault::FaultResult;
use nova_domain::ports::{CodeTrees, Quotas, Secrets, Signals};
use nova_domain::{FunctionId, Scope};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Settings;
use crate::backend::Backend;
use crate::egress::Egress;
use crate::runtimes::Runtimes;
use function::FunctionPool;
pub(crate) use function::{Ask, Lease};
use start::Starter;
pub(crate) use start::{launch_fault, opening_of};

/// Counts of a node's pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolReport {
    pub functions: usize,
    /// Sandboxes with a call in them.
    pub busy: usize,
    pub idle: usize,
    pub starting: usize,
    /// Calls that wait for a sandbox.
    pub waiting: usize,
}

pub(crate) struct Pool {
    functions: Mutex<HashMap<SandboxKey, Arc<FunctionPool>>>,
    starter: Arc<Starter>,
    tickets: AtomicU64,
}

/// Sandboxes that exist or are being made, over all functions.
#[derive(Debug, Default)]
pub(crate) struct Total(AtomicUsize);

impl Total {
    fn try_add(&self, max: usize) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| (now < max).then_some(now + 1))
            .is_ok()
    }

    fn sub(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub(crate) fn new(
        backend: Arc<dyn Backend>,
        trees: Arc<dyn CodeTrees>,
        runtimes: Runtimes,
        egress: Arc<Egress>,
        settings: Settings,
    ) -> Self {
        let (secrets, quotas, signals) = Default::default();
        let total = Total::default();
        let starter = Starter { backend, trees, secrets, quotas, signals, runtimes, egress, settings, total };
        Self { functions: Mutex::default(), starter: Arc::new(starter), tickets: AtomicU64::new(0) }
    }

    pub(crate) fn set_secrets(&self, secrets: Arc<dyn Secrets>) {
        let _ = self.starter.secrets.set(secrets);
    }

    pub(crate) fn set_quotas(&self, quotas: Arc<dyn Quotas>) {
        let _ = self.starter.quotas.set(quotas);
    }

    pub(crate) fn quotas(&self) -> Option<&Arc<dyn Quotas>> {
        self.starter.quotas.get()
    }

    pub(crate) fn set_signals(&self, signals: Arc<dyn Signals>) {
        let _ = self.starter.signals.set(signals);
    }

    fn functions(&self) -> MutexGuard<'_, HashMap<SandboxKey, Arc<FunctionPool>>> {
        // The map is consistent between any two statements under this lock.
        self.functions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, snapshot: &Arc<FunctionSnapshot>) -> Arc<FunctionPool> {
        let key = snapshot.key();
        let mut functions = self.functions();
        if let Some(pool) = functions.get(&key) {
            pool.refresh(snapshot);
            return pool.clone();
        }
        let pool = FunctionPool::new(snapshot.clone(), self.starter.clone());
        // Sandboxes of the same version with secrets as they were before get no more calls.
        let old = if key.secrets == 0 { Vec::new() } else { with_other_secrets(&functions, &key) };
        let old: Vec<_> = old.iter().filter_map(|key| functions.remove(key)).collect();
        functions.insert(key, pool.clone());
        drop(functions);
        old.iter().for_each(|pool| pool.retire());
        pool
    }

    /// The next place in the order of calls.
    pub(crate) fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed)
    }

    /// A place in a sandbox of this function version: an idle one, a new one, or the next
    /// that becomes free.
    pub(crate) async fn lease(
        &self,
        snapshot: &Arc<FunctionSnapshot>,
        ask: Ask,
        deadline: Option<Instant>,
        cancel: &CancellationToken,
    ) -> FaultResult<Lease> {
        let pool = self.of(snapshot);
        if let Some(lease) = pool.take_idle(ask) {
            return Ok(lease);
        }
        if self.starter.is_full() {
            self.evict_one_idle(&pool, None);
        }
        // Idle sandboxes of the tenant's other functions make room within its quota.
        while !self.starter.has_memory(snapshot) && self.evict_one_idle(&pool, Some(&snapshot.function.scope))
        {
        }
        pool.wait(ask, deadline, cancel).await
    }

    /// Room for another function: the sandbox that was idle longest goes, of `tenant` or of any.
    fn evict_one_idle(&self, except: &Arc<FunctionPool>, of: Option<&Scope>) -> bool {
        let oldest = self
            .functions()
            .values()
            .filter(|pool| !Arc::ptr_eq(pool, except))
            .filter(|pool| of.is_none_or(|scope| pool.tenant() == &scope.tenant))
            .filter_map(|pool| pool.idle_since().map(|since| (since, pool.clone())))
            .min_by_key(|(since, _)| *since);
        match oldest {
            Some((_, pool)) => {
                pool.drop_oldest_idle();
                true
            }
            None => false,
        }
    }

    /// Ends idle sandboxes past their time and forgets empty pools.
    pub(crate) fn sweep(&self) {
        let pools: Vec<_> = self.functions().values().cloned().collect();
        for pool in &pools {
            pool.sweep();
            for lease in pool.take_unseen() {
                tokio::spawn(async move { lease.sandbox().clean_up().await });
            }
            // Sandboxes that went idle since those calls came make room for them.
            if self.starter.is_full() && pool.has_waiting() {
                self.evict_one_idle(pool, None);
                pool.sweep();
            }
        }
        drop(pools);
        // One reference is the map's: nobody is about to use such a pool.
        self.functions().retain(|_, pool| Arc::strong_count(pool) > 1 || !pool.is_empty());
        let report = self.report();
        for (state, count) in [("busy", report.busy), ("idle", report.idle), ("starting", report.starting)] {
            metrics::gauge!("nova_sandboxes", "state" => state).set(count as f64);
        }
        metrics::gauge!("nova_calls_waiting").set(report.waiting as f64);
    }

    /// Starts sandboxes of functions that shall always have some.
    pub(crate) fn keep_minimum(&self, snapshots: &[Arc<FunctionSnapshot>]) {
        for snapshot in snapshots {
            self.of(snapshot).keep_minimum();
        }
    }

    /// Versions of the function that are not in `keep` get no more calls.
    pub(crate) fn retire(&self, function: &FunctionId, keep: &[u32]) {
        let gone: Vec<_> = {
            let mut functions = self.functions();
            let keys: Vec<SandboxKey> = functions
                .keys()
                .filter(|key| key.function == *function && !keep.contains(&key.version))
                .cloned()
                .collect();
            keys.into_iter().filter_map(|key| functions.remove(&key)).collect()
        };
        for pool in gone {
            pool.retire();
        }
    }

    /// Ends everything.
    pub(crate) fn close(&self) {
        for (_, pool) in self.functions().drain() {
            pool.retire();
        }
    }

    pub(crate) fn report(&self) -> PoolReport {
        let mut report = PoolReport::default();
        for pool in self.functions().values() {
            pool.add_to(&mut report);
        }
        report
    }
}

fn with_other_secrets(
    functions: &HashMap<SandboxKey, Arc<FunctionPool>>,
    of: &SandboxKey,
) -> Vec<SandboxKey> {
    functions.keys().filter(|key| key.function == of.function && key.version == of.version).cloned().collect()
}
