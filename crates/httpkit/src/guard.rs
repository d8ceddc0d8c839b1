//! Who calls: extractors that prove it, so that a handler cannot forget to ask.
//!
//! [`Caller`] is a service, [`Member`] a person behind the gateway, [`Shared`] a guest's read of one
//! thing. All three need a service token: a port that is reached directly answers 401.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use kernel::{Permission, Permissions, Role, SessionId, TenantId, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::Problem;
use crate::tokens::{
    Keys, Resource, SERVICE_TOKEN_HEADER, ServiceClaims, ServiceVerifier, TokenError, Via,
};

/// The services, as they name each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// The public door.
    Gateway,
    /// The control plane.
    TenantResolver,
    /// People and sessions.
    Identity,
    /// Projects and tasks.
    ProjectSvc,
    /// Short links.
    Shortener,
    /// Dashboards.
    Analytics,
    /// The operator's tool.
    Migrator,
}

impl Service {
    /// The name in tokens, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::TenantResolver => "tenant-resolver",
            Self::Identity => "identity",
            Self::ProjectSvc => "project-svc",
            Self::Shortener => "shortener",
            Self::Analytics => "analytics",
            Self::Migrator => "migrator",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a service checks callers with; part of its state.
#[derive(Debug, Clone)]
pub struct Guard {
    services: Arc<ServiceVerifier>,
    keys: Keys,
}

impl Guard {
    /// A guard for `audience`.
    pub fn new(secret: &SecretString, audience: Service, keys: Keys) -> Self {
        Self {
            services: Arc::new(ServiceVerifier::new(secret, audience)),
            keys,
        }
    }

    /// The service that calls.
    pub fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let claims = self.service(headers)?;
        Ok(Caller {
            service: claims.iss,
            tenant: claims.tenant_id,
        })
    }

    fn service(&self, headers: &HeaderMap) -> Result<ServiceClaims, Problem> {
        let token = headers
            .get(SERVICE_TOKEN_HEADER)
            .and_then(|value| value.to_str().ok());
        let token = token.ok_or_else(|| {
            Problem::unauthorized("service_token_required")
                .with_detail("this port answers calls through the gateway")
        })?;
        self.services
            .verify(token)
            .map_err(|error| Problem::unauthorized("service_token_refused").with_cause(error))
    }
}

/// The bearer token of a request (RFC 6750 §2.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// A service that calls, for an organization or for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Who calls.
    pub service: Service,
    /// For which organization.
    pub tenant: Option<TenantId>,
}

impl Caller {
    /// Passes the services named; 403 for the others.
    pub fn only(&self, services: &[Service]) -> Result<(), Problem> {
        if services.contains(&self.service) {
            Ok(())
        } else {
            Err(Problem::forbidden("service_not_allowed"))
        }
    }

    /// The organization called for; 404 on the bare domain, where there is none.
    pub fn tenant(&self) -> Result<TenantId, Problem> {
        self.tenant.ok_or_else(Problem::not_found)
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Guard: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Guard::from_ref(state).caller(&parts.headers)
    }
}

/// A person of an organization, signed in.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The organization.
    pub tenant: TenantId,
    /// The person.
    pub user: UserId,
    /// The session the call belongs to; of a personal token, its id.
    pub session: SessionId,
    /// Whether a person calls or a program for one.
    pub via: Via,
    /// Display name.
    pub name: String,
    /// Role in the organization.
    pub role: Role,
    /// What the person may do.
    pub permissions: Permissions,
    /// IANA name of the person's time zone, if they gave one.
    pub timezone: Option<String>,
}

impl Member {
    /// Passes when the person may do it; 403 otherwise.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        require(self.permissions, permission)
    }
}

/// Passes when `permission` is among the rights somebody has; 403 otherwise.
pub fn require(rights: Permissions, permission: Permission) -> Result<(), Problem> {
    if rights.contains(permission) {
        return Ok(());
    }
    let detail = format!("your role lacks the permission `{}`", permission.as_str());
    Err(Problem::forbidden("permission_denied").with_detail(detail))
}

impl<S> FromRequestParts<S> for Member
where
    S: Send + Sync,
    Guard: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let guard = Guard::from_ref(state);
        let service = guard.service(&parts.headers)?;
        let token =
            bearer(&parts.headers).ok_or_else(|| Problem::unauthorized("token_required"))?;
        let claims = guard.keys.verify(token).await.map_err(refusal)?;
        if service.tenant_id != Some(claims.tenant_id) {
            return Err(Problem::unauthorized("token_of_other_organization"));
        }
        let role = claims
            .roles
            .first()
            .copied()
            .ok_or_else(|| Problem::unauthorized("token_refused"))?;
        Ok(Self {
            tenant: claims.tenant_id,
            user: claims.sub,
            session: claims.sid,
            via: claims.via,
            name: claims.name.clone(),
            role,
            permissions: claims.permissions,
            timezone: claims.zoneinfo.clone(),
        })
    }
}

/// A member who signed in. What concerns the account itself is not for programs: a token that leaked must not
/// make tokens, change a password or read another's mail.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn(pub Member);

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Guard: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let member = Member::from_request_parts(parts, state).await?;
        match member.via {
            Via::Session => Ok(Self(member)),
            Via::PersonalToken => Err(Problem::forbidden("session_required")
                .with_detail("sign in to do this; a personal access token is not enough")),
        }
    }
}

/// The answer to a token that was not taken.
pub fn refusal(error: TokenError) -> Problem {
    match error {
        TokenError::KeysUnavailable(_) => {
            Problem::unavailable("identity_unavailable", 2).with_cause(error)
        }
        TokenError::Refused(_) | TokenError::Invalid(_) => Problem::unauthorized("token_refused")
            .with_detail("the access token is not valid, or no longer; sign in again")
            .with_cause(error),
    }
}

/// A guest's read of the one thing that a link covers, asked for by the shortener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// The organization.
    pub tenant: TenantId,
    /// The one thing.
    pub resource: Resource,
}

impl<S> FromRequestParts<S> for Shared
where
    S: Send + Sync,
    Guard: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let claims = Guard::from_ref(state).service(&parts.headers)?;
        match (claims.iss, claims.tenant_id, claims.resource) {
            (Service::Shortener, Some(tenant), Some(resource)) => Ok(Self { tenant, resource }),
            _ => Err(Problem::forbidden("service_not_allowed")),
        }
    }
}

impl FromStr for Service {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [
            Self::Gateway,
            Self::TenantResolver,
            Self::Identity,
            Self::ProjectSvc,
            Self::Shortener,
            Self::Analytics,
            Self::Migrator,
        ];
        all.into_iter()
            .find(|service| service.name() == text)
            .ok_or(TokenError::Refused("service"))
    }
}
