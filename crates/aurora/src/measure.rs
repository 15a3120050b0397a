//! Metrics of calls, in base units, with bounded labels.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use metrics::{Counter, Histogram, counter, histogram};
use nova_domain::run::{Run, RunStatus};

/// Function names that get labels of their own; later ones share `_other`.
const NAMES_MAX: usize = 1000;
/// The label of those.
const OTHER: &str = "_other";

/// Counts calls.
#[derive(Default)]
pub(crate) struct Meter {
    rows: Mutex<HashMap<String, Arc<Row>>>,
}

/// The series of one function, each looked up once: a look-up takes longer than counting.
struct Row {
    function: String,
    runtime: &'static str,
    totals: [OnceLock<Counter>; 4],
    warm: OnceLock<Histogram>,
    cold: OnceLock<Histogram>,
    queue_wait: OnceLock<Histogram>,
}

impl Row {
    fn new(function: &str, runtime: &'static str) -> Self {
        Self {
            function: function.to_owned(),
            runtime,
            totals: Default::default(),
            warm: OnceLock::new(),
            cold: OnceLock::new(),
            queue_wait: OnceLock::new(),
        }
    }

    fn total(&self, status: RunStatus) -> &Counter {
        let (function, runtime) = (&self.function, self.runtime);
        self.totals[status as usize].get_or_init(|| {
            counter!(
                "nova_invocations_total",
                "function" => function.clone(), "runtime" => runtime, "status" => status.as_str()
            )
        })
    }

    fn duration(&self, cold_start: bool) -> &Histogram {
        let (function, runtime) = (&self.function, self.runtime);
        let (which, cold) = if cold_start { (&self.cold, "true") } else { (&self.warm, "false") };
        which.get_or_init(|| {
            histogram!(
                "nova_invocation_duration_seconds",
                "function" => function.clone(), "runtime" => runtime, "cold_start" => cold
            )
        })
    }
}

impl Meter {
    /// The row of a function. A name keeps the runtime that it was first counted with as long
    /// as it is the same; beyond the bound functions share a row for each runtime.
    fn row(&self, name: &str, runtime: &'static str) -> Arc<Row> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = rows.get(name)
            && row.runtime == runtime
        {
            return row.clone();
        }
        let known = rows.contains_key(name);
        let (key, function) = if known || rows.len() < NAMES_MAX {
            (name.to_owned(), name)
        } else {
            (format!("{OTHER} {runtime}"), OTHER)
        };
        let row = rows.entry(key).or_insert_with(|| Arc::new(Row::new(function, runtime)));
        if row.runtime != runtime {
            *row = Arc::new(Row::new(function, runtime));
        }
        row.clone()
    }

    pub(crate) fn count(&self, run: &Run, runtime: &'static str) {
        let row = self.row(run.function.as_str(), runtime);
        row.total(run.status).increment(1);
        if run.status == RunStatus::PlatformError {
            return;
        }
        row.duration(run.usage.cold_start).record(run.duration_us as f64 / 1e6);
        row.queue_wait
            .get_or_init(|| histogram!("nova_queue_wait_seconds", "runtime" => runtime))
            .record(run.usage.queue_us as f64 / 1e6);
        if run.usage.cold_start {
            counter!("nova_cold_starts_total", "function" => row.function.clone(), "runtime" => runtime)
                .increment(1);
            histogram!("nova_init_duration_seconds", "runtime" => runtime)
                .record(run.usage.init_us as f64 / 1e6);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn labels_stay_bounded_however_many_functions_there_are() {
        let meter = Meter::default();
        let label = |name: &str| meter.row(name, "python").function.clone();
        let labels: HashSet<String> = (0..NAMES_MAX * 2).map(|n| label(&format!("f{n}"))).collect();
        assert_eq!(labels.len(), NAMES_MAX + 1);
        assert_eq!((label("f0").as_str(), label("new").as_str()), ("f0", OTHER));
        assert!(meter.rows.lock().expect("not poisoned").len() <= NAMES_MAX + 1);
    }

    #[test]
    fn a_function_that_changes_its_runtime_is_counted_with_the_new_one() {
        let meter = Meter::default();
        for runtime in ["python", "node", "python"] {
            let row = meter.row("f", runtime);
            assert_eq!((row.function.as_str(), row.runtime), ("f", runtime));
        }
    }
}
