//! An upload as `multipart/form-data`: the parts `archive` or `code`, `entry`, `handler`.

use std::collections::BTreeMap;

use axum::body::Body;
use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, header};
use multer::{Constraints, Multipart, SizeLimit};
use nova_control::{ReplaceCode, Source};
use nova_domain::Fault;
use tokio::time::Instant;

use crate::body::{self, CODE};
use crate::refused::Refused;

/// Longest text part.
const TEXT_MAX: u64 = 4096;

pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<ReplaceCode, Refused> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default())
        .map_err(|_| Fault::invalid("the form has no boundary in its Content-Type"))?;
    let sizes = SizeLimit::new()
        .whole_stream(CODE.size as u64)
        .per_field(CODE.size as u64)
        .for_field("entry", TEXT_MAX)
        .for_field("entry_point", TEXT_MAX)
        .for_field("archive_type", TEXT_MAX)
        .for_field("handler", TEXT_MAX);
    let constraints = Constraints::new().size_limit(sizes);
    let mut form = Multipart::with_constraints(pieces(body), boundary, constraints);
    let (mut code, mut archive, mut entry, mut handler) = (None, None, None, None);
    while let Some(field) = form.next_field().await.map_err(refuse)? {
        let name = field.name().unwrap_or_default().to_owned();
        let slot = match name.as_str() {
            "archive" => {
                archive = Some(field.bytes().await.map_err(refuse)?);
                continue;
            }
            // The kind is seen from the archive itself.
            "archive_type" => continue,
            "code" => &mut code,
            "entry" | "entry_point" => &mut entry,
            "handler" => &mut handler,
            other => {
                let shown = crate::query::cut(other);
                return Err(Fault::invalid(format!("the form has an unknown part {shown:?}"))
                    .with_field(shown, "use archive, code, entry and handler")
                    .into());
            }
        };
        let bytes = field.bytes().await.map_err(refuse)?;
        let text = String::from_utf8(bytes.into()).map_err(|_| {
            Fault::invalid(format!("part {name:?} is not UTF-8")).with_field(name, "not UTF-8")
        })?;
        *slot = Some(text);
    }
    let source = match (archive, code) {
        (Some(archive), None) => Source::Archive(archive),
        (None, Some(code)) => Source::Files { code: Some(code), files: BTreeMap::new() },
        _ => {
            return Err(Fault::invalid("the form must have either a part `archive` or a part `code`")
                .with_field("archive", "one of the two")
                .into());
        }
    };
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(ReplaceCode { source, entry: filled(entry), handler: filled(handler), expected: None })
}

/// The body under its time bounds; a refusal travels as the stream's error.
fn pieces(body: Body) -> impl Stream<Item = Result<Bytes, Late>> + Send {
    let deadline = Instant::now() + CODE.whole;
    futures::stream::try_unfold(body, move |mut body| async move {
        let piece = body::next(&mut body, deadline, CODE).await.map_err(Late)?;
        Ok(piece.map(|piece| (piece, body)))
    })
}

/// A refusal as an error, which multer carries through.
#[derive(Debug)]
struct Late(Refused);

impl std::fmt::Display for Late {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fault.fmt(f)
    }
}

impl std::error::Error for Late {}

fn refuse(error: multer::Error) -> Refused {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<Late>() {
            Ok(late) => late.0,
            Err(other) => Fault::invalid("the form could not be read").with_source(other).into(),
        },
        multer::Error::FieldSizeExceeded { field_name: Some(name), .. }
            if name != "archive" && name != "code" =>
        {
            Fault::invalid(format!("part {name:?} is longer than {TEXT_MAX} bytes")).into()
        }
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            body::too_large(CODE.size).into()
        }
        other => Fault::invalid(format!("the form cannot be read: {other}")).into(),
    }
}
