//! What is known of a request before its handler runs.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;
use nova_control::access::sigv4::Refusal;
use nova_domain::access::{Principal, Subject};
use nova_domain::call::TraceContext;
use nova_domain::{Fault, FaultResult, RunId, Scope};
use tokio::time::Instant;

use super::identity::Identity;
use super::proxies::Peer;

use crate::refused::Refused;

/// What is known of a request before its handler runs.
pub(crate) struct Context {
    /// The client's id, if it is well formed; else ours.
    pub(crate) request_id: Arc<str>,
    /// The request's id as a run's id, if Nova made it.
    pub(crate) run: Option<RunId>,
    pub(crate) scope: Scope,
    identity: Identity,
    /// Where the request comes from.
    pub(crate) peer: Peer,
    /// This request as the parent of what it causes.
    pub(crate) trace: TraceContext,
    pub(crate) began: Instant,
    /// The route's pattern, once it is known.
    pub(crate) route: OnceLock<MatchedPath>,
}

impl Context {
    pub(crate) fn new(
        request_id: Arc<str>,
        run: Option<RunId>,
        scope: Scope,
        identity: Identity,
        peer: Peer,
        trace: TraceContext,
        began: Instant,
    ) -> Self {
        Self { request_id, run, scope, identity, peer, trace, began, route: OnceLock::new() }
    }

    /// Who asks; a fault if nobody knows.
    pub(crate) fn caller(&self) -> FaultResult<&Arc<Principal>> {
        match &self.identity {
            Identity::Known(principal) => Ok(principal),
            Identity::Unknown(fault) => Err(again(fault)),
        }
    }

    /// Who asks, for the log.
    pub(crate) fn caller_text(&self) -> Option<&Subject> {
        match &self.identity {
            Identity::Known(principal) => Some(&principal.subject),
            Identity::Unknown(_) => None,
        }
    }
}

/// The same fault once more, with its cause as text.
fn again(fault: &Fault) -> Fault {
    let mut same = Fault::new(fault.code(), fault.message());
    if let Some(after) = fault.retry_after() {
        same = same.with_retry_after(after);
    }
    match std::error::Error::source(fault) {
        Some(source) => match source.downcast_ref::<Refusal>() {
            Some(refusal) => same.with_source(*refusal),
            None => same.with_source(source.to_string()),
        },
        None => same,
    }
}

/// The context, for handlers. Taking it also tells the edge which route it was.
pub(crate) struct Ctx(pub(crate) Arc<Context>);

impl std::ops::Deref for Ctx {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Ctx {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let Some(context) = parts.extensions.remove::<Arc<Context>>() else {
            return Err(Fault::internal("a handler was reached without passing the edge").into());
        };
        if let Some(route) = parts.extensions.remove::<MatchedPath>() {
            let _ = context.route.set(route);
        }
        Ok(Self(context))
    }
}
