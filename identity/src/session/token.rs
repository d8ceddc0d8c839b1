//! Signs access tokens, and the answer that carries them.

use chrono::{DateTime, Utc};
use httpkit::Problem;
use httpkit::tokens::{AUDIENCE, AccessClaims, ISSUER, Via};
use kernel::{EventId, SessionId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Grant;
use crate::state::Identity;

/// The tokens of a session.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct Tokens {
    /// Goes into `Authorization: Bearer` of each request.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good for one new pair of tokens.
    refresh_token: String,
    /// Seconds until the refresh token expires.
    #[schema(example = 604_800)]
    refresh_expires_in: i64,
}

pub(super) fn issue(
    identity: &Identity,
    grant: &Grant,
    session: SessionId,
    refresh_token: String,
    refresh_expires_at: DateTime<Utc>,
) -> Result<Tokens, Problem> {
    let now = identity.clock.now();
    let claims = AccessClaims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: grant.user.id,
        tenant_id: grant.tenant,
        sid: session,
        jti: identity.ids.next::<EventId>().uuid(),
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: (now + identity.lifetimes.access).timestamp(),
        name: grant.user.name.clone(),
        email: grant.user.email.as_str().to_owned(),
        roles: vec![grant.standing.role],
        permissions: grant.standing.permissions,
        via: Via::Session,
    };
    Ok(Tokens {
        access_token: identity
            .keys
            .signer
            .sign(&claims)
            .map_err(Problem::internal)?,
        token_type: "Bearer",
        expires_in: identity.lifetimes.access.num_seconds(),
        refresh_token,
        refresh_expires_in: (refresh_expires_at - now).num_seconds(),
    })
}
