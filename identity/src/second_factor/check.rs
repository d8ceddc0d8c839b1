//! Checks what somebody gives as a second factor.

use httpkit::Problem;
use kernel::UserId;
use sea_orm::ConnectionTrait;

use super::{attempts, recovery, store, totp};
use crate::state::Identity;

/// What was given.
#[derive(Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// A code by time.
    Code(&'a str),
    /// A recovery code.
    RecoveryCode(&'a str),
}

impl<'a> Answer<'a> {
    /// The one field of a body that is filled.
    pub(super) fn of(code: Option<&'a str>, recovery_code: Option<&'a str>) -> Option<Self> {
        match (code, recovery_code) {
            (Some(code), None) => Some(Self::Code(code)),
            (None, Some(code)) => Some(Self::RecoveryCode(code)),
            (None, None) | (Some(_), Some(_)) => None,
        }
    }
}

/// Whether it is right; what is right is used up. Commit either way, or guesses are not counted.
pub(crate) async fn check(
    identity: &Identity,
    db: &impl ConnectionTrait,
    user: UserId,
    answer: Answer<'_>,
) -> Result<bool, Problem> {
    let now = identity.clock.now();
    let right = match answer {
        Answer::Code(code) => {
            attempts::count(db, user, now).await?;
            take_code(identity, db, user, code, true).await?
        }
        Answer::RecoveryCode(code) => {
            store::factors(db, user).await?.any()
                && store::take_code(db, user, &recovery::hash(code), now).await?
        }
    };
    if right {
        attempts::clear(db, user).await?;
    }
    Ok(right)
}

/// Whether it is a code of a device that was not confirmed; it is then. Commit either way.
pub(super) async fn check_new_device(
    identity: &Identity,
    db: &impl ConnectionTrait,
    user: UserId,
    code: &str,
) -> Result<bool, Problem> {
    let now = identity.clock.now();
    attempts::count(db, user, now).await?;
    let right = take_code(identity, db, user, code, false).await?;
    if right {
        store::confirm_device(db, user, now).await?;
        attempts::clear(db, user).await?;
    }
    Ok(right)
}

async fn take_code(
    identity: &Identity,
    db: &impl ConnectionTrait,
    user: UserId,
    code: &str,
    confirmed: bool,
) -> Result<bool, Problem> {
    let device = store::device(db, user).await?;
    let device = device.filter(|device| device.confirmed_at.is_some() == confirmed);
    let Some(device) = device else {
        return Ok(false);
    };
    let (seal, sealed) = (&identity.seal, &device.sealed_secret);
    let Some(step) = totp::step_of(seal, user, sealed, code, identity.clock.now())? else {
        return Ok(false);
    };
    Ok(store::take_step(db, user, step).await?)
}
