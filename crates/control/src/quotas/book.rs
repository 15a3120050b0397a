//! The quotas that are in force, in memory. A call of a tenant without one looks at one flag, or
//! into one map if another tenant has some.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use nova_domain::quota::{Permit, Quota, QuotaKind};
use nova_domain::{Clock, FaultResult, NamespaceName, Scope, TenantName, Timestamp};
use nova_store::Store;
use nova_store::repo::StoredUsage;

use super::meter::{Memory, Meter, Rule};
use super::stored_of;
use super::window::{Taken, Window};

/// Quotas by tenant.
#[derive(Default)]
pub(crate) struct Book {
    any: AtomicBool,
    tenants: RwLock<HashMap<TenantName, Arc<[Arc<Rule>]>>>,
    memory: Memory,
    turn: tokio::sync::Mutex<()>,
}

impl Book {
    /// Readings of the store come one after the other, so that none puts back an older state.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    fn of(&self, tenant: &TenantName) -> Option<Arc<[Arc<Rule>]>> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    /// Puts these in force. What a quota has counted stays with it; the tenants are returned of
    /// which it must be looked up.
    pub(super) fn replace(&self, quotas: Vec<Quota>) -> Vec<TenantName> {
        let old = self.tenants.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut tenants: HashMap<TenantName, Vec<Arc<Rule>>> = HashMap::new();
        let mut unknown = Vec::new();
        for quota in quotas {
            let rules = old.get(&quota.tenant);
            let before = rules.and_then(|rules| {
                rules
                    .iter()
                    .find(|rule| rule.quota.kind == quota.kind && rule.quota.namespace == quota.namespace)
            });
            let rule = match before {
                Some(rule) if rule.quota == quota => rule.clone(),
                before => {
                    if quota.kind.is_stored() && !unknown.contains(&quota.tenant) {
                        unknown.push(quota.tenant.clone());
                    }
                    let meter = meter(quota.kind, before.map(|rule| &rule.meter));
                    Arc::new(Rule::new(quota.clone(), meter))
                }
            };
            tenants.entry(quota.tenant).or_default().push(rule);
        }
        let tenants: HashMap<_, Arc<[_]>> =
            tenants.into_iter().map(|(tenant, rules)| (tenant, rules.into())).collect();
        let any = !tenants.is_empty();
        *self.tenants.write().unwrap_or_else(PoisonError::into_inner) = tenants;
        self.any.store(any, Ordering::Relaxed);
        unknown
    }

    pub(super) fn limits_calls(&self, scope: &Scope) -> bool {
        self.of(&scope.tenant).is_some_and(|rules| {
            rules
                .iter()
                .any(|rule| matches!(rule.meter, Meter::Calls(_) | Meter::Window(_)) && rule.covers(scope))
        })
    }

    /// A place among the calls that are held, and one of the window.
    pub(super) async fn admit(&self, scope: &Scope, store: &Store, clock: &dyn Clock) -> FaultResult<Permit> {
        let Some(rules) = self.of(&scope.tenant) else { return Ok(Permit::free()) };
        // Gives back what was taken, also when a later rule refuses or the caller goes away.
        let mut held = Held::default();
        for rule in rules.iter().filter(|rule| rule.covers(scope)) {
            if let Meter::Calls(calls) = &rule.meter {
                rule.hold(calls)?;
                held.calls.push(calls.clone());
            }
        }
        for rule in rules.iter().filter(|rule| rule.covers(scope)) {
            let Meter::Window(window) = &rule.meter else { continue };
            match window.take(&rule.quota, store, clock).await? {
                Taken::Yes(used, ends_at) => {
                    rule.look(used);
                    held.windows.push((rule.clone(), ends_at));
                }
                Taken::No(used, again) => return Err(rule.refusal(used, again)),
            }
        }
        // Calls of a window are used up from here on.
        held.windows.clear();
        Ok(Permit::new(move || drop(held)))
    }

    /// Whether [`Self::sandbox`] would succeed.
    pub(super) fn has_room(&self, scope: &Scope, memory_mb: u64) -> bool {
        let Some(rules) = self.of(&scope.tenant) else { return true };
        rules.iter().filter(|rule| matches!(rule.meter, Meter::Memory) && rule.covers(scope)).all(|rule| {
            let used = self.memory.used(&scope.tenant, rule.quota.namespace.as_ref());
            rule.quota.hard.is_none_or(|hard| used + memory_mb <= hard)
        })
    }

