//! The OpenAPI document, made of the handlers themselves and served for the gateway to merge.

use axum::Router;
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
    )
)]
struct Document;

/// The routes with their document beside them.
pub(crate) fn serve(routes: OpenApiRouter<AppState>) -> Router<AppState> {
    httpkit::openapi::serve(OpenApiRouter::with_openapi(Document::openapi()).merge(routes))
}
