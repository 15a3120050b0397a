//! Run records.

use serde::Serialize;

use super::{Client, ClientError, PageQuery};
use crate::v1::{LogLineView, Page, RunView};

/// Which runs are wanted; times are RFC 3339.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListRuns {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Client {
    /// Runs, newest first.
    pub async fn list_runs(&self, query: &ListRuns) -> Result<Page<RunView>, ClientError> {
        self.fetch(self.get(&["runs"]).query(query)).await
    }

    /// One run.
    pub async fn get_run(&self, id: &str) -> Result<RunView, ClientError> {
        self.fetch(self.get(&["runs", id])).await
    }

    /// What a run printed.
    pub async fn get_run_logs(&self, id: &str, page: &PageQuery) -> Result<Page<LogLineView>, ClientError> {
        self.fetch(self.get(&["runs", id, "logs"]).query(page)).await
    }
}
