//! The web client: the files that `npm run build` made, with their compressed forms beside them. Its pages are one file
//! each on the bare domain and on organizations' hosts; which screen it is, the script reads from the address.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use httpkit::Problem;
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

use crate::host::Place;
use crate::route::PAGES;

/// Scripts and styles are files of ours alone; pictures may also be data that a script holds.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// Asked about each time: the page names the files of the newest build.
const FRESH: HeaderValue = HeaderValue::from_static("no-cache");

/// The name of a file changes with its content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The two pages.
struct Files {
    bare: ServeFile,
    organization: ServeFile,
}

/// Pages and what they load, from the folder of a build; without one, a page that says how to make it.
pub(super) fn router(built: Option<&Path>) -> Router {
    let built = built.filter(|folder| folder.join("index.html").is_file());
    let Some(folder) = built else {
        let none = Html(include_str!("none.html"));
        return pages(&get(async move || {
            ([(CONTENT_SECURITY_POLICY, POLICY)], none)
        }));
    };
    let page = |name: &str| {
        ServeFile::new(folder.join(name))
            .precompressed_br()
            .precompressed_gzip()
    };
    let files = Arc::new(Files {
        bare: page("bare.html"),
        organization: page("index.html"),
    });
    let assets = ServeDir::new(folder.join("assets"))
        .precompressed_br()
        .precompressed_gzip()
        .fallback(tower::service_fn(async |_: Request| {
            Ok(Problem::not_found().into_response())
        }));
    pages(&get(serve)).with_state(files).merge(
        Router::new()
            .nest_service("/assets", assets)
            .layer(map_response(kept)),
    )
}

/// Every page of the client by `method`.
fn pages<S: Clone + Send + Sync + 'static>(method: &axum::routing::MethodRouter<S>) -> Router<S> {
    PAGES
        .iter()
        .fold(Router::new().route("/", method.clone()), |router, page| {
            router
                .route(&format!("/{page}"), method.clone())
                .route(&format!("/{page}/{{*rest}}"), method.clone())
        })
}

async fn serve(
    State(files): State<Arc<Files>>,
    Extension(place): Extension<Place>,
    request: Request,
) -> Response {
    if !wants_page(request.headers()) {
        return Problem::not_found().into_response();
    }
    let file = match place {
        Place::Bare => files.bare.clone(),
        Place::Tenant(_) => files.organization.clone(),
    };
    let answer = file.oneshot(request).await;
    let answer = answer.unwrap_or_else(|never| match never {});
    let fields = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, FRESH)];
    (fields, answer).into_response()
}

/// Whether somebody opens a page: a program that asks for something else is told that it is not here.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_none_or(|kinds| kinds.contains("text/html") || kinds.contains("*/*"))
}

async fn kept(mut response: Response) -> Response {
    let fields = response.headers_mut();
    if fields
        .get(CONTENT_TYPE)
        .is_none_or(|kind| kind != "application/problem+json")
    {
        fields.insert(CACHE_CONTROL, FOR_EVER);
    }
    response
}
