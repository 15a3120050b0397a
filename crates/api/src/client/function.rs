//! Functions, versions and code.

use reqwest::{Method, RequestBuilder};
use serde::Serialize;

use super::{Client, ClientError, PageQuery};
use crate::v1::{
    CodeAnswer, CodeView, CreateFunction, FileContent, FileView, FunctionView, Page, PatchFunction,
    ReplaceCode, VersionDiff, VersionView,
};

/// Which functions are wanted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListFunctions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

fn qualified(request: RequestBuilder, qualifier: Option<&str>) -> RequestBuilder {
    match qualifier {
        Some(qualifier) => request.query(&[("qualifier", qualifier)]),
        None => request,
    }
}

pub(super) fn guarded(request: RequestBuilder, revision: Option<u64>) -> RequestBuilder {
    match revision {
        Some(revision) => request.header("if-match", format!("\"{revision}\"")),
        None => request,
    }
}

impl Client {
    /// Creates a function; for a compiled runtime the answer comes when the build is done (at most two minutes).
    pub async fn create_function(&self, body: &CreateFunction) -> Result<FunctionView, ClientError> {
        self.fetch(self.request(Method::POST, &["functions"]).json(body)).await
    }

    /// Functions, sorted by name.
    pub async fn list_functions(&self, query: &ListFunctions) -> Result<Page<FunctionView>, ClientError> {
        self.fetch(self.get(&["functions"]).query(query)).await
    }

    /// One function.
    pub async fn get_function(&self, name: &str) -> Result<FunctionView, ClientError> {
        self.fetch(self.get(&["functions", name])).await
    }

    /// Changes a function.
    pub async fn update_function(
        &self,
        name: &str,
        patch: &PatchFunction,
    ) -> Result<FunctionView, ClientError> {
        self.fetch(self.request(Method::PATCH, &["functions", name]).json(patch)).await
    }

    /// Deletes a function, if `revision` is given only while it has that revision.
    pub async fn delete_function(&self, name: &str, revision: Option<u64>) -> Result<(), ClientError> {
        let request = guarded(self.request(Method::DELETE, &["functions", name]), revision);
        self.send(request).await.map(|_| ())
    }

    /// The code of a version (the active one without `qualifier`).
    pub async fn get_code(&self, name: &str, qualifier: Option<&str>) -> Result<CodeView, ClientError> {
        self.fetch(qualified(self.get(&["functions", name, "code"]), qualifier)).await
    }

    /// Replaces the code.
    pub async fn replace_code(&self, name: &str, body: &ReplaceCode) -> Result<CodeAnswer, ClientError> {
        self.fetch(self.request(Method::PUT, &["functions", name, "code"]).json(body)).await
    }

    /// The files of a version's code.
    pub async fn list_files(
        &self,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Page<FileView>, ClientError> {
        self.fetch(qualified(self.get(&["functions", name, "files"]), qualifier)).await
    }

    /// One file of a version's code.
    pub async fn get_file(
        &self,
        name: &str,
        path: &str,
        qualifier: Option<&str>,
    ) -> Result<FileContent, ClientError> {
        let request = self.get(&["functions", name, "files", "content"]).query(&[("path", path)]);
        self.fetch(qualified(request, qualifier)).await
    }

    /// Versions, newest first.
    pub async fn list_versions(
        &self,
        name: &str,
        page: &PageQuery,
    ) -> Result<Page<VersionView>, ClientError> {
        self.fetch(self.get(&["functions", name, "versions"]).query(page)).await
    }

    /// One version.
    pub async fn get_version(&self, name: &str, version: u32) -> Result<VersionView, ClientError> {
        self.fetch(self.get(&["functions", name, "versions", &version.to_string()])).await
    }

    /// Makes a version the one that calls run.
    pub async fn activate_version(
        &self,
        name: &str,
        version: u32,
        revision: Option<u64>,
    ) -> Result<FunctionView, ClientError> {
        let segments = ["functions", name, "versions", &version.to_string(), "activate"];
        self.fetch(guarded(self.request(Method::POST, &segments), revision)).await
    }

    /// What differs between two versions.
    pub async fn diff_versions(&self, name: &str, v1: u32, v2: u32) -> Result<VersionDiff, ClientError> {
        let (v1, v2) = (v1.to_string(), v2.to_string());
        self.fetch(self.get(&["functions", name, "versions", &v1, "diff", &v2])).await
    }
}
