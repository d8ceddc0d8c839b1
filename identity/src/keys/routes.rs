//! The public keys, for everybody.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use httpkit::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::{AppState, Identity};

/// Shorter than the time between making a key known and signing with it.
const CACHED: &str = "public, max-age=300";

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_keys))
}

/// The keys that access tokens are verified with (RFC 7517 §5).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "get_keys",
    tag = "auth",
    responses((status = 200, description = "a JSON Web Key Set", content_type = "application/json", body = serde_json::Value))
)]
async fn get_keys(State(identity): State<Arc<Identity>>) -> Result<impl IntoResponse, Problem> {
    let body = serde_json::to_vec(&identity.keys.published).map_err(Problem::internal)?;
    Ok((
        [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, CACHED)],
        body,
    ))
}
