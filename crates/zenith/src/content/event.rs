//! A request as the event of a function: AWS's payload format 2.0, which frameworks have adapters for,
//! with a few fields of our own.

use std::collections::BTreeMap;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use nova_domain::call::PAYLOAD_IN_MAX;
use nova_domain::{Code, Fault};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::Visit;
use super::address::Address;
use super::headers::{cookies_in, is_forwarded, named_by_connection, passes_in};
use crate::body;
use crate::edge::proxies::{FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO};
use crate::refused::Refused;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'r> {
    version: &'static str,
    route_key: &'static str,
    method: &'r str,
    /// Decoded.
    path: String,
    raw_path: &'r str,
    raw_query_string: &'r str,
    /// What leads to the function, for addresses of its own.
    base_path: &'r str,
    headers: BTreeMap<&'r str, String>,
    multi_value_headers: BTreeMap<&'r str, Vec<String>>,
    cookies: Vec<String>,
    /// The last value of each name, with several: separated by commas.
    query_string_parameters: BTreeMap<String, String>,
    query: BTreeMap<String, Vec<String>>,
    source_ip: String,
    request_id: &'r str,
    request_context: RequestContext<'r>,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'r> {
    http: HttpContext<'r>,
    request_id: &'r str,
    route_key: &'static str,
    stage: &'static str,
    domain_name: String,
    time_epoch: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext<'r> {
    method: &'r str,
    path: &'r str,
    protocol: &'static str,
    source_ip: String,
    user_agent: String,
}

/// Reads the body and makes the event.
pub(super) async fn read(
    parts: &Parts,
    body: Body,
    visit: &Visit,
    address: &Address<'_>,
    raw_query: &str,
) -> Result<Bytes, Refused> {
    let bytes = body::read(&parts.headers, body, body::EVENT).await?;
    let (body, is_base64_encoded) = text_of(&parts.headers, &bytes);
    let source_ip = visit.peer.address.map(|address| address.to_string()).unwrap_or_default();
    let named = named_by_connection(&parts.headers);
    let mut multi_value_headers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in &parts.headers {
        // Who it was and how, only where that can be believed.
        let believed = visit.peer.proxied || !is_forwarded(name);
        if name != header::COOKIE && believed && passes_in(name, value, &named) {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            multi_value_headers.entry(name.as_str()).or_default().push(text);
        }
    }
    // HTTP/2 has the host in the request line.
    let host = match (parts.headers.get(header::HOST), parts.uri.authority()) {
        (Some(host), _) => String::from_utf8_lossy(host.as_bytes()).into_owned(),
        (None, Some(authority)) => authority.as_str().to_owned(),
        (None, None) => String::new(),
    };
    if !host.is_empty() {
        multi_value_headers.entry("host").or_insert_with(|| vec![host.clone()]);
    }
    if !source_ip.is_empty() {
        multi_value_headers.insert(FORWARDED_FOR, vec![source_ip.clone()]);
    }
    let scheme = if visit.peer.secure { "https" } else { "http" };
    multi_value_headers.insert(FORWARDED_PROTO, vec![scheme.to_owned()]);
    let domain = multi_value_headers.get(FORWARDED_HOST).and_then(|hosts| hosts.first());
    let domain = domain.unwrap_or(&host);
    let domain_name = domain.rsplit_once(':').map_or(domain.as_str(), |(name, _)| name).to_owned();
    let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(raw_query.as_bytes()) {
        query.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let user_agent = multi_value_headers.get("user-agent").and_then(|values| values.first()).cloned();
    let request_id = visit.run.as_str();
    let event = Event {
        version: "2.0",
        route_key: "$default",
        method: parts.method.as_str(),
        path: percent_decode_str(address.raw_path).decode_utf8_lossy().into_owned(),
        raw_path: address.raw_path,
        raw_query_string: raw_query,
        base_path: address.base,
        headers: multi_value_headers.iter().map(|(name, values)| (*name, values.join(", "))).collect(),
        multi_value_headers,
        cookies: cookies_in(&parts.headers),
        query_string_parameters: query
            .iter()
            .map(|(name, values)| (name.clone(), values.join(",")))
            .collect(),
        query,
        source_ip: source_ip.clone(),
        request_id,
        request_context: RequestContext {
            http: HttpContext {
                method: parts.method.as_str(),
                path: address.raw_path,
                protocol: if parts.version == http::Version::HTTP_2 { "HTTP/2" } else { "HTTP/1.1" },
                source_ip,
                user_agent: user_agent.unwrap_or_default(),
            },
            request_id,
            route_key: "$default",
            stage: "$default",
            domain_name,
            time_epoch: now_ms(),
        },
        body,
        is_base64_encoded,
    };
    let payload = serde_json::to_vec(&event)
        .map_err(|error| Fault::internal("an event could not be written").with_source(error))?;
    if payload.len() > PAYLOAD_IN_MAX {
        return Err(Fault::new(
            Code::PayloadTooLarge,
            format!(
                "the request makes an event of {} bytes, over the limit of {PAYLOAD_IN_MAX}; a binary body \
                 grows by a third in it, so it can have 4.4 MB",
                payload.len()
            ),
        )
        .into());
    }
    Ok(payload.into())
}

fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// The body as text, or as base64 where it is none.
fn text_of(headers: &HeaderMap, bytes: &Bytes) -> (Option<String>, bool) {
    if bytes.is_empty() {
        return (None, false);
    }
    if is_text(headers)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return (Some(text.to_owned()), false);
    }
    (Some(STANDARD.encode(bytes)), true)
}

/// Whether the headers announce text. Without a type it is, if it can be.
fn is_text(headers: &HeaderMap) -> bool {
    let encoded = headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity");
    let media = body::media_type(headers);
    let textual = media.is_empty()
        || media.starts_with("text/")
        || media.ends_with("+json")
        || media.ends_with("+xml")
        || matches!(
            media.as_str(),
            "application/json"
                | "application/xml"
                | "application/javascript"
                | "application/graphql"
                | "application/x-ndjson"
                | "application/x-www-form-urlencoded"
        );
    textual && !encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(media: &str, encoding: Option<&str>, bytes: &'static [u8]) -> (Option<String>, bool) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", media.parse().expect("a value"));
        if let Some(encoding) = encoding {
            headers.insert("content-encoding", encoding.parse().expect("a value"));
        }
        text_of(&headers, &Bytes::from_static(bytes))
    }

    #[test]
    fn a_body_is_text_if_it_says_so_and_is_and_base64_otherwise() {
        let text = |text: &str| (Some(text.to_owned()), false);
        let base64 = |text: &str| (Some(text.to_owned()), true);
        assert_eq!(body_of("application/json; charset=utf-8", None, b"{}"), text("{}"));
        assert_eq!(body_of("application/x-www-form-urlencoded", None, b"a=b"), text("a=b"));
        assert_eq!(body_of("image/svg+xml", None, b"<svg/>"), text("<svg/>"));
        assert_eq!(body_of("text/plain", None, b"\xff"), base64("/w=="));
        assert_eq!(body_of("image/png", None, b"abc"), base64("YWJj"));
        assert_eq!(body_of("text/plain", Some("gzip"), b"abc"), base64("YWJj"));
        assert_eq!(body_of("text/plain", None, b""), (None, false));
    }
}
