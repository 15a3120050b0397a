//! AWS Signature Version 4, as a server checks it: what a request claims, and whether the
//! signature belongs to it. Only in the header `Authorization`, over the whole body.
//!
//! Checked with AWS's own test suite. Everything here is a function of its arguments.

use std::fmt;
use std::fmt::Write as _;

use aws_lc_rs::hmac;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use nova_domain::{Code, Fault, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// How far the time of a request may be from ours, as at AWS.
const SKEW_US: i64 = 5 * 60 * 1_000_000;
/// The one service whose requests are taken.
const SERVICE: &str = "lambda";
/// Scheme of `Authorization`.
pub const SCHEME: &str = "AWS4-HMAC-SHA256";
/// Everything but AWS's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request, as far as signatures look at it. Names of headers are in lower case.
#[derive(Debug, Clone)]
pub struct SignedParts<'r> {
    pub method: &'r str,
    /// As it came, with its percent signs.
    pub path: &'r str,
    pub query: &'r str,
    pub headers: Vec<(&'r str, &'r str)>,
}

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A part of the signature is missing or not of its form; which.
    Incomplete(&'static str),
    /// A header that changes what the request means is not signed.
    Unsigned(&'static str),
    /// The credential's scope is of another service or day.
    Scope,
    /// The clock of the client, or of this server, is wrong, or the request is old.
    Skewed,
    /// No key pair of this server has that id.
    UnknownKey,
    /// The key pair has ended.
    Ended,
    /// The signature is of another request or secret.
    Mismatch,
}

impl Refusal {
    /// The name that AWS gives to such an error.
    pub const fn aws_type(self) -> &'static str {
        match self {
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Ended => "ExpiredTokenException",
            Self::Unsigned(_) | Self::Scope | Self::Skewed | Self::Mismatch => "InvalidSignatureException",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete(what) => write!(f, "the signature is not complete: {what}"),
            Self::Unsigned(what) => write!(f, "{what} must be among the signed headers"),
            Self::Scope => write!(
                f,
                "the credential's scope must be DATE/REGION/{SERVICE}/aws4_request with the date of x-amz-date"
            ),
            Self::Skewed => f.write_str(
                "the time of the request is more than 5 minutes from the server's; set the clock, and sign anew for each try",
            ),
            Self::UnknownKey => f.write_str(
                "the access key id is not known here; make a key pair with `nova key create NAME --aws`",
            ),
            Self::Ended => f.write_str("this key pair has expired; make a new one"),
            Self::Mismatch => f.write_str(
                "the signature does not match; check the secret access key, and that no proxy changes path, query, host or signed headers",
            ),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::new(Code::Unauthenticated, refusal.to_string()).with_source(refusal)
    }
}

/// What a request says about its signature.
#[derive(Debug, Clone)]
pub struct Claim<'r> {
    pub access_key_id: &'r str,
    /// `x-amz-date`.
    time: &'r str,
    /// `DATE/REGION/SERVICE/aws4_request`.
    scope: &'r str,
    signed_headers: &'r str,
    signature: [u8; 32],
}

impl<'r> Claim<'r> {
    /// Reads the claim and checks everything that needs no secret: form, time, and that what
    /// changes the meaning of the request is signed.
    pub fn read(parts: &SignedParts<'r>, now: Timestamp) -> Result<Self, Refusal> {
        let authorization = one(parts, "authorization").ok_or(Refusal::Incomplete("Authorization"))?;
        let fields = authorization.strip_prefix(SCHEME).ok_or(Refusal::Incomplete("the scheme"))?;
        let field = |name: &'static str| {
            let mut found = fields.split(',').filter_map(|field| field.trim().split_once('='));
            found.find(|(known, _)| *known == name).map(|(_, value)| value).ok_or(Refusal::Incomplete(name))
        };
        let (access_key_id, scope) =
            field("Credential")?.split_once('/').ok_or(Refusal::Incomplete("Credential"))?;
        let signature = signature(field("Signature")?).ok_or(Refusal::Incomplete("Signature"))?;
        let signed_headers = field("SignedHeaders")?;
        let time = one(parts, "x-amz-date").ok_or(Refusal::Incomplete("x-amz-date"))?;
        let at = seconds(time).ok_or(Refusal::Incomplete("x-amz-date"))?;
        if (at.saturating_mul(1_000_000)).saturating_sub(now.as_micros()).abs() > SKEW_US {
            return Err(Refusal::Skewed);
        }
        match scope.split('/').collect::<Vec<_>>()[..] {
            [date, region, SERVICE, "aws4_request"]
                if !region.is_empty() && time.starts_with(date) && date.len() == 8 => {}
            _ => return Err(Refusal::Scope),
        }
        check_signed(parts, signed_headers)?;
        Ok(Self { access_key_id, time, scope, signed_headers, signature })
    }

    /// Whether `secret` made this signature over this request with a body of that SHA-256.
    pub fn check(&self, parts: &SignedParts<'_>, body: &[u8], secret: &[u8]) -> Result<(), Refusal> {
        let hash = hex::encode(Sha256::digest(body));
        // Some clients send the hash. It must be right, and "UNSIGNED-PAYLOAD" is not.
        if one(parts, "x-amz-content-sha256").is_some_and(|said| said != hash) {
            return Err(Refusal::Mismatch);
        }
        let canonical = canonical_request(parts, self.signed_headers, &hash);
        let to_sign = string_to_sign(self.time, self.scope, &canonical);
        let key = signing_key(secret, self.scope);
        hmac::verify(&key, to_sign.as_bytes(), &self.signature).map_err(|_| Refusal::Mismatch)
    }
}

