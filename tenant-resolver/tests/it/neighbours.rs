//! The few routes of other services that the resolver asks, over real HTTP.

use std::collections::{HashMap, HashSet};
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
use tenant_resolver::Neighbours;

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    organizations: HashSet<TenantId>,
    broken: HashSet<Service>,
    erased: Vec<(Service, TenantId)>,
}

#[derive(Clone)]
struct One {
    service: Service,
    shared: Shared,
}

pub(crate) struct FakeNeighbours {
    bases: HashMap<Service, String>,
    shared: Shared,
}

impl FakeNeighbours {
    pub(crate) async fn start() -> Self {
        let shared = Shared::default();
        let mut bases = HashMap::new();
        for service in tenant_resolver::erasure::KEEPERS {
            let one = One {
                service,
                shared: shared.clone(),
            };
            let router = Router::new()
                .route(
                    "/internal/v1/organizations/{id}",
                    get(organization).delete(erase),
                )
                .with_state(one);
            bases.insert(service, testkit::listen(router).await);
        }
        Self { bases, shared }
    }

    /// From now on identity knows the organization.
    pub(crate) fn commit(&self, tenant: TenantId) {
        self.shared.0.lock().unwrap().organizations.insert(tenant);
    }

    /// From now on a service answers nothing but 503.
    pub(crate) fn break_down(&self, service: Service) {
        self.shared.0.lock().unwrap().broken.insert(service);
    }

    /// It is well again.
    pub(crate) fn mend(&self, service: Service) {
        self.shared.0.lock().unwrap().broken.remove(&service);
    }

    /// Who removed which tenant, in order.
    pub(crate) fn erased(&self) -> Vec<(Service, TenantId)> {
        self.shared.0.lock().unwrap().erased.clone()
    }

    pub(crate) fn client(&self, secret: &SecretString) -> Neighbours {
        let upstream = |service| {
            let signer = ServiceSigner::new(secret, Service::TenantResolver);
            let base = self.bases[&service].parse().unwrap();
            Upstream::new(http_client().unwrap(), base, service, signer)
        };
        Neighbours::new(
            upstream(Service::Identity),
            upstream(Service::Shortener),
            upstream(Service::Analytics),
        )
    }
}

async fn organization(
    State(one): State<One>,
    Path(id): Path<TenantId>,
) -> Result<Json<Value>, Problem> {
    let answers = one.shared.0.lock().unwrap();
    if answers.broken.contains(&one.service) {
        return Err(Problem::unavailable("broken", 1));
    }
    if !answers.organizations.contains(&id) {
        return Err(Problem::not_found());
    }
    Ok(Json(json!({"tenant_id": id, "confirmed": false})))
}

async fn erase(State(one): State<One>, Path(id): Path<TenantId>) -> Result<Json<Value>, Problem> {
    let mut answers = one.shared.0.lock().unwrap();
    if answers.broken.contains(&one.service) {
        return Err(Problem::unavailable("broken", 1));
    }
    let things = if answers.erased.contains(&(one.service, id)) {
        0
    } else {
        3
    };
    answers.erased.push((one.service, id));
    Ok(Json(json!({"things": things})))
}
