//! The sandboxes of one function version, and the one line of calls that wait for them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use nova_domain::TenantName;
use nova_domain::call::FunctionSnapshot;
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::function::PoolSettings;
use nova_domain::ports::CodeTree;
use nova_domain::quota::Permit;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::PoolReport;
use super::start::Starter;
use crate::egress::Session;
use crate::sandbox::Sandbox;

/// A sandbox in the pool.
pub(crate) struct Member {
    pub(crate) sandbox: Sandbox,
    /// Keeps the code from being collected.
    _code: CodeTree,
    _installed: Option<CodeTree>,
    /// Shut when the sandbox is given up.
    _network: Option<Session>,
    calls: AtomicU32,
    starter: Arc<Starter>,
    /// Its room within the quotas of its tenant.
    _memory: Permit,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.starter.release();
    }
}

struct Seat {
    member: Arc<Member>,
    /// Calls in it now.
    used: u32,
    /// The call in it is one that nothing may be sent behind.
    alone: bool,
    /// Since when it is idle (meaningful with `used` 0).
    since: Instant,
}

/// A call in the waiting line.
struct Waiter {
    ask: Ask,
    sender: oneshot::Sender<FaultResult<Lease>>,
}

impl Waiter {
    fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// What a call asks of the pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// Its place in the order of calls; one that was taken back keeps it.
    pub(crate) ticket: u64,
    /// It may be sent to a sandbox before the calls there have ended, and others behind it.
    pub(crate) ahead: bool,
}

/// Calls that are sent to a sandbox ahead, beside the one that runs.
const AHEAD_MAX: u32 = 8;

#[derive(Default)]
struct State {
    settings: PoolSettings,
    revision: u64,
    /// Oldest first; calls go to the one used last, so that the others can go idle.
    seats: Vec<Seat>,
    starting: u32,
    /// In the order of their tickets.
    waiting: VecDeque<Waiter>,
    retired: bool,
    /// No new start before then, after failed ones.
    not_before: Option<Instant>,
    failures: u32,
}

pub(crate) struct FunctionPool {
    snapshot: Arc<FunctionSnapshot>,
    starter: Arc<Starter>,
    state: Mutex<State>,
}

/// One call's place in a sandbox; dropping it gives the place back.
pub(crate) struct Lease {
    member: Arc<Member>,
    pool: Weak<FunctionPool>,
    /// The sandbox's first call, and its code is not loaded yet.
    pub(crate) cold: bool,
}

impl Lease {
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.member.sandbox
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.give_back(&self.member);
        }
    }
}

impl FunctionPool {
    pub(super) fn new(snapshot: Arc<FunctionSnapshot>, starter: Arc<Starter>) -> Arc<Self> {
        let settings = snapshot.pool();
        let revision = snapshot.function.revision;
        let state = Mutex::new(State { settings, revision, ..State::default() });
        Arc::new(Self { snapshot, starter, state })
    }

