//! Builds of compiled runtimes: a bounded worker beside the requests that cause them.
//!
//! The store is the queue: a version that is `Pending` has to be built, whoever finds it. The
//! channel here only saves the wait until the next search.

use std::sync::Arc;
use std::time::Duration;

use nova_domain::ports::{BuildLog, BuildRequest};
use nova_domain::version::{Build, CompileStatus, Version};
use nova_domain::{Code, Fault, FaultResult, FunctionId, FunctionName, Scope};
use nova_store::repo::FunctionWithVersion;
use nova_store::{PageRequest, System};
use tokio::sync::{Mutex, Semaphore, broadcast, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::audit::{self, about, shown};
use crate::functions::Functions;

/// Longest compiler output that is kept, bytes; the end counts.
const OUTPUT_MAX: usize = 64 * 1024;
/// How often a build is tried that the platform could not carry out.
const TRIES: u32 = 3;

/// A build that is to be done.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    scope: Scope,
    name: FunctionName,
    function: FunctionId,
    number: u32,
    /// Left in the middle by a process that is gone.
    resumed: bool,
}

/// Builds on their way, and news of those that ended.
pub(crate) struct BuildQueue {
    sender: mpsc::Sender<Job>,
    receiver: Arc<Mutex<mpsc::Receiver<Job>>>,
    ended: broadcast::Sender<(FunctionId, u32)>,
}

impl BuildQueue {
    pub(crate) fn new(capacity: usize) -> Self {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        let (ended, _) = broadcast::channel(256);
        Self { sender, receiver: Arc::new(Mutex::new(receiver)), ended }
    }

    /// Hands the build over and waits until it ended or `bound` passed.
    pub(crate) async fn submit_and_wait(
        &self,
        scope: &Scope,
        written: &FunctionWithVersion,
        bound: Duration,
    ) {
        let key = (written.function.id.clone(), written.version.number);
        let mut ended = self.ended.subscribe();
        let job = Job {
            scope: scope.clone(),
            name: written.function.name.clone(),
            function: key.0.clone(),
            number: key.1,
            resumed: false,
        };
        if self.sender.try_send(job).is_err() {
            tracing::debug!(function = %key.0, "the build queue is full; the next search finds the build");
        }
        let wait = async {
            loop {
                match ended.recv().await {
                    Ok(one) if one == key => return,
                    Ok(_) => {}
                    // Ours may be among those missed; the caller reads the state anyway.
                    Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => {
                        return;
                    }
                }
            }
        };
        // Time is up: the caller answers with the state as it is, and the build goes on.
        let _ = tokio::time::timeout(bound, wait).await;
    }
}

/// Carries out builds, a few at once.
#[derive(Clone)]
pub struct Builder {
    functions: Functions,
    system: System,
}

impl Builder {
    pub(crate) fn new(functions: Functions, system: System) -> Self {
        Self { functions, system }
    }

