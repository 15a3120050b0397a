//! Which pages of other origins may send requests to a function and read what it answers (CORS).

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultResult};

/// Most entries of each list.
pub const ENTRIES_MAX: usize = 100;
/// Longest time that a browser may keep what a preflight told, seconds. Browsers keep it for less.
pub const MAX_AGE_MAX: u32 = 86_400;
/// Longest origin or name of a header, bytes.
const ENTRY_MAX: usize = 256;
const ANY: &str = "*";
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What pages of other origins may. Each list can be `*` alone, which is any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cors {
    /// Origins (`https://app.example`).
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    /// Headers of requests, beside those that browsers always let through; lower case.
    pub headers: Vec<String>,
    /// Headers of answers that pages may read, beside those that browsers always show; lower case.
    pub expose_headers: Vec<String>,
    /// Whether browsers send cookies along.
    pub credentials: bool,
    /// How long browsers may keep what a preflight told, seconds.
    pub max_age_s: u32,
}

impl Cors {
    /// Itself with each entry in its one form, if it can be meant.
    pub fn validated(self) -> FaultResult<Self> {
        let cors = Self {
            origins: list("origins", self.origins, origin)?,
            methods: list("methods", self.methods, method)?,
            headers: list("headers", self.headers, header)?,
            expose_headers: list("expose_headers", self.expose_headers, header)?,
            ..self
        };
        if cors.origins.is_empty() {
            return refuse("origins", "names no origin; name one, `*` for any, or leave `http_cors` out");
        }
        if cors.credentials && is_any(&cors.origins) {
            let rule = "cannot be `*` with credentials: any page could act as its visitor; name the origins";
            return refuse("origins", rule);
        }
        if cors.max_age_s > MAX_AGE_MAX {
            let rule = format!("must be 0 to {MAX_AGE_MAX}, is {}", cors.max_age_s);
            return refuse("max_age_s", &rule);
        }
        Ok(cors)
    }

    /// Whether every page is let in, whatever its origin.
    pub fn lets_all_in(&self) -> bool {
        is_any(&self.origins)
    }

    /// Whether pages of this origin are let in.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.lets_all_in() || self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }

    /// The methods to tell a page that asks for one of them.
    pub fn methods_for(&self, asked: &str) -> String {
        if is_any(&self.methods) { asked.to_owned() } else { self.methods.join(", ") }
    }

    /// The headers to tell a page that asks for some of them.
    pub fn headers_for(&self, asked: &str) -> String {
        if is_any(&self.headers) { asked.to_owned() } else { self.headers.join(", ") }
    }
}

fn is_any(entries: &[String]) -> bool {
    entries.first().is_some_and(|entry| entry == ANY)
}

fn refuse<T>(field: &str, rule: &str) -> FaultResult<T> {
    let field = format!("http_cors.{field}");
    Err(Fault::invalid(format!("{field} {rule}")).with_field(field, rule))
}

/// Each entry in its one form, once; `*` goes alone.
fn list(
    field: &str,
    entries: Vec<String>,
    form: impl Fn(&str) -> Result<String, String>,
) -> FaultResult<Vec<String>> {
    if entries.len() > ENTRIES_MAX {
        return refuse(field, &format!("has {} entries, over the limit of {ENTRIES_MAX}", entries.len()));
    }
    let mut kept: Vec<String> = Vec::with_capacity(entries.len());
    for entry in &entries {
        let trimmed = entry.trim();
        let shown: String = trimmed.chars().take(80).collect();
        let formed = match trimmed {
            ANY if entries.len() == 1 => Ok(ANY.to_owned()),
            ANY => Err("`*` goes alone".to_owned()),
            text if text.len() > ENTRY_MAX => Err(format!("is longer than {ENTRY_MAX} bytes")),
            text => form(text),
        };
        match formed {
            Ok(formed) if kept.contains(&formed) => {}
            Ok(formed) => kept.push(formed),
            Err(why) => return refuse(field, &format!("{shown:?}: {why}")),
        }
    }
    Ok(kept)
}

