//! Calling functions.

pub(super) mod aws;
pub(super) mod enqueue;
pub(super) mod invoke;
pub(super) mod stream;

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use nova_api::headers;
use nova_domain::alias::{STICKY_KEY_MAX, sticky_point};
use nova_domain::call::{CALL_DEPTH_MAX, Call, CallChain, CallSource, FunctionRef, Qualifier};
use nova_domain::{Code, Fault, FaultResult, FunctionName};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::body;
use crate::edge::context::Context;
use crate::edge::run_id;
use crate::query::PathParams;
use crate::refused::Refused;

pub(crate) use invoke::FAILED_BY;

/// Reads the request and makes the call of it.
async fn call_of(
    app: &App,
    context: &Context,
    path: &PathParams,
    source: CallSource,
    parts: &Parts,
    body: Body,
) -> Result<Call, Refused> {
    let target = FunctionRef { name: path.function()?, qualifier: qualifier(parts)? };
    call_to(app, context, target, source, parts, body).await
}

/// The call of that function with the event and the headers of the request.
async fn call_to(
    app: &App,
    context: &Context,
    target: FunctionRef,
    source: CallSource,
    parts: &Parts,
    body: Body,
) -> Result<Call, Refused> {
    // What the headers say is checked before a large body is read.
    let call = call_without(app, context, target, source, parts)?;
    let payload = body::read(&parts.headers, body, body::EVENT).await?;
    if payload.iter().all(u8::is_ascii_whitespace) {
        return Ok(call);
    }
    body::check_json(&payload)?;
    Ok(Call { payload, ..call })
}

/// The call of that function with the headers of the request and an empty event.
fn call_without(
    app: &App,
    context: &Context,
    target: FunctionRef,
    source: CallSource,
    parts: &Parts,
) -> FaultResult<Call> {
    let target = FunctionRef { qualifier: pointed(target.qualifier, &parts.headers)?, ..target };
    let deadline = number(parts, headers::TIMEOUT_MS, 1, 900_000)?.map(Duration::from_millis);
    let mut chain = chain(parts)?;
    let caller = context.caller().ok().cloned();
    // A function with a key of its own cannot leave itself out of the chain.
    if let Some(of) = caller.as_ref().and_then(|caller| caller.function.as_ref())
        && of.scope == context.scope
        && chain.0.last() != Some(&of.name)
    {
        chain.0.push(of.name.clone());
    }
    Ok(Call {
        id: run_id(app, context),
        scope: context.scope.clone(),
        target,
        payload: Bytes::from_static(b"{}"),
        source,
        chain,
        trace: context.trace.clone(),
        deadline,
        cancel: CancellationToken::new(),
        caller,
        client_context: None,
    })
}

/// `?qualifier=`, then the header.
fn qualifier(parts: &Parts) -> FaultResult<Qualifier> {
    if let Some(query) = parts.uri.query() {
        let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "qualifier");
        if let Some((_, text)) = named {
            return Qualifier::parse(&text);
        }
    }
    text(parts, headers::QUALIFIER)?.map_or(Ok(Qualifier::Active), Qualifier::parse)
}

/// What decides between the versions of an alias: the sticky key, or chance.
pub(crate) fn pointed(qualifier: Qualifier, given: &HeaderMap) -> FaultResult<Qualifier> {
    if !matches!(qualifier, Qualifier::Alias(_)) {
        return Ok(qualifier);
    }
    let point = match given.get(headers::STICKY_KEY).map(HeaderValue::as_bytes) {
        None | Some(b"") => fastrand::u64(..),
        Some(key) if key.len() <= STICKY_KEY_MAX => sticky_point(key),
        Some(key) => {
            let rule = format!("at most {STICKY_KEY_MAX} bytes, has {}", key.len());
            return Err(Fault::invalid(format!("header Nova-Sticky-Key: {rule}"))
                .with_field(headers::STICKY_KEY, rule));
        }
    };
    Ok(qualifier.at_point(point))
}

fn text<'p>(parts: &'p Parts, name: &'static str) -> FaultResult<Option<&'p str>> {
    let Some(value) = parts.headers.get(name) else { return Ok(None) };
    let text =
        value.to_str().map_err(|_| Fault::invalid(format!("header {name} must be plain ASCII text")))?;
    Ok(Some(text.trim()))
}

fn number(parts: &Parts, name: &'static str, low: u64, high: u64) -> FaultResult<Option<u64>> {
    let Some(text) = text(parts, name)? else { return Ok(None) };
    match text.parse() {
        Ok(number) if (low..=high).contains(&number) => Ok(Some(number)),
        _ => Err(Fault::invalid(format!("header {name} must be a whole number, {low} to {high}"))
            .with_field(name, format!("{low} to {high}"))),
    }
}

/// The functions that led to this call. The depth can be larger than the list that a client
/// sends; too deep is refused here, because a chain cannot carry a bare number.
fn chain(parts: &Parts) -> FaultResult<CallChain> {
    let names = match text(parts, headers::CALL_CHAIN)? {
        None | Some("") => Vec::new(),
        Some(list) => list
            .split(',')
            .map(|name| FunctionName::new(name.trim()))
            .take(CALL_DEPTH_MAX as usize + 1)
            .collect::<FaultResult<Vec<_>>>()?,
    };
    let depth = number(parts, headers::CALL_DEPTH, 0, 1_000_000)?.unwrap_or(0);
    if depth > u64::from(CALL_DEPTH_MAX) {
        return Err(Fault::new(
            Code::LoopDetected,
            format!("the call is {depth} calls deep; the limit is {CALL_DEPTH_MAX}"),
        ));
    }
    Ok(CallChain(names))
}
