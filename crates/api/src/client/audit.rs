//! The audit log, and quotas.

use reqwest::Method;
use serde::Serialize;

use super::{Client, ClientError};
use crate::v1::{AuditVerification, AuditView, Page, PutQuota, QuotaView};

/// Which entries are wanted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListAudit {
    /// Those of the server itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub server: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Which log is looked through, and what is known of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct VerifyAudit {
    /// That of the server itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub server: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_hash: Option<String>,
}

#[derive(Serialize)]
struct InNamespace<'n> {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'n str>,
}

impl Client {
    /// Entries of the audit log, newest first.
    pub async fn list_audit(&self, query: &ListAudit) -> Result<Page<AuditView>, ClientError> {
        self.fetch(self.get(&["audit"]).query(query)).await
    }

    /// One entry.
    pub async fn get_audit(&self, seq: u64, server: bool) -> Result<AuditView, ClientError> {
        let query = ListAudit { server, ..ListAudit::default() };
        self.fetch(self.get(&["audit", &seq.to_string()]).query(&query)).await
    }

    /// Looks through the whole log.
    pub async fn verify_audit(&self, query: &VerifyAudit) -> Result<AuditVerification, ClientError> {
        self.fetch(self.get(&["audit", "verify"]).query(query)).await
    }

    /// Quotas of the tenant with their usage.
    pub async fn list_quotas(&self) -> Result<Page<QuotaView>, ClientError> {
        self.fetch(self.get(&["quotas"])).await
    }

    /// Sets a quota of a tenant, or of one namespace of it.
    pub async fn set_quota(
        &self,
        tenant: &str,
        namespace: Option<&str>,
        quota: &str,
        body: &PutQuota,
    ) -> Result<QuotaView, ClientError> {
        let request = self.request(Method::PUT, &["tenants", tenant, "quotas", quota]);
        self.fetch(request.query(&InNamespace { namespace }).json(body)).await
    }

    /// Takes a quota away.
    pub async fn unset_quota(
        &self,
        tenant: &str,
        namespace: Option<&str>,
        quota: &str,
    ) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &["tenants", tenant, "quotas", quota]);
        self.send(request.query(&InNamespace { namespace })).await.map(|_| ())
    }
}
