//! `/keys`.

use axum::extract::{Request, State};
use http::{HeaderValue, StatusCode, header};
use nova_api::v1::{CreateKey, CreatedKey, KeyView, Page};
use nova_domain::access::Permission;
use nova_domain::{CredentialId, Fault, FaultResult};

use super::{convert, whose};
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

fn id_of(path: &PathParams) -> FaultResult<CredentialId> {
    let id = path.get("id")?;
    CredentialId::new(id).map_err(|_| Fault::not_found("key", id.chars().take(80).collect::<String>()))
}

pub(crate) async fn create(State(app): State<App>, ctx: Ctx, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let body: CreateKey = body::json(&parts.headers, body, body::SMALL).await?;
    let new = convert::new_key(body, &ctx.scope)?;
    let made = app.access().create_key(ctx.caller()?, new).await?;
    let now = app.parts().clock.now();
    let key = KeyView::new(made.key, Some(made.roles), now);
    let access_key_id = key.aws.then(|| key.prefix.clone());
    let view = CreatedKey { key, access_key_id, secret: made.secret };
    let mut response = answer::json_with(StatusCode::CREATED, &view)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, query: Query) -> Answer {
    let tenant = whose(&ctx, &query, Permission::KeyRead)?;
    let page = app.access().keys(tenant, &query.page()?).await?;
    let now = app.parts().clock.now();
    let items = page.items.into_iter().map(|key| KeyView::new(key, None, now)).collect();
    answer::json(&Page { items, next_cursor: page.next_cursor })
}

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let tenant = whose(&ctx, &query, Permission::KeyRead)?;
    let (key, roles) = app.access().key(tenant, &id_of(&path)?).await?;
    answer::json(&KeyView::new(key, Some(roles), app.parts().clock.now()))
}

pub(crate) async fn revoke(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let tenant = whose(&ctx, &query, Permission::KeyManage)?;
    app.access().revoke_key(tenant, &id_of(&path)?).await?;
    Ok(answer::no_content())
}
