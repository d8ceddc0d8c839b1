//! HTTP of names.

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use garde::Validate;
use httpkit::{Json, NoContent, Path, Problem};
use kernel::subdomain::SubdomainError;
use kernel::{Subdomain, TenantId};
use serde::{Deserialize, Serialize};

use super::store;
use crate::access::{Allowed, Operator, SignUp};
use crate::error::Error;
use crate::lookup::{self, Tenant};
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/tenants/{id}/rename", post(rename_tenant))
        .route(
            "/internal/v1/subdomains/{name}",
            get(check_subdomain).delete(release_subdomain),
        )
}

/// Where it lives from now on.
#[derive(Debug, Deserialize, Validate)]
struct RenameTenant {
    /// Checked by the rules for names.
    #[garde(skip)]
    subdomain: String,
}

/// Whether a name can be had.
#[derive(Debug, Serialize)]
struct Availability {
    subdomain: String,
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

async fn rename_tenant(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
    Json(body): Json<RenameTenant>,
) -> Result<Json<Tenant>, Problem> {
    let subdomain = Subdomain::parse(&body.subdomain).map_err(Error::from)?;
    super::rename(&state.resolver, id, &subdomain).await?;
    Ok(Json(lookup::document(&state.resolver, id).await?))
}

async fn release_subdomain(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(name): Path<String>,
) -> Result<NoContent, Problem> {
    let subdomain = Subdomain::of_host_label(&name).ok_or(Error::Unknown)?;
    super::release(&state.resolver, &subdomain).await?;
    Ok(NoContent)
}

async fn check_subdomain(
    State(state): State<AppState>,
    _: Allowed<SignUp>,
    Path(name): Path<String>,
) -> Result<Json<Availability>, Problem> {
    let client = state.resolver.catalog.get().await.map_err(Error::from)?;
    let reason = match Subdomain::parse(&name) {
        Err(SubdomainError::Malformed) => Some("malformed"),
        Err(SubdomainError::Reserved) => Some("reserved"),
        Ok(subdomain) if store::is_free(&client, &subdomain).await? => None,
        Ok(_) => Some("taken"),
    };
    Ok(Json(Availability {
        subdomain: name,
        available: reason.is_none(),
        reason,
    }))
}
