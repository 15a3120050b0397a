//! `GET /functions/{name}/versions/{version}`.

use axum::extract::State;
use nova_api::v1::VersionView;
use nova_domain::call::Qualifier;

use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::PathParams;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams) -> Answer {
    let name = path.function()?;
    let qualifier = Qualifier::Number(path.version("version")?);
    let found = app.functions().get_version(&ctx.scope, &name, &qualifier).await?;
    answer::json(&VersionView::new(name.as_str(), found.function.active_version, found.version))
}
