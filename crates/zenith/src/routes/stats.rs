//! `GET /stats`.

use axum::extract::State;
use nova_api::v1::run::millis;
use nova_api::v1::{FailingView, StatsNumbers, StatsPoint, StatsView};
use nova_aurora::{BUCKETS_MAX, Failing, RunSummary, StatsQuery, Whose};
use nova_domain::Fault;

use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::Query;
use crate::refused::Answer;
use crate::routes::answer;
use crate::routes::run::list::wanted;

const HOUR_US: i64 = 3_600_000_000;
/// Longest window: what a server keeps is rarely more, and each part is counted.
const LONGEST_US: i64 = 31 * 24 * HOUR_US;

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, allowed: Allowed, query: Query) -> Answer {
    let parts = app.parts();
    let function = wanted(&ctx, &allowed, &query)?;
    let whose = function.as_ref().map_or(Whose::Names(&allowed.names), Whose::Function);
    let until = query.time("until", &*parts.clock)?.unwrap_or_else(|| parts.clock.now());
    let since = query.time("since", &*parts.clock)?.unwrap_or_else(|| until.plus_micros(-HOUR_US));
    let length = until.micros_since(since);
    if !(1..=LONGEST_US).contains(&length) {
        let rule = "must be before `until`, by at most 31 days";
        return Err(Fault::invalid(format!("parameter since {rule}")).with_field("since", rule).into());
    }
    let buckets = query.number("buckets", 1, BUCKETS_MAX)?.unwrap_or(48);
    let window = StatsQuery { since, until, buckets };
    let found = parts.observatory.stats(&ctx.scope, whose, &window).await?;
    answer::json(&StatsView {
        since,
        until,
        totals: numbers(&found.totals),
        series: found
            .series
            .iter()
            .map(|(at, summary)| StatsPoint { at: *at, numbers: numbers(summary) })
            .collect(),
        failing: found.failing.into_iter().map(failing).collect(),
    })
}

fn numbers(summary: &RunSummary) -> StatsNumbers {
    StatsNumbers {
        calls: summary.count,
        failed: summary.failed,
        cancelled: summary.cancelled,
        platform_errors: summary.platform_errors,
        cold_starts: summary.cold_starts,
        p50_ms: summary.p50_us.map(millis),
        p95_ms: summary.p95_us.map(millis),
        p99_ms: summary.p99_us.map(millis),
    }
}

fn failing(group: Failing) -> FailingView {
    FailingView {
        function: group.function.into(),
        status: group.status,
        error_type: group.error_type,
        message: group.message,
        count: group.count,
        first_run: group.first.0.into(),
        first_at: group.first.1,
        last_run: group.last.0.into(),
        last_at: group.last.1,
        recovered: group.recovered,
    }
}
