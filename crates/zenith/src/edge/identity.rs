//! Who asks: by key, by session, or (with `--dev`) without anything.

use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderValue, Request, header};
use nova_api::headers;
use nova_domain::access::Principal;
use nova_domain::{Code, Fault, FaultResult};

use crate::app::App;

static DEV: LazyLock<Arc<Principal>> = LazyLock::new(|| Arc::new(Principal::dev()));

/// The developer.
pub(super) fn dev() -> Arc<Principal> {
    DEV.clone()
}

/// What is known of the caller. A caller that is not known is refused only where it matters.
pub(crate) enum Identity {
    Known(Arc<Principal>),
    /// No credential, or one that opens nothing; why.
    Unknown(Fault),
}

/// What a request shows.
#[derive(Debug, PartialEq)]
enum Shown<'r> {
    Nothing,
    /// `Authorization: Bearer` or `X-Api-Key`.
    Token(&'r str),
    Session(&'r str),
}

/// Finds out who asks.
pub(super) async fn of<B>(app: &App, request: &Request<B>) -> Identity {
    let known = match shown(request.headers()) {
        Err(fault) => Err(fault),
        Ok(Shown::Token(text)) => app.access().by_bearer(text).await,
        Ok(Shown::Session(text)) if app.parts().site.is_own_page(request) => {
            app.access().by_session(text).await
        }
        // With `--dev` everybody who gets past the guard is the developer, cookie or not.
        Ok(_) if app.parts().guard.is_some() => return Identity::Known(DEV.clone()),
        Ok(Shown::Session(_)) => {
            Err(unknown("a session is taken from pages of this server only (header Origin)"))
        }
        Ok(Shown::Nothing) => Err(unknown("no key; send one as `Authorization: Bearer KEY`")),
    };
    match known {
        Ok(principal) => Identity::Known(principal),
        Err(fault) => Identity::Unknown(fault),
    }
}

fn unknown(message: &str) -> Fault {
    Fault::new(Code::Unauthenticated, message)
}

fn shown(headers: &HeaderMap) -> FaultResult<Shown<'_>> {
    let authorization = only(headers, header::AUTHORIZATION.as_str())?;
    let key = only(headers, headers::API_KEY)?;
    let token = match (authorization, key) {
        (Some(_), Some(_)) => {
            return Err(unknown("two credentials; send Authorization or X-Api-Key, not both"));
        }
        (Some(text), None) => Some(bearer(text)?),
        (None, key) => key,
    };
    if let Some(token) = token {
        return Ok(Shown::Token(token.trim()));
    }
    session(headers).map(|session| session.map_or(Shown::Nothing, Shown::Session))
}

fn bearer(text: &str) -> FaultResult<&str> {
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(unknown("this kind of Authorization is not taken; send `Bearer` and a key")),
    }
}

/// The session in the cookies. Two different ones mean that somebody planted one: a page on
/// another port of this host can.
fn session(headers: &HeaderMap) -> FaultResult<Option<&str>> {
    let mut found = None;
    for value in headers.get_all(header::COOKIE) {
        let Ok(text) = value.to_str() else { continue };
        for pair in text.split(';') {
            let Some((name, value)) = pair.trim().split_once('=') else { continue };
            if name != headers::SESSION_COOKIE {
                continue;
            }
            match found {
                Some(other) if other != value => {
                    return Err(unknown("two sessions in the cookies; remove the cookies of this site"));
                }
                _ => found = Some(value),
            }
        }
    }
    Ok(found)
}

fn only<'h>(headers: &'h HeaderMap, name: &str) -> FaultResult<Option<&'h str>> {
    let mut values = headers.get_all(name).iter().map(HeaderValue::to_str);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(unknown("a credential is there twice, or is no text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("name"), value.parse().expect("value")))
            .collect()
    }

    #[test]
    fn a_token_goes_before_a_session_and_oddities_are_refused() {
        let cookie = ("cookie", "a=b; nova_session=novas_x");
        assert_eq!(shown(&headers(&[])).expect("fine"), Shown::Nothing);
        assert_eq!(
            shown(&headers(&[("authorization", "bearer k"), cookie])).expect("fine"),
            Shown::Token("k")
        );
        assert_eq!(shown(&headers(&[("x-api-key", "k")])).expect("fine"), Shown::Token("k"));
        assert_eq!(shown(&headers(&[cookie])).expect("fine"), Shown::Session("novas_x"));
        assert_eq!(shown(&headers(&[("cookie", "xnova_session=1")])).expect("fine"), Shown::Nothing);
        for odd in [
            &[("authorization", "Basic eDp5")][..],
            &[("authorization", "k")],
            &[("authorization", "Bearer k"), ("x-api-key", "k")],
            &[("x-api-key", "k"), ("x-api-key", "l")],
            &[cookie, ("cookie", "nova_session=novas_y")],
        ] {
            let mut all = HeaderMap::new();
            for (name, value) in odd {
                all.append(*name, value.parse().expect("value"));
            }
            assert_eq!(shown(&all).expect_err("odd").code(), Code::Unauthenticated, "{odd:?}");
        }
    }
}
