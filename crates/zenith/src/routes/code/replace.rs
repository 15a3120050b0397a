//! `PUT /functions/{name}/code`.

use axum::extract::{Request, State};
use nova_api::v1::{self, CodeAnswer};
use nova_control::ReplaceCode;

use super::{form, upload_slot};
use crate::app::App;
use crate::body;
use crate::edge::context::Ctx;
use crate::query::{PathParams, if_match};
use crate::refused::Answer;
use crate::routes::answer;
use crate::routes::function::convert;

pub(crate) async fn replace(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let name = path.function()?;
    let revision = if_match(&parts.headers)?;
    let _slot = upload_slot(&parts.headers).await;
    let mut replace = if body::media_type(&parts.headers) == "multipart/form-data" {
        form::read(&parts.headers, body).await?
    } else {
        let body: v1::ReplaceCode = body::json(&parts.headers, body, body::CODE).await?;
        ReplaceCode {
            source: convert::source(body.code, body.files, body.archive)?,
            entry: body.entry,
            handler: body.handler,
            expected: body.revision,
        }
    };
    replace.expected = revision.or(replace.expected);
    let replaced = app.functions().replace_code(&ctx.scope, &name, replace).await?;
    let (function, version) = (replaced.written.function, replaced.written.version);
    let mut response = answer::json(&CodeAnswer {
        function: function.name.into(),
        version: version.number,
        active_version: function.active_version,
        entry: version.spec.entry,
        code_hash: version.spec.code.to_string(),
        file_count: replaced.file_count,
        compile_status: version.build.status,
        compile_output: version.build.output,
        revision: function.revision,
    })?;
    answer::etag(&mut response, function.revision);
    Ok(response)
}
