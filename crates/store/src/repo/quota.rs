//! Quotas, and what of them is counted in the store.

use async_trait::async_trait;
use nova_domain::quota::{Quota, QuotaKind};
use nova_domain::{Code, Fault, FaultResult, NamespaceName, TenantName, Timestamp};

use crate::System;
use crate::page::{Page, PageRequest};

/// What is stored of a tenant or a namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoredUsage {
    pub functions: u64,
    /// Unpacked bytes of code that versions refer to, each tree once.
    pub storage_bytes: u64,
}

/// A part of the calls of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowLease {
    /// Calls that the server may let through; 0 if the window has none left.
    pub granted: u64,
    /// Calls of the window that were given out so far, to all servers.
    pub used: u64,
    pub ends_at: Timestamp,
}

/// Which calls are asked for.
#[derive(Debug, Clone)]
pub struct WindowAsk {
    pub tenant: TenantName,
    pub namespace: Option<NamespaceName>,
    pub window_s: u32,
    /// Most calls of a window; `None`: any number, only counted.
    pub hard: Option<u64>,
    pub want: u64,
    pub now: Timestamp,
}

/// Quotas.
#[async_trait]
pub trait Quotas: Send + Sync {
    /// Sets a quota, whether or not there is one. `NotFound` if the tenant or namespace is not there.
    async fn set(&self, quota: &Quota) -> FaultResult<()>;

    /// Takes a quota away. `NotFound` if there is none.
    async fn remove(
        &self,
        tenant: &TenantName,
        namespace: Option<&NamespaceName>,
        kind: QuotaKind,
    ) -> FaultResult<()>;

    /// Quotas of a tenant, those of the whole tenant first; at most 5000.
    async fn of(&self, tenant: &TenantName) -> FaultResult<Vec<Quota>>;

    /// Every quota, sorted by tenant, namespace and kind.
    async fn all(&self, system: &System, page: &PageRequest) -> FaultResult<Page<Quota>>;

    /// What a tenant has stored, or (`Some`) one namespace of it.
    async fn usage(&self, tenant: &TenantName, namespace: Option<&NamespaceName>)
    -> FaultResult<StoredUsage>;

    /// Takes some of the calls of the window that goes on, or of the one that begins with this.
    /// What is taken is counted, whether or not the calls come: so a count never has to be taken
    /// back, and a server that dies leaves nothing behind but this.
    async fn lease(&self, ask: &WindowAsk) -> FaultResult<WindowLease>;
}

/// A quota as a statement finds it.
pub(crate) struct Limit {
    pub(crate) namespace: String,
    pub(crate) kind: String,
    pub(crate) hard: i64,
}

impl Limit {
    /// Fails if a write made more of what is counted than there may be. What was too much before
    /// and did not grow is nobody's fault now.
    pub(crate) fn check(&self, tenant: &TenantName, before: i64, after: i64) -> Result<(), Fault> {
        if after <= self.hard || after <= before {
            return Ok(());
        }
        Err(exceeded(&self.kind, tenant, &self.namespace, self.hard, before, after - before))
    }
}

fn exceeded(kind: &str, tenant: &TenantName, namespace: &str, hard: i64, used: i64, more: i64) -> Fault {
    metrics::counter!("nova_quota_refused_total", "quota" => kind.to_owned()).increment(1);
    let whose = match namespace {
        "" => format!("tenant `{tenant}`"),
        namespace => format!("namespace `{namespace}` of tenant `{tenant}`"),
    };
    let text = format!(
        "the quota `{kind}` of {whose} is {hard}; {used} are used, and this needs {more} more: delete something, or \
         ask whoever runs the server for more"
    );
    Fault::new(Code::QuotaExceeded, text)
        .with_field(format!("quota.{kind}"), format!("limit {hard}, used {used}"))
}

/// The window at a time: windows follow each other from the beginning of time, so that all
/// servers mean the same. One that another server has begun already goes on.
pub(crate) fn window_at(ask: &WindowAsk, stored: Option<(i64, i64, i64)>) -> (i64, i64) {
    let length = i64::from(ask.window_s.max(1)) * 1_000_000;
    let begins = ask.now.as_micros().div_euclid(length) * length;
    match stored {
        Some((began_at, window_s, used)) if window_s == i64::from(ask.window_s) && began_at >= begins => {
            (began_at, used)
        }
        _ => (begins, 0),
    }
}

/// How much of what is asked for is left.
pub(crate) fn grant(ask: &WindowAsk, used: i64) -> i64 {
    let want = crate::rows::to_i64(ask.want);
    ask.hard.map_or(want, |hard| want.min(crate::rows::to_i64(hard).saturating_sub(used).max(0)))
}

/// Whole windows end after this time.
pub(crate) fn leased(ask: &WindowAsk, began_at: i64, granted: i64, used: i64) -> WindowLease {
    WindowLease {
        granted: crate::rows::to_u64(granted),
        used: crate::rows::to_u64(used),
        ends_at: Timestamp::from_micros(began_at).plus_micros(i64::from(ask.window_s.max(1)) * 1_000_000),
    }
}

pub(crate) fn no_such_quota(kind: QuotaKind) -> Fault {
    Fault::new(Code::NotFound, format!("no quota `{}` is set there", kind.as_str()))
}
