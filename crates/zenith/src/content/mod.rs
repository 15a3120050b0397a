//! The content listener: what users wrote, served to people and programs outside.
//!
//! ```text
//! serve > content (id, guard, trace; problem, metrics, log) > address > access > event > call > answer
//! ```
//!
//! Nothing of the control side is here: no route of the API, no session, no cookie of ours. Pages that
//! functions serve are of another origin than the console (another port at least), so browsers keep
//! them apart; what they share with it, cookies of the host, is kept out in both directions.

mod access;
mod address;
mod answer;
mod cors;
mod event;
mod headers;
mod rates;
mod stream;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use nova_domain::access::Principal;
use nova_domain::call::{
    Call, CallChain, CallSource, FunctionError, FunctionErrorKind, FunctionRef, Qualifier, TraceContext,
};
use nova_domain::function::Mode;
use nova_domain::http::{Cors, HttpAccess, HttpRates, HttpSettings};
use nova_domain::{Code, Fault, FaultResult, FunctionId, RunId, Scope};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::edge::guard::DevGuard;
use crate::edge::proxies::Peer;
use crate::edge::{is_id, panic_fault, problem_response, trace};
use crate::refused::{Pending, Refused};
use crate::routes::call::{FAILED_BY, pointed};
use address::Address;
use rates::Taken;

pub(crate) use access::joined;
pub(crate) use address::address_of;

/// Where the content listener is, for those who make addresses.
#[derive(Debug, Clone)]
pub struct ContentSite {
    /// The port that it listens on.
    pub port: u16,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The origin under which a proxy offers it, such as `https://apps.example`.
    pub public_url: Option<String>,
    /// How many requests functions take that do not say it themselves.
    pub rates: HttpRates,
}

/// Version of the function that answered.
const VERSION: HeaderName = HeaderName::from_static("nova-version");
const REQUEST_ID: HeaderName = HeaderName::from_static(nova_api::headers::REQUEST_ID);

/// Takes requests of the content listener.
#[derive(Clone)]
pub(crate) struct Content {
    app: App,
    /// With `--dev`: only names of this machine are answered to.
    guard: Option<Arc<DevGuard>>,
    taken: Arc<Taken>,
}

/// What is known of a request.
pub(crate) struct Visit {
    pub(crate) request_id: Arc<str>,
    pub(crate) run: RunId,
    pub(crate) peer: Peer,
    pub(crate) trace: TraceContext,
}

impl Content {
    pub(crate) fn new(app: App) -> Self {
        let site = app.parts().content.as_ref();
        let guard = app.parts().guard.as_ref().map(|_| Arc::new(DevGuard::new(site.map(|site| site.port))));
        let taken = Arc::new(Taken::new(site.map(|site| site.rates).unwrap_or_default()));
        Self { app, guard, taken }
    }

