//! Requests that are signed as AWS's clients do. The signature covers the body, so the body
//! is read here, before anybody is known; but not for a key pair that does not exist, or at
//! another time.

use std::sync::Arc;

use axum::body::Body;
use http::{Request, header};
use nova_api::headers;
use nova_control::access::sigv4::{self, Claim, Refusal, SignedParts};
use nova_domain::access::Principal;
use nova_domain::{Code, Fault, FaultResult};

use super::aws;
use super::identity::{Identity, dev};
use crate::app::App;
use crate::body;

/// Who signed the request; `None` if it is not signed, or not to be.
pub(super) async fn of(app: &App, request: &Request<()>, body: &mut Body) -> Option<Identity> {
    let signed = |value: &http::HeaderValue| value.as_bytes().starts_with(sigv4::SCHEME.as_bytes());
    if !aws::is_path(request.uri().path())
        || !request.headers().get_all(header::AUTHORIZATION).iter().any(signed)
        || app.parts().guard.as_ref().is_some_and(|guard| guard.check(request).is_err())
    {
        return None;
    }
    let checked = check(app, request, body).await;
    let result = if checked.is_ok() { "good" } else { "bad" };
    metrics::counter!("nova_signatures_total", "result" => result).increment(1);
    Some(match checked {
        Ok(principal) => Identity::Known(principal),
        // With `--dev` nobody needs a key, but these clients sign always, with anything.
        Err(fault) if app.parts().guard.is_some() && is_of_nobody(&fault) => Identity::Known(dev()),
        Err(fault) => Identity::Unknown(fault),
    })
}

fn is_of_nobody(fault: &Fault) -> bool {
    let source = std::error::Error::source(fault);
    source.and_then(|source| source.downcast_ref::<Refusal>()) == Some(&Refusal::UnknownKey)
}

async fn check(app: &App, request: &Request<()>, body: &mut Body) -> FaultResult<Arc<Principal>> {
    if request.headers().contains_key(headers::API_KEY) {
        return Err(Fault::new(
            Code::Unauthenticated,
            "two credentials; send a signature or X-Api-Key, not both",
        ));
    }
    let signed = signed_parts(request);
    let access = app.access();
    let claim = Claim::read(&signed, access.now())?;
    let signer = access.signer(claim.access_key_id).await?;
    let bytes = body::read(request.headers(), std::mem::take(body), body::EVENT).await;
    let bytes = bytes.map_err(|refused| refused.fault)?;
    *body = Body::from(bytes.clone());
    access.signed_by(&signer, &claim, &signed, &bytes)
}

fn signed_parts(request: &Request<()>) -> SignedParts<'_> {
    let mut headers = Vec::with_capacity(request.headers().len() + 1);
    // One that is no text cannot be what was signed.
    let text = |value| std::str::from_utf8(value).unwrap_or("\u{fffd}");
    headers.extend(request.headers().iter().map(|(name, value)| (name.as_str(), text(value.as_bytes()))));
    // HTTP/2 has the host in the request line.
    if let (Some(authority), false) =
        (request.uri().authority(), request.headers().contains_key(header::HOST))
    {
        headers.push(("host", authority.as_str()));
    }
    SignedParts {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers,
    }
}
