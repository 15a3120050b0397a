//! Metrics of calls, in base units, with bounded labels.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use nova_domain::run::{Run, RunStatus};

/// Function names that get labels of their own; later ones share `_other`.
const NAMES_MAX: usize = 1000;

/// Counts calls.
#[derive(Default)]
pub(crate) struct Meter {
    names: Mutex<HashSet<String>>,
}

impl Meter {
    fn label(&self, name: &str) -> String {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.contains(name) {
            return name.to_owned();
        }
        if names.len() >= NAMES_MAX {
            return "_other".to_owned();
        }
        names.insert(name.to_owned());
        name.to_owned()
    }

    pub(crate) fn count(&self, run: &Run, runtime: &'static str) {
        let function = self.label(run.function.as_str());
        let status = run.status.as_str();
        metrics::counter!(
            "nova_invocations_total",
            "function" => function.clone(), "runtime" => runtime, "status" => status
        )
        .increment(1);
        if run.status == RunStatus::PlatformError {
            return;
        }
        let cold = if run.usage.cold_start { "true" } else { "false" };
        metrics::histogram!(
            "nova_invocation_duration_seconds",
            "function" => function.clone(), "runtime" => runtime, "cold_start" => cold
        )
        .record(run.duration_us as f64 / 1e6);
        metrics::histogram!("nova_queue_wait_seconds", "runtime" => runtime)
            .record(run.usage.queue_us as f64 / 1e6);
        if run.usage.cold_start {
            metrics::counter!("nova_cold_starts_total", "function" => function, "runtime" => runtime)
                .increment(1);
            metrics::histogram!("nova_init_duration_seconds", "runtime" => runtime)
                .record(run.usage.init_us as f64 / 1e6);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_bounded_however_many_functions_there_are() {
        let meter = Meter::default();
        let labels: HashSet<String> = (0..NAMES_MAX * 2).map(|n| meter.label(&format!("f{n}"))).collect();
        assert_eq!(labels.len(), NAMES_MAX + 1);
        assert_eq!(meter.label("f0"), "f0");
    }
}