/// What browsers send in `Origin`: scheme, host and perhaps a port.
fn origin(text: &str) -> Result<String, String> {
    let bad = || "is no origin; write https://HOST[:PORT], without a path".to_owned();
    let (scheme, rest) = text.split_once("://").ok_or_else(bad)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(named),
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-'));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0));
    if !(is_scheme && is_host && is_port) {
        return Err(bad());
    }
    let (scheme, rest) = (scheme.to_ascii_lowercase(), rest.to_ascii_lowercase());
    // Browsers leave out the port that the scheme means.
    let meant = match scheme.as_str() {
        "http" => Some(":80"),
        "https" => Some(":443"),
        _ => None,
    };
    let rest = meant.and_then(|port| rest.strip_suffix(port)).unwrap_or(&rest);
    Ok(format!("{scheme}://{rest}"))
}

fn method(text: &str) -> Result<String, String> {
    let upper = text.to_ascii_uppercase();
    if METHODS.contains(&upper.as_str()) {
        return Ok(upper);
    }
    Err(format!("is no method; use {} or `*`", METHODS.join(", ")))
}

fn header(text: &str) -> Result<String, String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.is_empty() && text.bytes().all(token) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("is no name of a header".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origins: &[&str]) -> Cors {
        Cors { origins: origins.iter().map(|text| (*text).to_owned()).collect(), ..Cors::default() }
    }

    fn refused(cors: Cors, field: &str) {
        let fault = cors.clone().validated().expect_err("refused");
        assert!(fault.message().contains(&format!("http_cors.{field}")), "{cors:?}: {fault}");
    }

    #[test]
    fn an_origin_is_what_browsers_send() {
        let cors = of(&[
            "https://App.example/",
            "http://localhost:5173",
            "https://app.example:443",
            "http://[::1]:80",
            "capacitor://localhost",
        ]);
        let good = cors.validated().expect("good");
        assert_eq!(
            good.origins,
            ["https://app.example", "http://localhost:5173", "http://[::1]", "capacitor://localhost"]
        );
        assert!(good.allows_origin("https://app.example"));
        for foreign in ["http://app.example", "https://app.example.evil", "https://xapp.example", "null", ""]
        {
            assert!(!good.allows_origin(foreign), "{foreign}");
        }
        for bad in [
            "",
            "app.example",
            "null",
            "https://",
            "https://a/b",
            "https://u@a",
            "https://a:0",
            "https://a:x",
            "https://*.example",
            "1://a",
            "https://a b",
            "https://[zz]",
        ] {
            refused(of(&[bad]), "origins");
        }
    }

    #[test]
    fn any_origin_goes_alone_and_without_credentials() {
        assert!(of(&["*"]).validated().expect("good").allows_origin("http://anywhere.example"));
        refused(of(&["*", "https://a.example"]), "origins");
        refused(Cors { credentials: true, ..of(&["*"]) }, "origins");
        refused(of(&[]), "origins");
        let named = Cors { credentials: true, ..of(&["https://a.example"]) };
        assert!(named.validated().is_ok());
    }

    #[test]
    fn methods_and_headers_are_names_or_any() {
        let lists = |methods: &[&str], headers: &[&str]| Cors {
            methods: methods.iter().map(|text| (*text).to_owned()).collect(),
            headers: headers.iter().map(|text| (*text).to_owned()).collect(),
            ..of(&["*"])
        };
        let good = lists(&["get", "PUT", "GET"], &["X-Mine", "content-type"]).validated().expect("good");
        assert_eq!(
            (good.methods_for("PATCH"), good.headers_for("x-y")),
            ("GET, PUT".into(), "x-mine, content-type".into())
        );
        let any = lists(&["*"], &["*"]).validated().expect("good");
        assert_eq!((any.methods_for("PATCH"), any.headers_for("x-y")), ("PATCH".into(), "x-y".into()));
        refused(lists(&["TRACE"], &[]), "methods");
        refused(lists(&["*", "GET"], &[]), "methods");
        refused(lists(&[], &["x y"]), "headers");
        refused(lists(&[], &[&"x".repeat(300)]), "headers");
        refused(lists(&[], &["x-a"; ENTRIES_MAX + 1]), "headers");
        refused(Cors { max_age_s: MAX_AGE_MAX + 1, ..of(&["*"]) }, "max_age_s");
    }
}
