//! The built-in pages: sign-up on the bare domain; on an organization's host a sign-in, its boards to look at, and the
//! pages that the links in mails open. Plain HTML and small scripts, under a policy that lets nothing else run.

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
    let script = |text: &'static str| get(async move || asset("text/javascript", text));
    let letter = || get(async || page(include_str!("../assets/letter.html")));
    Router::new()
        .route("/", get(home))
        .route(
            "/invitations/accept",
            get(async || page(include_str!("../assets/accept.html"))),
        )
        .route("/reset-password", letter())
        .route("/register/confirm", letter())
        .route("/verify-email", letter())
        .route("/confirm-email", letter())
        .route(
            "/assets/page.css",
            get(async || asset("text/css", include_str!("../assets/page.css"))),
        )
        .route("/assets/api.js", script(include_str!("../assets/api.js")))
        .route("/assets/page.js", script(include_str!("../assets/page.js")))
        .route(
            "/assets/signup.js",
            script(include_str!("../assets/signup.js")),
        )
        .route(
            "/assets/accept.js",
            script(include_str!("../assets/accept.js")),
        )
        .route(
            "/assets/letter.js",
            script(include_str!("../assets/letter.js")),
        )
}

async fn home(Extension(place): Extension<Place>) -> Response {
    page(match place {
        Place::Bare => include_str!("../assets/home.html"),
        Place::Tenant(_) => include_str!("../assets/board.html"),
    })
}

fn page(html: &'static str) -> Response {
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