    pub(super) fn tenant(&self) -> &TenantName {
        &self.snapshot.function.scope.tenant
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over pool settings that changed without a new version.
    pub(super) fn refresh(&self, snapshot: &FunctionSnapshot) {
        let mut state = self.state();
        if snapshot.function.revision > state.revision {
            state.revision = snapshot.function.revision;
            state.settings = snapshot.pool();
        }
    }

    /// A free place in a sandbox that is up, or one behind short calls.
    pub(super) fn take_idle(self: &Arc<Self>, ask: Ask) -> Option<Lease> {
        let mut dead = Vec::new();
        let mut state = self.state();
        let lease = self.take_seat(ask, &mut state, &mut dead).or_else(|| {
            // Nobody overtakes those in line.
            (ask.ahead && state.waiting.is_empty()).then(|| self.take_ahead(&mut state)).flatten()
        });
        drop(state);
        drop(dead);
        lease
    }

    fn take_seat(self: &Arc<Self>, ask: Ask, state: &mut State, dead: &mut Vec<Seat>) -> Option<Lease> {
        let concurrency = state.settings.instance_concurrency;
        let mut index = state.seats.len();
        while index > 0 {
            index -= 1;
            let seat = &state.seats[index];
            if !seat.member.sandbox.is_usable() {
                if seat.used == 0 {
                    dead.push(state.seats.remove(index));
                }
                continue;
            }
            if seat.used < concurrency {
                let mut seat = state.seats.remove(index);
                seat.used += 1;
                seat.alone = !ask.ahead;
                let lease = self.lease_of(&seat.member);
                state.seats.push(seat);
                return Some(lease);
            }
        }
        None
    }

    /// A place behind the calls of the sandbox that has the fewest, if no sandbox can be
    /// started for it.
    fn take_ahead(self: &Arc<Self>, state: &mut State) -> Option<Lease> {
        let settings = &state.settings;
        let (concurrency, max_calls) = (settings.instance_concurrency, settings.max_calls);
        let startable = (state.seats.len() as u32) < settings.max_replicas && !self.starter.is_full();
        if concurrency != 1 || startable || state.retired {
            return None;
        }
        let fresh = |member: &Member| max_calls == 0 || member.calls.load(Ordering::Relaxed) < max_calls;
        let seat = state
            .seats
            .iter_mut()
            .filter(|seat| seat.used <= AHEAD_MAX && !seat.alone)
            .filter(|seat| seat.member.sandbox.is_usable() && fresh(&seat.member))
            .min_by_key(|seat| seat.used)?;
        if !seat.member.sandbox.takes_ahead() {
            return None;
        }
        seat.used += 1;
        Some(self.lease_of(&seat.member))
    }

    fn lease_of(self: &Arc<Self>, member: &Arc<Member>) -> Lease {
        let first = member.calls.fetch_add(1, Ordering::Relaxed) == 0;
        // One that was started ahead and has loaded its code is warm.
        let cold = first && member.sandbox.init_us() == 0;
        let mut lease = self.place_in(member);
        lease.cold = cold;
        lease
    }

    fn place_in(self: &Arc<Self>, member: &Arc<Member>) -> Lease {
        Lease { member: member.clone(), pool: Arc::downgrade(self), cold: false }
    }

    /// Waits in line for a place, and has a sandbox started if the line is longer than
    /// those on their way can serve.
    pub(super) async fn wait(
        self: &Arc<Self>,
        ask: Ask,
        deadline: Option<Instant>,
        cancel: &CancellationToken,
    ) -> FaultResult<Lease> {
        let (sender, receiver) = oneshot::channel();
        let max_wait = {
            let mut state = self.state();
            if state.retired {
                return Err(Fault::new(
                    Code::Conflict,
                    "this version was replaced while the call waited; call again",
                ));
            }
            // Those for whom a sandbox can be started are not waiting in line for one.
            let settings = &state.settings;
            let startable = settings.max_replicas.saturating_sub(state.seats.len() as u32);
            let room = u64::from(settings.max_queue)
                + u64::from(startable) * u64::from(settings.instance_concurrency);
            if state.waiting.len() as u64 >= room {
                // Only now, because it looks at every one of them.
                state.waiting.retain(|waiter| !waiter.is_closed());
                if state.waiting.len() as u64 >= room {
                    return Err(self.queue_full(&state));
                }
            }
            // Almost always the end; one that was taken back goes before those that came later.
            let at = state.waiting.iter().rposition(|waiter| waiter.ask.ticket < ask.ticket);
            state.waiting.insert(at.map_or(0, |index| index + 1), Waiter { ask, sender });
            Duration::from_millis(u64::from(state.settings.max_wait_ms))
        };
        self.start_needed();
        let patient = Instant::now() + max_wait;
        let until = deadline.map_or(patient, |deadline| deadline.min(patient));
        let why = if until < patient { Code::DeadlineExceeded } else { Code::QueueTimeout };
        tokio::select! {
            biased;
            answer = receiver => answer.unwrap_or_else(|_| Err(Fault::new(Code::Unavailable, "the server is stopping"))),
            () = cancel.cancelled() => Err(Fault::new(Code::Cancelled, "the caller went away")),
            () = tokio::time::sleep_until(until) => Err(self.waited_too_long(why)),
        }
    }

    fn queue_full(&self, state: &State) -> Fault {
        metrics::counter!("nova_calls_refused_total", "reason" => "queue_full").increment(1);
        Fault::new(
            Code::QueueFull,
            format!(
                "{} calls of `{}` wait already, which is its limit (max_queue), for {} sandboxes (max_replicas)",
                state.settings.max_queue, self.snapshot.function.name, state.settings.max_replicas
            ),
        )
        .with_retry_after(Duration::from_secs(1))
    }

    fn waited_too_long(&self, why: Code) -> Fault {
        metrics::counter!("nova_calls_refused_total", "reason" => "waited_too_long").increment(1);
        Fault::new(
            why,
            format!(
                "no sandbox of `{}` became free in time; raise max_replicas or instance_concurrency, or call less often",
                self.snapshot.function.name
            ),
        )
        .with_retry_after(Duration::from_secs(1))
    }

    /// Starts as many sandboxes as the line needs, within the limits.
    fn start_needed(self: &Arc<Self>) {
        loop {
            let memory = {
                let mut state = self.state();
                let alive = state.seats.len() as u32 + state.starting;
                let backing_off = state.not_before.is_some_and(|time| time > Instant::now());
                if state.retired || alive >= state.settings.max_replicas || backing_off {
                    return;
                }
                state.waiting.retain(|waiter| !waiter.is_closed());
                let coming = state.starting * state.settings.instance_concurrency;
                if state.waiting.len() as u32 <= coming {
                    return;
                }
                let memory = match self.starter.take_memory(&self.snapshot) {
                    Ok(memory) => memory,
                    Err(fault) => {
                        // Who waits for a sandbox that is there gets it in time; without one nobody comes.
                        if alive == 0 {
                            refuse_waiting(&mut state, &fault);
                        }
                        return;
                    }
                };
                if !self.starter.reserve() {
                    return;
                }
                state.starting += 1;
                memory
            };
            tokio::spawn(self.clone().start_one(memory));
        }
    }

    async fn start_one(self: Arc<Self>, memory: Permit) {
        let begun = Instant::now();
        match self.starter.start(&self.snapshot).await {
            Ok(started) => {
                let stock = if started.sandbox.from_stock { "true" } else { "false" };
                metrics::histogram!("nova_sandbox_launch_duration_seconds", "from_stock" => stock)
                    .record(begun.elapsed().as_secs_f64());
                let member = Arc::new(Member {
                    sandbox: started.sandbox,
                    _code: started.code,
                    _installed: started.installed,
                    _network: started.network,
                    calls: AtomicU32::new(0),
                    starter: self.starter.clone(),
                    _memory: memory,
                });
                let mut state = self.state();
                state.starting -= 1;
                state.failures = 0;
                state.not_before = None;
                if state.retired {
                    return;
                }
                state.seats.push(Seat { member, used: 0, alone: false, since: Instant::now() });
            }
            Err(fault) => {
                self.starter.release();
                tracing::warn!(
                    function = %self.snapshot.function.name,
                    error = %fault.log_line(),
                    "a sandbox could not be started"
                );
                let mut state = self.state();
                state.starting -= 1;
                state.failures += 1;
                let wait = Duration::from_millis(10) * 2u32.pow(state.failures.min(9));
                state.not_before = Some(Instant::now() + wait);
                // The one who waited longest learns why; the others get the next start.
                if let Some(waiter) = pop_waiting(&mut state) {
                    let _ = waiter.sender.send(Err(fault));
                }
            }
        }
        self.serve_waiting();
    }

    /// Hands free places to those who wait.
    fn serve_waiting(self: &Arc<Self>) {
        let mut dead = Vec::new();
        loop {
            let mut state = self.state();
            while state.waiting.front().is_some_and(Waiter::is_closed) {
                state.waiting.pop_front();
            }
            let Some(ask) = state.waiting.front().map(|waiter| waiter.ask) else { break };
            let lease = self
                .take_seat(ask, &mut state, &mut dead)
                .or_else(|| ask.ahead.then(|| self.take_ahead(&mut state)).flatten());
            let Some(lease) = lease else { break };
            let waiter = pop_waiting(&mut state);
            drop(state);
            // A waiter who left in this very moment drops the lease, which serves the next.
            if let Some(waiter) = waiter {
                let _ = waiter.sender.send(Ok(lease));
            }
        }
        drop(dead);
        self.start_needed();
    }

    fn give_back(self: &Arc<Self>, member: &Arc<Member>) {
        let gone = {
            let mut state = self.state();
            let max_calls = state.settings.max_calls;
            let worn = max_calls > 0 && member.calls.load(Ordering::Relaxed) >= max_calls;
            if worn {
                member.sandbox.taint();
            }
            let retired = state.retired;
            let position = state.seats.iter().position(|seat| Arc::ptr_eq(&seat.member, member));
            position.and_then(|index| {
                let seat = &mut state.seats[index];
                seat.used = seat.used.saturating_sub(1);
                seat.since = Instant::now();
                let over = retired || !seat.member.sandbox.is_usable();
                (over && seat.used == 0).then(|| state.seats.remove(index))
            })
        };
        // Its end may take the pool's own locks.
        drop(gone);
        if !self.state().waiting.is_empty() {
            self.serve_waiting();
        }
    }

    /// Since when the longest idle sandbox is idle.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.state().seats.iter().filter(|seat| seat.used == 0).map(|seat| seat.since).min()
    }

