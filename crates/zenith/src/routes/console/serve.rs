//! One file as an answer: which file, in which encoding, for how long.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use nova_domain::Fault;

use super::files::File;
use crate::query::cut;
use crate::refused::Answer;

/// Nothing from elsewhere, no script in the page itself, in no frame. Styles may be inline:
/// the editor and pop-ups set positions that way.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Said where there is no console to show.
const LEFT_OUT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
     <meta name=\"viewport\" content=\"width=device-width\"><title>Nova</title>\
     <h1>This build has no console</h1>\
     <p>Nova runs, but its web console was not built into it. In Nova's source folder, run \
     <code>make build</code>, then start the binary that it prints.</p>\
     <p>Everything works without it: <a href=\"/docs/\">the API</a>, and the command <code>nova</code>.</p></html>";

/// The file at `path`, or the index page for an address within the console.
pub(super) fn answer(files: &[File], path: &str, headers: &HeaderMap) -> Answer {
    let find = |path: &str| {
        let found = files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        files.get(found)
    };
    if let Some(file) = find(path) {
        return Ok(respond(file, headers));
    }
    // What is no address of a page: an old page may still ask for a file of the build before.
    if path.starts_with("assets/") {
        return Err(Fault::not_found("file of the console", cut(path)).into());
    }
    Ok(match find("index.html") {
        Some(index) => respond(index, headers),
        None => left_out(),
    })
}

fn respond(file: &File, headers: &HeaderMap) -> Response {
    let (encoding, content) = choose(file, headers);
    // One tag for each encoding: bytes differ.
    let tag = format!("\"{}{}\"", file.hash, encoding.map(|name| format!("-{name}")).unwrap_or_default());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh =
        known.is_some_and(|tags| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut response = Response::new(if fresh { Body::empty() } else { Body::from(content) });
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let into = response.headers_mut();
    protect(into);
    let age = if file.is_immutable() { "public, max-age=31536000, immutable" } else { "no-cache" };
    into.insert(header::CACHE_CONTROL, HeaderValue::from_static(age));
    into.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    into.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type()));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        into.insert(header::ETAG, tag);
    }
    if let Some(name) = encoding {
        into.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// The smallest form that the client takes.
fn choose(file: &File, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let takes = |name: &str| {
        headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|one| one.split_once(';').unwrap_or((one, "")))
            .any(|(coding, weight)| {
                coding.trim().eq_ignore_ascii_case(name)
                    && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
            })
    };
    match (file.br, file.gzip) {
        (Some(br), _) if takes("br") => (Some("br"), br),
        (_, Some(gzip)) if takes("gzip") => (Some("gzip"), gzip),
        _ => (None, file.plain),
    }
}

fn left_out() -> Response {
    let mut response = Response::new(Body::from(LEFT_OUT));
    let headers = response.headers_mut();
    protect(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn protect(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &[File] = &[
        File { path: "assets/a-1.js", hash: "01", plain: b"plain", br: Some(b"br"), gzip: Some(b"gz") },
        File { path: "index.html", hash: "02", plain: b"index", br: None, gzip: None },
    ];

    fn ask(files: &[File], path: &str, headers: &[(HeaderName, &'static str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        answer(files, path, &headers.collect()).expect("an answer")
    }

    fn header_of(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
    }

    #[test]
    fn hashed_files_are_kept_for_ever_and_pages_are_asked_for_each_time() {
        let script = ask(FILES, "assets/a-1.js", &[]);
        assert!(header_of(&script, header::CACHE_CONTROL).contains("immutable"));
        assert_eq!(header_of(&script, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        for page in ["", "functions/hello/code", "index.html"] {
            let page = ask(FILES, page, &[]);
            assert_eq!(header_of(&page, header::CACHE_CONTROL), "no-cache");
            assert_eq!(header_of(&page, header::CONTENT_TYPE), "text/html; charset=utf-8");
            assert!(header_of(&page, header::CONTENT_SECURITY_POLICY).contains("script-src 'self';"));
        }
    }

    #[test]
    fn a_file_that_is_gone_is_no_page() {
        let gone = answer(FILES, "assets/a-0.js", &HeaderMap::new());
        assert!(gone.is_err_and(|refused| refused.fault.code() == nova_domain::Code::NotFound));
    }

    #[test]
    fn the_smallest_encoding_that_the_client_takes_is_sent_under_its_own_tag() {
        let encoding = |accepts: &'static str| {
            let response = ask(FILES, "assets/a-1.js", &[(header::ACCEPT_ENCODING, accepts)]);
            let tag = header_of(&response, header::ETAG).to_owned();
            (header_of(&response, header::CONTENT_ENCODING).to_owned(), tag)
        };
        assert_eq!(encoding("gzip, deflate, br"), ("br".into(), "\"01-br\"".into()));
        assert_eq!(encoding("gzip, br;q=0"), ("gzip".into(), "\"01-gzip\"".into()));
        assert_eq!(encoding("identity"), (String::new(), "\"01\"".into()));
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let same = ask(FILES, "", &[(header::IF_NONE_MATCH, "\"x\", W/\"02\"")]);
        assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(FILES, "", &[(header::IF_NONE_MATCH, "\"01\"")]).status(), StatusCode::OK);
    }

    #[test]
    fn a_build_without_the_console_says_how_to_get_it() {
        let page = ask(&[], "functions", &[]);
        assert_eq!(page.status(), StatusCode::OK);
        assert!(LEFT_OUT.contains("make build"));
        assert!(header_of(&page, header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
    }
}
