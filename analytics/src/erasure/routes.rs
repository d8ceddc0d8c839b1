//! HTTP of erasure, for the control plane alone.

use axum::extract::State;
use axum::routing::delete;
use httpkit::{Caller, Json, Path, Problem, Service};
use kernel::TenantId;
use utoipa_axum::router::OpenApiRouter;

use super::store::{self, Erased};
use crate::{AppState, Store};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route(
        "/internal/v1/organizations/{tenant_id}",
        delete(erase_organization),
    )
}

/// Removes everything of an organization; answers how much of each there was.
async fn erase_organization(
    State(documents): State<Store>,
    caller: Caller,
    Path(tenant): Path<TenantId>,
) -> Result<Json<Erased>, Problem> {
    caller.only(&[Service::TenantResolver, Service::Migrator])?;
    let erased = store::erase(&documents, tenant).await?;
    tracing::info!(tenant.id = %tenant, events = erased.events, "organization erased");
    Ok(Json(erased))
}
