//! Who hears of calls while they run.

use std::sync::Arc;

use nova_domain::call::Outcome;
use nova_domain::log::LogLine;
use nova_domain::ports::Signals;
use nova_domain::{FunctionId, RunId};

use super::Mask;

/// Tells of the calls of one sandbox.
pub(crate) struct Listener {
    signals: Arc<dyn Signals>,
    function: FunctionId,
}

impl Listener {
    /// For a sandbox of that function.
    pub(crate) fn new(signals: Arc<dyn Signals>, function: FunctionId) -> Self {
        Self { signals, function }
    }

    /// Tells of lines of a running call.
    pub(super) fn printed(&self, run: &str, mask: &Mask, mut lines: Vec<LogLine>) {
        let Ok(run) = RunId::new(run) else { return };
        mask.lines(&mut lines);
        self.signals.printed(&run, &self.function, lines);
    }

    /// Tells of a call whose caller left.
    pub(crate) fn left(&self, run: &RunId, outcome: Outcome) {
        self.signals.left(run, outcome);
    }
}
