//! Keys, tenants, namespaces, and who the caller is.

use reqwest::Method;
use serde::Serialize;

use super::{Client, ClientError, PageQuery};
use crate::v1::{
    CreateKey, CreateNamespace, CreateTenant, CreatedKey, KeyView, Me, NamespaceView, Page, TenantView,
};

/// Which keys are wanted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListKeys {
    /// Those of the server itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub server: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

pub(super) fn of_server(server: bool) -> ListKeys {
    ListKeys { server, ..ListKeys::default() }
}

impl Client {
    /// Who the caller is and what they may.
    pub async fn me(&self) -> Result<Me, ClientError> {
        self.fetch(self.get(&["auth", "me"])).await
    }

    /// Makes a key.
    pub async fn create_key(&self, body: &CreateKey) -> Result<CreatedKey, ClientError> {
        self.fetch(self.request(Method::POST, &["keys"]).json(body)).await
    }

    /// Keys of the tenant or of the server.
    pub async fn list_keys(&self, query: &ListKeys) -> Result<Page<KeyView>, ClientError> {
        self.fetch(self.get(&["keys"]).query(query)).await
    }

    /// One key with its roles.
    pub async fn get_key(&self, id: &str, server: bool) -> Result<KeyView, ClientError> {
        self.fetch(self.get(&["keys", id]).query(&of_server(server))).await
    }

    /// Ends a key at once.
    pub async fn revoke_key(&self, id: &str, server: bool) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &["keys", id]).query(&of_server(server));
        self.send(request).await.map(|_| ())
    }

    /// Makes a tenant.
    pub async fn create_tenant(&self, body: &CreateTenant) -> Result<TenantView, ClientError> {
        self.fetch(self.request(Method::POST, &["tenants"]).json(body)).await
    }

    /// Tenants that the caller may use.
    pub async fn list_tenants(&self, page: &PageQuery) -> Result<Page<TenantView>, ClientError> {
        self.fetch(self.get(&["tenants"]).query(page)).await
    }

    /// One tenant.
    pub async fn get_tenant(&self, name: &str) -> Result<TenantView, ClientError> {
        self.fetch(self.get(&["tenants", name])).await
    }

    /// Deletes a tenant that has no functions.
    pub async fn delete_tenant(&self, name: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["tenants", name])).await.map(|_| ())
    }

    /// Makes a namespace in the tenant.
    pub async fn create_namespace(&self, body: &CreateNamespace) -> Result<NamespaceView, ClientError> {
        self.fetch(self.request(Method::POST, &["namespaces"]).json(body)).await
    }

    /// Namespaces of the tenant.
    pub async fn list_namespaces(&self, page: &PageQuery) -> Result<Page<NamespaceView>, ClientError> {
        self.fetch(self.get(&["namespaces"]).query(page)).await
    }

    /// One namespace of the tenant.
    pub async fn get_namespace(&self, name: &str) -> Result<NamespaceView, ClientError> {
        self.fetch(self.get(&["namespaces", name])).await
    }

    /// Deletes a namespace that has no functions.
    pub async fn delete_namespace(&self, name: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &["namespaces", name])).await.map(|_| ())
    }
}
