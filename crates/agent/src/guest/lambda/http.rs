//! The head of an HTTP/1.1 request to the Runtime API, and the text of answers. Only what
//! that API needs: what is ambiguous (two lengths, an unknown coding) is refused.

use super::body::{Body, Chunked};

/// Longest head of a request, bytes.
pub(super) const HEAD_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;

/// The head of a request, as far as anybody here looks.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    /// Without query.
    pub(super) path: String,
    pub(super) body: Body,
    /// The client waits for a word before it sends the body.
    pub(super) expects_continue: bool,
    pub(super) keep_alive: bool,
    /// `Lambda-Runtime-Function-Response-Mode: streaming`.
    pub(super) streaming: bool,
    /// `Lambda-Runtime-Function-Error-Type`.
    pub(super) error_type: Option<String>,
}

/// A request that is refused before its body is looked at; the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadHead {
    Malformed,
    TooLarge,
}

impl Head {
    /// The head at the start of `input` and its length; `None` while it is not whole.
    pub(super) fn parse(input: &[u8]) -> Result<Option<(Self, usize)>, BadHead> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let used = match request.parse(input) {
            Ok(httparse::Status::Complete(used)) if used <= HEAD_MAX => used,
            Ok(httparse::Status::Partial) if input.len() <= HEAD_MAX => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(BadHead::TooLarge),
            Err(_) => return Err(BadHead::Malformed),
        };
        let path = request.path.unwrap_or_default();
        let mut head = Self {
            method: request.method.unwrap_or_default().to_owned(),
            path: path.split('?').next().unwrap_or_default().to_owned(),
            body: Body::Fixed { left: 0 },
            expects_continue: false,
            keep_alive: request.version == Some(1),
            streaming: false,
            error_type: None,
        };
        let (mut length, mut chunked) = (None, false);
        for header in request.headers.iter() {
            let value = std::str::from_utf8(header.value).map_err(|_| BadHead::Malformed)?.trim();
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                let number = Some(parse_length(value)?);
                if length.is_some() && length != number {
                    return Err(BadHead::Malformed);
                }
                length = number;
            } else if is("transfer-encoding") {
                if !value.eq_ignore_ascii_case("chunked") || chunked {
                    return Err(BadHead::Malformed);
                }
                chunked = true;
            } else if is("connection") {
                let says = |word: &str| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word));
                head.keep_alive = !says("close") && (head.keep_alive || says("keep-alive"));
            } else if is("expect") {
                head.expects_continue = value.eq_ignore_ascii_case("100-continue");
            } else if is("lambda-runtime-function-response-mode") {
                head.streaming = value.eq_ignore_ascii_case("streaming");
            } else if is("lambda-runtime-function-error-type") {
                head.error_type = Some(value.to_owned());
            }
        }
        head.body = match (length, chunked) {
            (Some(_), true) => return Err(BadHead::Malformed),
            (None, true) => Body::Chunked(Chunked::default()),
            (length, false) => Body::Fixed { left: length.unwrap_or(0) },
        };
        Ok(Some((head, used)))
    }
}

fn parse_length(text: &str) -> Result<u64, BadHead> {
    // `parse` alone would take a sign.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadHead::Malformed);
    }
    text.parse().map_err(|_| BadHead::Malformed)
}

/// An answer with further headers and a JSON body.
pub(super) fn answer(out: &mut Vec<u8>, status: &str, headers: &[(&str, &str)], close: bool, body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n");
    for (name, value) in headers {
        // Values come from a call: nothing in them may end the line.
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if close {
        head.push_str("Connection: close\r\n");
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Option<(Head, usize)>, BadHead> {
        Head::parse(text.as_bytes())
    }

    #[test]
    fn a_head_says_what_is_asked_and_how_the_body_comes() {
        let text = "POST /2018-06-01/runtime/invocation/1/response?x HTTP/1.1\r\nHost: a\r\n\
                    Content-Length: 12\r\nExpect: 100-continue\r\n\r\nbody";
        let (head, used) = parse(text).expect("well formed").expect("whole");
        assert_eq!((head.method.as_str(), used), ("POST", text.len() - 4));
        assert_eq!(head.path, "/2018-06-01/runtime/invocation/1/response");
        assert!(head.expects_continue && head.keep_alive && !head.streaming);
        assert!(matches!(head.body, Body::Fixed { left: 12 }));
        let text = "POST /r HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\
                    Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n";
        let (head, _) = parse(text).expect("well formed").expect("whole");
        assert!(matches!(head.body, Body::Chunked(_)) && head.streaming && !head.keep_alive);
        assert!(parse("GET / HTTP/1.1\r\nHost").expect("so far").is_none());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for headers in [
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "a b: c\r\n",
        ] {
            let text = format!("POST / HTTP/1.1\r\n{headers}\r\n");
            assert_eq!(parse(&text).err(), Some(BadHead::Malformed), "{headers}");
        }
        let long = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(HEAD_MAX));
        assert_eq!(parse(&long).err(), Some(BadHead::TooLarge));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(HEADERS_MAX + 1));
        assert_eq!(parse(&many).err(), Some(BadHead::TooLarge));
    }

    proptest! {
        #[test]
        fn random_heads_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Head::parse(&bytes);
        }
    }
}
