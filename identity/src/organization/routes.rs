//! HTTP of organizations, for services alone.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use httpkit::{Caller, Json, Path, Problem};
use kernel::TenantId;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;

use super::store;
use crate::state::{AppState, Identity};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route(
        "/internal/v1/organizations/{tenant_id}",
        get(get_organization),
    )
}

/// Whether a sign-up got as far as this database, and whether it ended.
#[derive(Debug, Serialize)]
struct Known {
    tenant_id: TenantId,
    confirmed: bool,
}

/// Asked by the resolver before it drops a claim that nobody confirmed.
async fn get_organization(
    State(identity): State<Arc<Identity>>,
    _: Caller,
    Path(tenant_id): Path<TenantId>,
) -> Result<Json<Known>, Problem> {
    let found = store::by_id(&identity.db, tenant_id).await?;
    let row = found.ok_or_else(Problem::not_found)?;
    Ok(Json(Known {
        tenant_id,
        confirmed: row.confirmed_at.is_some(),
    }))
}
