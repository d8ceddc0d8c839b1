//! From one organization to another: the organizations of a person, and tickets that open a session in one of them.
//!
//! A ticket is good once, for minutes, on the host of its organization, and stands for what was proved when it was
//! given: it goes through the same door as a password, to second factors and the organization's rules. What a session
//! elsewhere is worth is in [`model`].

mod bare;
mod model;
mod routes;
mod store;

use chrono::TimeDelta;
use httpkit::Problem;
use kernel::{SessionId, TenantId, UserId};
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;

use crate::entity::{organization, session};
use crate::one_time::{self, Owner, Purpose};
use crate::session::{Method, Proof};
use crate::state::{AppState, Identity};

pub(crate) use model::may_switch;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    bare::router().merge(routes::router())
}

/// What a ticket stands for.
#[derive(Debug, Serialize, Deserialize)]
struct Ticket {
    proof: Proof,
    /// The session in another organization that it was given to; it must still go on.
    source: Option<SessionId>,
}

impl Purpose for Ticket {
    const NAME: &'static str = "ticket";
    /// Long enough to choose among organizations and to follow a redirect.
    const LIFETIME: TimeDelta = TimeDelta::minutes(5);
}

/// A ticket for somebody who has just proved something.
pub(crate) async fn issue(
    identity: &Identity,
    db: &impl ConnectionTrait,
    (user, tenant): (UserId, TenantId),
    proof: Proof,
) -> Result<String, Problem> {
    let source = None;
    let owner = Owner {
        user: Some(user),
        tenant: Some(tenant),
    };
    one_time::issue(identity, db, owner, &Ticket { proof, source }).await
}

/// Withdraws all tickets of a person that were not used.
pub(crate) async fn withdraw(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    one_time::withdraw(db, user, Ticket::NAME).await
}

/// A ticket for somebody who has a session elsewhere; 403 where that is not enough.
pub(crate) async fn switch(
    identity: &Identity,
    db: &impl ConnectionTrait,
    source: &session::Model,
    target: &organization::Model,
) -> Result<String, Problem> {
    model::check_switch(source.method, target)?;
    let ticket = Ticket {
        proof: Proof {
            method: Method::Session,
            second_factor: source.second_factor,
        },
        source: Some(source.id),
    };
    let owner = Owner {
        user: Some(source.user_id),
        tenant: Some(target.tenant_id),
    };
    one_time::issue(identity, db, owner, &ticket).await
}
