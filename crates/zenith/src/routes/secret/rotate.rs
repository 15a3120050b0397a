//! `POST /system/master-key/rotate`.

use axum::extract::State;
use nova_api::v1::KeyRotation;

use crate::app::App;
use crate::edge::context::Ctx;
use crate::refused::Answer;
use crate::routes::answer;

pub(crate) async fn rotate(State(app): State<App>, _: Ctx) -> Answer {
    let done = app.parts().secrets.rotate_key().await?;
    tracing::info!(key = %done.key_id, resealed = done.resealed, unreadable = done.unreadable, "the master key is new");
    answer::json(&KeyRotation { key_id: done.key_id, resealed: done.resealed, unreadable: done.unreadable })
}
