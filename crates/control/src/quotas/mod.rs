//! How much a tenant may have: what is set, what is used, and the checks before calls.
//!
//! What is stored (functions, bytes of code) is counted by the store in the transaction of each
//! write, so the number is always that of the rows. What runs (calls, sandboxes) is counted in
//! this process by what is held, so nothing is left over when it dies. Calls of a window are
//! taken from the store in portions, which are counted when they are taken and never given back.

mod book;
mod meter;
mod window;

use async_trait::async_trait;
use nova_domain::ports;
use nova_domain::quota::{Permit, Quota, QuotaKind};
use nova_domain::{Code, Fault, FaultResult, NamespaceName, Scope, TenantName};
use nova_store::repo::StoredUsage;
use nova_store::{PageRequest, Store, System};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::audit::{self, about};
use crate::functions::Functions;

pub(crate) use book::Book;

/// How often quotas that another server may have set are read again.
const REREAD: std::time::Duration = std::time::Duration::from_secs(1);

/// A quota with what is used of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaState {
    pub quota: Quota,
    /// `None` where nothing is counted, because no limit is set.
    pub used: Option<u64>,
}

/// Quotas of tenants. Cheap to clone.
#[derive(Clone)]
pub struct Quotas {
    functions: Functions,
    system: System,
}

impl Quotas {
    /// The service over the same parts as `functions`. [`Self::reload`] must follow before the first call.
    pub fn new(functions: Functions, system: System) -> Self {
        Self { functions, system }
    }

    fn store(&self) -> &Store {
        &self.functions.inner.store
    }

    fn book(&self) -> &Book {
        &self.functions.inner.book
    }

    /// Reads every quota anew, from now on in force.
    pub async fn reload(&self) -> FaultResult<()> {
        let _turn = self.book().turn().await;
        let mut page = PageRequest::largest();
        let mut all = Vec::new();
        loop {
            let found = self.store().quotas().all(&self.system, &page).await?;
            all.extend(found.items);
            match found.next_cursor {
                Some(cursor) => page = page.after(cursor),
                None => break,
            }
        }
        for tenant in self.book().replace(all) {
            self.functions.count_stored(&tenant).await;
        }
        Ok(())
    }

