//! `PATCH /secrets/{name}`.

use axum::extract::{Request, State};
use http::StatusCode;
use nova_api::v1::{Patch, PatchSecret};
use nova_control::secrets::SecretChange;
use nova_domain::FaultResult;
use nova_domain::secret::SecretValue;

use super::{answer_with, grants, name_of};
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, if_match};
use crate::refused::Answer;

pub(crate) async fn update(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let (name, revision) = (name_of(&path)?, if_match(&parts.headers)?);
    let given: PatchSecret = body::json(&parts.headers, body, body::SMALL).await?;
    let changed = app.parts().secrets.change(&ctx.scope, &name, change(given)?, revision).await?;
    answer_with(StatusCode::OK, changed)
}

fn change(given: PatchSecret) -> FaultResult<SecretChange> {
    Ok(SecretChange {
        value: given.value.map(|text| SecretValue::new(text.0)).transpose()?,
        description: or_default(given.description),
        functions: or_default(given.functions).map(grants).transpose()?,
        grant: grants(given.grant)?,
        revoke: grants(given.revoke)?,
    })
}

/// Null sets back to the empty default.
fn or_default<T: Default>(patch: Patch<T>) -> Option<T> {
    match patch {
        Patch::Absent => None,
        Patch::Null => Some(T::default()),
        Patch::Value(value) => Some(value),
    }
}
