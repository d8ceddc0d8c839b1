//! Passwords of people: what a new one must be like, how often one may guess, and how it is changed.
//!
//! A guess costs the same whether the account exists or not, and is counted before it is checked.

mod change;
mod reset;
mod rule;
mod throttle;

use httpkit::Problem;
use kernel::TenantId;
use passwords::Password;
use utoipa_axum::router::OpenApiRouter;

use crate::client::Client;
use crate::entity::user;
use crate::state::{AppState, Identity};
use crate::{account, audit};

pub(crate) use reset::write as write_reset;
pub(crate) use rule::{acceptable, bounded};
pub use throttle::Throttle;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(reset::router())
        .merge(change::router())
}

/// Asks somebody who is signed in for the password again. 403 when it is wrong, 409 for an account without one.
pub(crate) async fn confirm(
    identity: &Identity,
    (user, tenant): (&user::Model, TenantId),
    password: &Password,
    client: &Client,
) -> Result<(), Problem> {
    identity.throttle.attempt(&user.email, client.address)?;
    let stored = user.password_hash.as_deref().ok_or_else(|| {
        Problem::conflict(
            "no_password",
            "this account has no password; choose one through a link by mail",
        )
    })?;
    if !identity.passwords.verify(password, Some(stored)).await? {
        let code = "wrong_password";
        let refused = audit::Event::refused("account.confirmed", Some(user.id), client, code);
        audit::record_alone(identity, refused.at(tenant)).await;
        return Err(Problem::forbidden(code).with_detail("the password is wrong"));
    }
    identity.throttle.succeeded(&user.email, client.address);
    Ok(())
}

/// Hashes a password that was right anew when it was hashed with less than is asked for now. What goes wrong is no reason
/// to refuse somebody: the next sign-in does it.
pub(crate) async fn strengthen(identity: &Identity, user: &user::Model, password: &Password) {
    let weak = user.password_hash.as_deref();
    let Some(weak) = weak.filter(|stored| identity.passwords.is_weak(stored)) else {
        return;
    };
    let Ok(strong) = identity.passwords.hash(password).await else {
        return;
    };
    match account::store::rehash(&identity.db, user.id, weak, strong).await {
        Ok(()) => metrics::counter!("identity_passwords_rehashed_total").increment(1),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "password not hashed anew");
        }
    }
}
