//! What people ask about jobs, and what they may do with them.

use nova_domain::access::Names;
use nova_domain::job::{Job, JobWithPayload};
use nova_domain::{FaultResult, FunctionName, JobId, Scope};
use nova_store::repo::JobFilter;
use nova_store::{Page, PageRequest};

use super::Queue;

impl Queue {
    /// A job of one of these names; `NotFound` if there is none.
    pub async fn job(&self, scope: &Scope, names: &Names, id: &JobId) -> FaultResult<JobWithPayload> {
        let found = self.inner.store.jobs().get(scope, id).await?;
        if names.has(found.job.order.target.name.as_str()) {
            return Ok(found);
        }
        Err(nova_domain::Fault::not_found("job", id))
    }

    /// Jobs without their events, newest first.
    pub async fn jobs(
        &self,
        scope: &Scope,
        filter: &JobFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<Job>> {
        self.inner.store.jobs().list(scope, filter, page).await
    }

    /// Jobs of the function that is called so now; `filter.function` counts for nothing.
    pub async fn jobs_of(
        &self,
        scope: &Scope,
        name: &FunctionName,
        mut filter: JobFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<Job>> {
        filter.function = Some(self.inner.store.functions().get(scope, name).await?.id);
        self.jobs(scope, &filter, page).await
    }

    /// Gives a dead job its attempts again, the first at once; see [`Job::retry`].
    pub async fn retry(&self, scope: &Scope, names: &Names, id: &JobId) -> FaultResult<Job> {
        self.job(scope, names, id).await?;
        let job = self.inner.store.jobs().retry(scope, id, self.inner.clock.now()).await?;
        tracing::info!(%scope, job = %id, function = %job.order.target.name, "a dead job was retried");
        self.inner.wake.notify_one();
        Ok(job)
    }

    /// Deletes a job that is not running.
    pub async fn delete(&self, scope: &Scope, names: &Names, id: &JobId) -> FaultResult<()> {
        let found = self.job(scope, names, id).await?;
        self.inner.store.jobs().delete(scope, id).await?;
        let (function, status) = (&found.job.order.target.name, found.job.status.as_str());
        tracing::info!(%scope, job = %id, %function, status, "a job was deleted");
        Ok(())
    }
}
