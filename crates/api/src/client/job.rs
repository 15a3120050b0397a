//! Jobs.

use reqwest::Method;
use serde::Serialize;

use super::{CallOptions, Client, ClientError};
use crate::v1::{InvokeAsync, JobView, Page};

/// Which jobs are wanted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListJobs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Client {
    /// Queues a call. Of the options the time to wait says nothing here.
    pub async fn invoke_async(
        &self,
        name: &str,
        body: &InvokeAsync,
        options: &CallOptions,
    ) -> Result<JobView, ClientError> {
        let body = serde_json::to_vec(body).map_err(ClientError::BadAnswer)?;
        self.fetch(self.call(name, "invoke-async", body.into(), options)).await
    }

    /// Jobs, newest first.
    pub async fn list_jobs(&self, query: &ListJobs) -> Result<Page<JobView>, ClientError> {
        self.fetch(self.get(&["async-invocations"]).query(query)).await
    }

    /// One job, with its event.
    pub async fn get_job(&self, id: &str) -> Result<JobView, ClientError> {
        self.fetch(self.get(&["async-invocations", id])).await
    }

    /// Gives a dead job its attempts again.
    pub async fn retry_job(&self, id: &str) -> Result<JobView, ClientError> {
        self.fetch(self.request(Method::POST, &["async-invocations", id, "retry"])).await
    }

    /// Deletes a job that is not running.
    pub async fn delete_job(&self, id: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["async-invocations", id])).await.map(drop)
    }
}
