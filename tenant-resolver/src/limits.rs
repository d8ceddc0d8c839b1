//! What a tenant may have at most. The resolver keeps the figures and tells them; each bites where the thing is made.

use axum::Router;
use axum::extract::State;
use axum::routing::put;
use events::topic::tenant::TenantLimitsChanged;
use garde::Validate;
use httpkit::{Json, Path, Problem};
use kernel::TenantId;
use serde::{Deserialize, Serialize};
use tokio_postgres::types;

use crate::access::{Allowed, Operator};
use crate::error::Error;
use crate::lookup::{self, Tenant};
use crate::state::{AppState, Resolver};
use crate::{catalog, outbox};

/// Absent means unlimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
pub struct Limits {
    /// Members and open invitations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(range(min = 1))]
    pub people: Option<u32>,
    /// Projects that are not deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(range(min = 0))]
    pub projects: Option<u32>,
    /// Bytes of attachments; at most what JSON keeps exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(range(max = 1 << 53))]
    pub storage_bytes: Option<u64>,
    /// Requests of all its people together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(range(min = 1))]
    pub requests_per_minute: Option<u32>,
}

impl Limits {
    /// Reads the column `limits`.
    pub(crate) fn read(row: &tokio_postgres::Row) -> Result<Self, Error> {
        let types::Json(limits) = row.try_get("limits")?;
        Ok(limits)
    }
}

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/internal/v1/tenants/{id}/limits", put(put_limits))
}

/// Sets all limits of a tenant that is there; the same ones again are told to nobody.
pub async fn set(resolver: &Resolver, tenant: TenantId, limits: Limits) -> Result<(), Error> {
    let mut client = resolver.catalog.get().await?;
    let transaction = client.transaction().await?;
    let sql = "update tenants set limits = $2, updated_at = $3
        from (select id as changing, limits as former from tenants where id = $1 for update) before
        where id = changing and subdomain is not null and status <> 'deleted'
        returning subdomain, former = limits as same";
    let now = resolver.clock.now();
    let limits = types::Json(limits);
    let row = catalog::row(&transaction, sql, &[&tenant.uuid(), &limits, &now]).await?;
    let row = row.ok_or(Error::Unknown)?;
    if row.try_get("same")? {
        return Ok(());
    }
    let changed = TenantLimitsChanged {
        tenant_id: tenant,
        subdomain: row.try_get("subdomain")?,
    };
    outbox::emit(&transaction, resolver, tenant, &changed).await?;
    transaction.commit().await?;
    resolver.wake.outbox.notify();
    Ok(())
}

async fn put_limits(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
    Json(body): Json<Limits>,
) -> Result<Json<Tenant>, Problem> {
    set(&state.resolver, id, body).await?;
    Ok(Json(lookup::document(&state.resolver, id).await?))
}
