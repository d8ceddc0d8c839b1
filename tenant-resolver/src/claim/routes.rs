//! HTTP of claims; only identity, which signs people up, may use it.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use garde::Validate;
use httpkit::{Created, Json, NoContent, Path, Problem};
use kernel::subdomain::SubdomainError;
use kernel::{Subdomain, TenantId};
use serde::{Deserialize, Serialize};

use super::{Claim, Claimed};
use crate::access::{Allowed, Identity};
use crate::error::Error;
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/tenants", post(claim_tenant))
        .route("/internal/v1/tenants/{id}/confirm", post(confirm_tenant))
        .route("/internal/v1/tenants/{id}/release", post(release_tenant))
        .route("/internal/v1/subdomains/{name}", get(check_subdomain))
}

/// What a sign-up asks for.
#[derive(Debug, Deserialize, Validate)]
struct ClaimTenant {
    /// Names the sign-up.
    #[garde(length(min = 8, max = 200), custom(httpkit::text::line))]
    request_id: String,
    /// Checked by the rules for names.
    #[garde(skip)]
    subdomain: String,
    /// The organization's name.
    #[garde(length(chars, min = 1, max = 200), custom(httpkit::text::line))]
    name: String,
}

/// A claimed tenant.
#[derive(Debug, Serialize)]
struct ClaimedTenant {
    id: TenantId,
    subdomain: Subdomain,
    status: String,
}

/// A tenant that answers requests.
#[derive(Debug, Serialize)]
struct ConfirmedTenant {
    id: TenantId,
}

/// Whether a name can be had.
#[derive(Debug, Serialize)]
struct Availability {
    subdomain: String,
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

async fn claim_tenant(
    State(state): State<AppState>,
    _: Allowed<Identity>,
    Json(body): Json<ClaimTenant>,
) -> Result<Response, Problem> {
    let claim = Claim {
        request_id: body.request_id,
        subdomain: Subdomain::parse(&body.subdomain).map_err(Error::from)?,
        name: body.name,
    };
    let Claimed { id, status, new } = super::claim(&state.resolver, &claim).await?;
    let body = Json(ClaimedTenant {
        id,
        subdomain: claim.subdomain,
        status: status.to_string(),
    });
    Ok(match new {
        true => Created {
            location: format!("/internal/v1/tenants/{id}"),
            body,
        }
        .into_response(),
        false => body.into_response(),
    })
}

async fn confirm_tenant(
    State(state): State<AppState>,
    _: Allowed<Identity>,
    Path(id): Path<TenantId>,
) -> Result<Json<ConfirmedTenant>, Problem> {
    super::confirm(&state.resolver, id).await?;
    Ok(Json(ConfirmedTenant { id }))
}

async fn release_tenant(
    State(state): State<AppState>,
    _: Allowed<Identity>,
    Path(id): Path<TenantId>,
) -> Result<NoContent, Problem> {
    super::release(&state.resolver, id).await?;
    Ok(NoContent)
}

async fn check_subdomain(
    State(state): State<AppState>,
    _: Allowed<Identity>,
    Path(name): Path<String>,
) -> Result<Json<Availability>, Problem> {
    let reason = match Subdomain::parse(&name) {
        Err(SubdomainError::Malformed) => Some("malformed"),
        Err(SubdomainError::Reserved) => Some("reserved"),
        Ok(subdomain) if super::is_free(&state.resolver, &subdomain).await? => None,
        Ok(_) => Some("taken"),
    };
    Ok(Json(Availability {
        subdomain: name,
        available: reason.is_none(),
        reason,
    }))
}
