//! The address of a function on the content listener.

use nova_domain::Timestamp;
use nova_domain::http::{Cors, HttpAccess};
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

/// What pages of other origins may do with a function's address (CORS). Browsers' questions are answered
/// without calling the function, and its own `Access-Control-*` headers are dropped. Each list can be
/// `*` alone, which is any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CorsBody {
    /// Origins such as `https://app.example`; `*` only without credentials. One at least.
    #[schema(required = true)]
    pub origins: Vec<String>,
    /// Default: any.
    pub methods: Vec<String>,
    /// Headers of requests, beside those that browsers always let through. Default: none.
    pub headers: Vec<String>,
    /// Headers of answers that pages may read, beside those that browsers always show. Default: none.
    pub expose_headers: Vec<String>,
    /// Whether browsers send cookies along. Default: no.
    pub credentials: bool,
    /// How long browsers may keep what they were told, seconds: 0 to 86400, default 600.
    pub max_age_s: u32,
}

impl Default for CorsBody {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            methods: vec!["*".to_owned()],
            headers: Vec::new(),
            expose_headers: Vec::new(),
            credentials: false,
            max_age_s: 600,
        }
    }
}

impl From<Cors> for CorsBody {
    fn from(cors: Cors) -> Self {
        let Cors { origins, methods, headers, expose_headers, credentials, max_age_s } = cors;
        Self { origins, methods, headers, expose_headers, credentials, max_age_s }
    }
}

impl From<CorsBody> for Cors {
    fn from(body: CorsBody) -> Self {
        let CorsBody { origins, methods, headers, expose_headers, credentials, max_age_s } = body;
        Self { origins, methods, headers, expose_headers, credentials, max_age_s }
    }
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
