//! HTTP of members, for services alone.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use chrono::{DateTime, Utc};
use httpkit::{Caller, Json, Path, Problem};
use kernel::{Permissions, Role, TenantId, UserId};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;

use super::store;
use crate::state::{AppState, Identity};

/// Longest list of changed members.
const MAX_CHANGED: u64 = 10_000;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .route(
            "/internal/v1/members/{tenant_id}/{user_id}",
            get(get_member),
        )
        .route("/internal/v1/members/changed", get(list_changed))
}

/// A member, as services need it.
#[derive(Debug, Serialize)]
struct InternalMember {
    user_id: UserId,
    name: String,
    role: Role,
}

async fn get_member(
    State(identity): State<Arc<Identity>>,
    _: Caller,
    Path((tenant, user)): Path<(TenantId, UserId)>,
) -> Result<Json<InternalMember>, Problem> {
    let found = store::by_id(&identity.db, tenant, user).await?;
    let member = found.ok_or_else(Problem::not_found)?;
    Ok(Json(InternalMember {
        user_id: member.user_id,
        name: member.name,
        role: member.role,
    }))
}

/// A member who came or changed within the life of an access token.
#[derive(Debug, Serialize)]
struct ChangedMember {
    tenant_id: TenantId,
    user_id: UserId,
    permissions: Permissions,
    changed_at: DateTime<Utc>,
}

/// What a gateway that missed events needs to know.
async fn list_changed(
    State(identity): State<Arc<Identity>>,
    _: Caller,
) -> Result<Json<Vec<ChangedMember>>, Problem> {
    let since = identity.clock.now() - identity.lifetimes.access;
    let rows = store::changed_since(&identity.db, since, MAX_CHANGED).await?;
    let changed = rows.into_iter().map(|row| ChangedMember {
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        permissions: row.standing().permissions,
        changed_at: row.updated_at,
    });
    Ok(Json(changed.collect()))
}
