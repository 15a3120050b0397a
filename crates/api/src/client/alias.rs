//! Aliases, rollouts, and addresses of functions.

use reqwest::Method;

use super::function::guarded;
use super::{Client, ClientError, PageQuery};
use crate::v1::{
    AliasView, CreateAlias, FunctionUrl, Page, PatchAlias, PromoteAlias, RolloutView, SignUrl, SignedUrl,
    StartRollout,
};

impl Client {
    /// Creates an alias.
    pub async fn create_alias(&self, function: &str, body: &CreateAlias) -> Result<AliasView, ClientError> {
        self.fetch(self.request(Method::POST, &["functions", function, "aliases"]).json(body)).await
    }

    /// Aliases of a function, sorted by name.
    pub async fn list_aliases(
        &self,
        function: &str,
        page: &PageQuery,
    ) -> Result<Page<AliasView>, ClientError> {
        self.fetch(self.get(&["functions", function, "aliases"]).query(page)).await
    }

    /// One alias, with its rollout.
    pub async fn get_alias(&self, function: &str, alias: &str) -> Result<AliasView, ClientError> {
        self.fetch(self.get(&["functions", function, "aliases", alias])).await
    }

    /// Points an alias to other versions.
    pub async fn update_alias(
        &self,
        function: &str,
        alias: &str,
        patch: &PatchAlias,
    ) -> Result<AliasView, ClientError> {
        let segments = ["functions", function, "aliases", alias];
        self.fetch(self.request(Method::PATCH, &segments).json(patch)).await
    }

    /// Deletes an alias, if `revision` is given only while it has that revision.
    pub async fn delete_alias(
        &self,
        function: &str,
        alias: &str,
        revision: Option<u64>,
    ) -> Result<(), ClientError> {
        let segments = ["functions", function, "aliases", alias];
        self.send(guarded(self.request(Method::DELETE, &segments), revision)).await.map(|_| ())
    }

    /// Gives everything to `version`, or to the only one besides the alias's own.
    pub async fn promote_alias(
        &self,
        function: &str,
        alias: &str,
        version: Option<u32>,
    ) -> Result<AliasView, ClientError> {
        let segments = ["functions", function, "aliases", alias, "promote"];
        self.fetch(self.request(Method::POST, &segments).json(&PromoteAlias { version })).await
    }

    /// Points an alias to what it pointed to before.
    pub async fn rollback_alias(&self, function: &str, alias: &str) -> Result<AliasView, ClientError> {
        self.fetch(self.request(Method::POST, &["functions", function, "aliases", alias, "rollback"])).await
    }

    /// Begins a rollout.
    pub async fn start_rollout(
        &self,
        function: &str,
        alias: &str,
        body: &StartRollout,
    ) -> Result<AliasView, ClientError> {
        let segments = ["functions", function, "aliases", alias, "rollout"];
        self.fetch(self.request(Method::POST, &segments).json(body)).await
    }

    /// The last rollout of an alias.
    pub async fn get_rollout(&self, function: &str, alias: &str) -> Result<RolloutView, ClientError> {
        self.fetch(self.get(&["functions", function, "aliases", alias, "rollout"])).await
    }

    /// `pause`, `resume` or `abort`.
    pub async fn act_on_rollout(
        &self,
        function: &str,
        alias: &str,
        act: &str,
    ) -> Result<AliasView, ClientError> {
        let segments = ["functions", function, "aliases", alias, "rollout", act];
        self.fetch(self.request(Method::POST, &segments)).await
    }

    /// Where a function is offered to outside.
    pub async fn get_function_url(&self, function: &str) -> Result<FunctionUrl, ClientError> {
        self.fetch(self.get(&["functions", function, "url"])).await
    }

    /// An address that whoever has it may use until it expires.
    pub async fn sign_function_url(&self, function: &str, body: &SignUrl) -> Result<SignedUrl, ClientError> {
        self.fetch(self.request(Method::POST, &["functions", function, "url"]).json(body)).await
    }
}
