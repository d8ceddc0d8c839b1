//! What the plan of an organization allows, as the resolver tells it; asked where it bites and nowhere else.

use axum::http::StatusCode;
use httpkit::Problem;
use kernel::TenantId;
use serde::Deserialize;

use crate::state::Identity;

#[derive(Deserialize)]
struct Tenant {
    #[serde(default)]
    limits: Limits,
}

#[derive(Default, Deserialize)]
struct Limits {
    #[serde(default)]
    people: Option<u64>,
}

/// How many people the organization may have, if its plan says so.
pub(crate) async fn people(identity: &Identity, tenant: TenantId) -> Result<Option<u64>, Problem> {
    let path = format!("/internal/v1/tenants/{tenant}");
    let found = identity.resolver.get::<Tenant>(&path, Some(tenant)).await;
    let found = found.map_err(|error| match error.status() {
        Some(StatusCode::NOT_FOUND) => Problem::not_found(),
        _ => error.into(),
    })?;
    Ok(found.limits.people)
}

/// Passes when there is room for one more.
pub(crate) fn check_people(people: u64, allowed: u64) -> Result<(), Problem> {
    if people < allowed {
        return Ok(());
    }
    let detail = format!("the organization's plan allows {allowed} people, with those invited");
    Err(Problem::forbidden("limit_people").with_detail(detail))
}
