//! `GET /async-invocations` and `GET /functions/{name}/async-invocations`.

use axum::extract::State;
use nova_api::v1::{JobView, Page};
use nova_domain::access::{Names, Pattern};
use nova_domain::job::{Job, JobStatus};
use nova_domain::{Fault, FaultResult};
use nova_nebula::JobFilter;

use crate::app::App;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query, cut};
use crate::refused::Answer;
use crate::routes::answer;
use crate::routes::run::list::wanted;

pub(crate) async fn of_function(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let filter = JobFilter { status: status(&query)?, ..JobFilter::default() };
    let found = app.queue().jobs_of(&ctx.scope, &path.function()?, filter, &query.page()?).await?;
    page(found.items, found.next_cursor)
}

pub(crate) async fn all(State(app): State<App>, ctx: Ctx, allowed: Allowed, query: Query) -> Answer {
    let names = match wanted(&ctx, &allowed, &query)? {
        Some(name) => Names::of([Pattern::One(name.to_string())]),
        None => allowed.names,
    };
    let filter = JobFilter { names, status: status(&query)?, ..JobFilter::default() };
    let found = app.queue().jobs(&ctx.scope, &filter, &query.page()?).await?;
    page(found.items, found.next_cursor)
}

fn page(jobs: Vec<Job>, next_cursor: Option<String>) -> Answer {
    answer::json(&Page { items: jobs.into_iter().map(JobView::from).collect::<Vec<_>>(), next_cursor })
}

fn status(query: &Query) -> FaultResult<Option<JobStatus>> {
    let Some(text) = query.get("status") else { return Ok(None) };
    let known = "queued, running, succeeded or dead";
    let found = JobStatus::parse(text);
    found.map(Some).ok_or_else(|| {
        Fault::invalid(format!("status {:?} is not known; use {known}", cut(text)))
            .with_field("status", known)
    })
}
