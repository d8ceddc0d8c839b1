//! Exchanges a refresh token for a new pair.

use httpkit::Problem;
use kernel::TenantId;
use kernel::secret::{random_token, sha256};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::model::{self, Presented, Verdict};
use super::{Grant, Tokens, store, token};
use crate::client::Client;
use crate::entity::{refresh_token, session};
use crate::state::Identity;
use crate::{audit, organization, second_factor};

/// A token as it is presented.
pub(super) struct Asked<'a> {
    pub(super) token: &'a str,
    /// Whether a browser sent it by itself.
    pub(super) by_cookie: bool,
    /// What proves then that the host's own page asks.
    pub(super) csrf: Option<&'a str>,
}

/// What a presented token came to. Each is to be committed.
pub(super) enum Outcome {
    Renewed(Tokens),
    Refused,
    /// The organization demands a second factor by now, and the session began without one.
    SecondFactorRequired,
    /// The organization does not let people in any more the way the session began.
    MethodRefused,
}

pub(super) async fn exchange(
    identity: &Identity,
    transaction: &DatabaseTransaction,
    tenant: TenantId,
    client: &Client,
    asked: &Asked<'_>,
) -> Result<Outcome, Problem> {
    let now = identity.clock.now();
    let hash = sha256(asked.token);
    let Some((session, row)) = find(transaction, &hash, tenant).await? else {
        return Ok(Outcome::Refused);
    };
    // Before anything of the session changes: a forged request must not use a token up.
    if asked.by_cookie
        && !identity
            .csrf
            .admits(session.id, asked.csrf.unwrap_or_default())
    {
        return Err(Problem::forbidden("csrf_refused")
            .with_detail("repeat the cookie `__Host-tenantry_csrf` in `X-CSRF-Token`"));
    }
    let successor = successor(transaction, &row).await?;
    let facts = Presented {
        revoked: session.revoked_at.is_some(),
        expires_at: row.expires_at.min(session.expires_at),
        used_at: row.used_at,
        successor_unused: successor
            .as_ref()
            .is_some_and(|next| next.used_at.is_none()),
    };
    match (model::judge(facts, now), successor) {
        (Verdict::Refuse, _) => return Ok(Outcome::Refused),
        (Verdict::Reused, _) => {
            super::revoke(identity, transaction, session.id, "refresh_token_reused").await?;
            let code = "refresh_token_reused";
            let reused =
                audit::Event::refused("session.refreshed", Some(session.user_id), client, code);
            let reused = reused.at(tenant).on(session.id.uuid());
            audit::record(identity, transaction, reused).await?;
            return Ok(Outcome::Refused);
        }
        (Verdict::Replace, Some(lost)) => {
            store::spend(transaction, &lost.token_hash, None, now).await?;
        }
        (Verdict::Replace, None) | (Verdict::Rotate, _) => {}
    }
    let Some(grant) = Grant::now(transaction, tenant, session.user_id).await? else {
        return Ok(Outcome::Refused);
    };
    let Some(organization) = organization::store::by_id(transaction, tenant).await? else {
        return Ok(Outcome::Refused);
    };
    if !second_factor::method_allowed(&organization, session.method) {
        super::revoke(identity, transaction, session.id, "sign_in_method_refused").await?;
        return Ok(Outcome::MethodRefused);
    }
    if !session.second_factor && organization.require_second_factor {
        super::revoke(identity, transaction, session.id, "second_factor_required").await?;
        return Ok(Outcome::SecondFactorRequired);
    }
    let next = random_token().map_err(Problem::internal)?;
    let expires_at = model::refresh_expiry(now, session.expires_at);
    store::insert_token(transaction, session.id, sha256(&next), now, expires_at).await?;
    store::spend(transaction, &hash, Some(sha256(&next)), now).await?;
    store::touch(transaction, session.id, now).await?;
    token::issue(identity, &grant, session.id, client, next, expires_at).map(Outcome::Renewed)
}

/// The token as it is once nobody else can change it, with its session. One of another organization is unknown.
async fn find(
    db: &impl ConnectionTrait,
    hash: &[u8],
    tenant: TenantId,
) -> Result<Option<(session::Model, refresh_token::Model)>, Problem> {
    let Some(row) = store::token(db, hash).await? else {
        return Ok(None);
    };
    let session = store::locked(db, row.session_id).await?;
    let Some(session) = session.filter(|session| session.tenant_id == tenant) else {
        return Ok(None);
    };
    let row = store::token(db, hash).await?;
    Ok(row.map(|row| (session, row)))
}

async fn successor(
    db: &impl ConnectionTrait,
    row: &refresh_token::Model,
) -> Result<Option<refresh_token::Model>, Problem> {
    match &row.successor_hash {
        Some(hash) => Ok(store::token(db, hash).await?),
        None => Ok(None),
    }
}
