//! What the shortener asks of others: project-svc, the resolver and identity, over real HTTP.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::{get, post};
use http::StatusCode;
use httpkit::tokens::{AccessSigner, Resource};
use httpkit::{Caller, Guard, Json, Path, Problem, Query, Service, Shared, bearer};
use kernel::{BoardId, TaskId, TenantId, UserId};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Tasks that a member may not share, and that nobody has.
pub(crate) const FORBIDDEN: Uuid = Uuid::from_u128(403);
pub(crate) const UNKNOWN: Uuid = Uuid::from_u128(404);
/// What nobody may show to guests.
pub(crate) const UNSHAREABLE: Uuid = Uuid::from_u128(422);

#[derive(Clone, FromRef)]
struct Neighbours {
    guard: Guard,
    tenants: Tenants,
}

/// What the resolver says of every organization.
#[derive(Clone)]
pub(crate) struct Tenants(Arc<Mutex<Value>>);

impl Tenants {
    /// From now on.
    pub(crate) fn say(&self, subdomain: &str, status: &str) {
        *self.0.lock().unwrap() = json!({ "subdomain": subdomain, "status": status });
    }
}

/// Serves on a free port until the test ends; answers the base address.
pub(crate) async fn start(secret: &SecretString, signer: &AccessSigner) -> (Tenants, String) {
    let tenants = Tenants(Arc::default());
    tenants.say("acme", "active");
    let keys = json!({ "keys": [signer.public_jwk().unwrap()] });
    let local = httpkit::tokens::Keys::local();
    let guard = Guard::new(secret, Service::ProjectSvc, local);
    let router = Router::new()
        .route("/.well-known/jwks.json", get(async move || Json(keys)))
        .route("/internal/v1/tenants/{id}", get(tenant))
        .route("/internal/v1/shareable", post(shareable))
        .route("/internal/v1/shared/tasks/{id}", get(shared_task))
        .route("/internal/v1/shared/boards/{id}", get(shared_board))
        .with_state(Neighbours {
            guard,
            tenants: tenants.clone(),
        });
    (tenants, testkit::listen(router).await)
}

async fn tenant(
    State(tenants): State<Tenants>,
    Path(id): Path<TenantId>,
) -> Result<Json<Value>, Problem> {
    let mut said = tenants.0.lock().unwrap().clone();
    match said["status"].as_str() {
        // What the resolver tells of it to the operator alone.
        Some("deleting") => Err(Problem::not_found()),
        Some("away") => Err(Problem::unavailable("catalog_unavailable", 1)),
        _ => {
            said["id"] = json!(id);
            Ok(Json(said))
        }
    }
}

async fn shareable(
    caller: Caller,
    headers: http::HeaderMap,
    body: String,
) -> Result<StatusCode, Problem> {
    caller.only(&[Service::Shortener])?;
    bearer(&headers).ok_or_else(|| Problem::unauthorized("token_required"))?;
    let body: Value = serde_json::from_str(&body).unwrap();
    let (_, id) = body["resource"].as_str().unwrap().split_once(':').unwrap();
    match id.parse::<Uuid>().unwrap() {
        FORBIDDEN => Err(Problem::forbidden("permission_denied")),
        UNKNOWN => Err(Problem::not_found()),
        UNSHAREABLE => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "not_shareable",
        )),
        _ => Ok(StatusCode::OK),
    }
}

/// What a link tells beside its thing.
#[derive(Deserialize)]
struct Shows {
    by: UserId,
    comments: bool,
    people: bool,
}

/// The title holds what the token was good for, so that a mix-up shows.
async fn shared_task(
    shared: Shared,
    Path(id): Path<TaskId>,
    Query(shows): Query<Shows>,
) -> Result<Json<Value>, Problem> {
    if shared.resource != Resource::Task(id) {
        return Err(Problem::forbidden("other_resource"));
    }
    let comment =
        json!({"author": "Person 1", "body": "*Who* pays?", "created_at": "2026-01-01T00:00:00Z"});
    let comments = Some(comment).filter(|_| shows.comments);
    Ok(Json(json!({
        "key": "APO-12",
        "title": format!("Task {id} of {}", shared.tenant),
        "description": "**bold**",
        "status": "in_progress",
        "priority": "high",
        "due_date": null,
        "updated_at": "2026-01-01T00:00:00Z",
        "people": Some(shows.by).filter(|_| shows.people).into_iter().collect::<Vec<_>>(),
        "comments": comments.into_iter().collect::<Vec<_>>(),
    })))
}

async fn shared_board(shared: Shared, Path(id): Path<BoardId>) -> Result<Json<Value>, Problem> {
    if shared.resource != Resource::Board(id) {
        return Err(Problem::forbidden("other_resource"));
    }
    let card = json!({"key": "APO-12", "title": "Fuel", "status": "todo", "priority": "low"});
    Ok(Json(json!({
        "name": "Launch",
        "columns": [{"name": "To do", "total": 1, "cards": [card]}],
    })))
}