    pub(super) fn sandbox(&self, scope: &Scope, memory_mb: u64) -> FaultResult<Permit> {
        let rules = self.of(&scope.tenant);
        let of_memory = rules.iter().flat_map(|rules| rules.iter()).map(|rule| &**rule);
        let covering = of_memory.filter(|rule| matches!(rule.meter, Meter::Memory) && rule.covers(scope));
        self.memory.take(scope, memory_mb, covering)
    }

    /// What is used of something that runs.
    pub(super) async fn used(
        &self,
        quota: &Quota,
        store: &Store,
        now: Timestamp,
    ) -> FaultResult<Option<u64>> {
        if quota.kind == QuotaKind::MemoryMb {
            return Ok(Some(self.memory.used(&quota.tenant, quota.namespace.as_ref())));
        }
        let rules = self.of(&quota.tenant);
        let rule = rules
            .iter()
            .flat_map(|rules| rules.iter())
            .find(|rule| rule.quota.kind == quota.kind && rule.quota.namespace == quota.namespace);
        match rule.map(|rule| (&rule.meter, &rule.quota)) {
            Some((Meter::Calls(calls), _)) => Ok(Some(calls.load(Ordering::Relaxed))),
            Some((Meter::Window(window), quota)) => window.used(quota, store, now).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Parts of a tenant of which it must be known how much is stored: those with a soft limit.
    pub(super) fn watched(&self, tenant: &TenantName) -> Vec<Option<NamespaceName>> {
        let Some(rules) = self.of(tenant) else { return Vec::new() };
        let soft = rules.iter().filter(|rule| rule.quota.kind.is_stored() && rule.quota.soft.is_some());
        let mut parts: Vec<_> = soft.map(|rule| rule.quota.namespace.clone()).collect();
        parts.sort();
        parts.dedup();
        parts
    }

    pub(super) fn note_stored(&self, tenant: &TenantName, part: Option<&NamespaceName>, usage: StoredUsage) {
        let Some(rules) = self.of(tenant) else { return };
        for rule in rules.iter().filter(|rule| rule.quota.namespace.as_ref() == part) {
            if let Meter::Stored(known) = &rule.meter {
                let used = stored_of(rule.quota.kind, usage);
                known.store(used, Ordering::Relaxed);
                rule.look(used);
            }
        }
    }

    /// Soft limits that are reached: `functions;used=9;soft=8;hard=10, ..`. Calls that are held now
    /// are not among them: they are over when somebody reads this.
    pub(super) fn warning(&self, scope: &Scope) -> Option<String> {
        let rules = self.of(&scope.tenant)?;
        let reached = rules.iter().filter(|rule| rule.covers(scope)).filter_map(|rule| {
            let soft = rule.quota.soft?;
            let used = match &rule.meter {
                Meter::Stored(known) => known.load(Ordering::Relaxed),
                Meter::Memory => self.memory.used(&scope.tenant, rule.quota.namespace.as_ref()),
                Meter::Window(window) => window.known(),
                Meter::Calls(_) => return None,
            };
            let hard = rule.quota.hard.map(|hard| format!(";hard={hard}")).unwrap_or_default();
            (used >= soft).then(|| format!("{};used={used};soft={soft}{hard}", rule.quota.kind.as_str()))
        });
        let all: Vec<_> = reached.collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

fn meter(kind: QuotaKind, before: Option<&Meter>) -> Meter {
    match (kind, before) {
        (QuotaKind::Functions | QuotaKind::StorageBytes, _) => Meter::Stored(AtomicU64::new(0)),
        (QuotaKind::MemoryMb, _) => Meter::Memory,
        // Calls that are held give their place back to the counter that they took it from.
        (QuotaKind::Concurrency, Some(Meter::Calls(calls))) => Meter::Calls(calls.clone()),
        (QuotaKind::Concurrency, _) => Meter::Calls(Arc::default()),
        (QuotaKind::Invocations, _) => Meter::Window(Window::default()),
    }
}

/// What an admitted call holds.
#[derive(Default)]
struct Held {
    calls: Vec<Arc<AtomicU64>>,
    windows: Vec<(Arc<Rule>, Timestamp)>,
}

impl Drop for Held {
    fn drop(&mut self) {
        for calls in &self.calls {
            calls.fetch_sub(1, Ordering::Relaxed);
        }
        for (rule, ends_at) in &self.windows {
            if let Meter::Window(window) = &rule.meter {
                window.give_back(*ends_at);
            }
        }
    }
}
