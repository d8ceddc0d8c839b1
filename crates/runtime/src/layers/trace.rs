//! W3C Trace Context: takes part in the caller's trace, begins one where there is none.

use std::collections::HashMap;

use kernel::{EventId, Ids};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Whether a `traceparent` header can be used: version 00, ids in lower-case hex and not all zero.
pub fn well_formed(value: &str) -> bool {
    let hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let id = |part: &str, length: usize| hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let mut parts = value.split('-');
    match (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) {
        (Some("00"), Some(trace), Some(span), Some(flags), None) => {
            id(trace, 32) && id(span, 16) && hex(flags, 2)
        }
        _ => false,
    }
}

/// A `traceparent` that begins a trace.
pub(super) fn fresh(ids: &Ids) -> String {
    let trace = ids.next::<EventId>().uuid();
    let (_, span) = ids.next::<EventId>().uuid().as_u64_pair();
    format!("00-{}-{span:016x}-01", trace.simple())
}

/// Makes the caller's span, told by its `traceparent`, the parent of ours. Where spans are exported, answers the
/// `traceparent` by which ours becomes the parent of what we call.
pub fn join(span: &Span, caller: Option<&str>) -> Option<String> {
    let carrier = caller.map(|value| ("traceparent".to_owned(), value.to_owned()));
    let carrier: HashMap<String, String> = carrier.into_iter().collect();
    let parent = TraceContextPropagator::new().extract(&carrier);
    span.set_parent(parent).ok()?;
    let ours = span.context().span().span_context().clone();
    let (trace, id, flags) = (ours.trace_id(), ours.span_id(), ours.trace_flags().to_u8());
    ours.is_valid()
        .then(|| format!("00-{trace}-{id}-{flags:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_usable_traceparent_is_taken() {
        assert!(well_formed(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        ));
        for bad in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert!(!well_formed(bad), "{bad}");
        }
        assert!(well_formed(&fresh(&Ids::system())));
    }
}
