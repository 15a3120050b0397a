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
    /// Every cookie that is called so, each value once.
    Sessions(Vec<&'r str>),
}

/// Session cookies that are looked at; a browser has one, and a page that plants more is not worth more.
const SESSIONS_MAX: usize = 16;

/// Finds out who asks.
pub(super) async fn of<B>(app: &App, request: &Request<B>) -> Identity {
    let known = match shown(request.headers()) {
        Err(fault) => Err(fault),
        Ok(Shown::Token(text)) => app.access().by_bearer(text).await,
        Ok(Shown::Sessions(texts)) if app.parts().site.is_own_page(request) => {
            match by_sessions(app, &texts).await {
                // No session is needed there: one that was planted or has ended shuts nobody out.
                Err(fault) if app.parts().guard.is_some() && fault.code() == Code::Unauthenticated => {
                    return Identity::Known(DEV.clone());
                }
                found => found,
            }
        }
        // With `--dev` everybody who gets past the guard is the developer, cookie or not.
        Ok(_) if app.parts().guard.is_some() => return Identity::Known(DEV.clone()),
        Ok(Shown::Sessions(_)) => {
            Err(unknown("a session is taken from pages of this server only (header Origin)"))
        }
        Ok(Shown::Nothing) => Err(unknown("no key; send one as `Authorization: Bearer KEY`")),
    };
    match known {
        Ok(principal) => Identity::Known(principal),
        Err(fault) => Identity::Unknown(fault),
    }
}

/// The session among the cookies. A page on another port of this host can plant cookies beside the real
/// one, which cannot be told apart by their looks: those that open nothing are passed over, and two
/// that do are refused.
async fn by_sessions(app: &App, texts: &[&str]) -> FaultResult<Arc<Principal>> {
    let mut found: Option<Arc<Principal>> = None;
    let mut refusal = None;
    for text in texts.iter().take(SESSIONS_MAX) {
        match app.access().by_session(text).await {
            Ok(principal) if found.is_none() => found = Some(principal),
            Ok(_) => return Err(unknown("two sessions in the cookies; remove the cookies of this site")),
            Err(fault) => refusal = Some(fault),
        }
    }
    found.ok_or_else(|| refusal.unwrap_or_else(|| unknown("no session")))
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
    let sessions = sessions(headers);
    Ok(if sessions.is_empty() { Shown::Nothing } else { Shown::Sessions(sessions) })
}

fn bearer(text: &str) -> FaultResult<&str> {
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(unknown("this kind of Authorization is not taken; send `Bearer` and a key")),
    }
}

/// The values of the cookies that could be a session, each once.
fn sessions(headers: &HeaderMap) -> Vec<&str> {
    let mut found = Vec::new();
    for value in headers.get_all(header::COOKIE) {
        let Ok(text) = value.to_str() else { continue };
        for pair in text.split(';') {
            let Some((name, value)) = pair.trim().split_once('=') else { continue };
            if name == headers::SESSION_COOKIE && !found.contains(&value) {
                found.push(value);
            }
        }
    }
    found
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
        assert_eq!(shown(&headers(&[cookie])).expect("fine"), Shown::Sessions(vec!["novas_x"]));
        assert_eq!(shown(&headers(&[("cookie", "xnova_session=1")])).expect("fine"), Shown::Nothing);
        let planted = ("cookie", "nova_session=; nova_session=novas_x; nova_session=y; nova_session=novas_x");
        assert_eq!(shown(&headers(&[planted])).expect("fine"), Shown::Sessions(vec!["", "novas_x", "y"]));
        for odd in [
            &[("authorization", "Basic eDp5")][..],
            &[("authorization", "k")],
            &[("authorization", "Bearer k"), ("x-api-key", "k")],
            &[("x-api-key", "k"), ("x-api-key", "l")],
        ] {
            let mut all = HeaderMap::new();
            for (name, value) in odd {
                all.append(*name, value.parse().expect("value"));
            }
            assert_eq!(shown(&all).expect_err("odd").code(), Code::Unauthenticated, "{odd:?}");
        }
    }
}
