//! HTTP of a tenant's life; the operator's alone.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::{Json, Path, Problem};
use kernel::TenantId;
use serde::{Deserialize, Serialize};

use super::store;
use crate::access::{Allowed, Operator};
use crate::error::Error;
use crate::lookup::{self, Tenant};
use crate::state::AppState;

/// Lines of a history that are answered: the latest ones.
const HISTORY_LINES: i64 = 500;
/// Ten years.
const LONGEST_GRACE_SECONDS: u64 = 315_360_000;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/tenants/{id}/suspend", post(suspend_tenant))
        .route("/internal/v1/tenants/{id}/resume", post(resume_tenant))
        .route("/internal/v1/tenants/{id}/delete", post(delete_tenant))
        .route("/internal/v1/tenants/{id}/undelete", post(undelete_tenant))
        .route(
            "/internal/v1/tenants/{id}/transitions",
            get(list_transitions),
        )
}

/// Why it is switched off.
#[derive(Debug, Deserialize, Validate)]
struct SuspendTenant {
    /// Kept in the history.
    #[garde(length(chars, max = 500), custom(httpkit::text::optional_line))]
    reason: Option<String>,
}

/// How long it can be taken back.
#[derive(Debug, Deserialize, Validate)]
struct DeleteTenant {
    /// `RESOLVER_DELETE_GRACE_DAYS` when absent.
    #[garde(range(max = LONGEST_GRACE_SECONDS))]
    grace_seconds: Option<u64>,
}

/// A tenant's history, oldest first.
#[derive(Debug, Serialize)]
struct Transitions {
    items: Vec<Transition>,
}

/// One change of its status.
#[derive(Debug, Serialize)]
struct Transition {
    from: Option<String>,
    to: String,
    reason: Option<String>,
    at: DateTime<Utc>,
}

async fn suspend_tenant(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
    Json(body): Json<SuspendTenant>,
) -> Result<Json<Tenant>, Problem> {
    super::suspend(&state.resolver, id, body.reason.as_deref()).await?;
    Ok(Json(lookup::document(&state.resolver, id).await?))
}

async fn resume_tenant(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
) -> Result<Json<Tenant>, Problem> {
    super::resume(&state.resolver, id).await?;
    Ok(Json(lookup::document(&state.resolver, id).await?))
}

async fn delete_tenant(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
    Json(body): Json<DeleteTenant>,
) -> Result<Json<Tenant>, Problem> {
    let grace = body.grace_seconds.map(Duration::from_secs);
    super::delete(&state.resolver, id, grace).await?;
    Ok(Json(lookup::document(&state.resolver, id).await?))
}

async fn undelete_tenant(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
) -> Result<Json<Tenant>, Problem> {
    super::undelete(&state.resolver, id).await?;
    Ok(Json(lookup::document(&state.resolver, id).await?))
}

async fn list_transitions(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
) -> Result<Json<Transitions>, Problem> {
    let client = state.resolver.catalog.get().await.map_err(Error::from)?;
    let history = store::history(&client, id, HISTORY_LINES).await?;
    if history.is_empty() && store::state(&client, id).await?.is_none() {
        return Err(Error::Unknown.into());
    }
    let items = history.into_iter().map(|noted| Transition {
        from: noted.from,
        to: noted.to,
        reason: noted.reason,
        at: noted.at,
    });
    Ok(Json(Transitions {
        items: items.collect(),
    }))
}