    /// With several servers over one database: follows what the others set, until `stop` fires.
    pub async fn run(&self, stop: CancellationToken) {
        if self.store().engine() == "sqlite" {
            return;
        }
        let mut tick = tokio::time::interval(REREAD);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(fault) = self.reload().await {
                tracing::warn!(error = %fault.log_line(), "quotas could not be read; those read last stay in force");
            }
        }
    }

    /// Quotas of a tenant with their usage; of those that are not set for the whole tenant, the usage.
    pub async fn list(&self, tenant: &TenantName) -> FaultResult<Vec<QuotaState>> {
        let mut quotas = self.store().quotas().of(tenant).await?;
        for kind in QuotaKind::ALL {
            if !quotas.iter().any(|quota| quota.namespace.is_none() && quota.kind == kind) {
                let updated_at = self.functions.inner.clock.now();
                let tenant = tenant.clone();
                quotas.push(Quota {
                    tenant,
                    namespace: None,
                    kind,
                    hard: None,
                    soft: None,
                    window_s: 0,
                    updated_at,
                });
            }
        }
        quotas.sort_by(|a, b| (&a.namespace, a.kind).cmp(&(&b.namespace, b.kind)));
        let mut states = Vec::with_capacity(quotas.len());
        let mut stored: Option<(Option<NamespaceName>, StoredUsage)> = None;
        for quota in quotas {
            let used = if quota.kind.is_stored() {
                let usage = match &stored {
                    Some((namespace, usage)) if *namespace == quota.namespace => *usage,
                    _ => self.store().quotas().usage(tenant, quota.namespace.as_ref()).await?,
                };
                stored = Some((quota.namespace.clone(), usage));
                Some(stored_of(quota.kind, usage))
            } else {
                self.book().used(&quota, self.store(), self.functions.inner.clock.now()).await?
            };
            states.push(QuotaState { quota, used });
        }
        Ok(states)
    }

    /// Sets a quota of a tenant, or of one namespace of it.
    pub async fn set(
        &self,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        kind: QuotaKind,
        limits: (Option<u64>, Option<u64>, Option<u32>),
    ) -> FaultResult<QuotaState> {
        let (hard, soft, window_s) = limits;
        let default = if kind == QuotaKind::Invocations { nova_domain::quota::WINDOW_DEFAULT_S } else { 0 };
        let quota = Quota {
            tenant: tenant.clone(),
            namespace: namespace.cloned(),
            kind,
            hard,
            soft,
            window_s: window_s.unwrap_or(default),
            updated_at: self.functions.inner.clock.now(),
        };
        quota.validate()?;
        let told = match self.find(tenant, namespace, kind).await? {
            Some(before) => audit::changed(tenant, "quota", kind.as_str(), shown(&before), shown(&quota)),
            None => audit::created(tenant, "quota", kind.as_str(), shown(&quota)),
        };
        about(told, self.store().quotas().set(&quota)).await?;
        self.reload().await?;
        let states = self.list(tenant).await?;
        let found = states
            .into_iter()
            .find(|state| state.quota.kind == kind && state.quota.namespace.as_ref() == namespace);
        found.ok_or_else(|| Fault::new(Code::NotFound, "the quota was taken away by somebody else meanwhile"))
    }

    /// Takes a quota away.
    pub async fn unset(
        &self,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        kind: QuotaKind,
    ) -> FaultResult<()> {
        let before = self.find(tenant, namespace, kind).await?.as_ref().map(shown).unwrap_or_default();
        let told = audit::deleted(tenant, "quota", kind.as_str(), before);
        about(told, self.store().quotas().remove(tenant, namespace, kind)).await?;
        self.reload().await
    }

    async fn find(
        &self,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        kind: QuotaKind,
    ) -> FaultResult<Option<Quota>> {
        let quotas = self.store().quotas().of(tenant).await?;
        Ok(quotas.into_iter().find(|quota| quota.kind == kind && quota.namespace.as_ref() == namespace))
    }

    /// Which soft limits of a scope are reached, as the header of an answer; `None` almost always.
    pub fn warning(&self, scope: &Scope) -> Option<String> {
        self.book().warning(scope)
    }
}

fn shown(quota: &Quota) -> Value {
    json!({
        "namespace": quota.namespace.as_ref().map(NamespaceName::as_str),
        "hard": quota.hard,
        "soft": quota.soft,
        "window_s": quota.window_s,
    })
}

fn stored_of(kind: QuotaKind, usage: StoredUsage) -> u64 {
    if kind == QuotaKind::Functions { usage.functions } else { usage.storage_bytes }
}

#[async_trait]
impl ports::Quotas for Quotas {
    fn limits_calls(&self, scope: &Scope) -> bool {
        self.book().limits_calls(scope)
    }

    async fn admit(&self, scope: &Scope) -> FaultResult<Permit> {
        self.book().admit(scope, self.store(), &*self.functions.inner.clock).await
    }

    fn has_room(&self, scope: &Scope, memory_mb: u32) -> bool {
        self.book().has_room(scope, u64::from(memory_mb))
    }

    fn sandbox(&self, scope: &Scope, memory_mb: u32) -> FaultResult<Permit> {
        self.book().sandbox(scope, u64::from(memory_mb))
    }
}

impl Functions {
    /// Looks how much the tenant has stored, if somebody wants to be told of it.
    pub(crate) async fn count_stored(&self, tenant: &TenantName) {
        for namespace in self.inner.book.watched(tenant) {
            match self.inner.store.quotas().usage(tenant, namespace.as_ref()).await {
                Ok(usage) => self.inner.book.note_stored(tenant, namespace.as_ref(), usage),
                Err(fault) => {
                    tracing::warn!(error = %fault.log_line(), "what a tenant has stored is not known")
                }
            }
        }
    }
}
