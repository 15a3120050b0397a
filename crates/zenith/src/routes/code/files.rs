//! `GET /functions/{name}/files` and `/files/content`.

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nova_api::v1::{FileContent, FileView, Page};
use nova_domain::Fault;

use super::as_text;
use crate::app::App;
use crate::edge::context::Ctx;
use crate::query::{PathParams, Query};
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn list(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let files = app.functions().list_files(&ctx.scope, &path.function()?, &query.qualifier()?).await?;
    let view = |file: nova_control::FileInfo| FileView {
        path: file.path,
        size: file.size,
        is_entry: file.is_entry,
        executable: file.executable,
    };
    // A tree has 1,000 files at most: one page.
    answer::json(&Page::whole(files.into_iter().map(view).collect()))
}

pub(crate) async fn content(State(app): State<App>, ctx: Ctx, path: PathParams, query: Query) -> Answer {
    let Some(file) = query.get("path") else {
        return Err(Fault::invalid("which file? name it: ?path=main.py")
            .with_field("path", "missing")
            .into());
    };
    let name = path.function()?;
    let bytes = app.functions().get_file(&ctx.scope, &name, &query.qualifier()?, file).await?;
    let (encoding, content) = match as_text(&bytes) {
        Some(text) => ("utf8", text),
        None => ("base64", STANDARD.encode(&bytes)),
    };
    answer::json(&FileContent {
        path: file.to_owned(),
        size: bytes.len() as u64,
        encoding: encoding.to_owned(),
        content,
    })
}
