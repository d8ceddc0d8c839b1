//! Stand-ins for the two services that the project service asks: resolver and identity.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use httpkit::{Json, Path, Problem};
use kernel::{Role, TenantId, UserId};
use serde_json::{Value, json};

/// What resolver and identity answer.
pub(crate) struct Neighbours {
    tenant: TenantId,
    descriptor: Mutex<Value>,
    keys: Value,
    members: Mutex<HashMap<String, Value>>,
    addresses: Mutex<HashMap<String, UserId>>,
    invited: Mutex<Vec<Value>>,
}

impl Neighbours {
    /// Neighbours that know one tenant and the keys of its tokens.
    pub(crate) fn new(tenant: TenantId, descriptor: Value, keys: Value) -> Arc<Self> {
        Arc::new(Self {
            tenant,
            descriptor: Mutex::new(descriptor),
            keys,
            members: Mutex::default(),
            addresses: Mutex::default(),
            invited: Mutex::default(),
        })
    }

    /// The resolver tells these limits from now on.
    pub(crate) fn limit(&self, limits: Value) {
        self.descriptor.lock().unwrap()["limits"] = limits;
    }

    /// Identity knows this person as a member from now on.
    pub(crate) fn know(&self, id: UserId, role: Role) {
        let member = json!({"user_id": id, "name": "Grace", "role": role});
        self.members.lock().unwrap().insert(id.to_string(), member);
    }

    /// The address is that of a member from now on.
    pub(crate) fn know_address(&self, address: &str, id: UserId) {
        self.addresses
            .lock()
            .unwrap()
            .insert(address.to_owned(), id);
    }

    /// What was asked of identity's invitations, in order.
    pub(crate) fn invited(&self) -> Vec<Value> {
        self.invited.lock().unwrap().clone()
    }
}

pub(crate) fn router(neighbours: Arc<Neighbours>) -> Router {
    Router::new()
        .route(
            "/internal/v1/tenants/{id}/connection",
            get(answer_descriptor),
        )
        .route("/internal/v1/tenants", get(answer_tenants))
        .route("/internal/v1/members/{tenant}/{user}", get(answer_member))
        .route("/internal/v1/invitations", post(answer_invitation))
        .route("/.well-known/jwks.json", get(answer_keys))
        .with_state(neighbours)
}

type Known = State<Arc<Neighbours>>;

async fn answer_descriptor(
    State(known): Known,
    Path(id): Path<TenantId>,
) -> Result<Json<Value>, Problem> {
    if id == known.tenant {
        Ok(Json(known.descriptor.lock().unwrap().clone()))
    } else {
        Err(Problem::not_found())
    }
}

async fn answer_tenants(State(known): Known) -> Json<Value> {
    Json(json!({"items": [{"id": known.tenant}], "next_cursor": null}))
}

async fn answer_member(
    State(known): Known,
    Path((_tenant, user)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let members = known.members.lock().unwrap();
    let member = members.get(&user).cloned();
    member.map(Json).ok_or_else(Problem::not_found)
}

/// As identity does, for people whose token it checks: who has no address it knows is invited, by whoever may.
async fn answer_invitation(
    State(known): Known,
    headers: HeaderMap,
    body: String,
) -> Result<Json<Value>, Problem> {
    if !headers.contains_key(AUTHORIZATION) {
        return Err(Problem::unauthorized("token_required"));
    }
    let asked: Value = serde_json::from_str(&body).unwrap();
    known.invited.lock().unwrap().push(asked.clone());
    let member = known
        .addresses
        .lock()
        .unwrap()
        .get(asked["email"].as_str().unwrap())
        .copied();
    match (member, asked["role"].as_str()) {
        (Some(member), _) => Ok(Json(json!({"member": member, "invitation": null}))),
        (None, Some("owner")) => Err(Problem::forbidden("role_not_grantable")),
        (None, _) => Ok(Json(json!({"member": null, "invitation": {
            "id": known.tenant, "email": asked["email"], "role": asked["role"], "role_id": null,
            "status": "open", "invited_by": null, "created_at": "2026-03-02T10:00:00Z",
            "expires_at": "2026-03-09T10:00:00Z",
        }}))),
    }
}

async fn answer_keys(State(known): Known) -> Json<Value> {
    Json(known.keys.clone())
}

/// Serves on a free port until the test ends; answers the base address.
pub(crate) async fn listen(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}
