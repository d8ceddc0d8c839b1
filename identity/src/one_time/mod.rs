//! Tokens that are good once: sent by mail or handed to a client between two steps, stored as their hash.
//!
//! A token says nothing by itself; what it stands for is kept beside its hash and trusted as our own words.

mod store;

use chrono::TimeDelta;
use httpkit::Problem;
use kernel::secret::{random_token, sha256};
use kernel::{TenantId, UserId};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entity::one_time_token;
use crate::state::Identity;

pub(crate) use store::{forget_expired, used, withdraw, withdraw_in};

/// What a token is for, and what is kept with it.
pub(crate) trait Purpose: Serialize + DeserializeOwned {
    /// The name in the table; a token is unknown for any other purpose.
    const NAME: &'static str;
    /// How long it is good.
    const LIFETIME: TimeDelta;
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Owner {
    pub(crate) user: Option<UserId>,
    pub(crate) tenant: Option<TenantId>,
}

/// Makes a token; only its holder can tell it from now on.
pub(crate) async fn issue<P: Purpose>(
    identity: &Identity,
    db: &impl ConnectionTrait,
    owner: Owner,
    payload: &P,
) -> Result<String, Problem> {
    let token = random_token().map_err(Problem::internal)?;
    let now = identity.clock.now();
    let row = one_time_token::Model {
        token_hash: sha256(&token).to_vec(),
        purpose: P::NAME.to_owned(),
        user_id: owner.user,
        tenant_id: owner.tenant,
        payload: serde_json::to_value(payload).map_err(Problem::internal)?,
        created_at: now,
        expires_at: now + P::LIFETIME,
        used_at: None,
    };
    store::insert(db, row).await?;
    Ok(token)
}

/// What the token stands for, without using it up; `None` for one that is unknown, used or too old.
pub(crate) async fn look<P: Purpose>(
    identity: &Identity,
    db: &impl ConnectionTrait,
    token: &str,
) -> Result<Option<(Owner, P)>, Problem> {
    let row = store::live(db, &sha256(token), P::NAME, identity.clock.now()).await?;
    row.map(read).transpose()
}

/// As [`look`], and nobody else holds or redeems the token before the end of the transaction.
pub(crate) async fn hold<P: Purpose>(
    identity: &Identity,
    db: &impl ConnectionTrait,
    token: &str,
) -> Result<Option<(Owner, P)>, Problem> {
    let row = store::locked(db, &sha256(token), P::NAME, identity.clock.now()).await?;
    row.map(read).transpose()
}

/// Keeps something else with a token that is held.
pub(crate) async fn amend<P: Purpose>(
    db: &impl ConnectionTrait,
    token: &str,
    payload: &P,
) -> Result<(), Problem> {
    let payload = serde_json::to_value(payload).map_err(Problem::internal)?;
    Ok(store::amend(db, &sha256(token), P::NAME, payload).await?)
}

/// Uses the token up; of two at once one gets it. `None` for one that is unknown, used or too old.
pub(crate) async fn redeem<P: Purpose>(
    identity: &Identity,
    db: &impl ConnectionTrait,
    token: &str,
) -> Result<Option<(Owner, P)>, Problem> {
    let row = store::spend(db, &sha256(token), P::NAME, identity.clock.now()).await?;
    row.map(read).transpose()
}

fn read<P: Purpose>(row: one_time_token::Model) -> Result<(Owner, P), Problem> {
    let payload = serde_json::from_value(row.payload).map_err(Problem::internal)?;
    let owner = Owner {
        user: row.user_id,
        tenant: row.tenant_id,
    };
    Ok((owner, payload))
}
