//! What sign-up asks the resolver.

use axum::http::{Method, StatusCode};
use httpkit::client::{Upstream, UpstreamError};
use httpkit::{FieldError, Problem};
use kernel::subdomain::SubdomainError;
use kernel::{Subdomain, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::Wish;

/// Whether a name can be had.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Availability {
    /// The name asked for.
    #[schema(example = "acme")]
    subdomain: String,
    /// Whether a sign-up could take it now.
    available: bool,
    /// Why not: `taken`, `reserved` or `malformed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Claim<'a> {
    request_id: &'a str,
    subdomain: &'a str,
    name: &'a str,
}

#[derive(Deserialize)]
struct Claimed {
    id: TenantId,
}

/// Why a claim got no tenant.
pub(super) enum ClaimError {
    /// It never will.
    Refused(Problem),
    /// It may, later.
    Away(UpstreamError),
}

impl Availability {
    /// Why a sign-up cannot have the name.
    pub(super) fn refusal(&self) -> Option<Problem> {
        match (self.available, self.reason.as_deref()) {
            (true, _) => None,
            (false, Some("reserved")) => Some(refused_name(SubdomainError::Reserved)),
            (false, _) => Some(taken()),
        }
    }

    fn refused(name: String, error: SubdomainError) -> Self {
        let reason = match error {
            SubdomainError::Malformed => "malformed",
            SubdomainError::Reserved => "reserved",
        };
        Self {
            subdomain: name,
            available: false,
            reason: Some(reason.to_owned()),
        }
    }
}

/// Asks for a name that keeps the rules; no other ever becomes part of a path.
pub(super) async fn availability(
    resolver: &Upstream,
    name: String,
) -> Result<Availability, UpstreamError> {
    match Subdomain::parse(&name) {
        Ok(name) => {
            resolver
                .get(&format!("/internal/v1/subdomains/{name}"), None)
                .await
        }
        Err(error) => Ok(Availability::refused(name, error)),
    }
}

/// 422 for a name that no organization may have.
pub(super) fn refused_name(error: SubdomainError) -> Problem {
    let code = match error {
        SubdomainError::Malformed => "subdomain_malformed",
        SubdomainError::Reserved => "subdomain_reserved",
    };
    let field = FieldError::new("/subdomain", code, error.to_string());
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code)
        .with_detail("the subdomain cannot be had")
        .with_errors(vec![field])
}

/// 409 for a name that another organization has.
fn taken() -> Problem {
    Problem::conflict("subdomain_taken", "another organization has this subdomain")
}

/// The tenant of this request id, the same each time.
pub(super) async fn claim(
    resolver: &Upstream,
    request_id: &str,
    wish: &Wish,
) -> Result<TenantId, ClaimError> {
    let claim = Claim {
        request_id,
        subdomain: wish.subdomain.as_str(),
        name: &wish.organization,
    };
    let claimed: Result<Claimed, _> = resolver.post("/internal/v1/tenants", None, &claim).await;
    match claimed {
        Ok(claimed) => Ok(claimed.id),
        Err(UpstreamError::Status { code, .. }) if code == "subdomain_taken" => {
            Err(ClaimError::Refused(taken()))
        }
        Err(UpstreamError::Status { code, .. }) if code == "subdomain_reserved" => {
            Err(ClaimError::Refused(refused_name(SubdomainError::Reserved)))
        }
        Err(error) => Err(ClaimError::Away(error)),
    }
}

/// Makes the tenant active; false when the claim is gone.
pub(super) async fn confirm(resolver: &Upstream, tenant: TenantId) -> Result<bool, UpstreamError> {
    let path = format!("/internal/v1/tenants/{tenant}/confirm");
    let request = resolver.request(Method::POST, &path, Some(tenant))?;
    match resolver.send(request).await {
        Ok(()) => Ok(true),
        Err(error) => match error.status() {
            Some(StatusCode::NOT_FOUND | StatusCode::CONFLICT) => Ok(false),
            _ => Err(error),
        },
    }
}
