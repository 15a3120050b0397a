//! `GET /health` and its parts.

use std::collections::BTreeMap;

use axum::extract::State;
use http::StatusCode;
use nova_api::v1::{Health, HealthCheck, HealthStatus};

use crate::app::App;
use crate::edge::context::Ctx;
use crate::refused::Answer;
use crate::routes::answer;

/// Everything: 503 if a part fails or the server is not ready.
pub(crate) async fn all(State(app): State<App>, _: Ctx) -> Answer {
    checked(&app).await
}

/// Whether calls can be taken.
pub(crate) async fn ready(State(app): State<App>, _: Ctx) -> Answer {
    checked(&app).await
}

/// Whether the process answers: it does.
pub(crate) async fn live(State(app): State<App>, _: Ctx) -> Answer {
    respond(&app, HealthStatus::Ok, BTreeMap::new())
}

/// Whether the start is done.
pub(crate) async fn startup(State(app): State<App>, _: Ctx) -> Answer {
    let status = if app.is_started() { HealthStatus::Ok } else { HealthStatus::NotReady };
    respond(&app, status, BTreeMap::new())
}

async fn checked(app: &App) -> Answer {
    let checks = (app.parts().readiness)().await;
    let failing = checks.values().any(Result::is_err);
    let status = if !app.is_started() || app.is_stopping() {
        HealthStatus::NotReady
    } else if failing {
        HealthStatus::Failing
    } else {
        HealthStatus::Ok
    };
    let show = |check: Result<(), String>| match check {
        Ok(()) => HealthCheck { status: HealthStatus::Ok, detail: None },
        Err(detail) => HealthCheck { status: HealthStatus::Failing, detail: Some(detail) },
    };
    respond(app, status, checks.into_iter().map(|(name, check)| (name, show(check))).collect())
}

fn respond(app: &App, status: HealthStatus, components: BTreeMap<String, HealthCheck>) -> Answer {
    let code = if status == HealthStatus::Ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let health = Health {
        status,
        version: app.parts().version.clone(),
        uptime_s: app.inner.started_at.elapsed().as_secs(),
        components,
    };
    answer::json_with(code, &health)
}
