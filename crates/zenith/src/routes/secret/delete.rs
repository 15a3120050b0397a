//! `DELETE /secrets/{name}`.

use axum::extract::State;

use super::name_of;
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn delete(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    app.parts().secrets.delete(&ctx.scope, &name_of(&path)?).await?;
    Ok(answer::no_content())
}
