//! `POST /2015-03-31/functions/{name}/invocations`: a call as AWS's clients make it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use nova_api::aws as wire;
use nova_domain::access::Calling;
use nova_domain::call::{CallSource, FunctionError, FunctionErrorKind, Outcome};
use nova_domain::job::RetrySettings;
use nova_domain::{Code, Fault, FaultResult, RunId};

use super::{call_to, text};
use crate::app::App;
use crate::edge::aws;
use crate::edge::context::Ctx;
use crate::query::{PathParams, cut};
use crate::refused::Answer;
use crate::routes::answer;

const EXECUTED_VERSION: HeaderName = HeaderName::from_static(wire::EXECUTED_VERSION);
const FUNCTION_ERROR: HeaderName = HeaderName::from_static(wire::FUNCTION_ERROR);
const LOG_RESULT: HeaderName = HeaderName::from_static(wire::LOG_RESULT);
/// What is shown of the log, bytes; as at AWS.
const TAIL_MAX: usize = 4096;
/// Largest context of a client, bytes; as at AWS.
const CONTEXT_MAX: usize = 3583;

pub(crate) async fn invoke(State(app): State<App>, ctx: Ctx, path: PathParams, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let target = aws::target(path.get("name")?, parts.uri.query())?;
    match text(&parts, wire::INVOCATION_TYPE)?.unwrap_or("RequestResponse") {
        "RequestResponse" => {}
        "DryRun" => {
            let found = app.functions().get_version(&ctx.scope, &target.name, &target.qualifier).await?;
            let calling = Calling { principal: ctx.caller().ok().map(|caller| &**caller), claimed: None };
            found.function.invoke_policy.check(&found.function, calling)?;
            return Ok(answer::no_content());
        }
        "Event" => {
            let mut call =
                call_to(&app, &ctx, target, CallSource::Queue, &parts, body).await.map_err(not_json)?;
            call.client_context = client_context(&parts)?;
            let accepted = app.queue().enqueue(call, RetrySettings::default(), None).await?;
            return super::enqueue::accepted(&accepted.job);
        }
        other => {
            return Err(Fault::invalid(format!(
                "InvocationType {:?} is none; there are RequestResponse, Event and DryRun",
                cut(other)
            ))
            .into());
        }
    }
    let wants_log = match text(&parts, wire::LOG_TYPE)?.unwrap_or("None") {
        "None" => false,
        "Tail" => true,
        other => {
            return Err(
                Fault::invalid(format!("LogType {:?} is none; there are None and Tail", cut(other))).into()
            );
        }
    };
    let client_context = client_context(&parts)?;
    let mut call = call_to(&app, &ctx, target, CallSource::Api, &parts, body).await.map_err(not_json)?;
    call.client_context = client_context;
    let id = call.id.clone();
    let outcome = app.parts().invoker.invoke(call).await?;
    respond(&id, &outcome, wants_log)
}

/// An event that is no JSON has a name of its own at AWS.
fn not_json(refused: crate::refused::Refused) -> crate::refused::Refused {
    let fault = &refused.fault;
    if fault.code() == Code::InvalidArgument && fault.message().starts_with("the event is not") {
        let message = format!("Could not parse request body into json: {}", fault.message());
        return aws::fault(Code::InvalidArgument, "InvalidRequestContentException", message).into();
    }
    refused
}

fn client_context(parts: &Parts) -> FaultResult<Option<Arc<str>>> {
    let Some(coded) = text(parts, wire::CLIENT_CONTEXT)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let refuse = |why: &str| {
        let message =
            format!("Client context must be a JSON object in base64, at most {CONTEXT_MAX} bytes: {why}");
        aws::fault(Code::InvalidArgument, "InvalidRequestContentException", message)
    };
    if coded.len() > CONTEXT_MAX {
        return Err(refuse("it is longer"));
    }
    let bytes = STANDARD.decode(coded).map_err(|_| refuse("it is no base64"))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("it is no UTF-8"))?;
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text) {
        Ok(_) => Ok(Some(text.into())),
        Err(_) => Err(refuse("it is no JSON object")),
    }
}

fn respond(id: &RunId, outcome: &Outcome, wants_log: bool) -> Answer {
    let body = match &outcome.result {
        Ok(output) if output.is_empty() => Body::from("null"),
        Ok(output) => Body::from(output.clone()),
        Err(error) => {
            let bytes = serde_json::to_vec(&error_of(id, outcome, error))
                .map_err(|error| Fault::internal("an answer could not be written").with_source(error))?;
            Body::from(bytes)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(EXECUTED_VERSION, HeaderValue::from(outcome.function.version));
    if outcome.result.is_err() {
        headers.insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
        headers.insert(super::invoke::FAILED_BY, HeaderValue::from_static("function"));
    }
    if wants_log && let Ok(value) = HeaderValue::from_str(&STANDARD.encode(log_tail(id, outcome))) {
        headers.insert(LOG_RESULT, value);
    }
    Ok(response)
}

/// The error with the names that AWS gives to what is not the code's own.
fn error_of(id: &RunId, outcome: &Outcome, error: &FunctionError) -> wire::FunctionError {
    let named = |name: &str, message: String| (name.to_owned(), message);
    let (error_type, error_message) = match error.kind {
        FunctionErrorKind::Timeout => {
            let limit = outcome.function.spec.limits.timeout_s;
            named(
                "Sandbox.Timedout",
                format!("RequestId: {id} Error: Task timed out after {limit}.00 seconds"),
            )
        }
        FunctionErrorKind::OutOfMemory => {
            named("Runtime.OutOfMemory", format!("RequestId: {id} Error: {}", error.message))
        }
        FunctionErrorKind::Exit | FunctionErrorKind::Crash => {
            named("Runtime.ExitError", format!("RequestId: {id} Error: {}", error.message))
        }
        FunctionErrorKind::BadResponse if error.is_too_large() => {
            named("Function.ResponseSizeTooLarge", error.message.clone())
        }
        FunctionErrorKind::Error | FunctionErrorKind::Init | FunctionErrorKind::BadResponse => {
            (error.error_type.clone(), error.message.clone())
        }
    };
    wire::FunctionError {
        error_message,
        error_type,
        request_id: id.to_string(),
        stack_trace: error.stack.clone(),
    }
}

/// The end of the log with the lines around it that AWS writes, which tools read.
fn log_tail(id: &RunId, outcome: &Outcome) -> Vec<u8> {
    let mut text = format!("START RequestId: {id} Version: {}\n", outcome.function.version);
    for line in &outcome.logs {
        text.push_str(&line.text);
        text.push('\n');
    }
    let usage = &outcome.usage;
    let ms = |micros: u64| micros as f64 / 1000.0;
    text.push_str(&format!(
        "END RequestId: {id}\nREPORT RequestId: {id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB",
        ms(usage.exec_us),
        usage.exec_us.div_ceil(1000),
        outcome.function.spec.limits.memory_mb,
        usage.memory_peak.div_ceil(1 << 20),
    ));
    if usage.cold_start {
        text.push_str(&format!("\tInit Duration: {:.2} ms", ms(usage.init_us)));
    }
    text.push_str("\t\n");
    let mut start = text.len().saturating_sub(TAIL_MAX);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.split_off(start).into_bytes()
}
