//! People and their accounts, over all organizations.

mod change_email;
mod deactivate;
mod email;
pub(crate) mod notice;
mod preferences;
mod profile;
mod register;
pub(crate) mod store;
mod verify;

use axum::http::StatusCode;
use chrono::TimeDelta;
use httpkit::Problem;
use kernel::{TenantId, UserId};
use passwords::Password;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::audit;
use crate::client::Client;
use crate::entity::user;
use crate::state::{AppState, Identity};

pub(crate) use change_email::{withdraw as withdraw_change, write as write_change};
pub use email::EmailAddress;
pub(crate) use email::well_formed;
pub(crate) use register::write as write_register;
pub(crate) use verify::link as verify_link;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(verify::router())
        .merge(register::router())
        .merge(change_email::router())
        .merge(profile::router())
        .merge(preferences::router())
        .merge(deactivate::router())
}

/// A person, as that person sees it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct User {
    /// Id of the person.
    id: UserId,
    /// Display name.
    name: String,
    /// E-mail address, the login.
    #[schema(value_type = String, example = "ada@example.com")]
    email: EmailAddress,
}

impl From<user::Model> for User {
    fn from(user: user::Model) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
        }
    }
}

/// Somebody who gave an address and a password: an account that the password opens, or what a new one is made of.
#[derive(Debug)]
pub(crate) enum Identified {
    Known(Box<user::Model>),
    Stranger { password_hash: String },
}

/// Checks the password of an account that exists, or hashes it for one that does not: the same work either way.
pub(crate) async fn identify(
    identity: &Identity,
    email: &EmailAddress,
    password: &Password,
) -> Result<Identified, Problem> {
    let Some(user) = store::by_email(&identity.db, email).await? else {
        let password_hash = identity.passwords.hash(password).await?;
        return Ok(Identified::Stranger { password_hash });
    };
    let right = identity
        .passwords
        .verify(password, user.password_hash.as_deref())
        .await?;
    if right && user.active {
        Ok(Identified::Known(Box::new(user)))
    } else {
        Err(invalid_credentials())
    }
}

/// As [`identify`], for somebody who joins an organization: its log tells of a password that was wrong.
pub(crate) async fn identify_at(
    identity: &Identity,
    tenant: TenantId,
    (email, password): (&EmailAddress, &Password),
    client: &Client,
) -> Result<Identified, Problem> {
    let found = identify(identity, email, password).await;
    if let Err(refused) = &found
        && refused.status() == StatusCode::UNAUTHORIZED
    {
        audit::record_entry_refused(identity, tenant, email, client, refused.code()).await;
    }
    found
}

/// Passes while the account has the password that was right before the transaction began: checking one takes its time,
/// and a new password may have ended what the old one opened meanwhile. Ask last: whatever is written after a new
/// password counts is seen by it, or refused here.
pub(crate) async fn check_password_kept(
    db: &impl ConnectionTrait,
    user: &user::Model,
) -> Result<(), Problem> {
    let held = store::locked(db, user.id).await?;
    match held.is_some_and(|held| held.password_hash == user.password_hash) {
        true => Ok(()),
        false => Err(invalid_credentials()),
    }
}

/// 401 in the same words, whatever was wrong.
pub(crate) fn invalid_credentials() -> Problem {
    Problem::unauthorized("invalid_credentials")
        .with_detail("the e-mail address or the password is wrong")
}

/// 401: the account behind a session is none any more.
pub(crate) fn ended() -> Problem {
    Problem::unauthorized("session_ended")
}

/// 400 in the same words, whatever is wrong with a token out of a mail.
pub(crate) fn invalid_token() -> Problem {
    Problem::bad_request(
        "invalid_token",
        "the link is not valid, or no longer; ask for a new one",
    )
}

/// Until when a token made now is good, for a mail.
pub(crate) fn deadline(identity: &Identity, lifetime: TimeDelta) -> String {
    let end = identity.clock.now() + lifetime;
    end.format("%-d %B %Y, %H:%M UTC").to_string()
}
