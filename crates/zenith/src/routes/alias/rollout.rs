//! Rollouts of aliases.

use axum::extract::{Request, State};
use http::StatusCode;
use nova_api::v1;
use nova_domain::rollout::RolloutPlan;
use nova_domain::{Fault, FaultResult};

use super::{alias_of, shown};
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn start(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    let (parts, body) = request.into_parts();
    let plan = plan(body::json(&parts.headers, body, body::SMALL).await?)?;
    let started = app.functions().start_rollout(&ctx.scope, &function, &alias, plan).await?;
    shown(StatusCode::CREATED, &function, started)
}

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    let found = app.functions().get_alias(&ctx.scope, &function, &alias).await?;
    let rollout = found.rollout.ok_or_else(|| Fault::not_found("rollout of alias", &alias))?;
    answer::json(&v1::RolloutView::from(rollout))
}

pub(crate) async fn pause(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    shown(StatusCode::OK, &function, app.functions().pause_rollout(&ctx.scope, &function, &alias).await?)
}

pub(crate) async fn resume(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    shown(StatusCode::OK, &function, app.functions().resume_rollout(&ctx.scope, &function, &alias).await?)
}

pub(crate) async fn abort(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let (function, alias) = (path.function()?, alias_of(&path)?);
    shown(StatusCode::OK, &function, app.functions().abort_rollout(&ctx.scope, &function, &alias).await?)
}

fn plan(body: v1::StartRollout) -> FaultResult<RolloutPlan> {
    let default = RolloutPlan::default();
    let max_errors = match body.max_error_percent {
        None => default.max_errors,
        // In bounds, so the cast cuts nothing off.
        Some(percent) if (0.0..=100.0).contains(&percent) => (percent * 100.0).round() as u32,
        Some(percent) => {
            let text = format!("must be 0 to 100, is {percent}");
            return Err(
                Fault::invalid(format!("max_error_percent {text}")).with_field("max_error_percent", text)
            );
        }
    };
    Ok(RolloutPlan {
        version: body.version,
        steps: if body.steps.is_empty() { default.steps } else { body.steps },
        interval_s: body.interval_s.unwrap_or(default.interval_s),
        max_errors,
        min_calls: body.min_calls.unwrap_or(default.min_calls),
    })
}
