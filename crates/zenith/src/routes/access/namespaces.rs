//! `/namespaces`, of the tenant of the request.

use axum::extract::{Request, State};
use http::StatusCode;
use nova_api::v1::{CreateNamespace, NamespaceView, Page};
use nova_domain::{FaultResult, NamespaceName, Scope};

use crate::app::App;
use crate::body;
use crate::edge::context::{Context, Ctx};
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

fn named(context: &Context, name: &str) -> FaultResult<Scope> {
    Ok(Scope { tenant: context.scope.tenant.clone(), namespace: NamespaceName::new(name)? })
}

pub(crate) async fn create(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body: CreateNamespace = body::json(&parts.headers, body, body::SMALL).await?;
    let made = app.access().create_namespace(&named(&ctx, &body.name)?, body.description).await?;
    answer::json_with(StatusCode::CREATED, &NamespaceView::from(made))
}

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let page = app.access().namespaces(&ctx.scope.tenant, &query.page()?).await?;
    let items = page.items.into_iter().map(NamespaceView::from).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let scope = named(&ctx, path.get("namespace")?)?;
    answer::json(&NamespaceView::from(app.access().namespace(&scope).await?))
}

pub(crate) async fn delete(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    app.access().delete_namespace(&named(&ctx, path.get("namespace")?)?).await?;
    Ok(answer::no_content())
}
