//! HTTP of claims, for those who sign organizations up.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use garde::Validate;
use httpkit::{Created, Json, NoContent, Path, Problem};
use kernel::{Subdomain, TenantId};
use serde::{Deserialize, Serialize};

use super::{Claim, Claimed};
use crate::access::{Allowed, SignUp};
use crate::error::Error;
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/tenants", post(claim_tenant))
        .route("/internal/v1/tenants/{id}/confirm", post(confirm_tenant))
        .route("/internal/v1/tenants/{id}/abandon", post(abandon_tenant))
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
    /// Only on this cluster; anywhere when absent.
    #[garde(length(min = 1, max = 63))]
    cluster: Option<String>,
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

async fn claim_tenant(
    State(state): State<AppState>,
    _: Allowed<SignUp>,
    Json(body): Json<ClaimTenant>,
) -> Result<Response, Problem> {
    let claim = Claim {
        request_id: body.request_id,
        subdomain: Subdomain::parse(&body.subdomain).map_err(Error::from)?,
        name: body.name,
        cluster: body.cluster,
    };
    let claimed = super::claim(&state.resolver, &claim).await?;
    Ok(answer(claimed, claim.subdomain))
}

/// 201 for a tenant that this request got, 200 for the one it had got before.
pub(crate) fn answer(claimed: Claimed, subdomain: Subdomain) -> Response {
    let Claimed { id, status, new } = claimed;
    let body = Json(ClaimedTenant {
        id,
        subdomain,
        status: status.to_string(),
    });
    match new {
        true => Created {
            location: format!("/internal/v1/tenants/{id}"),
            body,
        }
        .into_response(),
        false => body.into_response(),
    }
}

async fn confirm_tenant(
    State(state): State<AppState>,
    _: Allowed<SignUp>,
    Path(id): Path<TenantId>,
) -> Result<Json<ConfirmedTenant>, Problem> {
    super::confirm(&state.resolver, id).await?;
    Ok(Json(ConfirmedTenant { id }))
}

async fn abandon_tenant(
    State(state): State<AppState>,
    _: Allowed<SignUp>,
    Path(id): Path<TenantId>,
) -> Result<NoContent, Problem> {
    super::abandon(&state.resolver, id).await?;
    Ok(NoContent)
}
