//! Personal access tokens: what a person gives to a program. Each is one person's, in one organization, for some of
//! what the person may do, and for a year at most.
//!
//! A service never sees one: the gateway exchanges it for an access token of a few minutes, in which the token's id
//! stands for the session. Revoking it is told as the end of that session.

mod exchange;
mod model;
mod routes;
mod store;

use events::topic::session::SessionRevoked;
use kernel::{SessionId, TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr};

use crate::entity::personal_token;
use crate::state::Identity;

pub(crate) use model::as_session;
pub(crate) use routes::router;
pub(crate) use store::{Of, forget_old, revoked_since};

/// Ends tokens and tells everybody; answers how many there were.
pub(crate) async fn revoke(
    identity: &Identity,
    db: &impl ConnectionTrait,
    of: Of,
) -> Result<usize, DbErr> {
    let now = identity.clock.now();
    let ended = store::revoke(db, of, now).await?;
    for row in &ended {
        tell_ended(identity, db, row).await?;
    }
    Ok(ended.len())
}

/// Ends all tokens of a member who leaves the organization.
pub(crate) async fn revoke_of_member(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<usize, DbErr> {
    revoke(identity, db, Of::Member(tenant, user)).await
}

async fn tell_ended(
    identity: &Identity,
    db: &impl ConnectionTrait,
    row: &personal_token::Model,
) -> Result<(), DbErr> {
    let event = SessionRevoked {
        session_id: as_session(row.id),
        user_id: row.user_id,
        expires_at: identity.clock.now() + model::ACCESS_LIFETIME,
    };
    identity.emit(db, row.tenant_id, row.user_id, &event).await
}

/// The end of a token, as the list of ended sessions tells it.
pub(crate) fn end_of(
    row: &personal_token::Model,
) -> Option<(SessionId, chrono::DateTime<chrono::Utc>)> {
    let at = row.revoked_at?;
    Some((as_session(row.id), at + model::ACCESS_LIFETIME))
}
