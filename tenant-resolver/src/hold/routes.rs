//! HTTP of holds; the operator's alone.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::{Json, Path, Problem};
use kernel::TenantId;
use serde::{Deserialize, Serialize};

use crate::access::{Allowed, Operator};
use crate::lifecycle::Purpose;
use crate::lookup::{self, Tenant};
use crate::state::AppState;

/// Whoever needs longer asks again while it lives.
const LONGEST_SECONDS: u64 = 60;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/tenants/{id}/hold", post(hold_tenant))
        .route("/internal/v1/tenants/{id}/release", post(release_tenant))
}

/// What for and how long.
#[derive(Debug, Deserialize, Validate)]
struct HoldTenant {
    /// `move`, `clone`, `restore` or `migration`.
    #[serde(rename = "for")]
    #[garde(skip)]
    purpose: Purpose,
    /// The hold ends by itself after these.
    #[garde(range(min = 1, max = LONGEST_SECONDS))]
    seconds: u64,
}

/// A hold that was taken.
#[derive(Debug, Serialize)]
struct Held {
    held_until: DateTime<Utc>,
}

/// Where it lives from now on.
#[derive(Debug, Deserialize, Validate)]
struct ReleaseTenant {
    /// A cluster's name; absent when it has not moved.
    #[garde(length(min = 1, max = 63))]
    cluster: Option<String>,
}

async fn hold_tenant(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
    Json(body): Json<HoldTenant>,
) -> Result<Json<Held>, Problem> {
    let length = Duration::from_secs(body.seconds);
    let held_until = super::hold(&state.resolver, id, body.purpose, length).await?;
    Ok(Json(Held { held_until }))
}

async fn release_tenant(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
    Json(body): Json<ReleaseTenant>,
) -> Result<Json<Tenant>, Problem> {
    super::release(&state.resolver, id, body.cluster.as_deref()).await?;
    Ok(Json(lookup::document(&state.resolver, id).await?))
}