    pub(super) fn drop_oldest_idle(&self) {
        let gone = {
            let mut state = self.state();
            let oldest = (0..state.seats.len())
                .filter(|index| state.seats[*index].used == 0)
                .min_by_key(|index| state.seats[*index].since);
            oldest.map(|index| state.seats.remove(index))
        };
        drop(gone);
    }

    /// Ends sandboxes that are idle for too long or died, and lets the line try again.
    pub(super) fn sweep(self: &Arc<Self>) {
        let mut gone = Vec::new();
        {
            let mut state = self.state();
            let ttl = Duration::from_secs(u64::from(state.settings.idle_ttl_s));
            let minimum = state.settings.min_replicas as usize;
            let mut index = 0;
            while index < state.seats.len() {
                let seat = &state.seats[index];
                let dead = !seat.member.sandbox.is_usable();
                let old = seat.since.elapsed() >= ttl && state.seats.len() > minimum;
                if seat.used == 0 && (dead || old) {
                    gone.push(state.seats.remove(index));
                } else {
                    index += 1;
                }
            }
        }
        drop(gone);
        if !self.state().waiting.is_empty() {
            self.serve_waiting();
        }
    }

    /// Places of idle sandboxes in which calls ran that their agents have not seen.
    pub(super) fn take_unseen(self: &Arc<Self>) -> Vec<Lease> {
        let mut state = self.state();
        let mut leases = Vec::new();
        for seat in state.seats.iter_mut().filter(|seat| seat.used == 0) {
            if seat.member.sandbox.is_usable() && seat.member.sandbox.take_unseen() {
                seat.used = 1;
                leases.push(self.place_in(&seat.member));
            }
        }
        leases
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.state().waiting.iter().any(|waiter| !waiter.is_closed())
    }