    /// Answers one request. Never fails: what goes wrong is a problem document.
    pub(crate) async fn handle<B>(&self, request: Request<B>, peer: Peer) -> Response
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let began = Instant::now();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let visit = self.visit(&request, peer);
        let origin = cors::origin(request.headers());
        let mut seen = Seen::default();
        let answered =
            AssertUnwindSafe(self.answer(request.map(Body::new), &visit, &mut seen)).catch_unwind();
        let mut response = match answered.await {
            Ok(Ok(response)) => response,
            Ok(Err(refused)) => refused.into_response(),
            Err(panic) => Refused::from(panic_fault(panic.as_ref())).into_response(),
        };
        let fault = response.extensions_mut().remove::<Pending>();
        if let Some(Pending(refused)) = &fault {
            response = problem_response(refused, &visit.request_id, response, false);
            headers::protect_problem(response.headers_mut());
        }
        let into = response.headers_mut();
        into.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(id) = HeaderValue::from_str(&visit.request_id) {
            into.insert(REQUEST_ID, id);
        }
        if let Some(cors) = &seen.cors {
            cors::allow(cors, origin.as_ref(), into);
        }
        note(&visit, &seen, &method, uri.path(), response.status(), began.elapsed(), fault.as_ref());
        response
    }

    fn visit<B>(&self, request: &Request<B>, peer: Peer) -> Visit {
        let run = self.app.parts().ids.run();
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let request_id = given.filter(|id| is_id(id)).map_or_else(|| run.as_str().into(), Arc::from);
        Visit { request_id, run, peer, trace: trace::enter(request.headers()) }
    }

    async fn answer(
        &self,
        request: Request<Body>,
        visit: &Visit,
        seen: &mut Seen,
    ) -> Result<Response, Refused> {
        let (mut parts, body) = request.into_parts();
        if let Some(guard) = &self.guard {
            guard.check_host(&parts)?;
        }
        if matches!(parts.method, Method::CONNECT | Method::TRACE) {
            let text = format!("{} is not taken here", parts.method);
            return Err(Fault::new(Code::MethodNotAllowed, text).into());
        }
        let uri = parts.uri.clone();
        let nothing = || Refused::from(nothing_at(uri.path()));
        let address = Address::of(&uri).ok_or_else(nothing)?;
        let functions = self.app.functions();
        let (function, http) = match functions.offered(&address.scope, &address.name).await {
            Ok(offered) => offered,
            // Whether there is a function, a namespace or a tenant of that name is nobody's business.
            Err(fault) if fault.code() == Code::NotFound => return Err(nothing()),
            Err(fault) => return Err(self.mild(fault).into()),
        };
        seen.access = http.access.as_str();
        if http.access == HttpAccess::Off {
            return Err(nothing());
        }
        seen.cors = http.cors.clone();
        if let Some(answer) = seen.cors.as_ref().and_then(|cors| cors::preflight(cors, &parts)) {
            return Ok(answer?);
        }
        let (caller, raw_query) = self.let_in(&mut parts, visit, &address, &function, &http).await?;
        seen.function = Some((address.scope.clone(), address.name.to_string()));
        if headers::asks_for_websocket(&parts.headers) {
            return Err(Fault::invalid(
                "WebSocket connections are not offered here: answer with a stream, or server-sent events",
            )
            .with_field("Upgrade", "leave it out")
            .into());
        }
        let payload = event::read(&parts, body, visit, &address, &raw_query).await?;
        let qualifier = match http.alias {
            Some(alias) => pointed(Qualifier::alias(alias), &parts.headers)?,
            None => Qualifier::Active,
        };
        let target = FunctionRef { name: address.name.clone(), qualifier };
        let snapshot = functions.snapshot(&address.scope, &target).await.map_err(|fault| self.mild(fault))?;
        let mut chain = CallChain::default();
        // A call of a function by a key of its own is one of its calls here too.
        if let Some(of) = caller.as_ref().and_then(|caller| caller.function.as_ref())
            && of.scope == address.scope
        {
            chain.0.push(of.name.clone());
        }
        let call = Call {
            id: visit.run.clone(),
            scope: address.scope.clone(),
            target,
            payload,
            source: CallSource::Http,
            chain,
            trace: visit.trace.clone(),
            deadline: None,
            cancel: CancellationToken::new(),
            caller,
            client_context: None,
        };
        let mut response = self.call(call, snapshot.spec.mode, visit).await?;
        if http.access == HttpAccess::Signed && !response.headers().contains_key(header::REFERRER_POLICY) {
            // The address is a secret: it does not go to whatever the page links to.
            response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        if seen.cors.is_some() {
            cors::forget(response.headers_mut());
        }
        Ok(response)
    }

    /// Whose request it is, if anybody is known, and its query without what only Nova reads. Fails unless
    /// the function lets it in.
    async fn let_in(
        &self,
        parts: &mut Parts,
        visit: &Visit,
        address: &Address<'_>,
        function: &FunctionId,
        http: &HttpSettings,
    ) -> FaultResult<(Option<Arc<Principal>>, String)> {
        if http.access != HttpAccess::Key {
            self.taken.count_client(function, &http.rates, visit.peer.address)?;
        }
        let mut caller = None;
        let raw_query = match http.access {
            HttpAccess::Off | HttpAccess::Public => address.raw_query.to_owned(),
            HttpAccess::Key => {
                caller = Some(access::by_key(&self.app, &mut parts.headers, address).await?);
                address.raw_query.to_owned()
            }
            HttpAccess::Signed => {
                access::by_signature(&self.app, &parts.method, address, function, http.generation)?
            }
        };
        self.taken.count(function, &http.rates)?;
        Ok((caller, raw_query))
    }

    /// Calls the function and makes an answer of what comes back.
    async fn call(&self, call: Call, mode: Mode, visit: &Visit) -> Result<Response, Refused> {
        let invoker = &self.app.parts().invoker;
        if streams(mode) {
            let events = invoker.invoke_stream(call).await.map_err(|fault| self.mild(fault))?;
            return stream::answer(self, visit, events).await;
        }
        let outcome = invoker.invoke(call).await.map_err(|fault| self.mild(fault))?;
        let version = outcome.function.version;
        Ok(match outcome.result {
            Ok(result) => versioned(answer::of_result(&result)?, version),
            Err(error) => versioned(self.failed(&error, visit), version),
        })
    }

    /// The answer for a function that failed. What failed is told with `--dev` only: outside nobody
    /// has to know, and its owner finds it in the run's record.
    fn failed(&self, error: &FunctionError, visit: &Visit) -> Response {
        let (code, text) = match error.kind {
            FunctionErrorKind::Timeout => (Code::FunctionTimeout, "the function did not answer in time"),
            FunctionErrorKind::BadResponse => {
                (Code::BadAnswer, "the function's answer is too large, or none that can be given")
            }
            _ => (Code::FunctionFailed, "the function failed"),
        };
        let details = format!("{}: {}", error.error_type, error.message);
        let message = if self.app.parts().guard.is_some() {
            format!("{text}: {details}")
        } else {
            format!("{text}; run {} says why", visit.run)
        };
        let mut response = Refused::from(Fault::new(code, message).with_source(details)).into_response();
        response.headers_mut().insert(FAILED_BY, HeaderValue::from_static("function"));
        response
    }

    /// A fault as outsiders may see it: what is about how a function is set up is not for them.
    fn mild(&self, fault: Fault) -> Fault {
        let shown = matches!(
            fault.code(),
            Code::PayloadTooLarge
                | Code::PermissionDenied
                | Code::QueueFull
                | Code::ResourceExhausted
                | Code::Cancelled
                | Code::DeadlineExceeded
                | Code::SandboxLost
                | Code::Internal
        );
        if shown || self.app.parts().guard.is_some() {
            return fault;
        }
        let mild = Fault::new(Code::Unavailable, "this address cannot be served right now; try again later")
            .with_source(fault.log_line());
        match fault.retry_after() {
            Some(after) => mild.with_retry_after(after),
            None => mild,
        }
    }
}

