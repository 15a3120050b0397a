//! `GET /functions/{name}/code`.

use axum::extract::State;
use nova_api::v1::CodeView;

use super::as_text;
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn get(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let shown = app.functions().get_code(&ctx.scope, &path.function()?, &query.qualifier()?).await?;
    let (function, version) = (shown.found.function, shown.found.version);
    let mut response = answer::json(&CodeView {
        function: function.name.into(),
        version: version.number,
        runtime: version.spec.runtime.to_string(),
        handler: version.spec.handler,
        entry: version.spec.entry,
        code: as_text(&shown.entry),
        code_hash: version.spec.code.to_string(),
        code_size: version.spec.code_size,
        file_count: shown.file_count,
        compile_status: version.build.status,
        compile_output: version.build.output,
    })?;
    answer::etag(&mut response, function.revision);
    Ok(response)
}
