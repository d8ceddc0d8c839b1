//! HTTP of credentials; the operator's alone. No answer holds a secret.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use httpkit::{Json, NoContent, Path, Problem};
use kernel::TenantId;

use super::Resealed;
use crate::access::{Allowed, Operator};
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route(
            "/internal/v1/tenants/{id}/rotate-password",
            post(rotate_password),
        )
        .route("/internal/v1/seal/rotate", post(rotate_seal))
}

async fn rotate_password(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
) -> Result<NoContent, Problem> {
    super::rotate(&state.resolver, id).await?;
    Ok(NoContent)
}

async fn rotate_seal(
    State(state): State<AppState>,
    _: Allowed<Operator>,
) -> Result<Json<Resealed>, Problem> {
    Ok(Json(super::reseal(&state.resolver).await?))
}
