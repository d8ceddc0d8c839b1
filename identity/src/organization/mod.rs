//! Organizations as identity knows them: a tenant of the catalog under the same id, with a name, rules and members.

mod model;
mod routes;
mod settings;
pub(crate) mod store;

use kernel::TenantId;
use runtime::Common;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::entity::organization;
use crate::state::AppState;

/// Security events are kept for a year unless the organization says otherwise.
pub(crate) const AUDIT_RETENTION_DAYS: i32 = 365;

/// What clients ask, and what services ask.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    settings::router().merge(routes::router())
}

/// An organization.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Organization {
    /// Id of the organization.
    id: TenantId,
    /// Its name.
    #[schema(example = "Acme Inc.")]
    name: String,
    /// The label it lives under.
    #[schema(example = "acme")]
    subdomain: String,
    /// Its address.
    #[schema(example = "https://acme.tenantry.example")]
    url: String,
}

impl Organization {
    /// The public view of a row.
    pub(crate) fn of(row: organization::Model, common: &Common) -> Self {
        Self {
            id: row.tenant_id,
            url: common.tenant_origin(&row.subdomain),
            name: row.name,
            subdomain: row.subdomain,
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
