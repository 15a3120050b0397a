//! What the Runtime API says: which request is which, and how an answer reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocol::{GuestError, GuestErrorKind};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Next,
    Response(String),
    Error(String),
    InitError,
    /// Refused, with this status line, once its body has been read.
    Refused(&'static str),
}

pub(super) const NOT_FOUND: &str = "404 Not Found";
const WRONG_METHOD: &str = "405 Method Not Allowed";

impl Route {
    pub(super) fn of(method: &str, path: &str) -> Self {
        let Some(rest) = path.strip_prefix("/2018-06-01/runtime/") else { return Self::Refused(NOT_FOUND) };
        let parts: Vec<&str> = rest.split('/').collect();
        let (wanted, route) = match parts[..] {
            ["invocation", "next"] => ("GET", Self::Next),
            ["invocation", id, "response"] => ("POST", Self::Response(id.to_owned())),
            ["invocation", id, "error"] => ("POST", Self::Error(id.to_owned())),
            ["init", "error"] => ("POST", Self::InitError),
            _ => return Self::Refused(NOT_FOUND),
        };
        if method == wanted { route } else { Self::Refused(WRONG_METHOD) }
    }
}

/// The error document of the Runtime API itself.
pub(super) fn problem(kind: &str, message: &str) -> Vec<u8> {
    serde_json::json!({ "errorMessage": message, "errorType": kind }).to_string().into_bytes()
}

/// JSON as it is; anything else as a JSON string; nothing as null.
pub(super) fn output(body: &[u8]) -> Box<RawValue> {
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() {
        return RawValue::NULL.to_owned();
    }
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(raw) => raw.to_owned(),
        Err(_) => serde_json::value::to_raw_value(text.as_ref()).unwrap_or_default(),
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ErrorDocument {
    error_message: Option<String>,
    error_type: Option<String>,
    stack_trace: Vec<serde_json::Value>,
}

/// Frames and bytes of an error that are kept.
const STACK_MAX: usize = 100;
const TEXT_MAX: usize = 64 * 1024;

/// The error that a runtime reports, in its body or in the header beside it.
pub(super) fn error(kind: GuestErrorKind, header: Option<&str>, body: &[u8]) -> GuestError {
    let document: ErrorDocument = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text.trim_end().to_owned(),
        other => other.to_string(),
    };
    let said = document.error_message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    GuestError {
        kind,
        error_type: document.error_type.or(header.map(str::to_owned)).unwrap_or_else(|| "Error".to_owned()),
        message: cut(said),
        stack: document.stack_trace.into_iter().take(STACK_MAX).map(|frame| cut(text(frame))).collect(),
        ..GuestError::default()
    }
}

/// The error in the trailers of a streamed response: its text is base64.
pub(super) fn trailer_error(kind: &str, body: Option<&str>) -> GuestError {
    let body = body.and_then(|text| BASE64.decode(text.trim()).ok()).unwrap_or_default();
    error(GuestErrorKind::Error, Some(kind), &body)
}

fn cut(mut text: String) -> String {
    let mut end = TEXT_MAX.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// A W3C trace context in the words of X-Ray: `Root=1-..;Parent=..;Sampled=..`.
pub(super) fn trace_id(traceparent: &str) -> Option<String> {
    let mut parts = traceparent.split('-');
    let (_, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !(hex(trace, 32) && hex(parent, 16) && hex(flags, 2)) {
        return None;
    }
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1;
    Some(format!("Root=1-{}-{};Parent={parent};Sampled={sampled}", &trace[..8], &trace[8..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_method_and_path() {
        let of = |method, rest: &str| Route::of(method, &format!("/2018-06-01/runtime/{rest}"));
        assert_eq!(of("GET", "invocation/next"), Route::Next);
        assert_eq!(of("POST", "invocation/a-1/response"), Route::Response("a-1".to_owned()));
        assert_eq!(of("POST", "invocation/a-1/error"), Route::Error("a-1".to_owned()));
        assert_eq!(of("POST", "init/error"), Route::InitError);
        assert_eq!(of("POST", "invocation/next"), Route::Refused(WRONG_METHOD));
        assert_eq!(of("GET", "invocation/a/b/response"), Route::Refused(NOT_FOUND));
        assert_eq!(Route::of("GET", "/2020-01-01/extension/register"), Route::Refused(NOT_FOUND));
    }

    #[test]
    fn an_error_is_read_from_its_document_or_else_from_what_there_is() {
        let body = br#"{"errorMessage":"no","errorType":"ValueError","stackTrace":["  File a\n",1]}"#;
        let found = error(GuestErrorKind::Error, Some("Unhandled"), body);
        assert_eq!((found.error_type.as_str(), found.message.as_str()), ("ValueError", "no"));
        assert_eq!(found.stack, ["  File a", "1"]);
        let found = error(GuestErrorKind::Init, Some("Runtime.Bad"), b"plain \xff");
        assert_eq!((found.error_type.as_str(), found.message.as_str()), ("Runtime.Bad", "plain \u{fffd}"));
        let long = error(GuestErrorKind::Error, None, "é".repeat(TEXT_MAX).as_bytes());
        assert!(long.message.len() <= TEXT_MAX);
        let body = BASE64.encode(br#"{"errorMessage":"late","errorType":"E"}"#);
        let found = trailer_error("Function.Broken", Some(&body));
        assert_eq!((found.error_type.as_str(), found.message.as_str()), ("E", "late"));
    }

    #[test]
    fn responses_are_json_as_it_is_or_a_string() {
        for (body, wanted) in
            [(&b" {\"a\": 1}"[..], "{\"a\": 1}"), (b"", "null"), (b"hi \"x\"", r#""hi \"x\"""#)]
        {
            assert_eq!(output(body).get(), wanted);
        }
    }

    #[test]
    fn a_trace_context_is_given_on_in_the_words_of_x_ray() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let wanted = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1";
        assert_eq!(trace_id(given).as_deref(), Some(wanted));
        assert_eq!(trace_id("00-zz-00f067aa0ba902b7-01"), None);
        assert_eq!(trace_id("nonsense"), None);
    }
}
