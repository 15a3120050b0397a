//! Metrics of answers. Handles are looked up once per route and status, so that a request
//! costs two atomic adds.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, histogram};
use nova_api::endpoints::ENDPOINTS;

use super::context::Context;

/// Counts and times answers by route.
pub(crate) struct Meter {
    /// By method and pattern.
    rows: HashMap<&'static str, Vec<Row>>,
    /// Requests that fit no route, or a route with another method.
    other: Row,
}

struct Row {
    method: &'static str,
    route: &'static str,
    seconds: Histogram,
    totals: RwLock<Vec<(u16, Counter)>>,
}

impl Row {
    fn new(method: &'static str, route: &'static str) -> Self {
        let seconds = histogram!("nova_http_request_duration_seconds", "route" => route);
        Self { method, route, seconds, totals: RwLock::new(Vec::new()) }
    }

    fn count(&self, status: u16) {
        let totals = self.totals.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, total)) = totals.iter().find(|(known, _)| *known == status) {
            return total.increment(1);
        }
        drop(totals);
        let (method, route) = (self.method, self.route);
        let total = counter!(
            "nova_http_requests_total",
            "method" => method, "route" => route, "status" => status.to_string()
        );
        total.increment(1);
        let mut totals = self.totals.write().unwrap_or_else(PoisonError::into_inner);
        if !totals.iter().any(|(known, _)| *known == status) {
            totals.push((status, total));
        }
    }
}

impl Meter {
    pub(crate) fn new() -> Self {
        let mut rows: HashMap<&'static str, Vec<Row>> = HashMap::new();
        for row in ENDPOINTS {
            rows.entry(row.path).or_default().push(Row::new(row.method.as_str(), row.path));
        }
        Self { rows, other: Row::new("other", "other") }
    }

    /// Counts an answer. A stream counts when it begins.
    pub(crate) fn count(&self, context: &Context, method: &Method, status: StatusCode, took: Duration) {
        let route = context.route.get().map(|route| {
            let route = route.as_str();
            route.strip_prefix("/v1").unwrap_or(route)
        });
        let row = route
            .and_then(|route| self.rows.get(route))
            .and_then(|rows| rows.iter().find(|row| row.method == method.as_str()))
            .unwrap_or(&self.other);
        row.seconds.record(took.as_secs_f64());
        row.count(status.as_u16());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use metrics::{Gauge, Key, KeyName, Metadata, Recorder, SharedString, Unit};
    use nova_domain::Scope;
    use nova_domain::call::TraceContext;
    use tokio::time::Instant;

    use super::*;

    /// Counters by their labels.
    #[derive(Default)]
    struct Counters(Mutex<HashMap<String, Arc<AtomicU64>>>);

    impl Recorder for Counters {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let labels: Vec<_> = key.labels().map(metrics::Label::value).collect();
            let mut counters = self.0.lock().expect("not poisoned");
            Counter::from_arc(counters.entry(labels.join(" ")).or_default().clone())
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn answers_without_a_route_share_one_label_however_many_paths_there_are() {
        let counters = Counters::default();
        metrics::with_local_recorder(&counters, || {
            let meter = Meter::new();
            let context = Context::new(
                "r".into(),
                None,
                Scope::default_scope(),
                crate::edge::identity::Identity::Unknown(nova_domain::Fault::internal("nobody")),
                crate::edge::proxies::Peer::default(),
                TraceContext::default(),
                Instant::now(),
            );
            for _ in 0..3 {
                meter.count(&context, &Method::GET, StatusCode::NOT_FOUND, Duration::ZERO);
            }
            let row = &meter.rows["/functions/{name}"][0];
            row.count(200);
            row.count(200);
        });
        let counters = counters.0.into_inner().expect("not poisoned");
        let count = |labels: &str| counters[labels].load(Ordering::Relaxed);
        assert_eq!(count("other other 404"), 3);
        assert_eq!(count("GET /functions/{name} 200"), 2);
    }
}
