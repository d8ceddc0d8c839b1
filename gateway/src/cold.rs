//! What the gateway answers by itself: the merged API document, its browser, the web client. These routes are
//! rare, so they may go through axum and its layers.

mod compress;
mod document;
mod web;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use httpkit::Problem;
use runtime::Common;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub use self::compress::Compressed;
use self::document::Documents;

const DOCUMENT: &str = "/api/v1/openapi.json";

/// What services tell each other.
const EVENTS_DOCUMENT: &str = "/api/v1/asyncapi.json";

static EVENTS: LazyLock<Bytes> = LazyLock::new(|| events::contracts::asyncapi().to_string().into());

const JSON_FOR_A_MINUTE: [(HeaderName, &str); 2] = [
    (CONTENT_TYPE, "application/json"),
    (CACHE_CONTROL, "public, max-age=60"),
];

/// Swagger UI writes style attributes and shows icons from data URLs; scripts are its own files alone.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The gateway's own routes.
pub(crate) fn router(common: &Common, config: &crate::Config, http: reqwest::Client) -> Router {
    let documents = Arc::new(Documents::new(http, crate::forward::addresses(common)));
    let docs: Router = SwaggerUi::new("/api/docs")
        .config(Config::from(DOCUMENT))
        .into();
    let docs = docs.layer(axum::middleware::map_response(with_docs_policy));
    Router::new()
        .route(DOCUMENT, get(document).with_state(documents))
        .route(EVENTS_DOCUMENT, get(events_document))
        .merge(docs)
        .merge(web::router(config.web_dir.as_deref()))
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .route(
            "/robots.txt",
            get(async || {
                (
                    [(CONTENT_TYPE, "text/plain; charset=utf-8")],
                    "User-agent: *\nDisallow: /\n",
                )
            }),
        )
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
        })
}

async fn document(State(documents): State<Arc<Documents>>) -> Response {
    (JSON_FOR_A_MINUTE, documents.merged().await).into_response()
}

async fn events_document() -> Response {
    (JSON_FOR_A_MINUTE, EVENTS.clone()).into_response()
}

async fn with_docs_policy(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, DOCS_POLICY);
    response
}
