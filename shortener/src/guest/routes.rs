//! HTTP of guests. Everything here is public; the gateway's service token only tells the
//! organization.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use httpkit::{Path, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Guest;
use super::answer::{Live, Refusal, SharedBody};
use super::attempt::Attempt;
use super::open;
use crate::state::{AppState, Shortener};

/// A password and a little around it.
const BODY_BYTES: usize = 4 * 1024;
/// On every answer under `/s/`: nothing is kept, indexed, framed, or told to the next site.
const HEADERS: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("x-robots-tag"),
        "noindex, nofollow, noarchive",
    ),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (VARY, "accept, cookie"),
];

/// The same where a script of ours keeps the page up to date.
const LIVE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(open_link, unlock_link))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(map_response(protect))
        .merge(Router::new().route("/s/assets/{file}", get(asset)).into())
}

/// Shows what a link shares, or asks for its password.
///
/// A page for browsers; JSON with `Accept: application/json`.
#[utoipa::path(
    get, path = "/s/{code}", tag = "guests", operation_id = "open_link",
    params(("code" = String, Path)),
    responses(
        (status = 200, body = SharedBody),
        (status = 302, description = "To the page that a link to an address leads to"),
        (status = 401, description = "`password_required`: send it by POST"),
        (status = 403, description = "`link_not_started`"),
        (status = 404, description = "No such link, or taken back"),
        (status = 410, description = "Expired or used up"),
    )
)]
async fn open_link(
    State(shortener): State<Arc<Shortener>>,
    guest: Guest,
    method: Method,
) -> Response {
    match open::show(&shortener, &guest, method == Method::HEAD).await {
        Ok(shown) => shown.respond(guest.format, &shortener.pages),
        Err(refusal) => refusal.respond(guest.format, &shortener.pages),
    }
}

/// Opens a link with its password, from a form or as JSON.
#[utoipa::path(
    post, path = "/s/{code}", tag = "guests", operation_id = "unlock_link",
    params(("code" = String, Path)),
    request_body = Attempt,
    responses(
        (status = 200, body = SharedBody),
        (status = 303, description = "To the page, for forms"),
        (status = 401, description = "`wrong_password`"),
        (status = 404, description = "No such link, or taken back"),
        (status = 410, description = "Expired or used up"),
        (status = 429, description = "Too many attempts"),
    )
)]
async fn unlock_link(
    State(shortener): State<Arc<Shortener>>,
    guest: Guest,
    attempt: Result<Attempt, Problem>,
) -> Response {
    let opened = match attempt {
        Ok(attempt) => open::unlock(&shortener, &guest, attempt).await,
        Err(problem) => Err(Refusal::from(problem)),
    };
    match opened {
        Ok(shown) => shown.respond(guest.format, &shortener.pages),
        Err(refusal) => refusal.respond(guest.format, &shortener.pages),
    }
}

/// What the pages need. Names change with the content.
async fn asset(State(shortener): State<Arc<Shortener>>, Path(file): Path<String>) -> Response {
    match shortener.pages.asset(&file) {
        Some((kind, text)) => {
            let headers = [
                (CONTENT_TYPE, kind),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, text).into_response()
        }
        None => Problem::not_found().into_response(),
    }
}

async fn protect(mut response: Response) -> Response {
    let live = response.extensions().get::<Live>().is_some();
    protect_headers(response.headers_mut());
    if live {
        let policy = HeaderValue::from_static(LIVE_POLICY);
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Sets what every answer to a guest says.
pub(super) fn protect_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
