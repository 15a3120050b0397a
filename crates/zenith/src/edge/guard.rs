//! The guard of `--dev`, where no key is needed: only programs on this machine may ask, and
//! web pages of others may not.
//!
//! A page that a browser has open can send requests to 127.0.0.1. It cannot hide its `Origin`
//! (cross-site request forgery), and if it points its own name at 127.0.0.1 (DNS rebinding) the
//! `Host` has that name.

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use nova_domain::{Code, Fault, FaultResult};

/// Accepts requests to a loopback name or address on one of these ports.
#[derive(Debug, Clone)]
pub struct DevGuard {
    ports: Vec<u16>,
}

impl DevGuard {
    /// A guard of listeners on these ports.
    pub fn new(ports: impl IntoIterator<Item = u16>) -> Self {
        Self { ports: ports.into_iter().collect() }
    }

    pub(crate) fn check<B>(&self, request: &Request<B>) -> FaultResult<()> {
        self.host(request.uri(), request.headers())?;
        let headers = request.headers();
        match only(headers, header::ORIGIN)? {
            // Pictures, scripts and frames of foreign pages come without `Origin`.
            None if is_part_of_foreign_page(request.method(), headers)? => Err(refuse(
                "this server runs with --dev and is no part of web pages from elsewhere (header Sec-Fetch-Site)",
            )),
            None => Ok(()),
            Some(origin) if origin.strip_prefix("http://").is_some_and(|host| self.is_ours(host)) => Ok(()),
            Some(_) => Err(refuse(
                "this server runs with --dev and takes no requests of web pages from elsewhere (header Origin)",
            )),
        }
    }

    /// The name that the client knows this server by is this machine's. For the content listener, whose
    /// answers may be for pages of elsewhere: functions say so themselves.
    pub(crate) fn check_host(&self, parts: &Parts) -> FaultResult<()> {
        self.host(&parts.uri, &parts.headers)
    }

    fn host(&self, uri: &Uri, headers: &HeaderMap) -> FaultResult<()> {
        // HTTP/2 has the host in the request line; a header beside it must not speak against it.
        let host = match uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => only(headers, header::HOST)?,
        };
        if !host.is_some_and(|host| self.is_ours(host)) {
            return Err(refuse(
                "this server runs with --dev and answers only to localhost; use http://127.0.0.1 and its port",
            ));
        }
        Ok(())
    }

    /// Whether `host` (with its port) is this machine and one of our ports.
    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => match port.parse() {
                Ok(port) => (name, port),
                Err(_) => return false,
            },
            _ => (host, 80),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let loopback = bare
            .parse::<IpAddr>()
            .map_or_else(|_| name.eq_ignore_ascii_case("localhost"), |address| address.is_loopback());
        loopback && self.ports.contains(&port)
    }
}

/// Whether a browser says that a page of elsewhere asks, and that it is not somebody who follows a link.
fn is_part_of_foreign_page(method: &Method, headers: &HeaderMap) -> FaultResult<bool> {
    let text = |name: &'static str| only(headers, HeaderName::from_static(name));
    if !matches!(text("sec-fetch-site")?, Some("cross-site" | "same-site")) {
        return Ok(false);
    }
    let follows = method == Method::GET
        && text("sec-fetch-mode")? == Some("navigate")
        && text("sec-fetch-dest")? == Some("document");
    Ok(!follows)
}

/// The one value of a header; two different ones are an attempt to be read in two ways.
fn only(headers: &HeaderMap, name: header::HeaderName) -> FaultResult<Option<&str>> {
    let mut values = headers.get_all(&name).iter().map(HeaderValue::to_str);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(refuse("a header that may be there once is there twice, or is no text")),
    }
}

fn refuse(message: &str) -> Fault {
    Fault::new(Code::PermissionDenied, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: Option<&str>, origin: Option<&str>) -> bool {
        let mut request = Request::builder().uri("/functions");
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        DevGuard::new([9000, 80]).check(&request.body(()).expect("valid")).is_ok()
    }

    #[test]
    fn only_loopback_with_our_port_is_a_host() {
        for good in [
            "127.0.0.1:9000",
            "localhost:9000",
            "LOCALHOST:9000",
            "[::1]:9000",
            "127.9.9.9:9000",
            "localhost",
        ] {
            assert!(check(Some(good), None), "{good}");
        }
        for bad in [
            "evil.example:9000",
            "127.0.0.1:9001",
            "localhost.evil.example:9000",
            "127.0.0.1.evil.example:9000",
            "10.0.0.1:9000",
            "[::2]:9000",
            "127.0.0.1:x",
            "",
        ] {
            assert!(!check(Some(bad), None), "{bad}");
        }
        assert!(!check(None, None));
    }

    #[test]
    fn nothing_here_is_part_of_a_page_from_elsewhere() {
        let fetched = |site: &str, mode: &str, dest: &str, method: &str| {
            let request =
                Request::builder().uri("/functions").method(method).header("host", "127.0.0.1:9000");
            let request = request
                .header("sec-fetch-site", site)
                .header("sec-fetch-mode", mode)
                .header("sec-fetch-dest", dest);
            DevGuard::new([9000]).check(&request.body(()).expect("valid")).is_ok()
        };
        assert!(fetched("same-origin", "cors", "empty", "GET"));
        assert!(fetched("none", "navigate", "document", "GET"), "typed in");
        assert!(fetched("cross-site", "navigate", "document", "GET"), "a link");
        for (site, mode, dest, method) in [
            ("same-site", "no-cors", "image", "GET"),
            ("cross-site", "no-cors", "script", "GET"),
            ("same-site", "navigate", "iframe", "GET"),
            ("same-site", "navigate", "document", "POST"),
            ("same-site", "cors", "empty", "GET"),
        ] {
            assert!(!fetched(site, mode, dest, method), "{site} {mode} {dest} {method}");
        }
    }

    #[test]
    fn only_our_own_pages_may_ask() {
        let host = Some("127.0.0.1:9000");
        assert!(check(host, Some("http://localhost:9000")));
        for bad in [
            "null",
            "http://evil.example",
            "https://127.0.0.1:9000",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:9000@evil",
        ] {
            assert!(!check(host, Some(bad)), "{bad}");
        }
    }
}
