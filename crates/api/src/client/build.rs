//! Logs of builds.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use serde::Deserialize;

use super::sse::{Event, events};
use super::{Client, ClientError};
use crate::v1::{BuildLineView, BuildLogView, Problem};

/// What happens in a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildNews {
    Line(BuildLineView),
    /// So many lines were not kept.
    Missed(u64),
    /// The last one.
    Done(BuildLogView),
}

/// What happens in a build, as it does.
pub type BuildStream = Pin<Box<dyn Stream<Item = Result<BuildNews, ClientError>> + Send>>;

impl Client {
    /// The log of a version's build, as far as it is.
    pub async fn get_build_log(&self, name: &str, version: u32) -> Result<BuildLogView, ClientError> {
        let number = version.to_string();
        self.fetch(self.get(&["functions", name, "versions", &number, "build", "log"])).await
    }

    /// The log of a version's build from its beginning, as it comes, and how it ended.
    pub async fn follow_build(&self, name: &str, version: u32) -> Result<BuildStream, ClientError> {
        let number = version.to_string();
        let path = ["functions", name, "versions", &number, "build", "log"];
        let response = self.send(self.get(&path).query(&[("follow", "true")])).await?;
        let news = events(response, self.base.clone());
        Ok(Box::pin(news.filter_map(|event| async { event.and_then(news_of).transpose() })))
    }
}

#[derive(Deserialize)]
struct Missed {
    lines: u64,
}

fn news_of(event: Event) -> Result<Option<BuildNews>, ClientError> {
    let read = |name: &str| -> Result<Option<BuildNews>, serde_json::Error> {
        Ok(match name {
            "" => Some(BuildNews::Line(serde_json::from_str(&event.data)?)),
            "missed" => Some(BuildNews::Missed(serde_json::from_str::<Missed>(&event.data)?.lines)),
            "done" => Some(BuildNews::Done(serde_json::from_str(&event.data)?)),
            _ => None,
        })
    };
    match event.name.as_str() {
        "error" => match serde_json::from_str::<Problem>(&event.data) {
            Ok(problem) => Err(ClientError::Problem(Box::new(problem))),
            Err(error) => Err(ClientError::BadAnswer(error)),
        },
        name => read(name).map_err(ClientError::BadAnswer),
    }
}
