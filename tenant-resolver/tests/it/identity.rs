//! Identity's one route that the resolver asks, over real HTTP.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use httpkit::client::{Upstream, http_client};
use httpkit::tokens::ServiceSigner;
use httpkit::{Json, Path, Problem, Service};
use kernel::TenantId;
use secrecy::SecretString;
use serde_json::{Value, json};
use tenant_resolver::Organizations;

#[derive(Clone, Default)]
struct Known(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    organizations: HashSet<TenantId>,
    broken: bool,
}

pub(crate) struct FakeIdentity {
    base: String,
    known: Known,
}

impl FakeIdentity {
    pub(crate) async fn start() -> Self {
        let known = Known::default();
        let router = Router::new()
            .route("/internal/v1/organizations/{id}", get(organization))
            .with_state(known.clone());
        Self {
            base: testkit::listen(router).await,
            known,
        }
    }

    /// From now on the organization is there.
    pub(crate) fn commit(&self, tenant: TenantId) {
        self.known.0.lock().unwrap().organizations.insert(tenant);
    }

    /// From now on nothing is answered but 503.
    pub(crate) fn break_down(&self) {
        self.known.0.lock().unwrap().broken = true;
    }

    pub(crate) fn client(&self, secret: &SecretString) -> Organizations {
        let signer = ServiceSigner::new(secret, Service::TenantResolver);
        let base = self.base.parse().unwrap();
        Organizations::new(Upstream::new(
            http_client().unwrap(),
            base,
            Service::Identity,
            signer,
        ))
    }
}

async fn organization(
    State(known): State<Known>,
    Path(id): Path<TenantId>,
) -> Result<Json<Value>, Problem> {
    let answers = known.0.lock().unwrap();
    if answers.broken {
        return Err(Problem::unavailable("broken", 1));
    }
    if !answers.organizations.contains(&id) {
        return Err(Problem::not_found());
    }
    Ok(Json(json!({"tenant_id": id, "confirmed": false})))
}
