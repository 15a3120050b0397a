//! Headers that pass between outside and a function, and those that do not.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use nova_api::headers::SESSION_COOKIE;

/// Headers about one connection.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "expect",
];

/// Headers of an answer that reach beyond its own address: every function of the listener shares its
/// origin with others, and its host with the console.
const BEYOND: &[&str] = &[
    // Would sign people out of the console, or have their other functions' data thrown away.
    "clear-site-data",
    // Would shut out a console that is served without TLS.
    "strict-transport-security",
    "public-key-pins",
    // Would send requests for other functions elsewhere.
    "alt-svc",
    // Would let a script of one function stand in for all.
    "service-worker-allowed",
    // Would report other functions' addresses.
    "nel",
    "report-to",
    "reporting-endpoints",
];

/// How keys and sessions of Nova begin.
const OUR_TOKENS: &[&str] = &["nova_", "novas_", "novai_"];

/// Names that only Nova sets, towards functions and towards clients.
fn is_reserved(name: &str) -> bool {
    name.starts_with("nova-") || name.starts_with("x-nova-")
}

/// Whether a function gets this header of a request. Cookies are another matter.
pub(super) fn passes_in(name: &HeaderName, value: &HeaderValue, named_by_connection: &[String]) -> bool {
    let name = name.as_str();
    if HOP_BY_HOP.contains(&name) || is_reserved(name) || named_by_connection.iter().any(|one| one == name) {
        return false;
    }
    // A key opens more than this function: whoever wrote it must not collect keys.
    let holds_token = matches!(name, "authorization" | "x-api-key");
    !(holds_token && holds_our_token(value.as_bytes()))
}

/// Whether a header says whom a proxy got the request from, and how.
pub(super) fn is_forwarded(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "x-real-ip")
}

fn holds_our_token(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    text.split(|c: char| c.is_whitespace() || c == ',')
        .any(|word| OUR_TOKENS.iter().any(|start| word.trim_matches('"').starts_with(start)))
}

/// Whether a client gets this header of a function's answer.
pub(super) fn passes_out(name: &HeaderName) -> bool {
    let name = name.as_str();
    !HOP_BY_HOP.contains(&name) && !BEYOND.contains(&name) && !is_reserved(name) && name != "content-length"
}

/// Headers that `Connection` names, lower case.
pub(super) fn named_by_connection(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

/// Whether a cookie of that name could be taken for a session of the console. Prefixes that browsers
/// know do not make it another one; a cookie without name is sent as its value alone, which may look
/// like one with a name.
pub(super) fn is_session_cookie(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    let bare = ["__host-", "__secure-", "__http-", "__hosthttp-", "__host-http-"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(&name);
    name.is_empty() || bare.starts_with(SESSION_COOKIE)
}

/// The cookies of a request, each `name=value`, without sessions of the console.
pub(super) fn cookies_in(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).iter();
    let texts: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    texts
        .iter()
        .flat_map(|text| text.split(';'))
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .filter(|pair| !is_session_cookie(pair.split_once('=').map_or("", |(name, _)| name)))
        .map(str::to_owned)
        .collect()
}

/// Whether an answer may set this cookie.
pub(super) fn may_set_cookie(value: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(value.as_bytes());
    let pair = text.split(';').next().unwrap_or_default();
    !is_session_cookie(pair.split_once('=').map_or("", |(name, _)| name))
}

pub(super) fn asks_for_websocket(headers: &HeaderMap) -> bool {
    headers.get_all(header::UPGRADE).iter().any(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        text.split(',').any(|one| one.trim().starts_with("websocket"))
    })
}

/// What an answer of Nova itself has: it is no page.
pub(super) fn protect_problem(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> HeaderValue {
        HeaderValue::from_str(text).expect("a value")
    }

    #[test]
    fn cookies_that_could_be_a_session_pass_in_neither_direction() {
        for bad in [
            "nova_session=x",
            "nova_session",
            " NOVA_Session =x; Path=/v1",
            "__Host-nova_session=x; Secure",
            "__Http-nova_session=x",
            "nova_session_2=x",
            "=nova_session=x",
            "nova_session=x; Domain=example.com",
            "",
        ] {
            assert!(!may_set_cookie(&value(bad)), "{bad}");
        }
        for good in ["a=nova_session", "session=1; Path=/", "my_nova_session=1"] {
            assert!(may_set_cookie(&value(good)), "{good}");
        }
        let mut headers = HeaderMap::new();
        headers.append("cookie", value("a=1; nova_session=secret; b=2"));
        headers.append("cookie", value("__Host-nova_session=secret;c=nova_session=3; nova_session=more"));
        assert_eq!(cookies_in(&headers), ["a=1", "b=2", "c=nova_session=3"]);
    }

    #[test]
    fn a_function_gets_no_key_of_nova_and_no_header_that_only_nova_sets() {
        let passes = |name: &str, text: &str| {
            passes_in(&name.parse().expect("a name"), &value(text), &["x-hop".to_owned()])
        };
        for (name, text) in [
            ("authorization", "Bearer nova_abc"),
            ("authorization", "bearer  novas_abc"),
            ("x-api-key", "nova_abc"),
            ("nova-key", "x"),
            ("nova-sticky-key", "x"),
            ("x-nova-tenant", "x"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("te", "trailers"),
        ] {
            assert!(!passes(name, text), "{name}: {text}");
        }
        for (name, text) in
            [("authorization", "Bearer eyJ"), ("x-api-key", "mine"), ("accept", "*/*"), ("novae", "x")]
        {
            assert!(passes(name, text), "{name}: {text}");
        }
    }

    #[test]
    fn an_answer_reaches_no_further_than_its_own_address() {
        for name in [
            "connection",
            "transfer-encoding",
            "content-length",
            "clear-site-data",
            "strict-transport-security",
            "alt-svc",
            "service-worker-allowed",
            "nova-version",
            "x-nova-tenant",
            "nel",
        ] {
            assert!(!passes_out(&name.parse().expect("a name")), "{name}");
        }
        for name in ["content-type", "location", "access-control-allow-origin", "cache-control", "set-cookie"]
        {
            assert!(passes_out(&name.parse().expect("a name")), "{name}");
        }
    }

    #[test]
    fn websockets_are_known_by_their_upgrade() {
        let mut headers = HeaderMap::new();
        assert!(!asks_for_websocket(&headers));
        headers.insert("upgrade", value("h2c"));
        assert!(!asks_for_websocket(&headers));
        headers.append("upgrade", value("foo, WebSocket"));
        assert!(asks_for_websocket(&headers));
    }
}
