//! The admin listener: for the operator and the orchestrator, never for clients, so on an address of its own.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{StatusCode, Uri};
use httpkit::Json;

use crate::health::Health;
use crate::metrics_page::MetricsPage;
use crate::pages::Pages;

/// `/healthz` says that the process runs and asks nothing else, since a restart would not cure a dependency;
/// `/readyz` says whether traffic should come; `/metrics` is for Prometheus.
///
/// Every other path is looked up among the service's own pages.
pub(crate) fn router(health: Health, page: MetricsPage, pages: Pages) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready).with_state(health))
        .route("/metrics", get(metrics).with_state(page))
        .fallback_service(get(own).with_state(pages))
}

async fn ready(State(health): State<Health>) -> Response {
    let report = health.report().await;
    let status = if report.status.takes_traffic() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(report)).into_response()
}

async fn own(State(pages): State<Pages>, uri: Uri) -> Response {
    pages.answer(uri.path())
}

async fn metrics(State(page): State<MetricsPage>) -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        page.render(),
    )
}
