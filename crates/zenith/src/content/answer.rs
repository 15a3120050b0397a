//! What a function returned as an HTTP answer.
//!
//! An object with `statusCode` says how the answer is: `headers`, `multiValueHeaders`, `cookies`, `body`,
//! `isBase64Encoded`. Every other value is the body itself, as JSON.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use nova_domain::{Code, Fault, FaultResult};
use serde_json::{Map, Value};

use super::headers::{may_set_cookie, passes_out};

/// Most headers of an answer, cookies counted too.
const HEADERS_MAX: usize = 100;
/// Largest sum of their names and values, bytes.
const HEADERS_SIZE_MAX: usize = 64 * 1024;

/// How an answer is, without its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The body that came with it.
    pub(super) body: Option<Bytes>,
}

impl Head {
    /// Reads an object with `statusCode`; `None` if it has none, and is a value like any other.
    pub(super) fn of(value: &Value) -> Option<FaultResult<Self>> {
        let fields = value.as_object()?;
        let status = fields.get("statusCode")?;
        Some(read(fields, status))
    }

    /// The answer with `body` after what came with the head.
    pub(super) fn response(self, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if has_no_body(self.status) {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// Whether no type is named.
    pub(super) fn has_type(&self) -> bool {
        self.headers.contains_key(header::CONTENT_TYPE)
    }

    pub(super) fn set_type(&mut self, media: &'static str) {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    }
}

fn has_no_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// The answer for what a function returned: JSON text.
pub(super) fn of_result(result: &Bytes) -> FaultResult<Response> {
    // Only an object can say how the answer is; others are not even read.
    let first = result.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'{') {
        let value: Value = serde_json::from_slice(result)
            .map_err(|error| bad("it is no JSON that can be read").with_source(error))?;
        if let Some(head) = Head::of(&value) {
            let mut head = head?;
            let body = head.body.take().unwrap_or_default();
            return Ok(head.response(Body::from(body)));
        }
    }
    let body = if result.is_empty() { Bytes::from_static(b"null") } else { result.clone() };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn read(fields: &Map<String, Value>, status: &Value) -> FaultResult<Head> {
    let status = status_of(status)?;
    let mut headers = HeaderMap::new();
    for (name, value) in object(fields, "headers")? {
        match value {
            Value::Array(values) => {
                values.iter().try_for_each(|value| add(&mut headers, name, value))?;
            }
            value => add(&mut headers, name, value)?,
        }
    }
    for (name, values) in object(fields, "multiValueHeaders")? {
        let Value::Array(values) = values else {
            return Err(bad(&format!("`multiValueHeaders.{}` is no list", cut(name))));
        };
        // It says more than `headers` does of the same name.
        if let Ok(name) = HeaderName::try_from(name.as_str()) {
            headers.remove(name);
        }
        values.iter().try_for_each(|value| add(&mut headers, name, value))?;
    }
    match fields.get("cookies") {
        None | Some(Value::Null) => {}
        Some(Value::Array(cookies)) => {
            cookies.iter().try_for_each(|cookie| add(&mut headers, "set-cookie", cookie))?;
        }
        Some(_) => return Err(bad("`cookies` is no list of texts")),
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > HEADERS_MAX || size > HEADERS_SIZE_MAX {
        return Err(bad(&format!("it has more than {HEADERS_MAX} headers, or more than 64 KiB of them")));
    }
    let encoded = match fields.get("isBase64Encoded") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(encoded)) => *encoded,
        Some(_) => return Err(bad("`isBase64Encoded` is neither true nor false")),
    };
    let (body, default_type) = body_of(fields.get("body"), encoded)?;
    let mut head = Head { status, headers, body };
    if head.body.is_some() && !head.has_type() {
        head.set_type(default_type);
    }
    Ok(head)
}

/// 200 to 599, as a number or as text.
fn status_of(value: &Value) -> FaultResult<StatusCode> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number
        .filter(|number| (200..=599).contains(number))
        .and_then(|number| StatusCode::from_u16(number as u16).ok())
        .ok_or_else(|| bad("`statusCode` is no number from 200 to 599"))
}

fn object<'f>(
    fields: &'f Map<String, Value>,
    name: &str,
) -> FaultResult<impl Iterator<Item = (&'f String, &'f Value)>> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(map)) => Ok(Some(map.iter()).into_iter().flatten()),
        Some(_) => Err(bad(&format!("`{name}` is no object"))),
    }
}

/// Adds a header, if a function may set it.
fn add(headers: &mut HeaderMap, name: &str, value: &Value) -> FaultResult<()> {
    let header =
        HeaderName::try_from(name).map_err(|_| bad(&format!("{:?} is no name of a header", cut(name))))?;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null => return Ok(()),
        _ => return Err(bad(&format!("the header `{header}` is no text"))),
    };
    let value = HeaderValue::try_from(text.as_bytes())
        .map_err(|_| bad(&format!("the header `{header}` has a line break or another control character")))?;
    if passes_out(&header) && (header != header::SET_COOKIE || may_set_cookie(&value)) {
        headers.append(header, value);
    }
    Ok(())
}

