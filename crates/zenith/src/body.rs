//! Request bodies: bounded in size and time, and checked.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use nova_domain::{Code, Fault, FaultResult};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::refused::Refused;

/// Bounds of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes.
    pub(crate) size: usize,
    /// Time for the whole body.
    pub(crate) whole: Duration,
    /// Time without a single byte.
    pub(crate) idle: Duration,
}

/// Bounds of a body that holds a few names.
pub(crate) const SMALL: Bounds =
    Bounds { size: 256 * 1024, whole: Duration::from_secs(20), idle: Duration::from_secs(10) };

/// Bounds of an event.
pub(crate) const EVENT: Bounds = Bounds {
    size: nova_domain::call::PAYLOAD_IN_MAX,
    whole: Duration::from_secs(60),
    idle: Duration::from_secs(10),
};

/// Bounds of what may hold code: archives are 100 MB at most, with room for base64 or the form around it.
pub(crate) const CODE: Bounds =
    Bounds { size: 140 * 1024 * 1024, whole: Duration::from_secs(600), idle: Duration::from_secs(20) };

/// How much of a body that is too large is read and thrown away, so that the client gets to
/// reading the answer instead of a broken connection.
const DRAIN_SIZE: usize = 32 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Reads a body to its end.
pub(crate) async fn read(headers: &HeaderMap, mut body: Body, bounds: Bounds) -> Result<Bytes, Refused> {
    let announced = body.size_hint().lower();
    if announced > bounds.size as u64 {
        // With `Expect` the client waits for a word before it sends anything.
        if !headers.contains_key(header::EXPECT) {
            drain(body).await;
        }
        return Err(too_large(bounds.size).into());
    }
    let deadline = Instant::now() + bounds.whole;
    let Some(first) = next(&mut body, deadline, bounds).await? else { return Ok(Bytes::new()) };
    if first.len() > bounds.size {
        drain(body).await;
        return Err(too_large(bounds.size).into());
    }
    // Most bodies come in one piece, which is then passed on without a copy.
    let Some(second) = next(&mut body, deadline, bounds).await? else { return Ok(first) };
    let expected = usize::try_from(announced).unwrap_or(0).max(first.len() + second.len());
    let mut whole = BytesMut::with_capacity(expected.min(bounds.size));
    whole.extend_from_slice(&first);
    let mut piece = Some(second);
    while let Some(bytes) = piece {
        if whole.len() + bytes.len() > bounds.size {
            drain(body).await;
            return Err(too_large(bounds.size).into());
        }
        whole.extend_from_slice(&bytes);
        piece = next(&mut body, deadline, bounds).await?;
    }
    Ok(whole.freeze())
}

/// The next piece of data, or `None` at the end.
pub(crate) async fn next(
    body: &mut Body,
    deadline: Instant,
    bounds: Bounds,
) -> Result<Option<Bytes>, Refused> {
    loop {
        let until = deadline.min(Instant::now() + bounds.idle);
        match tokio::time::timeout_at(until, body.frame()).await {
            Err(_) => {
                return Err(Refused::too_slow("the body did not arrive in time; send it faster, or smaller"));
            }
            Ok(None) => return Ok(None),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Ok(Some(data)),
                // Trailers say nothing to us.
                Err(_) => {}
            },
            Ok(Some(Err(error))) => {
                let fault = Fault::invalid("the body stopped half-way").with_source(error.to_string());
                return Err(fault.into());
            }
        }
    }
}

async fn drain(mut body: Body) {
    let mut left = DRAIN_SIZE;
    let _ = tokio::time::timeout(DRAIN_TIME, async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    })
    .await;
}

/// The fault of a body over its limit, with the limit in the text.
pub(crate) fn too_large(limit: usize) -> Fault {
    let unit = 1024 * 1024;
    Fault::new(
        Code::PayloadTooLarge,
        format!("the body is larger than {} MiB ({limit} bytes), the limit here", limit / unit),
    )
}

/// The media type of a body, lower case, without parameters; empty if there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads a JSON body of type `T`.
pub(crate) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    bounds: Bounds,
) -> Result<T, Refused> {
    Ok(parse(&json_text(headers, body, bounds).await?)?)
}

/// The same where every field may be absent: no body says nothing.
pub(crate) async fn json_or_nothing<T: DeserializeOwned + Default>(
    headers: &HeaderMap,
    body: Body,
    bounds: Bounds,
) -> Result<T, Refused> {
    let bytes = json_text(headers, body, bounds).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) { Ok(T::default()) } else { Ok(parse(&bytes)?) }
}