    /// Takes up what an earlier process left, then builds what comes until `stop` fires. Builds that
    /// run then are given up and taken up again at the next start.
    pub async fn run(&self, stop: CancellationToken) {
        let inner = &self.functions.inner;
        let receiver = inner.builds.receiver.clone();
        let mut receiver = receiver.lock().await;
        let slots = Arc::new(Semaphore::new(inner.settings.builds_at_once.max(1)));
        let mut running = JoinSet::new();
        let mut scan = tokio::time::interval(inner.settings.build_scan.max(Duration::from_millis(10)));
        scan.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut at_start = true;
        loop {
            let jobs = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(job) = receiver.recv() => vec![job],
                _ = scan.tick() => match self.search(at_start).await {
                    Ok(jobs) => {
                        // Only a search that succeeded has found what an earlier process left.
                        at_start = false;
                        jobs
                    }
                    Err(fault) => {
                        tracing::warn!(error = %fault.log_line(), "builds that wait are not known");
                        Vec::new()
                    }
                },
            };
            for job in jobs {
                let slot = tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    slot = slots.clone().acquire_owned() => slot,
                };
                let builder = self.clone();
                running.spawn(async move {
                    builder.carry_out(job).await;
                    drop(slot);
                });
            }
            while let Some(ended) = running.try_join_next() {
                if let Err(error) = ended {
                    tracing::error!(%error, "a build task broke");
                }
            }
        }
    }

    /// Builds everything that waits now, one after the other, and also what an earlier process
    /// left in the middle. Returns how many there were.
    pub async fn run_once(&self) -> FaultResult<usize> {
        let jobs = self.search(true).await?;
        let count = jobs.len();
        for job in jobs {
            self.carry_out(job).await;
        }
        Ok(count)
    }

    /// Builds that wait, oldest function first; with `left` also those that were begun.
    async fn search(&self, left: bool) -> FaultResult<Vec<Job>> {
        let mut request = PageRequest::largest();
        let mut jobs = Vec::new();
        loop {
            let page = self.functions.inner.store.versions().pending_builds(&self.system, &request).await?;
            for pending in page.items {
                let resumed = pending.version.build.status == CompileStatus::Compiling;
                if left || !resumed {
                    jobs.push(Job {
                        scope: pending.scope,
                        name: pending.function,
                        function: pending.version.function_id,
                        number: pending.version.number,
                        resumed,
                    });
                }
            }
            match page.next_cursor {
                Some(cursor) => request = request.after(cursor),
                None => return Ok(jobs),
            }
        }
    }

    async fn carry_out(&self, job: Job) {
        let began = Instant::now();
        match self.build(&job).await {
            Ok(Some(status)) => tracing::info!(
                scope = %job.scope, function = %job.name, version = job.number, status = status.as_str(),
                seconds = began.elapsed().as_secs_f64(), "build ended"
            ),
            Ok(None) => {}
            Err(fault) => tracing::error!(
                scope = %job.scope, function = %job.name, version = job.number,
                error = %fault.log_line(), "build could not be recorded"
            ),
        }
        self.functions.inner.snapshots.forget(&job.scope, &job.name);
        // Nobody listening is fine.
        let _ = self.functions.inner.builds.ended.send((job.function, job.number));
    }

    /// Builds one version; `None` if somebody else has it or it is gone.
    async fn build(&self, job: &Job) -> FaultResult<Option<CompileStatus>> {
        let versions = self.functions.inner.store.versions();
        let version = match versions.get(&job.scope, &job.function, job.number).await {
            Ok(version) => version,
            Err(fault) if fault.code() == Code::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        match version.build.status {
            CompileStatus::Pending => {
                let begun = Build { status: CompileStatus::Compiling, output: String::new(), artifact: None };
                match versions.set_build(&job.scope, &job.function, job.number, &begun).await {
                    Ok(()) => {}
                    Err(fault) if is_gone(&fault) => return Ok(None),
                    Err(fault) => return Err(fault),
                }
            }
            CompileStatus::Compiling if job.resumed => {}
            _ => return Ok(None),
        }
        let live = &self.functions.inner.live;
        let log = live.begin(&job.function, job.number, self.functions.inner.clock.now());
        let build = self.compile(job, &version, &log).await;
        let recorded = self.record(job, &build).await;
        live.end(&job.function, job.number);
        if !recorded? {
            return Ok(None);
        }
        if build.status == CompileStatus::Success {
            self.activate(job).await?;
        }
        Ok(Some(build.status))
    }

    /// Runs the compiler. What the platform could not do is tried again, then shown as output.
    async fn compile(&self, job: &Job, version: &Version, log: &BuildLog) -> Build {
        let mut tries = 0;
        loop {
            tries += 1;
            let request = BuildRequest {
                scope: job.scope.clone(),
                runtime: version.spec.runtime.clone(),
                code: version.spec.code,
                entry: version.spec.entry.clone(),
                dependencies: version.spec.dependencies,
                log: log.clone(),
            };
            match self.functions.inner.sandboxes.build(request).await {
                Ok(mut build) => {
                    build.output = end_of(build.output);
                    return build;
                }
                Err(fault) if fault.code().retryable() && tries < TRIES => {
                    tracing::warn!(function = %job.name, error = %fault.log_line(), "build is tried again");
                    tokio::time::sleep(Duration::from_secs(1) * tries).await;
                }
                Err(fault) => {
                    tracing::error!(function = %job.name, error = %fault.log_line(), "build could not be carried out");
                    let output = format!("the build could not be carried out: {}", fault.message());
                    return Build { status: CompileStatus::Failed, output, artifact: None };
                }
            }
        }
    }

    /// Stores the result; `false` if the version is gone or has one already.
    async fn record(&self, job: &Job, build: &Build) -> FaultResult<bool> {
        let versions = self.functions.inner.store.versions();
        let mut tries = 0;
        loop {
            tries += 1;
            match versions.set_build(&job.scope, &job.function, job.number, build).await {
                Ok(()) => return Ok(true),
                Err(fault) if is_gone(&fault) => return Ok(false),
                Err(fault) if fault.code().retryable() && tries < 10 => {
                    tokio::time::sleep(Duration::from_millis(200) * tries).await;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Makes the built version the active one, unless a newer version exists by now.
    async fn activate(&self, job: &Job) -> FaultResult<()> {
        let inner = &self.functions.inner;
        let mut tries = 0;
        loop {
            tries += 1;
            let mut function = match inner.store.functions().get_by_id(&job.scope, &job.function).await {
                Ok(function) => function,
                Err(fault) if is_gone(&fault) => return Ok(()),
                Err(fault) => return Err(fault),
            };
            if function.latest_version != job.number || function.active_version >= job.number {
                return Ok(());
            }
            let before = shown::function_alone(&function);
            function.active_version = job.number;
            function.updated_at = inner.clock.now();
            let after = shown::function_alone(&function);
            let told = audit::changed(&job.scope, "function", &function.name, before, after);
            match about(told, inner.store.functions().update(&job.scope, &function, None)).await {
                Ok(function) => {
                    self.functions.changed(&job.scope, &function).await;
                    return Ok(());
                }
                Err(fault) if fault.code() == Code::Conflict && tries < 20 => {
                    tokio::time::sleep(Duration::from_millis(5) * tries).await;
                }
                Err(fault) if is_gone(&fault) => return Ok(()),
                Err(fault) => return Err(fault),
            }
        }
    }
}

/// The version was deleted, or somebody else was faster.
fn is_gone(fault: &Fault) -> bool {
    matches!(fault.code(), Code::NotFound | Code::Conflict)
}

/// The last [`OUTPUT_MAX`] bytes.
fn end_of(output: String) -> String {
    if output.len() <= OUTPUT_MAX {
        return output;
    }
    let mut from = output.len() - OUTPUT_MAX;
    while !output.is_char_boundary(from) {
        from += 1;
    }
    output[from..].to_owned()
}