/// The body, and its type where none is named.
fn body_of(value: Option<&Value>, encoded: bool) -> FaultResult<(Option<Bytes>, &'static str)> {
    const JSON: &str = "application/json";
    Ok(match value {
        None | Some(Value::Null) => (None, JSON),
        Some(Value::String(text)) if encoded => {
            let bytes = STANDARD
                .decode(text.trim())
                .map_err(|_| bad("`body` is no base64, and `isBase64Encoded` says that it is"))?;
            (Some(bytes.into()), "application/octet-stream")
        }
        Some(Value::String(text)) => (Some(Bytes::from(text.clone())), JSON),
        Some(_) if encoded => {
            return Err(bad("`body` is no text, and `isBase64Encoded` says that it is base64"));
        }
        Some(other) => {
            let text = serde_json::to_vec(other).map_err(|error| bad("`body`").with_source(error))?;
            (Some(text.into()), JSON)
        }
    })
}

/// An answer that is none.
pub(super) fn bad(why: &str) -> Fault {
    Fault::new(Code::BadAnswer, format!("the function's answer cannot be given: {why}"))
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::json;

    use super::*;

    async fn given(value: &Value) -> (u16, HeaderMap, String) {
        let response = of_result(&value.to_string().into()).expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("whole").to_bytes();
        (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&bytes).into_owned())
    }

    #[tokio::test]
    async fn plain_values_are_json() {
        for value in [json!({"a": 1}), json!("text"), json!(null), json!([1]), json!(true)] {
            let (status, headers, body) = given(&value).await;
            assert_eq!(
                (status, &headers["content-type"], body),
                (200, &HeaderValue::from_static("application/json"), value.to_string())
            );
        }
    }

    #[tokio::test]
    async fn an_object_with_a_status_says_how_the_answer_is() {
        let (status, headers, body) = given(&json!({
            "statusCode": 201,
            "headers": {"Content-Type": "text/html", "X-N": 7, "X-Two": ["a", "b"], "Content-Length": "99",
                        "Connection": "close", "Nova-Version": "9", "Set-Cookie": "nova_session=evil"},
            "multiValueHeaders": {"x-n": ["1", "2"]},
            "cookies": ["a=1; Path=/", "nova_session=evil", "b=2"],
            "body": "<p>hi</p>"
        }))
        .await;
        assert_eq!((status, body.as_str()), (201, "<p>hi</p>"));
        let all = |name: &str| -> Vec<String> {
            headers.get_all(name).iter().map(|value| value.to_str().expect("text").to_owned()).collect()
        };
        assert_eq!(all("content-type"), ["text/html"]);
        assert_eq!(all("x-n"), ["1", "2"]);
        assert_eq!(all("x-two"), ["a", "b"]);
        assert_eq!(all("set-cookie"), ["a=1; Path=/", "b=2"]);
        for gone in ["content-length", "connection", "nova-version"] {
            assert!(all(gone).is_empty(), "{gone}");
        }
        let (_, headers, body) =
            given(&json!({"statusCode": "200", "body": "/w==", "isBase64Encoded": true})).await;
        assert_eq!(
            (headers["content-type"].to_str().expect("text"), body.as_str()),
            ("application/octet-stream", "\u{fffd}")
        );
        assert_eq!(given(&json!({"statusCode": 204, "body": "x"})).await.2, "");
        let (_, headers, body) = given(&json!({"statusCode": 200, "body": {"a": 1}})).await;
        assert_eq!(
            (headers["content-type"].to_str().expect("text"), body.as_str()),
            ("application/json", "{\"a\":1}")
        );
    }

    #[test]
    fn answers_that_are_none_say_what_is_wrong() {
        for (value, word) in [
            (json!({"statusCode": 99}), "statusCode"),
            (json!({"statusCode": 600}), "statusCode"),
            (json!({"statusCode": 101}), "statusCode"),
            (json!({"statusCode": "x"}), "statusCode"),
            (json!({"statusCode": null}), "statusCode"),
            (json!({"statusCode": 200, "headers": [1]}), "headers"),
            (json!({"statusCode": 200, "headers": {"a b": "x"}}), "a b"),
            (json!({"statusCode": 200, "headers": {"a": "x\r\nSet-Cookie: b=1"}}), "line break"),
            (json!({"statusCode": 200, "headers": {"a": {}}}), "no text"),
            (json!({"statusCode": 200, "multiValueHeaders": {"a": "x"}}), "no list"),
            (json!({"statusCode": 200, "cookies": "a=1"}), "cookies"),
            (json!({"statusCode": 200, "isBase64Encoded": 1}), "isBase64Encoded"),
            (json!({"statusCode": 200, "isBase64Encoded": true, "body": "!"}), "base64"),
        ] {
            let fault = of_result(&value.to_string().into()).expect_err("none");
            assert_eq!(fault.code(), Code::BadAnswer, "{value}");
            assert!(fault.message().contains(word), "{value}: {fault}");
        }
        let many: Map<String, Value> = (0..101).map(|n| (format!("x-{n}"), json!("1"))).collect();
        assert!(of_result(&json!({"statusCode": 200, "headers": many}).to_string().into()).is_err());
    }
}
