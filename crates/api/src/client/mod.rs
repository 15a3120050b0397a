//! The typed client of the API. Every method is one request; none is repeated by itself.

mod access;
mod alias;
mod audit;
mod build;
mod call;
mod error;
mod function;
mod job;
mod log;
mod people;
mod platform;
mod run;
mod secret;
mod sse;

use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::access::ListKeys;
pub use self::audit::{ListAudit, VerifyAudit};
pub use self::build::{BuildNews, BuildStream};
pub use self::call::{CallOptions, EventStream, StreamItem};
pub use self::error::ClientError;
pub use self::function::ListFunctions;
pub use self::job::ListJobs;
pub use self::log::{LineStream, LogQuery};
pub use self::run::ListRuns;
use crate::headers;
use crate::v1::Problem;

/// What must be escaped in one segment of a path.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'`');

/// Which part of a list is wanted; absent values are the server's defaults.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PageQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A connection pool to one server, and the scope that requests are about. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    scope: Vec<(&'static str, String)>,
    key: Option<HeaderValue>,
}

impl Client {
    /// A client of the server at `base` (`http://127.0.0.1:9000`). Connecting may take 5 s; a request
    /// itself has no limit here, because calls may run for 15 minutes.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        Self::trusting(base, None)
    }

    /// The same, which besides the system's authorities trusts those in this PEM text.
    pub fn trusting(base: &str, authorities: Option<&[u8]>) -> Result<Self, ClientError> {
        let url = reqwest::Url::parse(base)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| ClientError::BadAddress(base.chars().take(200).collect()))?;
        let mut builder = reqwest::Client::builder().connect_timeout(Duration::from_secs(5));
        let loopback = url.host_str().is_some_and(|host| {
            host == "localhost" || host.starts_with("127.") || host.trim_matches(['[', ']']) == "::1"
        });
        if loopback {
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // Nobody is to be trusted, so it works on a machine without any authorities.
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = authorities {
            let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| ClientError::BadAuthority)?;
            if found.is_empty() {
                return Err(ClientError::BadAuthority);
            }
            builder = builder.tls_certs_merge(found);
        }
        let http = builder.build().map_err(|source| ClientError::unreachable(base, source))?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), scope: Vec::new(), key: None })
    }

    /// The same client for another tenant and namespace; `None`: the server's choice.
    #[must_use]
    pub fn in_scope<'s>(
        &self,
        tenant: impl Into<Option<&'s str>>,
        namespace: impl Into<Option<&'s str>>,
    ) -> Self {
        let named = [(headers::TENANT, tenant.into()), (headers::NAMESPACE, namespace.into())];
        let scope = named.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect();
        Self { scope, ..self.clone() }
    }

    /// The same client with a key. A text that cannot be one is left out, and the server says so.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        let value = HeaderValue::from_str(&format!("Bearer {key}")).ok();
        let key = value.map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Self { key, ..self.clone() }
    }

    /// The server's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request to `/v1` and the segments, each escaped.
    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut url = format!("{}/v1", self.base);
        for segment in segments {
            url.push('/');
            url.extend(utf8_percent_encode(segment, SEGMENT));
        }
        let mut request = self.http.request(method, url);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        self.scope.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    fn get(&self, segments: &[&str]) -> RequestBuilder {
        self.request(Method::GET, segments)
    }

    /// Sends, and turns every answer but 2xx into an error.
    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|source| ClientError::unreachable(&self.base, source))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(problem_of(response).await)
    }

    /// Sends and reads the JSON answer.
    async fn fetch<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        let bytes = response.bytes().await.map_err(|source| ClientError::unreachable(&self.base, source))?;
        serde_json::from_slice(&bytes).map_err(ClientError::BadAnswer)
    }
}

/// The problem document of an answer; other text (of a proxy, say) is shown shortened.
async fn problem_of(response: Response) -> ClientError {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap_or_default();
    match serde_json::from_str::<Problem>(&text) {
        Ok(problem) => ClientError::Problem(Box::new(problem)),
        Err(_) => ClientError::Status { status, text: text.chars().take(300).collect() },
    }
}
