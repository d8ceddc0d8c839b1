//! What happens around every request of a service: its context and span, a body limit, a 500 instead of a
//! panic, problem+json for what has no route, one metric and, where something went wrong, one log line.

pub mod trace;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state, map_response_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use httpkit::context::{self, Context};
use httpkit::{Cause, LEAVING_HEADER, Problem};
use kernel::{EventId, Ids, TenantId};
use tracing::{Instrument, Span};

use crate::app::panic_text;
use crate::health::Health;
use crate::telemetry::with_causes;

/// Request bodies; what needs more has a limit of its own.
pub const BODY_BYTES: usize = 1024 * 1024;

/// The header with the gateway's id of a request.
pub const REQUEST_ID: &str = "x-request-id";

/// The header by which the gateway tells the organization; what counts is the service token.
const TENANT: &str = "x-tenantry-tenant";

/// A request id is ours or a test's; anything longer is noise in every log line.
const REQUEST_ID_CHARS: usize = 64;

/// Wraps a service's router. [`crate::run`] does; tests that start a service in process do too.
pub fn wrap(router: Router, ids: Ids) -> Router {
    router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(ids, observe))
}

/// Marks the answers of a service that is leaving with [`LEAVING_HEADER`]. [`crate::run`] does.
pub fn tell_of_leaving(router: Router, health: Health) -> Router {
    router.layer(map_response_with_state(health, mark_leaving))
}

async fn mark_leaving(State(health): State<Health>, mut response: Response) -> Response {
    if health.draining() {
        let name = HeaderName::from_static(LEAVING_HEADER);
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("1"));
    }
    response
}

async fn observe(State(ids): State<Ids>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let mut context = context_of(&request, &ids);
    let span = span_of(&method, route, &context, request.headers());
    if let Some(ours) = trace::join(&span, context.traceparent.as_deref()) {
        context.traceparent = Some(ours);
    }

    let too_large = declared_length(request.headers()).is_some_and(|bytes| bytes > BODY_BYTES);
    let answer = async {
        if too_large {
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large").into_response();
        }
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        answer.unwrap_or_else(|panic| {
            tracing::error!(reason = panic_text(&*panic), "request handler panicked");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error").into_response()
        })
    };
    let response = context::scope(Arc::new(context), answer)
        .instrument(span.clone())
        .await;
    record(&method, route, &response, started, &span);
    response
}

fn context_of(request: &Request, ids: &Ids) -> Context {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let given = header(REQUEST_ID).filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_CHARS);
    Context {
        request_id: given.map_or_else(|| ids.next::<EventId>().to_string(), str::to_owned),
        traceparent: Some(
            match header("traceparent").filter(|value| trace::well_formed(value)) {
                Some(given) => given.to_owned(),
                None => trace::fresh(ids),
            },
        ),
        path: request.uri().path().to_owned(),
    }
}

fn span_of(method: &Method, route: &str, context: &Context, headers: &HeaderMap) -> Span {
    // For the log alone, so the gateway's word is enough.
    let tenant: Option<TenantId> = headers
        .get(TENANT)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    tracing::info_span!(
        "http.request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        method = %method,
        route,
        request_id = context.request_id,
        trace_id = context.trace_id(),
        tenant.id = tenant.map(tracing::field::display),
        user.id = tracing::field::Empty,
        status = tracing::field::Empty,
    )
}

fn record(method: &Method, route: &str, response: &Response, started: Instant, span: &Span) {
    let status = response.status();
    let elapsed = started.elapsed();
    let labels = [
        ("method", method_label(method).to_owned()),
        ("route", route.to_owned()),
        ("status", class_label(status).to_owned()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(elapsed.as_secs_f64());

    span.record("status", status.as_u16());
    let _entered = span.enter();
    let cause = response
        .extensions()
        .get::<Cause>()
        .map(|cause| with_causes(cause.0.as_ref()));
    let cause = cause.as_deref();
    let duration_ms = elapsed.as_secs_f64() * 1000.0;
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(
            status = status.as_u16(),
            duration_ms,
            cause,
            "request failed"
        );
    } else if status.is_server_error() {
        tracing::warn!(
            status = status.as_u16(),
            duration_ms,
            cause,
            "request not served"
        );
    } else {
        tracing::debug!(
            status = status.as_u16(),
            duration_ms,
            cause,
            "request served"
        );
    }
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A client may invent methods; a label may not.
pub fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The class of a status, `2xx`.
pub fn class_label(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
