//! The public keys, for everybody; and their rotation, for the operator.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use chrono::{DateTime, TimeDelta, Utc};
use garde::Validate;
use httpkit::{Caller, Json, NoContent, Path, Problem, Service};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rotation::LEAD;
use super::{KeyError, Rotation, signs_from};
use crate::entity::signing_key;
use crate::state::{AppState, Identity};

/// Shorter than the time between making a key known and signing with it.
const CACHED: &str = "public, max-age=300";

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_keys))
        .route("/internal/v1/keys", get(list_keys))
        .route("/internal/v1/keys/rotate", post(rotate_keys))
        .route("/internal/v1/keys/{kid}", delete(withdraw_key))
}

/// The keys that access tokens are verified with (RFC 7517 §5).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "get_keys",
    tag = "auth",
    responses((status = 200, description = "a JSON Web Key Set", content_type = "application/json", body = serde_json::Value))
)]
async fn get_keys(State(identity): State<Arc<Identity>>) -> Result<impl IntoResponse, Problem> {
    let body = identity.keys.published().map_err(Problem::internal)?;
    Ok((
        [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, CACHED)],
        body,
    ))
}

/// A key as the operator sees it.
#[derive(Debug, Serialize)]
struct Key {
    kid: String,
    /// `waiting`, `signing` or `verifying`.
    state: &'static str,
    created_at: DateTime<Utc>,
    signs_from: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
}

impl Key {
    fn of(row: signing_key::Model, now: DateTime<Utc>) -> Self {
        let signs_from = signs_from(&row);
        Self {
            state: match row.retired_at {
                _ if signs_from > now => "waiting",
                Some(at) if at <= now => "verifying",
                _ => "signing",
            },
            kid: row.kid,
            created_at: row.created_at,
            signs_from,
            retired_at: row.retired_at,
        }
    }
}

async fn list_keys(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
) -> Result<Json<Vec<Key>>, Problem> {
    caller.only(&[Service::Migrator])?;
    let now = identity.clock.now();
    let rows = identity.keys.list(&identity.db, now).await;
    let rows = rows.map_err(refused)?.into_iter();
    Ok(Json(rows.map(|row| Key::of(row, now)).collect()))
}

/// How long the new key is to be served before it signs.
#[derive(Debug, Deserialize, Validate)]
struct Rotate {
    #[serde(default)]
    #[garde(range(max = 604_800))]
    lead_seconds: Option<u32>,
}

async fn rotate_keys(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Json(body): Json<Rotate>,
) -> Result<Json<Rotation>, Problem> {
    caller.only(&[Service::Migrator])?;
    let lead = body.lead_seconds.map(i64::from).map(TimeDelta::seconds);
    let rotation = identity.keys.rotate(&identity, lead.unwrap_or(LEAD)).await;
    Ok(Json(rotation.map_err(refused)?))
}

async fn withdraw_key(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Path(kid): Path<String>,
) -> Result<NoContent, Problem> {
    caller.only(&[Service::Migrator])?;
    identity
        .keys
        .withdraw(&identity, &kid)
        .await
        .map_err(refused)?;
    Ok(NoContent)
}

fn refused(error: KeyError) -> Problem {
    match error {
        KeyError::Pending(kid) => Problem::conflict(
            "rotation_under_way",
            format!("key {kid} is served and has not begun to sign yet"),
        ),
        KeyError::Unknown(_) => Problem::new(StatusCode::NOT_FOUND, "key_unknown"),
        KeyError::Database(error) => error.into(),
        error => Problem::internal(error),
    }
}
