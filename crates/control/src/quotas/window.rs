//! Calls of a window of time, taken from the store in portions.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nova_domain::quota::Quota;
use nova_domain::{Clock, FaultResult, Timestamp};
use nova_store::Store;
use nova_store::repo::WindowAsk;

/// Parts of a limit that one portion is: what a server that dies takes with it, and what another
/// server may have left when a window ends.
const PORTIONS: u64 = 20;
/// Largest portion.
const PORTION_MAX: u64 = 1000;

#[derive(Default)]
struct State {
    ends_at: Timestamp,
    /// Calls that this server may still let through.
    left: u64,
    /// Calls of the window that were given out when the store was asked last.
    used: u64,
    /// The store had none left.
    dry: bool,
}

/// The portion that this server has.
#[derive(Default)]
pub(super) struct Window {
    state: Mutex<State>,
    /// One asks the store, the others wait for what it gets.
    asking: tokio::sync::Mutex<()>,
}

/// What came of asking for one call.
pub(super) enum Taken {
    /// This many are used with it, of the window that ends then.
    Yes(u64, Timestamp),
    /// This many are used, and when the next window begins.
    No(u64, Duration),
}

impl Window {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_take(&self, now: Timestamp) -> Option<Taken> {
        let mut state = self.state();
        if now >= state.ends_at {
            return None;
        }
        if state.left > 0 {
            state.left -= 1;
            return Some(Taken::Yes(state.used.saturating_sub(state.left), state.ends_at));
        }
        let wait = u64::try_from(state.ends_at.micros_since(now)).unwrap_or(0);
        state.dry.then(|| Taken::No(state.used, Duration::from_micros(wait.max(1))))
    }

    /// Takes one call.
    pub(super) async fn take(&self, quota: &Quota, store: &Store, clock: &dyn Clock) -> FaultResult<Taken> {
        loop {
            if let Some(taken) = self.try_take(clock.now()) {
                return Ok(taken);
            }
            let _turn = self.asking.lock().await;
            if let Some(taken) = self.try_take(clock.now()) {
                return Ok(taken);
            }
            let lease = store.quotas().lease(&ask(quota, portion(quota), clock.now())).await?;
            let mut state = self.state();
            *state = State {
                ends_at: lease.ends_at,
                left: lease.granted,
                used: lease.used,
                dry: lease.granted == 0,
            };
        }
    }

    /// Gives one back that was taken of the window that ends then; of an earlier one it is lost.
    pub(super) fn give_back(&self, ends_at: Timestamp) {
        let mut state = self.state();
        if state.ends_at == ends_at {
            state.left += 1;
        }
    }

    /// Calls of the window that goes on: those given out to all servers, without what this one has left.
    pub(super) async fn used(&self, quota: &Quota, store: &Store, now: Timestamp) -> FaultResult<u64> {
        let lease = store.quotas().lease(&ask(quota, 0, now)).await?;
        let state = self.state();
        let left = if state.ends_at == lease.ends_at { state.left } else { 0 };
        Ok(lease.used.saturating_sub(left))
    }

    /// The same as far as it is known here.
    pub(super) fn known(&self) -> u64 {
        let state = self.state();
        state.used.saturating_sub(state.left)
    }
}

fn portion(quota: &Quota) -> u64 {
    (quota.hard.or(quota.soft).unwrap_or_default() / PORTIONS).clamp(1, PORTION_MAX)
}

fn ask(quota: &Quota, want: u64, now: Timestamp) -> WindowAsk {
    WindowAsk {
        tenant: quota.tenant.clone(),
        namespace: quota.namespace.clone(),
        window_s: quota.window_s,
        hard: quota.hard,
        want,
        now,
    }
}
