//! Calls that run now: what they have printed so far, for those who follow the log. Stored lines
//! of a run begin with exactly these, in the same order, so a follower can tell by their number
//! which it has seen.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nova_domain::call::Outcome;
use nova_domain::log::LogLine;
use nova_domain::ports::Signals;
use nova_domain::{FunctionId, RunId};
use tokio::sync::broadcast;

/// Most bytes of lines that are held of one call; more of it comes when it is stored.
const CALL_BYTES: usize = 512 * 1024;
/// Most bytes of lines that are held of all calls.
const ALL_BYTES: usize = 32 * 1024 * 1024;
/// News that one who follows may be behind by, before it has to look for itself.
const NEWS: usize = 64;

/// Says that there are new lines.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) functions: Arc<[FunctionId]>,
    /// They are in the store; else they are of calls that run.
    pub(crate) stored: bool,
}

#[derive(Default)]
struct State {
    runs: HashMap<RunId, Running>,
    /// Runs that have printed, in that order.
    printing: HashMap<FunctionId, Vec<RunId>>,
    bytes: usize,
}

#[derive(Default)]
struct Running {
    function: Option<FunctionId>,
    lines: Vec<Arc<LogLine>>,
    bytes: usize,
    /// Nothing more is taken, so that what is there stays the beginning.
    full: bool,
    left: Option<Outcome>,
}

/// What is known of calls that run.
pub(crate) struct Live {
    state: Mutex<State>,
    news: broadcast::Sender<News>,
}

/// A call that runs; dropping it ends that.
pub(crate) struct LiveRun {
    live: Arc<Live>,
    run: RunId,
}

/// What was known of a call when it ended.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) lines: Vec<LogLine>,
    /// How it ended, if its caller had left.
    pub(crate) left: Option<Outcome>,
}

impl Live {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), news: broadcast::channel(NEWS).0 })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Tells those who follow; that nobody does is fine.
    pub(crate) fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    /// From now on lines of the call are heard.
    pub(crate) fn begin(self: &Arc<Self>, run: &RunId) -> LiveRun {
        self.state().runs.insert(run.clone(), Running::default());
        LiveRun { live: self.clone(), run: run.clone() }
    }

    /// Lines of each call of the function that prints: those for which `wanted` is true, without
    /// the first `seen` of them, and no more than `max` in all.
    pub(crate) fn lines(
        &self,
        function: &FunctionId,
        wanted: impl Fn(&RunId, &LogLine) -> bool,
        seen: impl Fn(&RunId) -> usize,
        max: usize,
    ) -> Vec<(RunId, Arc<LogLine>)> {
        let state = self.state();
        let mut found = Vec::new();
        for run in state.printing.get(function).into_iter().flatten() {
            let Some(running) = state.runs.get(run) else { continue };
            let lines = running.lines.iter().filter(|line| wanted(run, line)).skip(seen(run));
            found.extend(lines.take(max - found.len()).map(|line| (run.clone(), line.clone())));
        }
        found
    }

    fn end(&self, run: &RunId) -> Known {
        let mut state = self.state();
        let Some(running) = state.runs.remove(run) else { return Known::default() };
        state.bytes -= running.bytes;
        if let Some(function) = &running.function
            && let Some(printing) = state.printing.get_mut(function)
        {
            printing.retain(|other| other != run);
            if printing.is_empty() {
                state.printing.remove(function);
            }
        }
        drop(state);
        let lines = running.lines.into_iter().map(Arc::unwrap_or_clone).collect();
        Known { lines, left: running.left }
    }
}

impl LiveRun {
    /// The call has ended: what is known of it, once. Nothing of it is heard from now on, which
    /// must be so before its lines are stored.
    pub(crate) fn end(&self) -> Known {
        self.live.end(&self.run)
    }
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        self.live.end(&self.run);
    }
}

impl Signals for Live {
    fn printed(&self, run: &RunId, function: &FunctionId, lines: Vec<LogLine>) {
        let mut state = self.state();
        let State { runs, printing, bytes } = &mut *state;
        // What comes after the end is heard no more.
        let Some(running) = runs.get_mut(run).filter(|running| !running.full) else { return };
        if running.function.is_none() {
            running.function = Some(function.clone());
            printing.entry(function.clone()).or_default().push(run.clone());
        }
        for line in lines {
            let size = size_of::<LogLine>() + line.text.capacity();
            if running.bytes + size > CALL_BYTES || *bytes + size > ALL_BYTES {
                running.full = true;
                break;
            }
            running.bytes += size;
            *bytes += size;
            running.lines.push(Arc::new(line));
        }
        drop(state);
        self.tell(News { functions: [function.clone()].into(), stored: false });
    }

    fn left(&self, run: &RunId, outcome: Outcome) {
        if let Some(running) = self.state().runs.get_mut(run) {
            running.left = Some(outcome);
        }
    }
}
