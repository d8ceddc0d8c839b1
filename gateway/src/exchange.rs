//! One request and what is known of it so far: its id, its trace, its route, its organization.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::response::IntoResponse;
use http::request::Parts;
use http::{HeaderValue, Method, Response};
use httpkit::context::{self, Context};
use httpkit::{Cause, Problem};
use kernel::{EventId, Ids, TenantId, UserId};
use runtime::layers::trace;
use tracing::Span;

use crate::limit::Standing;
use crate::route::NO_ROUTE;

/// Filled in on the way through the door.
pub struct Exchange {
    pub started: Instant,
    pub method: Method,
    pub path: String,
    pub request_id: String,
    pub traceparent: String,
    /// The route's label.
    pub route: &'static str,
    pub tenant: Option<TenantId>,
    pub user: Option<UserId>,
    pub standing: Option<Standing>,
    /// Whether the client keeps its session in cookies.
    pub browser: bool,
    /// The code of the gateway's own error answer.
    pub code: Option<&'static str>,
}

impl Exchange {
    /// A request that has just come. Its id is ours: a client's own would let it write into our logs.
    pub fn new(ids: &Ids, request: &Parts) -> Self {
        let id = ids.next::<EventId>().uuid();
        Self {
            started: Instant::now(),
            method: request.method.clone(),
            path: request.uri.path().to_owned(),
            request_id: id.to_string(),
            traceparent: traceparent(request.headers.get("traceparent"), id),
            route: NO_ROUTE,
            tenant: None,
            user: None,
            standing: None,
            browser: false,
            code: None,
        }
    }

    /// The trace's id: 32 hex digits.
    pub fn trace_id(&self) -> &str {
        self.traceparent.split('-').nth(1).unwrap_or_default()
    }

    /// The path as a log may show it; of a path that has no route nothing is shown.
    pub fn shown_path(&self) -> Cow<'_, str> {
        if self.route == NO_ROUTE {
            Cow::Borrowed(NO_ROUTE)
        } else {
            crate::route::template(&self.path)
        }
    }

    /// The span of this request, which from here on is the parent of what the services do.
    pub(crate) fn span(&mut self, given: Option<&HeaderValue>) -> Span {
        let span = tracing::info_span!(
            "http.request",
            otel.kind = "server",
            method = %self.method,
            request_id = self.request_id,
            route = tracing::field::Empty,
            status = tracing::field::Empty,
        );
        if let Some(ours) = trace::join(&span, given.and_then(|value| value.to_str().ok())) {
            self.traceparent = ours;
        }
        span
    }

    /// Answers with a problem that names this request.
    pub async fn problem(&mut self, problem: Problem) -> Response<Body> {
        self.code = Some(problem.code());
        let context = Context {
            request_id: self.request_id.clone(),
            traceparent: Some(self.traceparent.clone()),
            path: self.path.clone(),
        };
        let response = context::scope(Arc::new(context), async { problem.into_response() }).await;
        if response.status().is_server_error() {
            let cause = response
                .extensions()
                .get::<Cause>()
                .map(|cause| cause.0.as_ref() as &dyn std::error::Error);
            tracing::warn!(
                request_id = self.request_id,
                trace_id = self.trace_id(),
                route = self.route,
                code = self.code,
                cause,
                "request not served"
            );
        }
        response
    }
}

/// Goes on with the client's trace where it brings a usable one, with a span of ours; else begins a trace
/// whose id is the request's (W3C Trace Context §3.2).
fn traceparent(given: Option<&HeaderValue>, id: uuid::Uuid) -> String {
    let (_, span) = id.as_u64_pair();
    let given = given
        .and_then(|value| value.to_str().ok())
        .filter(|value| trace::well_formed(value));
    let mut parts = given.into_iter().flat_map(|value| value.split('-')).skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(trace), Some(_), Some(flags)) => format!("00-{trace}-{span:016x}-{flags}"),
        _ => format!("00-{}-{span:016x}-01", id.simple()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usable_trace_goes_on_with_a_new_span() {
        let id = uuid::Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_0001);
        let given =
            HeaderValue::from_static("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
        assert_eq!(
            traceparent(Some(&given), id),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-8000000000000001-00"
        );
        for bad in [None, Some(&HeaderValue::from_static("00-evil"))] {
            assert_eq!(
                traceparent(bad, id),
                "00-0198c0de000070008000000000000001-8000000000000001-01"
            );
        }
    }
}
