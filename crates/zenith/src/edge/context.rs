//! What is known of a request before its handler runs.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;
use nova_domain::call::TraceContext;
use nova_domain::{Fault, RunId, Scope};
use tokio::time::Instant;

use crate::refused::Refused;

/// What is known of a request before its handler runs.
pub(crate) struct Context {
    /// The client's id, if it is well formed; else ours.
    pub(crate) request_id: Arc<str>,
    /// The request's id as a run's id, if Nova made it.
    pub(crate) run: Option<RunId>,
    pub(crate) scope: Scope,
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
        trace: TraceContext,
        began: Instant,
    ) -> Self {
        Self { request_id, run, scope, trace, began, route: OnceLock::new() }
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
