//! What people ask about runs and logs.

use std::time::Duration;

use nova_domain::access::Names;
use nova_domain::run::Run;
use nova_domain::{Code, FaultResult, FunctionId, FunctionName, RunId, Scope, Timestamp};
use nova_store::repo::log::{LogCursor, LogPage};
use nova_store::repo::run::{RunFilter, RunSummary, RunsOf};
use nova_store::{Page, PageRequest, Store};

use crate::follow::{self, LineStream, LogPlace};
use crate::sink::Sink;

/// Whose runs are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of the function that is called so now; `NotFound` if none is.
    Function(&'a FunctionName),
    /// Of functions that were called so when they ran.
    Names(&'a Names),
}

/// Which lines of a function are wanted.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// The last so many lines; with none of the fields set, 100.
    pub tail: Option<u32>,
    /// Lines printed then or later.
    pub since: Option<Timestamp>,
    /// Lines after this place.
    pub after: Option<LogPlace>,
    /// Lines of one run only.
    pub run: Option<RunId>,
}

/// How long a question about one run waits for records on their way to the store.
const STORED_WAIT: Duration = Duration::from_secs(1);

/// Reads runs and logs. Cheap to clone.
#[derive(Clone)]
pub struct Observatory {
    store: Store,
    sink: Sink,
}

impl Observatory {
    /// Reads from the store that `sink` writes to.
    pub fn new(store: Store, sink: Sink) -> Self {
        Self { store, sink }
    }

    async fn function_id(&self, scope: &Scope, name: &FunctionName) -> FaultResult<FunctionId> {
        Ok(self.store.functions().get(scope, name).await?.id)
    }

    /// One run, also right after its call. `NotFound` if there is none of that id.
    pub async fn run(&self, scope: &Scope, id: &RunId) -> FaultResult<Run> {
        match self.store.runs().get(scope, id).await {
            Err(fault) if fault.code() == Code::NotFound => {
                // The caller may have its answer before the record is stored. If that takes
                // long, the answer of the store stands.
                let _ = tokio::time::timeout(STORED_WAIT, self.sink.flush_waiting()).await;
                self.store.runs().get(scope, id).await
            }
            found => found,
        }
    }

    async fn runs_of(&self, scope: &Scope, whose: Whose<'_>) -> FaultResult<RunsOf> {
        match whose {
            Whose::Function(name) => Ok(RunsOf::Function(self.function_id(scope, name).await?)),
            Whose::Names(names) => Ok(RunsOf::Names(names.clone())),
        }
    }

    /// Runs, newest first; `whose` stands for what the filter says of it.
    pub async fn runs(
        &self,
        scope: &Scope,
        whose: Whose<'_>,
        mut filter: RunFilter,
        page: &PageRequest,
    ) -> FaultResult<Page<Run>> {
        filter.of = self.runs_of(scope, whose).await?;
        self.store.runs().list(scope, &filter, page).await
    }

    /// Counts and percentiles of a window.
    pub async fn summary(
        &self,
        scope: &Scope,
        whose: Whose<'_>,
        since: Timestamp,
        until: Timestamp,
    ) -> FaultResult<RunSummary> {
        let of = self.runs_of(scope, whose).await?;
        self.store.runs().summary(scope, &of, since, until).await
    }

    /// Lines of one run, in the order in which they were printed. `limit` is 1 to 1000.
    pub async fn run_logs(
        &self,
        scope: &Scope,
        run: &RunId,
        after: LogCursor,
        limit: u32,
    ) -> FaultResult<LogPage> {
        // Tells a run that does not exist from one that printed nothing.
        self.run(scope, run).await?;
        self.store.logs().of_run(scope, run, after, limit).await
    }

    /// Lines of a function. `limit` is 1 to 1000.
    pub async fn logs(
        &self,
        scope: &Scope,
        name: &FunctionName,
        query: &LogQuery,
        limit: u32,
    ) -> FaultResult<LogPage> {
        let function = self.function_id(scope, name).await?;
        let logs = self.store.logs();
        let after = query.after.as_ref().map_or(LogCursor::START, |place| place.after);
        if let Some(run) = &query.run {
            let page = logs.of_run(scope, run, after, limit).await?;
            // Who may see this function's lines need not see another's, nor how many there are.
            let ours = page.lines.iter().all(|line| line.function == function);
            return Ok(if ours { page } else { LogPage { lines: Vec::new(), next: after, more: false } });
        }
        if query.after.is_some() || query.since.is_some() {
            return logs.after(scope, &function, after, query.since, limit).await;
        }
        logs.tail(scope, &function, query.tail.unwrap_or(100).clamp(1, limit)).await
    }

    /// Lines of a function as they come, after what `query` asks for: those of calls that run while
    /// they do, on this node. No line is lost or doubled when it gets into the store.
    pub async fn follow(
        &self,
        scope: &Scope,
        name: &FunctionName,
        query: &LogQuery,
    ) -> FaultResult<LineStream> {
        let function = self.function_id(scope, name).await?;
        follow::start(self.store.clone(), self.sink.clone(), scope.clone(), function, query.clone()).await
    }
}
