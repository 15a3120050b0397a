//! The one way in: `admit > resolve > lease > run`.

mod admit;
mod outcome;
mod run;
mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use nova_domain::call::{Call, EventStream, FunctionSnapshot, Outcome};
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::ports::Invoker;
use nova_domain::quota::Permit;
use tokio::time::Instant;

use crate::Comet;
use crate::pool::{Ask, Lease};
use run::Ran;

/// How often a call looks for a sandbox again after its version was replaced under it, or its
/// sandbox ended before it began.
const RETRIES: usize = 3;

/// Largest event that is sent to a sandbox ahead, bytes: with its frame it fits into a packet.
const AHEAD_PAYLOAD_MAX: usize = 32 * 1024;

/// A call that has a sandbox.
struct Placed {
    snapshot: Arc<FunctionSnapshot>,
    lease: Lease,
    queue_us: u64,
    /// Its place within the quotas, until it has ended.
    _permit: Option<Arc<Permit>>,
}

#[async_trait]
impl Invoker for Comet {
    async fn invoke(&self, call: Call) -> FaultResult<Outcome> {
        let arrived = Instant::now();
        admit::admit(&call)?;
        let mut permit = None;
        let mut ask =
            Ask { ticket: self.inner.pool.ticket(), ahead: call.payload.len() <= AHEAD_PAYLOAD_MAX };
        let mut given_back = 0;
        loop {
            let placed = self.place(&call, arrived, ask, &mut permit).await?;
            match run::run(&self.inner.settings, &call, placed, None).await? {
                Ran::Ended(outcome) => return Ok(outcome),
                // Sent ahead and taken back before it began. It keeps its turn, and waits for a
                // sandbox that has nothing else.
                Ran::TakenBack => ask.ahead = false,
                Ran::NotBegun if given_back < RETRIES => given_back += 1,
                Ran::NotBegun => return Err(not_begun()),
            }
        }
    }

    async fn invoke_stream(&self, call: Call) -> FaultResult<EventStream> {
        let arrived = Instant::now();
        admit::admit(&call)?;
        let ask = Ask { ticket: self.inner.pool.ticket(), ahead: false };
        let mut permit = None;
        let placed = self.place(&call, arrived, ask, &mut permit).await?;
        Ok(stream::start(self.clone(), call, placed, arrived, ask, permit))
    }
}

/// What a call holds of its tenant's quotas, once they were asked; it keeps it over all its tries.
type Held = Option<Option<Arc<Permit>>>;

/// The runtime of one sandbox after the other ended before it took the call.
fn not_begun() -> Fault {
    Fault::new(Code::SandboxLost, "the sandbox ended before the call began; call again")
}

impl Comet {
    /// A sandbox for a call that was admitted.
    async fn place(&self, call: &Call, arrived: Instant, ask: Ask, permit: &mut Held) -> FaultResult<Placed> {
        let deadline = call.deadline.map(|wait| arrived + wait);
        let catalog = self
            .inner
            .catalog
            .get()
            .ok_or_else(|| Fault::new(Code::Unavailable, "the server is starting"))?;
        let mut tries = 0;
        loop {
            let snapshot = catalog.resolve(&call.scope, &call.target).await?;
            admit::let_in(call, &snapshot.function)?;
            let held = match permit {
                Some(held) => held.clone(),
                None => permit.insert(admit::within_quotas(self.inner.pool.quotas(), call).await?).clone(),
            };
            match self.inner.pool.lease(&snapshot, ask, deadline, &call.cancel).await {
                Ok(lease) => {
                    let queue_us = arrived.elapsed().as_micros() as u64;
                    return Ok(Placed { snapshot, lease, queue_us, _permit: held });
                }
                // Replaced while it waited: user code has not begun, so look again.
                Err(fault) if fault.code() == Code::Conflict && tries < RETRIES => tries += 1,
                Err(fault) => return Err(fault),
            }
        }
    }
}
