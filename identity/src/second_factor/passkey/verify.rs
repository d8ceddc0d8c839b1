//! A passkey as the second factor of somebody whose first is proved.

use httpkit::Problem;
use kernel::UserId;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{
    AuthenticationResult, Passkey, PasskeyAuthentication, PublicKeyCredential, Webauthn,
};

use super::store;
use crate::entity::passkey;
use crate::state::Identity;

/// What was asked of the person's authenticators.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::second_factor) struct Begun(PasskeyAuthentication);

/// Asks any of the person's keys; `None` when there is none.
pub(in crate::second_factor) async fn begin(
    db: &impl ConnectionTrait,
    party: &Webauthn,
    user: UserId,
) -> Result<Option<(Value, Begun)>, Problem> {
    let rows = store::of(db, user).await?;
    let keys: Result<Vec<Passkey>, Problem> = rows.iter().map(key_of).collect();
    let keys = keys?;
    if keys.is_empty() {
        return Ok(None);
    }
    let (options, state) = party
        .start_passkey_authentication(&keys)
        .map_err(Problem::internal)?;
    let options = serde_json::to_value(options).map_err(Problem::internal)?;
    Ok(Some((options, Begun(state))))
}

/// Whether one of the person's keys answered what was asked. Commit either way.
pub(in crate::second_factor) async fn finish(
    identity: &Identity,
    db: &impl ConnectionTrait,
    party: &Webauthn,
    user: UserId,
    Begun(state): &Begun,
    answer: Value,
) -> Result<bool, Problem> {
    let answer: PublicKeyCredential = super::party::read(answer, "/passkey")?;
    let row = store::locked(db, answer.get_credential_id()).await?;
    let Some(row) = row.filter(|row| row.user_id == user) else {
        return Ok(false);
    };
    // The counter may have moved since the options were made: the key is checked as it is now.
    let mut key = key_of(&row)?;
    let result = match party.finish_passkey_authentication(&answer, state) {
        Ok(result) if result.user_verified() && counts_up(&row, &result) => result,
        Ok(_) | Err(_) => return Ok(false),
    };
    key.update_credential(&result);
    note_use(identity, db, &row, &key).await?;
    Ok(true)
}

pub(super) async fn note_use(
    identity: &Identity,
    db: &impl ConnectionTrait,
    row: &passkey::Model,
    key: &Passkey,
) -> Result<(), Problem> {
    let kept = serde_json::to_value(key).map_err(Problem::internal)?;
    Ok(store::note_use(db, row.id, kept, identity.clock.now()).await?)
}

pub(super) fn key_of(row: &passkey::Model) -> Result<Passkey, Problem> {
    serde_json::from_value(row.credential.clone()).map_err(Problem::internal)
}

/// A counter that stands still means that the key was copied; authenticators without one stay at zero. The library
/// compares with the counter of when the options were made, this with that of now.
fn counts_up(row: &passkey::Model, result: &AuthenticationResult) -> bool {
    let kept = row
        .credential
        .pointer("/cred/counter")
        .and_then(Value::as_u64);
    let (kept, told) = (kept.unwrap_or(0), u64::from(result.counter()));
    told > kept || (told == 0 && kept == 0)
}
