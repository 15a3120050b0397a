//! What functions printed.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use serde::Serialize;

use super::sse::{Event, events};
use super::{Client, ClientError};
use crate::v1::{LogLineView, Page, Problem};

/// Which lines are wanted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogQuery {
    /// The last lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail: Option<u32>,
    /// RFC 3339, or a duration ago such as `10m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Only lines of that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Lines after that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Lines as they come.
pub type LineStream = Pin<Box<dyn Stream<Item = Result<LogLineView, ClientError>> + Send>>;

impl Client {
    /// Lines that a function printed.
    pub async fn get_logs(&self, name: &str, query: &LogQuery) -> Result<Page<LogLineView>, ClientError> {
        self.fetch(self.get(&["functions", name, "logs"]).query(query)).await
    }

    /// Lines that a function printed and prints from now on, until dropped. After a broken connection
    /// go on with `cursor` set to that of the last line.
    pub async fn follow_logs(&self, name: &str, query: &LogQuery) -> Result<LineStream, ClientError> {
        let request = self.get(&["functions", name, "logs"]).query(query).query(&[("follow", "true")]);
        let response = self.send(request).await?;
        let lines = events(response, self.base.clone());
        Ok(Box::pin(lines.filter_map(|event| async { event.and_then(line_of).transpose() })))
    }
}

/// The line of an event; `None` for remarks such as how many lines were missed.
fn line_of(event: Event) -> Result<Option<LogLineView>, ClientError> {
    match event.name.as_str() {
        "" => serde_json::from_str(&event.data).map(Some).map_err(ClientError::BadAnswer),
        "error" => match serde_json::from_str::<Problem>(&event.data) {
            Ok(problem) => Err(ClientError::Problem(Box::new(problem))),
            Err(error) => Err(ClientError::BadAnswer(error)),
        },
        _ => Ok(None),
    }
}
