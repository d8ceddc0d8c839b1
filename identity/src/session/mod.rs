//! Sessions: login, refresh, logout. A session is a row; access tokens name it, refresh tokens keep it going.
//!
//! Refresh tokens rotate: each is good for one pair, and at most one of a session is unused at any time. All uses of
//! a session's tokens queue on its row. See [`model`] for what happens when a used one comes again.

pub(crate) mod cookies;
pub(crate) mod device;
mod devices;
mod model;
mod reach;
mod refresh;
mod routes;
pub(crate) mod store;
mod token;

use std::fmt;
use std::str::FromStr;

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use httpkit::Problem;
use kernel::secret::{random_token, sha256};
use kernel::{SessionId, TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr, DeriveValueType};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::Client;
use crate::entity::{session, user};
use crate::member::{self, Standing};
use crate::second_factor::{self, Challenge, Demand, Gate};
use crate::state::Identity;
use crate::{account, audit, organization, personal_token};

pub(crate) use reach::{
    require_no_other_organization, require_say_everywhere, require_whole_account,
};
pub(crate) use routes::router;
pub(crate) use store::forget_expired;
pub(crate) use token::{Signing, Tokens};

/// A member whose account it is, with what the member may do.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) user: user::Model,
    pub(crate) tenant: TenantId,
    pub(crate) standing: Standing,
}

impl Grant {
    /// The member as of now: a role that changed counts. `None` for who may not sign in any more.
    pub(crate) async fn now(
        db: &impl ConnectionTrait,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<Self>, Problem> {
        let found = account::store::active(db, user).await?;
        let standing = member::store::standing(db, tenant, user).await?;
        Ok(found.zip(standing).map(|(user, standing)| Self {
            user,
            tenant,
            standing,
        }))
    }
}

/// What somebody proved first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, DeriveValueType)]
#[serde(rename_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub enum Method {
    /// Knows the password.
    Password,
    /// Holds a passkey, which its authenticator gave after it knew its person.
    Passkey,
    /// Is known to an identity provider.
    Provider,
    /// Is known to an identity provider of the organization's own, which speaks for that organization alone.
    OwnProvider,
    /// Has a session in another organization.
    Session,
}

/// What somebody proved, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) method: Method,
    /// Whether it was more than one factor.
    pub(crate) second_factor: bool,
}

impl Method {
    /// The name on the wire and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Provider => "provider",
            Self::OwnProvider => "own_provider",
            Self::Session => "session",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = DbErr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [
            Self::Password,
            Self::Passkey,
            Self::Provider,
            Self::OwnProvider,
            Self::Session,
        ];
        let known = all.into_iter().find(|method| method.as_str() == text);
        known.ok_or_else(|| DbErr::Type("unknown method of sign-in".to_owned()))
    }
}

impl Proof {
    /// Of the first factor alone.
    pub(crate) const fn first(method: Method) -> Self {
        Self {
            method,
            second_factor: false,
        }
    }
}

/// What signing in came to.
pub(crate) enum Entry {
    /// In.
    SignedIn(Tokens),
    /// In after a second factor.
    SecondFactor(Demand),
}

impl IntoResponse for Entry {
    fn into_response(self) -> Response {
        match self {
            Self::SignedIn(tokens) => tokens.into_response(),
            Self::SecondFactor(demand) => demand.into_response(),
        }
    }
}

/// The one door: every way to sign in ends here, inside the transaction that lets the member in, and none gets
/// around the second factor or the rules of the organization.
pub(crate) async fn enter(
    identity: &Identity,
    db: &impl ConnectionTrait,
    grant: &Grant,
    client: &Client,
    proof: Proof,
) -> Result<Entry, Problem> {
    let organization = organization::store::by_id(db, grant.tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    let factors = second_factor::factors(db, grant.user.id).await?;
    // Given back once, by the step that took the guess: a second factor may follow many times.
    if proof.method == Method::Password && !proof.second_factor {
        let email = &grant.user.email;
        identity.throttle.succeeded(email, client.address);
    }
    match second_factor::judge(&organization, proof, factors) {
        Gate::Open => {
            let now = identity.clock.now();
            account::store::note_login(db, grant.user.id, now).await?;
            let tokens = open(identity, db, grant, client, proof).await?;
            Ok(Entry::SignedIn(tokens))
        }
        Gate::Challenge | Gate::Enroll => {
            let demand = Challenge::issue(identity, db, grant, proof.method, factors).await?;
            Ok(Entry::SecondFactor(demand))
        }
        Gate::Refused => Err(method_refused()),
    }
}

/// 403: the organization does not let people in this way.
pub(crate) fn method_refused() -> Problem {
    Problem::forbidden("sign_in_method_refused")
        .with_detail("this organization does not take passwords; sign in another way")
}

/// Starts a session.
async fn open(
    identity: &Identity,
    db: &impl ConnectionTrait,
    grant: &Grant,
    client: &Client,
    proof: Proof,
) -> Result<Tokens, Problem> {
    let now = identity.clock.now();
    let row = session::Model {
        id: identity.ids.next(),
        user_id: grant.user.id,
        tenant_id: grant.tenant,
        user_agent: client.user_agent.clone(),
        address: client.address.map(|address| address.to_string()),
        created_at: now,
        last_used_at: now,
        expires_at: now + identity.lifetimes.session,
        revoked_at: None,
        revoke_reason: None,
        method: proof.method,
        second_factor: proof.second_factor,
    };
    store::insert(db, row.clone()).await?;
    let opened = audit::Event::done("session.opened", grant.user.id, client);
    let opened = opened.at(grant.tenant).on(row.id.uuid());
    let opened =
        opened.with(json!({ "method": proof.method, "second_factor": proof.second_factor }));
    audit::record(identity, db, opened).await?;
    device::note(identity, db, grant, client).await?;
    let refresh = random_token().map_err(Problem::internal)?;
    let expires_at = model::refresh_expiry(now, row.expires_at);
    store::insert_token(db, row.id, sha256(&refresh), now, expires_at).await?;
    token::issue(identity, grant, row.id, client, refresh, expires_at)
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

/// The session, while it goes on; 401 for one that has ended.
pub(crate) async fn live(
    db: &impl ConnectionTrait,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<session::Model, Problem> {
    let found = store::live(db, session, now).await?;
    found.ok_or_else(|| Problem::unauthorized("session_ended"))
}

/// Ends all that somebody who is no member any more could still come in with, and tells everybody.
pub(crate) async fn end_of_member(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
    reason: &'static str,
) -> Result<(), DbErr> {
    for session in store::live_of_member(db, tenant, user).await? {
        revoke(identity, db, session, reason).await?;
    }
    personal_token::revoke_of_member(identity, db, tenant, user).await?;
    Ok(())
}

/// Ends all sessions of a person, in every organization, but for the one that is kept, and tells everybody; answers
/// how many there were.
pub(crate) async fn end_all(
    identity: &Identity,
    db: &impl ConnectionTrait,
    user: UserId,
    keep: Option<SessionId>,
    reason: &'static str,
) -> Result<usize, DbErr> {
    let now = identity.clock.now();
    let ended = store::revoke_of_person(db, user, keep, reason, now).await?;
    for row in &ended {
        tell_ended(identity, db, row).await?;
    }
    let count = u64::try_from(ended.len()).unwrap_or(u64::MAX);
    metrics::counter!("identity_sessions_revoked_total", "reason" => reason).increment(count);
    tracing::info!(user.id = %user, count, reason, "sessions revoked");
    Ok(ended.len())
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
    personal_token::revoke(identity, db, personal_token::Of::Organization(tenant)).await?;
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
