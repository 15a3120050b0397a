//! Everything that happens to each request before and after its handler.

pub(crate) mod audited;
pub(crate) mod authorise;
pub(crate) mod aws;
pub(crate) mod context;
pub(crate) mod guard;
mod identity;
pub(crate) mod measure;
pub(crate) mod proxies;
mod scope;
mod signature;
pub(crate) mod site;
pub(crate) mod trace;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use nova_api::headers;
use nova_api::v1::problem::{self, Problem};
use nova_domain::{Code, Fault, FaultResult, RunId};
use tokio::time::Instant;
use tower_service::Service as _;

use crate::app::App;
use crate::refused::{Pending, Refused};
use context::Context;
use identity::Identity;
use proxies::Peer;

const REQUEST_ID: HeaderName = HeaderName::from_static(headers::REQUEST_ID);
const QUOTA_WARNING: HeaderName = HeaderName::from_static(headers::QUOTA_WARNING);
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const TRACEPARENT: HeaderName = HeaderName::from_static(headers::TRACEPARENT);

/// Takes requests in and gives answers out.
#[derive(Clone)]
pub(crate) struct Edge {
    app: App,
    router: Router,
}

impl Edge {
    pub(crate) fn new(app: App) -> FaultResult<Self> {
        let router = app.router()?;
        Ok(Self { app, router })
    }

    /// Answers one request. Never fails: what goes wrong is a problem document.
    pub(crate) async fn handle<B>(&self, request: Request<B>, peer: Peer) -> Response
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let began = Instant::now();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (head, body) = request.into_parts();
        let (head, mut body) = (Request::from_parts(head, ()), Body::new(body));
        let signed = signature::of(&self.app, &head, &mut body).await;
        let (context, refusal) = self.admit(&head, signed, peer, began).await;
        let context = Arc::new(context);
        let is_aws = aws::is_path(uri.path());
        let mut response = match refusal {
            Some(fault) => Refused::from(fault).into_response(),
            None => {
                let mut request = head.map(|()| body);
                request.extensions_mut().insert(context.clone());
                // A panic in one handler is that request's misfortune, not the connection's.
                let answer = AssertUnwindSafe(self.router.clone().call(request)).catch_unwind().await;
                match answer {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(panic) => Refused::from(panic_fault(panic.as_ref())).into_response(),
                }
            }
        };
        let fault = response.extensions_mut().remove::<Pending>();
        if let Some(Pending(refused)) = &fault {
            response = problem_response(refused, &context.request_id, response, is_aws);
        }
        if is_aws {
            aws::sign(&mut response, &context.request_id);
        }
        sign(response.headers_mut(), &context);
        self.warn(&mut response, &context);
        let status = response.status();
        self.app.inner.meter.count(&context, &method, status, began.elapsed());
        note(&context, &method, uri.path(), status, began.elapsed(), fault.as_ref());
        response
    }

    /// Tells somebody who is known which soft limits of their tenant are reached.
    fn warn(&self, response: &mut Response, context: &Context) {
        // First what is almost always nothing, and costs one look.
        let Some(text) = self.app.quotas().warning(&context.scope) else { return };
        let knows = context.caller().is_ok_and(|caller| caller.knows(&context.scope.tenant));
        if let (true, true, Ok(value)) = (response.status().is_success(), knows, HeaderValue::try_from(text))
        {
            response.headers_mut().insert(QUOTA_WARNING, value);
        }
    }

    /// The context of a request, and why it goes no further.
    async fn admit(
        &self,
        request: &Request<()>,
        signed: Option<Identity>,
        peer: Peer,
        began: Instant,
    ) -> (Context, Option<Fault>) {
        let parts = self.app.parts();
        let headers = request.headers();
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| is_id(id));
        let (request_id, run) = match given {
            Some(id) => (Arc::from(id), None),
            None => {
                let run = parts.ids.run();
                (Arc::from(run.as_str()), Some(run))
            }
        };
        let trace = trace::enter(headers);
        // The guard goes first: a foreign page learns nothing else.
        let guarded = parts.guard.as_ref().map_or(Ok(()), |guard| guard.check(request));
        let identity = match (&guarded, signed) {
            (Ok(()), Some(identity)) => identity,
            (Ok(()), None) => identity::of(&self.app, request).await,
            (Err(fault), _) => Identity::Unknown(Fault::new(fault.code(), fault.message())),
        };
        let default = &self.app.inner.default_scope;
        let home = match &identity {
            Identity::Known(principal) => principal.home.as_ref(),
            Identity::Unknown(_) => None,
        };
        let scope = scope::of(headers, home.unwrap_or(&default.tenant), &default.namespace);
        let (scope, refusal) = match (scope, guarded) {
            (Ok(scope), Ok(())) => (scope, None),
            (_, Err(fault)) | (Err(fault), Ok(())) => (default.clone(), Some(fault)),
        };
        (Context::new(request_id, run, scope, identity, peer, trace, began), refusal)
    }
}

/// A request id of a client: 1 to 128 letters, digits, `.`, `_` or `-`.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

pub(crate) fn panic_fault(panic: &(dyn std::any::Any + Send)) -> Fault {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Fault::internal(format!("a handler panicked: {text}"))
}

/// The problem document in place of the empty answer, whose headers (such as `Allow`) stay.
pub(crate) fn problem_response(
    refused: &Refused,
    request_id: &str,
    mut response: Response,
    is_aws: bool,
) -> Response {
    if let Some(after) = refused.fault.retry_after() {
        // Whole seconds, rounded up: never sooner than said.
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if is_aws {
        return aws::error_response(refused, response);
    }
    let mut problem = Problem::of(&refused.fault, request_id);
    problem.status = response.status().as_u16();
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(problem::CONTENT_TYPE));
    if refused.fault.code() == Code::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"nova\""));
    }
    *response.body_mut() = Body::from(body);
    response
}

/// Names the request in its answer, and keeps the answer out of pages from elsewhere: no browser gives
/// it to one as a picture or a script, whatever it holds.
fn sign(headers: &mut HeaderMap, context: &Context) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    if let Ok(value) = HeaderValue::from_str(&context.request_id) {
        headers.insert(REQUEST_ID, value);
    }
    if let Some(value) = context.trace.traceparent.as_ref().and_then(|text| HeaderValue::from_str(text).ok())
    {
        headers.insert(TRACEPARENT, value);
    }
}

/// One line in the log: loud only where something is wrong, because calls are many.
fn note(
    context: &Context,
    method: &Method,
    path: &str,
    status: StatusCode,
    took: Duration,
    fault: Option<&Pending>,
) {
    let (request_id, scope) = (&*context.request_id, &context.scope);
    let ms = took.as_secs_f64() * 1000.0;
    let status = status.as_u16();
    let caller = context.caller_text().map(tracing::field::display);
    match fault {
        Some(Pending(refused)) if status >= 500 => {
            tracing::error!(%method, path, status, ms, request_id, %scope, caller, cause = %refused.fault.log_line(), "request");
        }
        Some(Pending(refused)) => {
            tracing::info!(%method, path, status, ms, request_id, %scope, caller, cause = %refused.fault.log_line(), "request");
        }
        None => tracing::debug!(%method, path, status, ms, request_id, %scope, caller, "request"),
    }
}

/// A fresh id for a call: the request's own if Nova made it, so that both are one; else a new
/// one, because two requests may carry the same id of a client.
pub(crate) fn run_id(app: &App, context: &Context) -> RunId {
    context.run.clone().unwrap_or_else(|| app.parts().ids.run())
}