/// Whether functions of a mode can stream their answer here. What a program prints is one answer.
fn streams(mode: Mode) -> bool {
    matches!(mode, Mode::Handler | Mode::Lambda)
}

/// Says which version answered.
fn versioned(mut response: Response, version: u32) -> Response {
    response.headers_mut().insert(VERSION, HeaderValue::from(version));
    response
}

/// The same words for what does not exist and for what is not offered.
fn nothing_at(path: &str) -> Fault {
    let path: String = path.chars().take(200).collect();
    Fault::new(Code::NotFound, format!("there is nothing at {path}"))
}

/// What the log and the metrics say of a request.
#[derive(Default)]
struct Seen {
    /// Empty: no function's address.
    access: &'static str,
    function: Option<(Scope, String)>,
    /// What pages of other origins may.
    cors: Option<Cors>,
}

fn note(
    visit: &Visit,
    seen: &Seen,
    method: &Method,
    path: &str,
    status: StatusCode,
    took: Duration,
    fault: Option<&Pending>,
) {
    let access = if seen.access.is_empty() { "none" } else { seen.access };
    metrics::counter!("nova_content_requests_total", "access" => access, "status" => status.as_u16().to_string())
        .increment(1);
    metrics::histogram!("nova_content_request_duration_seconds", "access" => access)
        .record(took.as_secs_f64());
    let (request_id, run) = (&*visit.request_id, &visit.run);
    let (ms, status) = (took.as_secs_f64() * 1000.0, status.as_u16());
    let scope = seen.function.as_ref().map(|(scope, _)| tracing::field::display(scope));
    let function = seen.function.as_ref().map(|(_, name)| name.as_str());
    let peer = visit.peer.address.map(tracing::field::display);
    match fault {
        Some(Pending(refused)) if status >= 500 => {
            tracing::warn!(target: "nova_access", %method, path, status, ms, request_id, %run, scope, function, peer, cause = %refused.fault.log_line(), "content");
        }
        Some(Pending(refused)) => {
            tracing::debug!(target: "nova_access", %method, path, status, ms, request_id, %run, scope, function, peer, cause = %refused.fault.log_line(), "content");
        }
        None => {
            tracing::debug!(target: "nova_access", %method, path, status, ms, request_id, %run, scope, function, peer, "content");
        }
    }
}
