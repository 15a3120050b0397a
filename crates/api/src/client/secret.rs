//! Secrets.

use reqwest::Method;

use super::{Client, ClientError, PageQuery};
use crate::v1::{CreateSecret, KeyRotation, Page, PatchSecret, SecretView};

impl Client {
    /// Creates a secret.
    pub async fn create_secret(&self, body: &CreateSecret) -> Result<SecretView, ClientError> {
        self.fetch(self.request(Method::POST, &["secrets"]).json(body)).await
    }

    /// Secrets, sorted by name.
    pub async fn list_secrets(&self, page: &PageQuery) -> Result<Page<SecretView>, ClientError> {
        self.fetch(self.get(&["secrets"]).query(page)).await
    }

    /// One secret, without its value.
    pub async fn get_secret(&self, name: &str) -> Result<SecretView, ClientError> {
        self.fetch(self.get(&["secrets", name])).await
    }

    /// Changes a secret.
    pub async fn update_secret(&self, name: &str, patch: &PatchSecret) -> Result<SecretView, ClientError> {
        self.fetch(self.request(Method::PATCH, &["secrets", name]).json(patch)).await
    }

    /// Deletes a secret.
    pub async fn delete_secret(&self, name: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["secrets", name])).await.map(|_| ())
    }

    /// Makes a new master key and seals every secret again.
    pub async fn rotate_master_key(&self) -> Result<KeyRotation, ClientError> {
        self.fetch(self.request(Method::POST, &["system", "master-key", "rotate"])).await
    }
}
