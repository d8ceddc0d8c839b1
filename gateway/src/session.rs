//! Access tokens at the door: refused as soon as they expire, their session is revoked or the person has another role
//! than they say. The services check tokens again, but only the door knows what happened since a token was signed.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use dashmap::DashMap;
use http::HeaderMap;
use httpkit::tokens::{Keys, Via};
use httpkit::{Problem, bearer, refusal};
use kernel::{Clock, Permissions, SessionId, TenantId, UserId};

/// No access token lives longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// The code of the answer to a token that was signed for other rights.
pub(crate) const OUTDATED: &str = "token_outdated";

/// Who a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub tenant: TenantId,
    pub user: UserId,
    pub id: SessionId,
    issued_at: i64,
    expires_at: i64,
    permissions: Permissions,
    via: Via,
}

impl Session {
    /// When its access token expires, in seconds since 1970.
    pub(crate) fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// Whether both are one session of one person, perhaps with other access tokens.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (self.tenant, self.user, self.id) == (other.tenant, other.user, other.id)
    }
}

/// What a member may do since lately.
#[derive(Debug, Clone, Copy)]
struct Given {
    permissions: Permissions,
    at: DateTime<Utc>,
}

/// The tokens and revoked sessions that are known.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    keys: Keys,
    clock: Clock,
    revoked: DashMap<SessionId, DateTime<Utc>>,
    given: DashMap<(TenantId, UserId), Given>,
}

impl Sessions {
    /// Checks tokens with identity's keys.
    pub fn new(keys: Keys, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            keys,
            clock,
            revoked: DashMap::new(),
            given: DashMap::new(),
        }))
    }

    /// The session of a request to an organization.
    pub async fn of(&self, headers: &HeaderMap, tenant: TenantId) -> Result<Session, Problem> {
        let token = bearer(headers).ok_or_else(|| Problem::unauthorized("token_required"))?;
        let session = self.verify(token).await?;
        self.check(&session, tenant)?;
        Ok(session)
    }

    /// Passes a session that is good now for this organization.
    pub(crate) fn check(&self, session: &Session, tenant: TenantId) -> Result<(), Problem> {
        if session.expires_at <= self.0.clock.now().timestamp() {
            return Err(
                Problem::unauthorized("token_refused").with_detail("the access token has expired")
            );
        }
        if !self.0.revoked.is_empty() && self.0.revoked.contains_key(&session.id) {
            return Err(Problem::unauthorized("session_revoked")
                .with_detail("the session has ended; sign in again"));
        }
        if session.tenant != tenant {
            tracing::warn!(tenant.id = %tenant, user.id = %session.user, "token of another organization");
            return Err(Problem::unauthorized("token_of_other_organization"));
        }
        if self.outdated(session) {
            return Err(Problem::unauthorized(OUTDATED)
                .with_detail("what you may do has changed since; refresh the session"));
        }
        Ok(())
    }

    /// Refuses a session until its last access token is gone by itself.
    pub fn revoke(&self, session: SessionId, expires_at: DateTime<Utc>) {
        let now = self.0.clock.now();
        self.0.revoked.retain(|_, until| *until > now);
        if expires_at > now {
            self.0.revoked.insert(session, expires_at);
        }
    }

    /// Refuses the member's tokens of before `at` that allow something else, until the last of them is gone by
    /// itself. News may come twice and late: the latest change counts.
    pub fn give(
        &self,
        tenant: TenantId,
        user: UserId,
        permissions: Permissions,
        at: DateTime<Utc>,
    ) {
        let oldest = self.0.clock.now() - LONGEST;
        self.0.given.retain(|_, given| given.at > oldest);
        let mut given = self
            .0
            .given
            .entry((tenant, user))
            .or_insert(Given { permissions, at });
        if given.at <= at {
            *given = Given { permissions, at };
        }
    }

    /// Whether the token was signed for rights that have been changed since.
    fn outdated(&self, session: &Session) -> bool {
        let given = self.0.given.get(&(session.tenant, session.user));
        given.is_some_and(|given| {
            let other = match session.via {
                Via::Session => session.permissions != given.permissions,
                // It allows less than its owner may.
                Via::PersonalToken => !given.permissions.covers(session.permissions),
            };
            // In the second of the change only the rights tell which came first.
            other && session.issued_at <= given.at.timestamp()
        })
    }

    async fn verify(&self, token: &str) -> Result<Session, Problem> {
        let claims = self.0.keys.verify(token).await.map_err(refusal)?;
        Ok(Session {
            tenant: claims.tenant_id,
            user: claims.sub,
            id: claims.sid,
            issued_at: claims.iat,
            expires_at: claims.exp,
            permissions: claims.permissions,
            via: claims.via,
        })
    }
}