async fn json_text(headers: &HeaderMap, body: Body, bounds: Bounds) -> Result<Bytes, Refused> {
    let media = media_type(headers);
    if !(media.is_empty() || media == "application/json" || media.ends_with("+json")) {
        return Err(Fault::new(
            Code::UnsupportedMediaType,
            format!(
                "this endpoint takes application/json, not {:?}; set Content-Type",
                crate::query::cut(&media)
            ),
        )
        .into());
    }
    read(headers, body, bounds).await
}

/// JSON text as `T`; the fault names line, column and field.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> FaultResult<T> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Fault::invalid("the body is empty; this endpoint takes a JSON object"));
    }
    // Serde would take the values of an array for the fields, in their order.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Fault::invalid("the body is a JSON array; this endpoint takes a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        let fault = Fault::invalid(format!("the body is not as it should be: {cause}"));
        if cause.is_data() { fault.with_field(field_of(&path, &cause), cause.to_string()) } else { fault }
    })?;
    deserializer.end().map_err(|error| Fault::invalid(format!("the body goes on after its end: {error}")))?;
    Ok(value)
}

/// The dotted path of what is wrong; for a field that is unknown or missing, that one.
fn field_of(path: &str, cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    let named = ["unknown field `", "missing field `"]
        .iter()
        .find_map(|start| text.strip_prefix(start))
        .and_then(|rest| rest.split('`').next());
    match named {
        Some(name) if path == "." || path.is_empty() => name.to_owned(),
        Some(name) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None => path.to_owned(),
    }
}

/// Checks that `bytes` are one JSON value in UTF-8, without making anything of it.
pub(crate) fn check_json(bytes: &[u8]) -> FaultResult<()> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Fault::invalid(format!("the event is not UTF-8: a wrong byte at position {}", error.valid_up_to()))
    })?;
    match serde_json::from_str::<&serde_json::value::RawValue>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(Fault::invalid(format!("the event is not valid JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use nova_api::v1::{CreateFunction, PatchFunction};

    use super::*;

    fn fault_of<T: DeserializeOwned>(text: &str) -> Fault {
        parse::<T>(text.as_bytes()).err().expect("refused")
    }

    #[test]
    fn bad_json_is_refused_with_line_and_column() {
        let fault = fault_of::<CreateFunction>("{\n  \"name\": }");
        assert!(fault.message().contains("line 2 column 11"), "{fault}");
        assert!(
            fault_of::<CreateFunction>("{\"name\":\"a\",\"runtime\":\"go\"} x")
                .message()
                .contains("after its end")
        );
        assert!(fault_of::<CreateFunction>(" ").message().contains("empty"));
        assert!(fault_of::<CreateFunction>("\n[\"a\", \"go\"]").message().contains("JSON array"));
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        let field = |fault: Fault| fault.fields()[0].0.clone();
        assert_eq!(field(fault_of::<PatchFunction>(r#"{"limits":{"pids":"x"}}"#)), "limits.pids");
        assert_eq!(field(fault_of::<PatchFunction>(r#"{"limits":{"pidz":1}}"#)), "limits.pidz");
        assert_eq!(field(fault_of::<CreateFunction>(r#"{"name":"a"}"#)), "runtime");
        assert_eq!(field(fault_of::<CreateFunction>(r#"{"name":"a","nam":1}"#)), "nam");
    }

    #[test]
    fn events_are_one_json_value_in_utf_8() {
        for good in ["{}", "null", " [1, 2] ", "\"é\"", "1e400"] {
            assert!(check_json(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [&b"{"[..], b"{} {}", b"nul", b"\"\xff\"", b"\xff"] {
            assert!(check_json(bad).is_err(), "{bad:?}");
        }
    }

    /// A body of these pieces, each after a pause, that ends only if `ends`.
    fn dripping(pieces: usize, pause: Duration, ends: bool) -> Body {
        Body::from_stream(futures::stream::unfold(0, move |sent| async move {
            if sent == pieces && !ends {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(pause).await;
            (sent < pieces).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(b"x")), sent + 1))
        }))
    }

    async fn status_of(body: Body, bounds: Bounds) -> Option<u16> {
        let refused = read(&HeaderMap::new(), body, bounds).await.err()?;
        let own = refused.status.map(|status| status.as_u16());
        Some(own.unwrap_or(refused.fault.code().http_status()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_or_drips_for_too_long_is_refused_with_408() {
        let second = Duration::from_secs(1);
        assert_eq!(status_of(dripping(5, second, true), EVENT).await, None);
        assert_eq!(status_of(dripping(5, second, false), EVENT).await, Some(408), "stalls");
        assert_eq!(status_of(dripping(1000, second * 5, true), EVENT).await, Some(408), "drips");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_says_its_size_is_bounded_too() {
        let bounds = Bounds { size: 3, ..EVENT };
        assert_eq!(status_of(dripping(3, Duration::ZERO, true), bounds).await, None);
        assert_eq!(status_of(dripping(4, Duration::ZERO, true), bounds).await, Some(413));
    }
}
