//! Requests to issuers of tokens: bounded in size and time, encrypted unless on this machine.

use std::time::Duration;

use nova_domain::{Code, Fault, FaultResult};
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;

/// Longest answer, bytes.
const ANSWER_MAX: usize = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(8);

/// Asks issuers.
pub(super) struct Fetch {
    http: Client,
}

impl Fetch {
    pub(super) fn new() -> FaultResult<Self> {
        // An issuer says itself where things are; a redirect could lead elsewhere.
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(4))
            .timeout(TIMEOUT)
            .user_agent(concat!("nova/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Fault::internal("a client for issuers").with_source(error))?;
        Ok(Self { http })
    }

    /// Fails unless an address may be asked: what comes from it decides who is let in.
    pub(super) fn check(url: &str) -> FaultResult<()> {
        let parsed = reqwest::Url::parse(url).ok();
        let local = |url: &reqwest::Url| {
            url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
        };
        match parsed {
            Some(url) if url.scheme() == "https" || local(&url) => Ok(()),
            _ => {
                let shown: String = url.chars().take(200).collect();
                Err(Fault::invalid(format!("{shown:?} is no address that begins with https://")))
            }
        }
    }

    /// JSON at an address.
    pub(super) async fn json<T: DeserializeOwned>(&self, url: &str) -> FaultResult<T> {
        Self::check(url)?;
        let bytes = self.send(url, self.http.get(url).header("accept", "application/json")).await?;
        read(url, &bytes)
    }

    /// The JSON answer to a form.
    pub(super) async fn form<T: DeserializeOwned>(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> FaultResult<T> {
        Self::check(url)?;
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self
            .http
            .post(url)
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        if let Some((id, secret)) = basic {
            request = request.basic_auth(encode(id), Some(encode(secret)));
        }
        let bytes = self.send(url, request).await?;
        read(url, &bytes)
    }

    async fn send(&self, url: &str, request: RequestBuilder) -> FaultResult<Vec<u8>> {
        let failed = |why: String| Fault::new(Code::Unavailable, format!("{url}: {why}"));
        let mut response = request
            .send()
            .await
            .map_err(|error| failed("it does not answer".to_owned()).with_source(error.without_url()))?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(piece) = response
            .chunk()
            .await
            .map_err(|error| failed("its answer broke off".to_owned()).with_source(error.without_url()))?
        {
            if bytes.len() + piece.len() > ANSWER_MAX {
                return Err(failed(format!("its answer is longer than {ANSWER_MAX} bytes")));
            }
            bytes.extend_from_slice(&piece);
        }
        if !status.is_success() {
            let text: String =
                String::from_utf8_lossy(&bytes).chars().filter(|c| !c.is_control()).take(300).collect();
            return Err(failed(format!("it answers {status}: {text}")));
        }
        Ok(bytes)
    }
}

fn read<T: DeserializeOwned>(url: &str, bytes: &[u8]) -> FaultResult<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        Fault::new(Code::Unavailable, format!("{url}: its answer is not what it should be"))
            .with_source(error)
    })
}
