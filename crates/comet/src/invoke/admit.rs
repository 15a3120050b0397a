//! Checks before anything is started.

use std::sync::Arc;

use nova_domain::access::Calling;
use nova_domain::call::{Call, PAYLOAD_IN_MAX};
use nova_domain::fault::{Code, Fault, FaultResult};
use nova_domain::function::Function;
use nova_domain::ports::Quotas;
use nova_domain::quota::Permit;

/// Refuses calls that are too large, too deep, or go round in a circle.
pub(super) fn admit(call: &Call) -> FaultResult<()> {
    if call.payload.len() > PAYLOAD_IN_MAX {
        return Err(Fault::new(
            Code::PayloadTooLarge,
            format!("the event is {} bytes; a call takes at most {PAYLOAD_IN_MAX}", call.payload.len()),
        ));
    }
    call.chain.admit(&call.target.name)
}

/// Refuses callers whom the function does not let in. Asked once it is known which one is meant.
pub(super) fn let_in(call: &Call, function: &Function) -> FaultResult<()> {
    let calling = Calling { principal: call.caller.as_deref(), claimed: call.chain.0.last() };
    function.invoke_policy.check(function, calling)
}

/// A place for the call within the quotas of its tenant; `None`, at the price of one look, where
/// there are none. A caller whom the function does not let in must not use up any: asked last.
pub(super) async fn within_quotas(
    quotas: Option<&Arc<dyn Quotas>>,
    call: &Call,
) -> FaultResult<Option<Arc<Permit>>> {
    match quotas {
        Some(quotas) if quotas.limits_calls(&call.scope) => {
            let permit = quotas.admit(&call.scope).await.inspect_err(|_| {
                metrics::counter!("nova_calls_refused_total", "reason" => "quota").increment(1);
            })?;
            Ok(Some(Arc::new(permit)))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use nova_domain::call::{CALL_DEPTH_MAX, CallChain, CallSource, FunctionRef, Qualifier, TraceContext};
    use nova_domain::{FunctionName, RunId, Scope};
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn call(chain: &[&str]) -> Call {
        let name = |text: &str| FunctionName::new(text).expect("valid");
        Call {
            id: RunId::new("r1").expect("valid"),
            scope: Scope::default_scope(),
            target: FunctionRef { name: name("a"), qualifier: Qualifier::Active },
            payload: Bytes::from_static(b"{}"),
            source: CallSource::Api,
            chain: CallChain(chain.iter().map(|text| name(text)).collect()),
            trace: TraceContext::default(),
            deadline: None,
            cancel: CancellationToken::new(),
            caller: None,
            client_context: None,
        }
    }

    #[test]
    fn a_circle_of_calls_is_refused_and_shown() {
        let fault = admit(&call(&["a", "b"])).expect_err("circle");
        assert_eq!(fault.code(), Code::LoopDetected);
        assert!(fault.message().contains("a > b > a"));
        assert!(admit(&call(&["b", "c"])).is_ok());
    }

    #[test]
    fn a_chain_deeper_than_the_limit_is_refused() {
        let names: Vec<String> = (0..CALL_DEPTH_MAX).map(|n| format!("f{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(admit(&call(&names)).expect_err("deep").code(), Code::LoopDetected);
        assert!(admit(&call(&names[1..])).is_ok());
    }

    #[test]
    fn an_event_over_the_limit_is_refused_with_the_limit_in_the_text() {
        let mut large = call(&[]);
        large.payload = Bytes::from(vec![b' '; PAYLOAD_IN_MAX + 1]);
        let fault = admit(&large).expect_err("large");
        assert_eq!(fault.code(), Code::PayloadTooLarge);
        assert!(fault.message().contains(&PAYLOAD_IN_MAX.to_string()));
    }
}
