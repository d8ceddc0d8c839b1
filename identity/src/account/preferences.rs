//! HTTP of one's own preferences: an object that clients fill as they like.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{Json, Member, Problem, SignedIn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ended, store};
use crate::session;
use crate::state::{AppState, Identity};

/// Longest object, as JSON text.
const MAX_BYTES: usize = 16 * 1024;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_preferences, replace_preferences))
}

/// A JSON object of at most 16 KiB.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object, example = json!({"theme": "dark"}))]
struct Preferences(#[garde(custom(small))] Map<String, Value>);

fn small<C>(object: &Map<String, Value>, _: &C) -> garde::Result {
    let size = serde_json::to_vec(object).map_or(usize::MAX, |text| text.len());
    if size > MAX_BYTES {
        return Err(garde::Error::new("must be at most 16 KiB of JSON"));
    }
    Ok(())
}

/// Shows one's own preferences.
#[utoipa::path(
    get,
    path = "/api/v1/auth/preferences",
    operation_id = "get_preferences",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "what was put there last", body = Preferences),
        (status = 401, description = "no valid access token, or the session has ended"),
    )
)]
async fn get_preferences(
    State(identity): State<Arc<Identity>>,
    member: Member,
) -> Result<Json<Value>, Problem> {
    let user = store::active(&identity.db, member.user).await?;
    Ok(Json(user.ok_or_else(ended)?.preferences))
}

/// Replaces one's own preferences.
#[utoipa::path(
    put,
    path = "/api/v1/auth/preferences",
    operation_id = "replace_preferences",
    tag = "auth",
    security(("bearer" = [])),
    request_body = Preferences,
    responses(
        (status = 200, description = "what is there now", body = Preferences),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens; `session_confined`: the person is in other organizations too"),
        (status = 422, description = "no object, or more than 16 KiB"),
    )
)]
async fn replace_preferences(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    Json(body): Json<Preferences>,
) -> Result<Json<Preferences>, Problem> {
    let transaction = identity.begin().await?;
    session::require_say_everywhere(&identity, &transaction, &member).await?;
    let held = store::locked(&transaction, member.user).await?;
    let mut user = held.ok_or_else(ended)?;
    user.preferences = Value::Object(body.0.clone());
    store::update(&transaction, &user, identity.clock.now()).await?;
    identity.commit(transaction).await?;
    Ok(Json(body))
}
