//! What one quota counts, and what is said when it is reached.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nova_domain::quota::{Permit, Quota};
use nova_domain::{Code, Fault, FaultResult, NamespaceName, Scope, TenantName};

use super::window::Window;

/// A quota that is in force.
pub(super) struct Rule {
    pub(super) quota: Quota,
    pub(super) meter: Meter,
    /// Whether it was told that the soft limit is reached; anew when it was below again.
    told: AtomicBool,
}

/// How it is counted.
pub(super) enum Meter {
    /// As the store counted last.
    Stored(AtomicU64),
    Memory,
    /// Calls that are held now.
    Calls(Arc<AtomicU64>),
    Window(Window),
}

impl Rule {
    pub(super) fn new(quota: Quota, meter: Meter) -> Self {
        Self { quota, meter, told: AtomicBool::new(false) }
    }

    /// Whether it is about that scope.
    pub(super) fn covers(&self, scope: &Scope) -> bool {
        self.quota.namespace.as_ref().is_none_or(|namespace| *namespace == scope.namespace)
    }

    /// Looks whether the soft limit is reached, and tells it once.
    pub(super) fn look(&self, used: u64) {
        let Some(soft) = self.quota.soft else { return };
        let reached = used >= soft;
        if self.told.swap(reached, Ordering::Relaxed) || !reached {
            return;
        }
        let quota = self.quota.kind.as_str();
        metrics::counter!("nova_quota_soft_reached_total", "quota" => quota).increment(1);
        tracing::warn!(
            tenant = %self.quota.tenant, namespace = self.quota.namespace.as_ref().map(NamespaceName::as_str),
            quota, used, soft, hard = self.quota.hard, "a soft limit is reached"
        );
    }

    /// Why something that runs is refused.
    pub(super) fn refusal(&self, used: u64, again: Duration) -> Fault {
        let quota = self.quota.kind.as_str();
        metrics::counter!("nova_quota_refused_total", "quota" => quota).increment(1);
        let hard = self.quota.hard.unwrap_or_default();
        let whose = match &self.quota.namespace {
            None => format!("tenant `{}`", self.quota.tenant),
            Some(namespace) => format!("namespace `{namespace}` of tenant `{}`", self.quota.tenant),
        };
        let window = match self.quota.window_s {
            0 => String::new(),
            seconds => format!(" in {seconds} s"),
        };
        let text = format!(
            "the quota `{quota}` of {whose} is {hard}{window}, and {used} are used; try again later, or ask whoever runs \
             the server for more"
        );
        Fault::new(Code::ResourceExhausted, text)
            .with_field(format!("quota.{quota}"), format!("limit {hard}, used {used}"))
            .with_retry_after(again)
    }

    /// Takes a place among the calls that are held.
    pub(super) fn hold(&self, calls: &Arc<AtomicU64>) -> FaultResult<()> {
        let hard = self.quota.hard.unwrap_or(u64::MAX);
        let taken =
            calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| (now < hard).then_some(now + 1));
        match taken {
            Ok(before) => {
                self.look(before + 1);
                Ok(())
            }
            Err(now) => Err(self.refusal(now, Duration::from_secs(1))),
        }
    }
}

/// Memory of the sandboxes of each scope. Counted whether or not a quota is set, so that one
/// that is set later counts what is there already.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<HashMap<Scope, u64>>>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, HashMap<Scope, u64>> {
        // Consistent between any two statements under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// MiB of a tenant, or of one namespace of it.
    pub(super) fn used(&self, tenant: &TenantName, namespace: Option<&NamespaceName>) -> u64 {
        sum(&self.lock(), tenant, namespace)
    }

    /// Takes room if every rule has it.
    pub(super) fn take<'r>(
        &self,
        scope: &Scope,
        more: u64,
        rules: impl Iterator<Item = &'r Rule>,
    ) -> FaultResult<Permit> {
        let mut all = self.lock();
        for rule in rules {
            let used = sum(&all, &scope.tenant, rule.quota.namespace.as_ref());
            if rule.quota.hard.is_some_and(|hard| used + more > hard) {
                return Err(rule.refusal(used, Duration::from_secs(1)));
            }
            rule.look(used + more);
        }
        *all.entry(scope.clone()).or_default() += more;
        drop(all);
        let (memory, scope) = (self.clone(), scope.clone());
        Ok(Permit::new(move || {
            let mut all = memory.lock();
            if let Some(used) = all.get_mut(&scope) {
                *used = used.saturating_sub(more);
                if *used == 0 {
                    all.remove(&scope);
                }
            }
        }))
    }
}

fn sum(all: &HashMap<Scope, u64>, tenant: &TenantName, namespace: Option<&NamespaceName>) -> u64 {
    all.iter()
        .filter(|(scope, _)| scope.tenant == *tenant && namespace.is_none_or(|one| *one == scope.namespace))
        .map(|(_, used)| used)
        .sum()
}
