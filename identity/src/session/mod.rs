//! Sessions: login, refresh, logout. A session is a row; access tokens name it, refresh tokens keep it going.
//!
//! Refresh tokens rotate: each is good for one pair, and at most one of a session is unused at any time. All uses of
//! a session's tokens queue on its row. See [`model`] for what happens when a used one comes again.

mod model;
mod refresh;
mod routes;
pub(crate) mod store;
mod token;

use httpkit::Problem;
use kernel::secret::{random_token, sha256};
use kernel::{Role, SessionId, TenantId};
use sea_orm::{ConnectionTrait, DbErr};

use crate::client::Client;
use crate::entity::{session, user};
use crate::state::Identity;

pub(crate) use routes::router;
pub(crate) use store::forget_expired;
pub(crate) use token::Tokens;

/// A member who has proved to be that person.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) user: user::Model,
    pub(crate) tenant: TenantId,
    pub(crate) role: Role,
}

/// Starts a session; call it inside the transaction that lets the member in.
pub(crate) async fn open(
    identity: &Identity,
    db: &impl ConnectionTrait,
    grant: &Grant,
    client: Client,
) -> Result<Tokens, Problem> {
    let now = identity.clock.now();
    let row = session::Model {
        id: identity.ids.next(),
        user_id: grant.user.id,
        tenant_id: grant.tenant,
        user_agent: client.user_agent,
        address: client.address.map(|address| address.to_string()),
        created_at: now,
        last_used_at: now,
        expires_at: now + identity.lifetimes.session,
        revoked_at: None,
        revoke_reason: None,
    };
    store::insert(db, row.clone()).await?;
    let refresh = random_token().map_err(Problem::internal)?;
    let expires_at = model::refresh_expiry(now, row.expires_at);
    store::insert_token(db, row.id, sha256(&refresh), now, expires_at).await?;
    token::issue(identity, grant, row.id, refresh, expires_at)
}

/// Ends a session and tells everybody; false when it had ended before.
pub(crate) async fn revoke(
    identity: &Identity,
    db: &impl ConnectionTrait,
    session: SessionId,
    reason: &'static str,
) -> Result<bool, DbErr> {
    let now = identity.clock.now();
    let Some(row) = store::revoke(db, session, reason, now).await? else {
        return Ok(false);
    };
    tell_ended(identity, db, &row).await?;
    metrics::counter!("identity_sessions_revoked_total", "reason" => reason).increment(1);
    tracing::info!(session.id = %row.id, reason, "session revoked");
    Ok(true)
}

/// Removes all sessions of an organization and tells everybody of those with access tokens that are still good;
/// answers how many sessions there were.
pub(crate) async fn remove_of(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<u64, DbErr> {
    let since = identity.clock.now() - identity.lifetimes.access;
    for row in store::live_of(db, tenant, since).await? {
        tell_ended(identity, db, &row).await?;
    }
    store::remove_of(db, tenant).await
}

async fn tell_ended(
    identity: &Identity,
    db: &impl ConnectionTrait,
    row: &session::Model,
) -> Result<(), DbErr> {
    let event = events::topic::session::SessionRevoked {
        session_id: row.id,
        user_id: row.user_id,
        expires_at: identity.clock.now() + identity.lifetimes.access,
    };
    identity.emit(db, row.tenant_id, row.user_id, &event).await
}
