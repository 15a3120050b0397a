//! Who hears of calls while they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nova_domain::call::Outcome;
use nova_domain::log::LogLine;
use nova_domain::ports::{BuildLog, Signals};
use nova_domain::{FunctionId, RunId};

use super::Mask;

/// Tells of the calls of one sandbox.
pub(crate) struct Listener {
    ear: Ear,
    /// Lines that were told.
    told: AtomicUsize,
}

enum Ear {
    Function(Arc<dyn Signals>, FunctionId),
    Build(BuildLog),
}

impl Listener {
    /// For a sandbox of that function.
    pub(crate) fn of_function(signals: Arc<dyn Signals>, function: FunctionId) -> Self {
        Self { ear: Ear::Function(signals, function), told: AtomicUsize::new(0) }
    }

    /// For a sandbox that builds: it has one call.
    pub(crate) fn of_build(log: BuildLog) -> Self {
        Self { ear: Ear::Build(log), told: AtomicUsize::new(0) }
    }

    /// Tells of lines of a running call.
    pub(super) fn printed(&self, run: &str, mask: &Mask, mut lines: Vec<LogLine>) {
        mask.lines(&mut lines);
        self.told.fetch_add(lines.len(), Ordering::Relaxed);
        match &self.ear {
            Ear::Function(signals, function) => {
                let Ok(run) = RunId::new(run) else { return };
                signals.printed(&run, function, lines);
            }
            Ear::Build(log) => log.tell(&lines),
        }
    }

    /// How many lines were told while calls ran.
    pub(crate) fn told(&self) -> usize {
        self.told.load(Ordering::Relaxed)
    }

    /// Tells of a call whose caller left.
    pub(crate) fn left(&self, run: &RunId, outcome: Outcome) {
        if let Ear::Function(signals, _) = &self.ear {
            signals.left(run, outcome);
        }
    }
}
