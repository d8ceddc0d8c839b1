//! HTTP of changing a password from inside a session.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{Json, NoContent, Problem, SignedIn};
use passwords::Password;
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::account::{self, ended};
use crate::client::Client;
use crate::entity::user;
use crate::mail::{self, letters};
use crate::session::{self, device};
use crate::state::{AppState, Identity};
use crate::{audit, one_time, organization, second_factor, ticket};
use kernel::TenantId;

use super::reset::ResetPassword;
use one_time::Purpose;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(change_password))
}

/// A new password for the present one.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct ChangePassword {
    /// The present password.
    #[garde(custom(super::bounded))]
    current_password: Password,
    /// The new one: 10 to 128 characters, none of the common ones.
    #[garde(custom(super::acceptable))]
    new_password: Password,
}

/// Changes one's own password. All other sessions of the account end, in every organization.
#[utoipa::path(
    put,
    path = "/api/v1/auth/password",
    operation_id = "change_password",
    tag = "auth",
    security(("bearer" = [])),
    request_body = ChangePassword,
    responses(
        (status = 204, description = "the new password counts"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`wrong_password`; `session_required`: not for personal access tokens"),
        (status = 409, description = "`no_password`: the account has none; `password_changed`: meanwhile"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn change_password(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<ChangePassword>,
) -> Result<NoContent, Problem> {
    if body.new_password.as_str() == body.current_password.as_str() {
        let detail = "must differ from the present one";
        return Err(Problem::field("/new_password", "invalid", detail));
    }
    let user = account::store::active(&identity.db, member.user).await?;
    let user = user.ok_or_else(ended)?;
    let whom = (&user, member.tenant);
    super::confirm(&identity, whom, &body.current_password, &client).await?;
    let hash = identity.passwords.hash(&body.new_password).await?;
    let transaction = identity.begin().await?;
    let held = account::store::locked(&transaction, member.user).await?;
    let held = held.ok_or_else(ended)?;
    if held.password_hash != user.password_hash {
        let detail = "the password was changed meanwhile";
        return Err(Problem::conflict("password_changed", detail));
    }
    let keep = Some(member.session);
    session::end_all(&identity, &transaction, held.id, keep, "password_changed").await?;
    let changed = audit::Event::done("password.changed", held.id, &client);
    let changed = changed.at(member.tenant).on(held.id.uuid());
    audit::record(&identity, &transaction, changed).await?;
    replace(&identity, &transaction, held, hash, member.tenant, &client).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Puts the new hash in the place of the old one, voids what could undo it, and tells the owner.
pub(super) async fn replace(
    identity: &Identity,
    db: &impl ConnectionTrait,
    mut user: user::Model,
    hash: String,
    tenant: TenantId,
    client: &Client,
) -> Result<(), Problem> {
    let now = identity.clock.now();
    user.password_hash = Some(hash);
    account::store::update(db, &user, now).await?;
    one_time::withdraw(db, user.id, ResetPassword::NAME).await?;
    ticket::withdraw(db, user.id).await?;
    second_factor::withdraw(db, user.id).await?;
    account::withdraw_change(db, user.id).await?;
    let organization = organization::store::by_id(db, tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    let (at, device, address) = device::seen(client, now);
    let letter = letters::PasswordChanged {
        name: &user.name,
        at,
        device,
        address,
        url: identity.common.tenant_origin(&organization.subdomain),
    };
    mail::post(identity, db, tenant, user.email.clone(), &letter).await
}
