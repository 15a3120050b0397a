//! The server itself.

use super::{Client, ClientError, problem_of};
use crate::v1::{Health, Page, RuntimeView};

impl Client {
    /// Runtimes and what of them the host has.
    pub async fn list_runtimes(&self) -> Result<Page<RuntimeView>, ClientError> {
        self.fetch(self.get(&["runtimes"])).await
    }

    /// Health of the server and its parts, also when it is bad.
    pub async fn health(&self) -> Result<Health, ClientError> {
        let request = self.get(&["health"]);
        let response =
            request.send().await.map_err(|source| ClientError::unreachable(self.base(), source))?;
        let status = response.status();
        if !status.is_success() && status.as_u16() != 503 {
            return Err(problem_of(response).await);
        }
        let bytes = response.bytes().await.map_err(|source| ClientError::unreachable(self.base(), source))?;
        serde_json::from_slice(&bytes).map_err(ClientError::BadAnswer)
    }
}