/// The host must be signed, and every header by which AWS or Nova is told what to do.
fn check_signed(parts: &SignedParts<'_>, signed: &str) -> Result<(), Refusal> {
    let is_signed = |name: &str| signed.split(';').any(|known| known == name);
    if !is_signed("host") {
        return Err(Refusal::Unsigned("host"));
    }
    for (name, _) in &parts.headers {
        if name.starts_with("x-amz-") && !is_signed(name) {
            return Err(Refusal::Unsigned("every header x-amz-*"));
        }
        if name.starts_with("x-nova-") && !is_signed(name) {
            return Err(Refusal::Unsigned("every header x-nova-*"));
        }
    }
    Ok(())
}

/// The one value of a header.
fn one<'r>(parts: &SignedParts<'r>, name: &str) -> Option<&'r str> {
    let mut values = parts.headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.trim()),
        _ => None,
    }
}

fn signature(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// `20150830T123600Z` as seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok().filter(|_| text.len() == 16)?;
    Some(TimeZone::UTC.to_timestamp(at).ok()?.as_second())
}

fn canonical_request(parts: &SignedParts<'_>, signed: &str, hash: &str) -> String {
    let mut text = String::with_capacity(512);
    let _ = writeln!(text, "{}", parts.method);
    canonical_path(parts.path, &mut text);
    text.push('\n');
    canonical_query(parts.query, &mut text);
    text.push('\n');
    for name in signed.split(';') {
        let _ = write!(text, "{name}:");
        let values = parts.headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value);
        for (index, value) in values.enumerate() {
            if index > 0 {
                text.push(',');
            }
            for (index, word) in value.split_ascii_whitespace().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                text.push_str(word);
            }
        }
        text.push('\n');
    }
    let _ = write!(text, "\n{signed}\n{hash}");
    text
}

/// Without `.`, `..` and empty segments, and escaped once more, as for every service but S3.
fn canonical_path(path: &str, text: &mut String) {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    for segment in &kept {
        text.push('/');
        text.extend(utf8_percent_encode(segment, RESERVED));
    }
    if kept.is_empty() || path.ends_with('/') {
        text.push('/');
    }
}

fn canonical_query(query: &str, text: &mut String) {
    let escaped = |part: &str| {
        let bytes: Vec<u8> = percent_decode_str(part).collect();
        percent_encoding::percent_encode(&bytes, RESERVED).to_string()
    };
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (escaped(name), escaped(value)))
        .collect();
    pairs.sort();
    for (index, (name, value)) in pairs.iter().enumerate() {
        let _ = write!(text, "{}{name}={value}", if index > 0 { "&" } else { "" });
    }
}

fn string_to_sign(time: &str, scope: &str, canonical: &str) -> String {
    format!("{SCHEME}\n{time}\n{scope}\n{}", hex::encode(Sha256::digest(canonical.as_bytes())))
}

/// The key of one day, region and service.
fn signing_key(secret: &[u8], scope: &str) -> hmac::Key {
    let first = [b"AWS4", secret].concat();
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, &first);
    for part in scope.split('/') {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    key
}

#[cfg(test)]
mod tests;
