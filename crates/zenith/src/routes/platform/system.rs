//! `GET /system`.

use axum::extract::State;

use crate::app::App;
use crate::edge::context::Ctx;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn get(State(app): State<App>, _: Ctx) -> Answer {
    answer::json(&app.system().await)
}
