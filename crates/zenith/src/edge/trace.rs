//! W3C trace context: taken over if it is well formed, else begun here.

use http::HeaderMap;
use nova_api::headers;
use nova_domain::call::TraceContext;

/// Longest `tracestate` that is passed on, as the standard has it.
const TRACESTATE_MAX: usize = 512;

/// The context with this request as the new parent.
pub(crate) fn enter(headers: &HeaderMap) -> TraceContext {
    let span = fastrand::u64(1..);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some((trace, flags)) = text(headers::TRACEPARENT).and_then(parse) else {
        let trace = fastrand::u128(1..);
        return TraceContext {
            traceparent: Some(format!("00-{trace:032x}-{span:016x}-01")),
            tracestate: None,
        };
    };
    let tracestate = text(headers::TRACESTATE).filter(|state| state.len() <= TRACESTATE_MAX);
    TraceContext {
        traceparent: Some(format!("00-{trace}-{span:016x}-{flags}")),
        tracestate: tracestate.map(str::to_owned),
    }
}

/// Trace id and flags of a valid `traceparent`.
fn parse(text: &str) -> Option<(&str, &str)> {
    let mut fields = text.split('-');
    let (version, trace, parent, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let hex = |text: &str, len| {
        text.len() == len && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let whole = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    // Version 00 ends here; later ones may go on.
    let ends = version != "00" || fields.next().is_none();
    (whole && ends && version != "ff" && !zero(trace) && !zero(parent)).then_some((trace, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(traceparent: &str) -> String {
        let mut map = HeaderMap::new();
        map.insert("traceparent", traceparent.parse().expect("a header value"));
        enter(&map).traceparent.expect("always there")
    }

    #[test]
    fn a_valid_parent_gives_its_trace_and_gets_a_new_span() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        let made = entered(given);
        assert_eq!(&made[..36], &given[..36]);
        assert_ne!(made, given);
        assert!(made.ends_with("-00"), "not sampled stays not sampled");
        assert!(parse(&made).is_some());
    }

    #[test]
    fn a_broken_parent_begins_a_new_trace() {
        for bad in [
            "",
            "00-xyz",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            let made = entered(bad);
            assert!(parse(&made).is_some() && !made.contains("4bf92f"), "{bad}: {made}");
        }
    }
}
