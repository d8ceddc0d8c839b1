//! The part of the resolver that identity asks, in memory, over real HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use httpkit::{Caller, Guard, Json, Path, Problem, Service};
use kernel::{Ids, TenantId};
use secrecy::SecretString;
use serde_json::{Value, json};

#[derive(Default)]
pub(crate) struct Claims {
    pub(crate) tenants: HashMap<TenantId, Tenant>,
    /// From now on nothing is answered but 503.
    pub(crate) down: bool,
    /// From now on confirming answers 503.
    pub(crate) confirming_fails: bool,
    /// From now on no service that keeps something about people answers.
    pub(crate) keepers_down: bool,
    /// What every plan allows.
    pub(crate) people: Option<u64>,
}

pub(crate) struct Tenant {
    pub(crate) request_id: String,
    pub(crate) subdomain: String,
    pub(crate) confirmed: bool,
}

#[derive(Clone)]
pub(crate) struct FakeResolver {
    claims: Arc<Mutex<Claims>>,
    guard: Guard,
}

impl axum::extract::FromRef<FakeResolver> for Guard {
    fn from_ref(resolver: &FakeResolver) -> Self {
        resolver.guard.clone()
    }
}

impl FakeResolver {
    /// Serves on a free port until the test ends; answers the base address too.
    pub(crate) async fn start(secret: &SecretString) -> (Self, String) {
        let keys = httpkit::tokens::Keys::local();
        let resolver = Self {
            claims: Arc::default(),
            guard: Guard::new(secret, Service::TenantResolver, keys),
        };
        let router = Router::new()
            .route("/internal/v1/tenants", post(claim))
            .route("/internal/v1/people/{id}", get(records).delete(forget))
            .route("/internal/v1/tenants/{id}", get(tenant))
            .route("/internal/v1/tenants/{id}/confirm", post(confirm))
            .route("/internal/v1/subdomains/{name}", get(availability))
            .with_state(resolver.clone());
        (resolver, testkit::listen(router).await)
    }

    pub(crate) fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap()
    }

    /// A tenant that the operator has claimed.
    pub(crate) fn claimed(&self, subdomain: &str) -> TenantId {
        let id: TenantId = Ids::system().next();
        let tenant = Tenant {
            request_id: format!("operator-{subdomain}"),
            subdomain: subdomain.to_owned(),
            confirmed: false,
        };
        self.claims().tenants.insert(id, tenant);
        id
    }

    /// What the resolver's own sweep does with claims that identity does not know.
    pub(crate) fn release_unconfirmed(&self) {
        self.claims().tenants.retain(|_, tenant| tenant.confirmed);
    }

    fn keep(&self) -> Result<(), Problem> {
        match self.claims().keepers_down {
            true => Err(Problem::unavailable("database_unavailable", 1)),
            false => Ok(()),
        }
    }

    fn ask(&self, caller: Caller) -> Result<MutexGuard<'_, Claims>, Problem> {
        caller.only(&[Service::Identity])?;
        let claims = self.claims();
        if claims.down {
            return Err(Problem::unavailable("catalog_unavailable", 1));
        }
        Ok(claims)
    }
}

#[derive(serde::Deserialize, garde::Validate)]
#[garde(allow_unvalidated)]
struct Claim {
    request_id: String,
    subdomain: String,
    name: String,
}

async fn claim(
    State(resolver): State<FakeResolver>,
    caller: Caller,
    Json(body): Json<Claim>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let mut claims = resolver.ask(caller)?;
    assert!(!body.name.is_empty() && (8..=200).contains(&body.request_id.len()));
    let earlier = claims
        .tenants
        .iter()
        .find(|(_, tenant)| tenant.request_id == body.request_id);
    if let Some((id, tenant)) = earlier {
        return match tenant.subdomain == body.subdomain {
            true => Ok((StatusCode::OK, Json(json!({"id": id})))),
            false => Err(Problem::conflict("request_id_reused", "other name")),
        };
    }
    if claims
        .tenants
        .values()
        .any(|tenant| tenant.subdomain == body.subdomain)
    {
        return Err(Problem::conflict("subdomain_taken", "taken"));
    }
    let id: TenantId = Ids::system().next();
    let tenant = Tenant {
        request_id: body.request_id,
        subdomain: body.subdomain,
        confirmed: false,
    };
    claims.tenants.insert(id, tenant);
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

async fn tenant(
    State(resolver): State<FakeResolver>,
    caller: Caller,
    Path(id): Path<TenantId>,
) -> Result<Json<Value>, Problem> {
    let claims = resolver.ask(caller)?;
    let tenant = claims.tenants.get(&id).ok_or_else(Problem::not_found)?;
    let limits = match claims.people {
        Some(people) => json!({"people": people}),
        None => json!({}),
    };
    let subdomain = &tenant.subdomain;
    Ok(Json(
        json!({"id": id, "subdomain": subdomain, "status": "active", "limits": limits}),
    ))
}

/// What every service that keeps something about people answers: three records on two pages.
async fn records(
    State(resolver): State<FakeResolver>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Result<Json<Value>, Problem> {
    resolver.keep()?;
    Ok(Json(
        match query.unwrap_or_default().contains("cursor=next") {
            false => json!({"items": [{"row": 1}, {"row": 2}], "next_cursor": "next"}),
            true => json!({"items": [{"row": 3}], "next_cursor": null}),
        },
    ))
}

async fn forget(State(resolver): State<FakeResolver>) -> Result<Json<Value>, Problem> {
    resolver.keep()?;
    Ok(Json(json!({"forgotten": true})))
}

async fn confirm(
    State(resolver): State<FakeResolver>,
    caller: Caller,
    Path(id): Path<TenantId>,
) -> Result<Json<Value>, Problem> {
    let mut claims = resolver.ask(caller)?;
    if claims.confirming_fails {
        return Err(Problem::unavailable("catalog_unavailable", 1));
    }
    let tenant = claims.tenants.get_mut(&id).ok_or_else(Problem::not_found)?;
    tenant.confirmed = true;
    Ok(Json(json!({"id": id})))
}

async fn availability(
    State(resolver): State<FakeResolver>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let claims = resolver.ask(caller)?;
    let taken = claims
        .tenants
        .values()
        .any(|tenant| tenant.subdomain == name);
    Ok(Json(match taken {
        true => json!({"subdomain": name, "available": false, "reason": "taken"}),
        false => json!({"subdomain": name, "available": true}),
    }))
}
