//! Accepting an order. What would never run is refused here, while somebody listens.

use nova_domain::access::Calling;
use nova_domain::call::{Call, FunctionSnapshot};
use nova_domain::job::{
    JOB_PAYLOAD_MAX, Job, JobCaller, JobOrder, JobWithPayload, RetrySettings, check_idempotency_key,
};
use nova_domain::{Code, Fault, FaultResult, TenantName};
use nova_store::repo::AcceptedJob;

use super::Queue;

/// What a client should wait before it tries again when a tenant has too many open jobs.
const FULL_RETRY: std::time::Duration = std::time::Duration::from_secs(5);

impl Queue {
    /// Accepts a call, to be made as soon as there is room, and again when it fails. It is on disk when
    /// this returns. Fails like the call would where that can be known now: `NotFound`, `NotReady`,
    /// `PermissionDenied`, `PayloadTooLarge`, `LoopDetected`; with `QueueFull` if the tenant has too many
    /// open jobs; with `Conflict` if the idempotency key was used for another event.
    pub async fn enqueue(
        &self,
        call: Call,
        retry: RetrySettings,
        idempotency_key: Option<String>,
    ) -> FaultResult<AcceptedJob> {
        let retry = retry.validated()?;
        if let Some(key) = &idempotency_key {
            check_idempotency_key(key)?;
        }
        if call.payload.len() > JOB_PAYLOAD_MAX {
            return Err(Fault::new(
                Code::PayloadTooLarge,
                format!("the event is {} bytes; a job takes at most {JOB_PAYLOAD_MAX}", call.payload.len()),
            ));
        }
        call.chain.admit(&call.target.name)?;
        let snapshot = self.inner.catalog.resolve(&call.scope, &call.target).await?;
        let calling = Calling { principal: call.caller.as_deref(), claimed: call.chain.0.last() };
        snapshot.function.invoke_policy.check(&snapshot.function, calling)?;
        self.check_room(&call.scope.tenant).await?;
        let order = self.order(call, &snapshot, retry, idempotency_key);
        let tenant = order.job.order.scope.tenant.clone();
        let accepted = self.inner.store.jobs().accept(&order).await?;
        if !accepted.replayed {
            self.inner.depth.grew(&tenant);
            metrics::counter!("nova_jobs_accepted_total").increment(1);
            self.inner.wake.notify_one();
        }
        Ok(accepted)
    }

    fn order(
        &self,
        call: Call,
        snapshot: &FunctionSnapshot,
        retry: RetrySettings,
        idempotency_key: Option<String>,
    ) -> JobWithPayload {
        let caller = call.caller.as_deref();
        let job = Job::new(JobOrder {
            id: self.inner.ids.job(),
            function: snapshot.function.id.clone(),
            retry,
            chain: call.chain,
            trace: call.trace,
            caller: caller.map(|caller| JobCaller::of(caller, &call.scope, &call.target.name)),
            client_context: call.client_context.map(|text| text.to_string()),
            idempotency_key,
            payload_size: call.payload.len() as u64,
            created_at: self.inner.clock.now(),
            scope: call.scope,
            target: call.target,
        });
        JobWithPayload { job, payload: call.payload }
    }

    async fn check_room(&self, tenant: &TenantName) -> FaultResult<()> {
        let most = self.inner.settings.max_open;
        let open = match self.inner.depth.known(tenant) {
            Some(open) => open,
            None => {
                let open = self.inner.store.jobs().open(&self.inner.system, tenant, most).await?;
                self.inner.depth.counted(tenant, open);
                open
            }
        };
        if open < u64::from(most) {
            return Ok(());
        }
        metrics::counter!("nova_jobs_refused_total").increment(1);
        let message = format!(
            "{most} jobs of the tenant wait or run, which is the limit; try again when some are done"
        );
        Err(Fault::new(Code::QueueFull, message).with_retry_after(FULL_RETRY))
    }
}
