//! Second factors: codes by time (RFC 6238), recovery codes, passkeys.
//!
//! Whether one is asked for is decided in one place, [`model::judge`], which `session::enter` asks at every sign-in.
//! A code is counted before it is checked and good once; see [`attempts`].

mod attempts;
mod challenge;
mod check;
pub(crate) mod confirm;
mod model;
mod passkey;
mod recovery;
mod routes;
mod sign_in;
mod store;
mod totp;

use httpkit::Problem;
use kernel::UserId;
use sea_orm::ConnectionTrait;
use utoipa_axum::router::OpenApiRouter;

use crate::entity::organization;
use crate::one_time::{self, Purpose};
use crate::state::AppState;

pub(crate) use challenge::{Challenge, Demand};
pub(crate) use model::{Factors, Gate, judge, method_allowed};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(routes::router())
        .merge(sign_in::router())
        .merge(passkey::router())
}

/// What the person can prove besides the first factor.
pub(crate) async fn factors(db: &impl ConnectionTrait, user: UserId) -> Result<Factors, Problem> {
    Ok(store::factors(db, user).await?)
}

/// Takes all second factors away from an account that turns out to be somebody else's.
pub(crate) async fn remove_all(db: &impl ConnectionTrait, user: UserId) -> Result<(), Problem> {
    store::remove_device(db, user).await?;
    store::remove_codes(db, user).await?;
    Ok(passkey::store::remove_all(db, user).await?)
}

/// Withdraws the challenges of a person: what was proved for them counts no more.
pub(crate) async fn withdraw(db: &impl ConnectionTrait, user: UserId) -> Result<(), Problem> {
    Ok(one_time::withdraw(db, user, Challenge::NAME).await?)
}

/// Whether the person may act in the organization as far as second factors go: it demands none, or the person has
/// one. For doors that no sign-in leads through, such as personal tokens.
pub(crate) async fn satisfied(
    db: &impl ConnectionTrait,
    user: UserId,
    organization: &organization::Model,
) -> Result<bool, Problem> {
    Ok(!organization.require_second_factor || factors(db, user).await?.any())
}
