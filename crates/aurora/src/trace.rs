//! Spans of calls: one from arrival to answer, below it where the time went. User code
//! gets the context of the first as `traceparent`, so that its own spans join the trace.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nova_domain::call::Call;
use nova_domain::run::{Run, RunStatus};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span};

/// Makes the spans of calls.
pub(crate) struct CallTracer(SdkTracer);

/// The span of a call that runs.
pub(crate) struct CallSpan(Span);

impl CallTracer {
    pub(crate) fn new(tracer: SdkTracer) -> Self {
        Self(tracer)
    }

    /// Begins the span and passes its context on in `call.trace`.
    pub(crate) fn begin(&self, call: &mut Call) -> CallSpan {
        let parent = call
            .trace
            .traceparent
            .as_deref()
            .and_then(parse)
            .map_or_else(Context::new, |context| Context::new().with_remote_span_context(context));
        let span = self
            .0
            .span_builder(format!("invoke {}", call.target.name))
            .with_kind(SpanKind::Server)
            .start_with_context(&self.0, &parent);
        let context = span.span_context();
        let flags = context.trace_flags().to_u8();
        call.trace.traceparent = Some(format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id()));
        CallSpan(span)
    }

    /// Ends the span with what came of the call, and adds those of its phases.
    pub(crate) fn end(&self, mut span: CallSpan, run: &Run, runtime: &'static str) {
        let span = &mut span.0;
        let begun = UNIX_EPOCH + Duration::from_micros(run.started_at.as_micros().max(0) as u64);
        let parent = Context::new().with_remote_span_context(span.span_context().clone());
        let mut at = begun;
        // `queue_us` holds the making of a sandbox; loading the code overlaps with the call.
        for (name, micros) in [("wait for sandbox", run.usage.queue_us), ("user code", run.usage.exec_us)] {
            let end = at + Duration::from_micros(micros);
            self.phase(name, at, end, &parent);
            at = end;
        }
        span.set_attributes([
            KeyValue::new("faas.name", run.function.to_string()),
            KeyValue::new("faas.version", run.version.to_string()),
            KeyValue::new("faas.invocation_id", run.id.to_string()),
            KeyValue::new("faas.coldstart", run.usage.cold_start),
            KeyValue::new("nova.runtime", runtime),
            KeyValue::new("nova.tenant", run.scope.tenant.to_string()),
            KeyValue::new("nova.namespace", run.scope.namespace.to_string()),
            KeyValue::new("nova.status", run.status.as_str()),
        ]);
        if run.status != RunStatus::Succeeded {
            let text = run.error.as_ref().map_or_else(String::new, |error| error.error_type.clone());
            span.set_status(Status::error(text));
        }
        span.end_with_timestamp(begun + Duration::from_micros(run.duration_us));
    }

    fn phase(&self, name: &'static str, from: SystemTime, to: SystemTime, parent: &Context) {
        let mut span = self.0.span_builder(name).with_start_time(from).start_with_context(&self.0, parent);
        span.end_with_timestamp(to);
    }
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, as W3C Trace Context defines it.
fn parse(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if !(is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2)) {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The trace that a `traceparent` names, in lower case: 32 hex digits, not all of them zero.
pub(crate) fn trace_id(traceparent: &str) -> Option<String> {
    let id = traceparent.split('-').nth(1)?;
    (is_hex(id, 32) && id.bytes().any(|digit| digit != b'0')).then(|| id.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_traceparent_is_taken_over() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = parse(good).expect("valid");
        assert!(context.is_sampled() && context.is_remote());
        for bad in [
            "",
            "00-x-y-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            &good[..50],
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-+1",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
    #[test]
    fn a_trace_id_is_32_hex_digits_or_none() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_id(&format!("00-{id}-00f067aa0ba902b7-01")).as_deref(), Some(id));
        assert_eq!(trace_id(&format!("00-{}-x-01", id.to_uppercase())).as_deref(), Some(id));
        for bad in ["zz".repeat(16), "0".repeat(32), id[1..].to_owned(), "é".repeat(16), String::new()] {
            assert_eq!(trace_id(&format!("00-{bad}-00f067aa0ba902b7-01")), None, "{bad}");
        }
    }
}
