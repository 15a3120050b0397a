//! Quotas of tenants, and what is used of them.

use axum::extract::{Request, State};
use nova_api::v1::{Page, PutQuota, QuotaView};
use nova_control::quotas::QuotaState;
use nova_domain::quota::QuotaKind;
use nova_domain::{FaultResult, NamespaceName, TenantName};

use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

fn view(state: QuotaState) -> QuotaView {
    let QuotaState { quota, used } = state;
    let reached = |limit: Option<u64>| limit.zip(used).is_some_and(|(limit, used)| used >= limit);
    QuotaView {
        quota: quota.kind.as_str().to_owned(),
        tenant: quota.tenant.to_string(),
        namespace: quota.namespace.map(String::from),
        hard: quota.hard,
        soft: quota.soft,
        window_s: (quota.window_s > 0).then_some(quota.window_s),
        used,
        soft_reached: reached(quota.soft),
        hard_reached: reached(quota.hard),
        of_this_server: matches!(quota.kind, QuotaKind::MemoryMb | QuotaKind::Concurrency),
    }
}

pub(crate) async fn list(State(app): State<App>, ctx: Ctx) -> Answer {
    let tenant = &ctx.scope.tenant;
    app.access().tenant(tenant).await?;
    let states = app.quotas().list(tenant).await?;
    answer::json(&Page::whole(states.into_iter().map(view).collect()))
}

fn place(path: &PathParams, query: &Query) -> FaultResult<(TenantName, Option<NamespaceName>, QuotaKind)> {
    let namespace = query.get("namespace").map(NamespaceName::new).transpose()?;
    Ok((TenantName::new(path.get("tenant")?)?, namespace, QuotaKind::parse(path.get("quota")?)?))
}

pub(crate) async fn set(
    State(app): State<App>,
    _: Ctx,
    path: PathParams,
    query: Query,
    request: Request,
) -> Answer {
    let (tenant, namespace, kind) = place(&path, &query)?;
    let (parts, body) = request.into_parts();
    let body: PutQuota = body::json(&parts.headers, body, body::SMALL).await?;
    let limits = (body.hard, body.soft, body.window_s);
    answer::json(&view(app.quotas().set(&tenant, namespace.as_ref(), kind, limits).await?))
}

pub(crate) async fn unset(State(app): State<App>, _: Ctx, path: PathParams, query: Query) -> Answer {
    let (tenant, namespace, kind) = place(&path, &query)?;
    app.quotas().unset(&tenant, namespace.as_ref(), kind).await?;
    Ok(answer::no_content())
}
