//! The address of a function on the content listener.

use nova_domain::Timestamp;
use nova_domain::http::HttpAccess;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// Where a function is offered to people and programs outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FunctionUrl {
    /// Who may send requests there.
    #[schema(schema_with = schema::http_access)]
    pub http: HttpAccess,
    /// The address; null if this server has no content listener.
    pub url: Option<String>,
}

/// Body of `POST /functions/{name}/url`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignUrl {
    /// How long the address is good for, seconds: 1 to 31536000, default 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_s: Option<u32>,
    /// Path below the function's own, with its query; default `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The method that it is good for; default GET, which is good for HEAD too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// An address that whoever has it may use until it expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedUrl {
    pub url: String,
    pub method: String,
    #[serde(with = "crate::time::rfc3339")]
    #[schema(schema_with = schema::time)]
    pub expires_at: Timestamp,
}
