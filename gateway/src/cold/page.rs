//! The built-in page: what this is, and on an organization's host a sign-in and its boards to look at. Plain
//! HTML with one script, under a policy that lets nothing else run.

use axum::Router;
use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::host::Place;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// Pages and what they load.
pub(super) fn router() -> Router {
    Router::new()
        .route("/", get(page))
        .route(
            "/assets/page.css",
            get(async || asset("text/css", include_str!("../assets/page.css"))),
        )
        .route(
            "/assets/page.js",
            get(async || asset("text/javascript", include_str!("../assets/page.js"))),
        )
}

async fn page(Extension(place): Extension<Place>) -> Response {
    let html = match place {
        Place::Bare => include_str!("../assets/home.html"),
        Place::Tenant(_) => include_str!("../assets/board.html"),
    };
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, html).into_response()
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    (
        [
            (CONTENT_TYPE, kind.as_str()),
            (CACHE_CONTROL, "public, max-age=300"),
        ],
        text,
    )
        .into_response()
}
