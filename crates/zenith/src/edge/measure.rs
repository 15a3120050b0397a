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