    pub(super) fn keep_minimum(self: &Arc<Self>) {
        loop {
            let memory = {
                let mut state = self.state();
                let alive = state.seats.len() as u32 + state.starting;
                let backing_off = state.not_before.is_some_and(|time| time > Instant::now());
                if state.retired || backing_off || alive >= state.settings.min_replicas {
                    return;
                }
                let Ok(memory) = self.starter.take_memory(&self.snapshot) else { return };
                if !self.starter.reserve() {
                    return;
                }
                state.starting += 1;
                memory
            };
            tokio::spawn(self.clone().start_one(memory));
        }
    }

    /// No more calls: idle sandboxes end now, busy ones with their calls.
    pub(super) fn retire(&self) {
        let (gone, waiting) = {
            let mut state = self.state();
            state.retired = true;
            let (idle, busy) = std::mem::take(&mut state.seats).into_iter().partition(|seat| seat.used == 0);
            state.seats = busy;
            let idle: Vec<Seat> = idle;
            (idle, std::mem::take(&mut state.waiting))
        };
        drop(gone);
        for waiter in waiting {
            let _ = waiter.sender.send(Err(Fault::new(
                Code::Conflict,
                "this version was replaced while the call waited; call again",
            )));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.seats.is_empty() && state.starting == 0 && state.waiting.is_empty()
    }

    pub(super) fn add_to(&self, report: &mut PoolReport) {
        let state = self.state();
        report.functions += 1;
        report.busy += state.seats.iter().filter(|seat| seat.used > 0).count();
        report.idle += state.seats.iter().filter(|seat| seat.used == 0).count();
        report.starting += state.starting as usize;
        report.waiting += state.waiting.iter().filter(|waiter| !waiter.is_closed()).count();
    }
}

/// Tells everybody who waits why there will be no sandbox.
fn refuse_waiting(state: &mut State, fault: &Fault) {
    while let Some(waiter) = pop_waiting(state) {
        metrics::counter!("nova_calls_refused_total", "reason" => "quota").increment(1);
        let mut same = Fault::new(fault.code(), fault.message());
        for (field, message) in fault.fields() {
            same = same.with_field(field, message);
        }
        if let Some(after) = fault.retry_after() {
            same = same.with_retry_after(after);
        }
        let _ = waiter.sender.send(Err(same));
    }
}

fn pop_waiting(state: &mut State) -> Option<Waiter> {
    while let Some(waiter) = state.waiting.pop_front() {
        if !waiter.is_closed() {
            return Some(waiter);
        }
    }
    None
}
