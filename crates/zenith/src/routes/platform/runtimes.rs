//! `GET /runtimes`.

use axum::extract::State;
use nova_api::v1::{Page, RuntimeView};
use nova_domain::host;

use crate::app::App;
use crate::edge::context::Ctx;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn list(State(app): State<App>, _: Ctx) -> Answer {
    let found = app.functions().sandboxes().runtimes();
    let rows = RuntimeView::list(&found, |runtime| host::install(runtime).map(str::to_owned));
    answer::json(&Page::whole(rows))
}
