//! What the shortener asks of others: project-svc, the resolver and identity, over real HTTP.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::{get, post};
use http::StatusCode;
use httpkit::tokens::{AccessSigner, Resource};
use httpkit::{Caller, Guard, Json, Path, Problem, Service, Shared, bearer};
use kernel::{TaskId, TenantId};
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

/// Tasks that a member may not share, and that nobody has.
pub(crate) const FORBIDDEN: Uuid = Uuid::from_u128(403);
pub(crate) const UNKNOWN: Uuid = Uuid::from_u128(404);

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
        .route("/internal/v1/shared/tasks/{id}", get(shared))
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
    assert_eq!(body["kind"], "task");
    match body["id"].as_str().unwrap().parse::<Uuid>().unwrap() {
        FORBIDDEN => Err(Problem::forbidden("permission_denied")),
        UNKNOWN => Err(Problem::not_found()),
        _ => Ok(StatusCode::OK),
    }
}

/// The title holds what the token was good for, so that a mix-up shows.
async fn shared(shared: Shared, Path(id): Path<TaskId>) -> Result<Json<Value>, Problem> {
    if shared.resource != Resource::Task(id) {
        return Err(Problem::forbidden("other_resource"));
    }
    Ok(Json(json!({
        "key": "APO-12",
        "title": format!("Task {id} of {}", shared.tenant),
        "description": "**bold**",
        "status": "in_progress",
        "priority": "high",
        "due_date": null,
        "updated_at": "2026-01-01T00:00:00Z",
    })))
}
