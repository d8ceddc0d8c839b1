//! Asks once more who it is before second factors change: a session that somebody else got hold of is not enough.

use chrono::TimeDelta;
use garde::Validate;
use httpkit::{Member, Problem};
use passwords::Password;
use serde::Deserialize;
use utoipa::ToSchema;

use super::check::{Answer, check};
use super::store;
use crate::client::Client;
use crate::entity::user;
use crate::session::Method;
use crate::state::Identity;
use crate::{account, audit, password, session};

/// A sign-in this recent is proof enough for somebody who has nothing else to give.
const RECENT: TimeDelta = TimeDelta::minutes(10);

/// Proof of who asks: the password, a code, or a recovery code. Who has neither a password nor an authenticator app
/// signs in anew and has ten minutes.
#[derive(Default, Deserialize, Validate, ToSchema)]
pub(crate) struct Confirmation {
    /// Password of the account.
    #[serde(default)]
    #[garde(inner(custom(password::bounded)))]
    password: Option<Password>,
    /// The code that the authenticator app shows now.
    #[serde(default)]
    #[garde(length(bytes, max = 20))]
    #[schema(example = "123456")]
    code: Option<String>,
    /// A recovery code that was not used.
    #[serde(default)]
    #[garde(length(bytes, max = 100))]
    recovery_code: Option<String>,
}

/// Passes when the account's owner asks; answers the account. A session that an organization's own provider opened
/// passes with nothing: its codes may be of a device that was set up on that provider's word.
pub(crate) async fn demand(
    identity: &Identity,
    member: &Member,
    client: &Client,
    given: &Confirmation,
) -> Result<user::Model, Problem> {
    let (db, now) = (&identity.db, identity.clock.now());
    session::require_whole_account(identity, db, member).await?;
    let ended = || Problem::unauthorized("session_ended");
    let session = session::store::live(db, member.session, now).await?;
    let session = session.ok_or_else(ended)?;
    let user = account::store::active(db, member.user).await?;
    let user = user.ok_or_else(ended)?;
    let answer = Answer::of(given.code.as_deref(), given.recovery_code.as_deref());
    let right = match (&given.password, answer) {
        (Some(password), None) => {
            identity.throttle.attempt(&user.email, client.address)?;
            let stored = user.password_hash.as_deref();
            let right = identity.passwords.verify(password, stored).await?;
            if right {
                identity.throttle.succeeded(&user.email, client.address);
            }
            right
        }
        (None, Some(answer)) => {
            let transaction = identity.begin().await?;
            let right = check(identity, &transaction, user.id, answer).await?;
            transaction.commit().await?;
            right
        }
        (None, None) => {
            let nothing = user.password_hash.is_none() && !store::factors(db, user.id).await?.totp;
            // A session out of a ticket is new, and rests on a sign-in elsewhere that may be long past.
            let signed_in = session.method != Method::Session;
            if nothing && signed_in && now - session.created_at <= RECENT {
                true
            } else {
                return Err(missing(nothing));
            }
        }
        (Some(_), Some(_)) => return Err(missing(false)),
    };
    if right {
        return Ok(user);
    }
    let code = "confirmation_refused";
    let refused = audit::Event::refused("account.confirmed", Some(user.id), client, code);
    audit::record(identity, db, refused.at(member.tenant)).await?;
    Err(Problem::forbidden(code).with_detail("the password or the code is wrong"))
}

fn missing(nothing: bool) -> Problem {
    Problem::forbidden("confirmation_required").with_detail(if nothing {
        "sign in again, and do this within ten minutes"
    } else {
        "give one of your password, a code and a recovery code"
    })
}
