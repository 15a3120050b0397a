//! Secrets: values go in and never come out.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod rotate;
pub(super) mod update;

use axum::response::Response;
use http::StatusCode;
use nova_api::v1::SecretView;
use nova_domain::secret::{Grant, Secret};
use nova_domain::{FaultResult, SecretName};

use super::answer;
use crate::query::PathParams;
use crate::refused::Answer;

fn name_of(path: &PathParams) -> FaultResult<SecretName> {
    SecretName::new(path.get("name")?)
}

fn grants(texts: Vec<String>) -> FaultResult<Vec<Grant>> {
    texts.into_iter().map(Grant::new).collect()
}

/// A secret, with its revision as `ETag`.
fn answer_with(status: StatusCode, secret: Secret) -> Answer {
    let view = SecretView::from(secret);
    let mut response: Response = answer::json_with(status, &view)?;
    answer::etag(&mut response, view.revision);
    Ok(response)
}
