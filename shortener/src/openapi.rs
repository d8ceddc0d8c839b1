//! The OpenAPI document, made of the handlers themselves and served for the gateway to merge.

use axum::Router;
use axum::routing::get;
use httpkit::Json;
use httpkit::openapi::{Conventions, DOCUMENT_PATH};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// What the handlers do not say.
#[derive(OpenApi)]
#[openapi(
    info(title = "Tenantry: links", description = "Short links for guests"),
    tags(
        (name = "links", description = "Links, as members make them"),
        (name = "guests", description = "Opening a link, without an account"),
    ),
    modifiers(&Conventions)
)]
struct Document;

/// The router with its document beside it.
pub(crate) fn serve(routes: OpenApiRouter<AppState>) -> Router<AppState> {
    let documented = OpenApiRouter::with_openapi(Document::openapi()).merge(routes);
    let (router, document) = documented.split_for_parts();
    router.route(DOCUMENT_PATH, get(async move || Json(document)))
}
