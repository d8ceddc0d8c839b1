//! What somebody gets who proved the first factor alone: a token that stands for it, good for one second factor.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use httpkit::{Json, Problem};
use kernel::{TenantId, UserId};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Factors, Way};
use super::passkey::Begun;
use crate::one_time::{self, Owner, Purpose};
use crate::session::{Grant, Method};
use crate::state::Identity;

/// Wrong answers before the first factor is asked for again.
const WRONG_ANSWERS: u8 = 5;

/// A first factor that was proved.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Challenge {
    /// What it was.
    pub(super) method: Method,
    /// Answers that were wrong.
    pub(super) wrong: u8,
    /// What was asked of an authenticator last.
    #[serde(default)]
    pub(super) passkey: Option<Begun>,
}

impl Purpose for Challenge {
    const NAME: &'static str = "second_factor";
    const LIFETIME: TimeDelta = TimeDelta::minutes(10);
}

/// A second factor is asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactorDemand)]
pub(crate) struct Demand {
    /// Goes into `POST /auth/second-factor`.
    challenge: String,
    /// How a second factor can be given. Empty for somebody who has none where the organization demands one.
    methods: Vec<Way>,
    /// Whether one is to be set up first: `POST /auth/second-factor/enroll`.
    enroll: bool,
    /// Seconds until the challenge expires.
    #[schema(example = 600)]
    expires_in: i64,
}

impl Demand {
    /// For a page that is told in its fragment: what comes behind `#sign_in=`.
    pub(crate) fn for_page(&self) -> String {
        let (challenge, enroll) = (&self.challenge, self.enroll);
        format!("second_factor&challenge={challenge}&enroll={enroll}")
    }
}

impl IntoResponse for Demand {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self)).into_response()
    }
}

impl Challenge {
    /// Asks for a second factor.
    pub(crate) async fn issue(
        identity: &Identity,
        db: &impl ConnectionTrait,
        grant: &Grant,
        method: Method,
        factors: Factors,
    ) -> Result<Demand, Problem> {
        let owner = Owner {
            user: Some(grant.user.id),
            tenant: Some(grant.tenant),
        };
        let challenge = Self {
            method,
            wrong: 0,
            passkey: None,
        };
        Ok(Demand {
            challenge: one_time::issue(identity, db, owner, &challenge).await?,
            methods: factors.ways(),
            enroll: !factors.any(),
            expires_in: Self::LIFETIME.num_seconds(),
        })
    }
}

/// A challenge that nobody else answers meanwhile.
#[derive(Debug)]
pub(super) struct Held<'a> {
    token: &'a str,
    challenge: Challenge,
    pub(super) user: UserId,
    pub(super) tenant: TenantId,
}

impl<'a> Held<'a> {
    /// The challenge, held until the end of the transaction, so that answers to it come one by one. One of another
    /// organization is unknown.
    pub(super) async fn take(
        identity: &Identity,
        db: &impl ConnectionTrait,
        tenant: TenantId,
        token: &'a str,
    ) -> Result<Self, Problem> {
        let found = one_time::hold::<Challenge>(identity, db, token).await?;
        let (owner, challenge) = found.ok_or_else(expired)?;
        let user = owner.user.filter(|_| owner.tenant == Some(tenant));
        Ok(Self {
            token,
            challenge,
            user: user.ok_or_else(expired)?,
            tenant,
        })
    }

    pub(super) const fn method(&self) -> Method {
        self.challenge.method
    }

    /// What was asked of an authenticator; an answer to it comes once.
    pub(super) fn passkey(&mut self) -> Option<Begun> {
        self.challenge.passkey.take()
    }

    /// Keeps what an authenticator was asked.
    pub(super) async fn ask(
        mut self,
        db: &impl ConnectionTrait,
        passkey: Begun,
    ) -> Result<(), Problem> {
        self.challenge.passkey = Some(passkey);
        one_time::amend(db, self.token, &self.challenge).await
    }

    /// Counts a wrong answer; the last one allowed uses the challenge up.
    pub(super) async fn note_wrong(
        mut self,
        identity: &Identity,
        db: &impl ConnectionTrait,
    ) -> Result<(), Problem> {
        self.challenge.wrong += 1;
        if self.challenge.wrong >= WRONG_ANSWERS {
            return self.use_up(identity, db).await;
        }
        one_time::amend(db, self.token, &self.challenge).await
    }

    pub(super) async fn use_up(
        self,
        identity: &Identity,
        db: &impl ConnectionTrait,
    ) -> Result<(), Problem> {
        let spent = one_time::redeem::<Challenge>(identity, db, self.token).await?;
        spent.map(drop).ok_or_else(expired)
    }
}

/// 401: the first factor is to be proved again.
pub(super) fn expired() -> Problem {
    Problem::unauthorized("challenge_expired")
        .with_detail("the challenge is unknown, used or too old; sign in again")
}
