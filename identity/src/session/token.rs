//! Signs access tokens, and the answer that carries them.

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use httpkit::tokens::{AUDIENCE, AccessClaims, ISSUER, Via};
use httpkit::{Json, Problem};
use kernel::{EventId, Permissions, SessionId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Grant;
use super::cookies::{self, Baked, SetCookies};
use crate::client::Client;
use crate::state::Identity;

/// The tokens of a session.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct Tokens {
    /// Goes into `Authorization: Bearer` of each request. Absent for browsers, which get cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    /// `Bearer`, or `Cookie` for browsers.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good for one new pair of tokens. Absent for browsers, which get cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Seconds until the refresh token expires.
    #[schema(example = 604_800)]
    refresh_expires_in: i64,
    /// What a browser is given in their place.
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) cookies: SetCookies,
}

impl IntoResponse for Tokens {
    fn into_response(self) -> Response {
        (self.cookies.clone(), Json(self)).into_response()
    }
}

pub(super) fn issue(
    identity: &Identity,
    grant: &Grant,
    session: SessionId,
    client: &Client,
    refresh_token: String,
    refresh_expires_at: DateTime<Utc>,
) -> Result<Tokens, Problem> {
    let now = identity.clock.now();
    let access_token = Signing {
        session,
        via: Via::Session,
        permissions: grant.standing.permissions,
        lifetime: identity.lifetimes.access,
    }
    .sign(identity, grant)?;
    let expires_in = identity.lifetimes.access.num_seconds();
    let refresh_expires_in = (refresh_expires_at - now).num_seconds();
    if client.browser {
        let cookies = cookies::bake(&Baked {
            access_token: &access_token,
            expires_in,
            refresh_token: &refresh_token,
            refresh_expires_in,
            csrf: &identity.csrf.token(session),
        });
        return Ok(Tokens {
            access_token: None,
            token_type: "Cookie",
            expires_in,
            refresh_token: None,
            refresh_expires_in,
            cookies,
        });
    }
    Ok(Tokens {
        access_token: Some(access_token),
        token_type: "Bearer",
        expires_in,
        refresh_token: Some(refresh_token),
        refresh_expires_in,
        cookies: SetCookies::default(),
    })
}

/// What an access token says beside whose it is.
pub(crate) struct Signing {
    /// What it lives by.
    pub(crate) session: SessionId,
    pub(crate) via: Via,
    /// As much as the member may, or less.
    pub(crate) permissions: Permissions,
    pub(crate) lifetime: TimeDelta,
}

impl Signing {
    /// The signed token.
    pub(crate) fn sign(self, identity: &Identity, grant: &Grant) -> Result<String, Problem> {
        let now = identity.clock.now();
        let claims = AccessClaims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: grant.user.id,
            tenant_id: grant.tenant,
            sid: self.session,
            jti: identity.ids.next::<EventId>().uuid(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + self.lifetime).timestamp(),
            name: grant.user.name.clone(),
            email: grant.user.email.as_str().to_owned(),
            roles: vec![grant.standing.role],
            permissions: self.permissions,
            via: self.via,
            zoneinfo: grant.user.timezone.clone(),
        };
        let signed = identity.keys.sign(&claims, now);
        signed.map_err(Problem::internal)
    }
}
