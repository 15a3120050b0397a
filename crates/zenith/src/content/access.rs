//! Who may send requests to a function that is not public: who shows a key, or has a signed address.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, Method, header};
use nova_api::headers;
use nova_domain::access::{Permission, Principal, Target};
use nova_domain::http::SignedAddress;
use nova_domain::{Code, Fault, FaultResult, FunctionId};

use super::address::Address;
use crate::app::App;

pub(crate) const EXPIRES: &str = "nova-expires";
pub(crate) const KEY: &str = "nova-key";
pub(crate) const SIGNATURE: &str = "nova-signature";

/// Whose key (or token) is shown. Fails unless it may invoke the function. What it was shown in is taken
/// out of the headers: it opens more than this function.
pub(super) async fn by_key(
    app: &App,
    given: &mut HeaderMap,
    address: &Address<'_>,
) -> FaultResult<Arc<Principal>> {
    let key = shown_key(given).map(str::to_owned);
    if key.as_deref() == bearer(given) {
        given.remove(header::AUTHORIZATION);
    }
    let key = key.ok_or_else(|| {
        Fault::new(
            Code::Unauthenticated,
            "no key; send one as `Authorization: Bearer KEY` or `Nova-Key: KEY`",
        )
    })?;
    let caller = app.access().by_bearer(&key).await?;
    let target = Target {
        tenant: Some(&address.scope.tenant),
        namespace: Some(&address.scope.namespace),
        resource: Some(address.name.as_str()),
    };
    if caller.allows(Permission::FunctionInvoke, &target) {
        return Ok(caller);
    }
    Err(Fault::new(Code::PermissionDenied, "this key may not invoke what is here"))
}

/// The key in `Nova-Key`, else in `Authorization`.
fn shown_key(given: &HeaderMap) -> Option<&str> {
    let own = given.get(headers::CONTENT_KEY).map(HeaderValue::to_str).and_then(Result::ok).map(str::trim);
    own.or_else(|| bearer(given))
}

fn bearer(given: &HeaderMap) -> Option<&str> {
    let text = given.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// Fails unless the address was signed for this method, path and query and is still good. Returns the
/// query without the signature.
pub(super) fn by_signature(
    app: &App,
    method: &Method,
    address: &Address<'_>,
    function: &FunctionId,
    generation: u32,
) -> FaultResult<String> {
    let refuse = |text: &str| Err(Fault::new(Code::PermissionDenied, text));
    let Some(signed) = split(address.raw_query) else {
        return refuse("this address needs a signature; ask whoever gave it to you for a whole one");
    };
    let asked = SignedAddress {
        function: function.as_str(),
        generation,
        method: signed_method(method),
        raw_path: address.raw_path,
        raw_query: &signed.rest,
        expires: signed.expires,
    };
    if !app.parts().secrets.is_signed(&asked, signed.key, &signed.signature) {
        return refuse("the signature is not good for this method, path and query, or was ended");
    }
    if app.parts().clock.now().as_micros() >= signed.expires.saturating_mul(1_000_000) {
        return refuse("this address has expired; ask for a new one");
    }
    Ok(signed.rest)
}

/// What is good for reading is good for asking about it.
fn signed_method(method: &Method) -> &str {
    if method == Method::HEAD { "GET" } else { method.as_str() }
}

struct Signed<'q> {
    expires: i64,
    key: &'q str,
    signature: Vec<u8>,
    /// The query without these.
    rest: String,
}

/// Takes the parameters of the signature out of a query; `None` unless each is there once.
fn split(raw_query: &str) -> Option<Signed<'_>> {
    let (mut expires, mut key, mut signature) = (None, None, None);
    let mut rest = Vec::new();
    for pair in raw_query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = match name {
            EXPIRES => &mut expires,
            KEY => &mut key,
            SIGNATURE => &mut signature,
            _ => {
                rest.push(pair);
                continue;
            }
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    Some(Signed {
        expires: expires?.parse().ok()?,
        key: key?,
        signature: URL_SAFE_NO_PAD.decode(signature?).ok()?,
        rest: rest.join("&"),
    })
}

/// The query of a signed address.
pub(crate) fn joined(raw_query: &str, expires: i64, key: &str, signature: &[u8]) -> String {
    let signature = URL_SAFE_NO_PAD.encode(signature);
    let before = if raw_query.is_empty() { String::new() } else { format!("{raw_query}&") };
    format!("{before}{EXPIRES}={expires}&{KEY}={key}&{SIGNATURE}={signature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_a_signature_are_taken_out_and_each_is_there_once() {
        let query = joined("a=1&b", 77, "k1", b"\xff\xfe");
        let signed = split(&query).expect("whole");
        assert_eq!(
            (signed.expires, signed.key, &*signed.signature, &*signed.rest),
            (77, "k1", &b"\xff\xfe"[..], "a=1&b")
        );
        assert_eq!(split(&joined("", 1, "k", b"s")).expect("whole").rest, "");
        for bad in [
            "",
            "nova-expires=1&nova-key=k",
            "nova-expires=x&nova-key=k&nova-signature=AA",
            "nova-expires=1&nova-expires=2&nova-key=k&nova-signature=AA",
            "nova-expires=1&nova-key=k&nova-signature=!",
        ] {
            assert!(split(bad).is_none(), "{bad}");
        }
    }
}
