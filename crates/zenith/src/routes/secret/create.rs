//! `POST /secrets`.

use axum::extract::{Request, State};
use http::StatusCode;
use nova_api::v1::CreateSecret;
use nova_control::secrets::NewSecret;
use nova_domain::SecretName;
use nova_domain::secret::SecretValue;

use super::{answer_with, grants};
use crate::app::App;
use crate::body;
use crate::edge::authorise::Allowed;
use crate::edge::context::Ctx;
use crate::refused::Answer;

pub(crate) async fn create(State(app): State<App>, ctx: Ctx, allowed: Allowed, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let given: CreateSecret = body::json(&parts.headers, body, body::SMALL).await?;
    allowed.require(&ctx, &given.name)?;
    let new = NewSecret {
        name: SecretName::new(given.name)?,
        value: SecretValue::new(given.value.0)?,
        description: given.description,
        functions: grants(given.functions)?,
    };
    answer_with(StatusCode::CREATED, app.parts().secrets.create(&ctx.scope, new).await?)
}
