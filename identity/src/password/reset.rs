//! HTTP of forgotten passwords: a link by mail, and a new password for it. It signs nobody in, so it is no way
//! around a second factor.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use garde::Validate;
use httpkit::{Caller, Json, NoContent, Problem, Query};
use passwords::Password;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change;
use crate::account::{self, EmailAddress, invalid_token};
use crate::client::Client;
use crate::entity::user;
use crate::letter::{self, Kind, Letter, Wish, Written};
use crate::mail::{self, letters};
use crate::one_time::{self, Owner, Purpose};
use crate::personal_token::{self, Of};
use crate::state::{AppState, Identity};
use crate::{audit, invitation, member, provider, second_factor, session};

/// Longest token that is looked at.
const TOKEN_BYTES: usize = 200;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(forgot_password))
        .routes(routes!(get_reset_token, validate_reset_token))
        .routes(routes!(reset_password))
}

/// Kept with the token: it is good while the account has the address it went to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ResetPassword {
    email: EmailAddress,
}

impl Purpose for ResetPassword {
    const NAME: &'static str = "reset_password";
    const LIFETIME: TimeDelta = TimeDelta::hours(1);
}

/// Who forgot a password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct ForgotPassword {
    /// E-mail address of the account.
    #[garde(custom(account::well_formed))]
    #[schema(value_type = String, example = "ada@example.com")]
    email: EmailAddress,
}

/// Sends a link to a new password to the address, if somebody who is a member here, or invited, has it. The answer is the same
/// for every address. An older link is void.
#[utoipa::path(
    post,
    path = "/api/v1/auth/forgot-password",
    operation_id = "forgot_password",
    tag = "auth",
    request_body = ForgotPassword,
    responses(
        (status = 202, description = "if the address is known here, a mail is on its way"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn forgot_password(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<ForgotPassword>,
) -> Result<StatusCode, Problem> {
    let tenant = caller.tenant()?;
    identity.throttle.letter(&body.email, client.address)?;
    let wish = Wish {
        kind: Kind::ResetPassword,
        tenant,
        user: None,
        email: body.email,
        name: None,
    };
    letter::ask(&identity, wish).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Writes the mail that was asked for, if somebody is known by the address.
pub(crate) async fn write(
    identity: &Identity,
    db: &impl ConnectionTrait,
    letter: Letter,
) -> Result<Written, Problem> {
    let tenant = letter.organization.tenant_id;
    let found = account::store::by_email(db, &letter.email).await?;
    let Some(user) = found.filter(|user| user.active) else {
        return Ok(Written::Nothing);
    };
    let now = identity.clock.now();
    let is_member = member::store::standing(db, tenant, user.id)
        .await?
        .is_some();
    // Who is invited may have to choose a password before accepting, and be a member of nothing yet.
    let invited = invitation::store::open_for(db, tenant, &user.email, now).await?;
    if !is_member && invited.is_none() {
        return Ok(Written::Nothing);
    }
    one_time::withdraw(db, user.id, ResetPassword::NAME).await?;
    let owner = Owner {
        user: Some(user.id),
        tenant: Some(tenant),
    };
    let email = user.email.clone();
    let token = one_time::issue(identity, db, owner, &ResetPassword { email }).await?;
    let origin = identity
        .common
        .tenant_origin(&letter.organization.subdomain);
    let values = letters::ResetPassword {
        name: &user.name,
        url: format!("{origin}/reset-password#token={token}"),
        expires: account::deadline(identity, ResetPassword::LIFETIME),
    };
    mail::post(identity, db, tenant, user.email.clone(), &values).await?;
    Ok(Written::Mail)
}

/// The token out of the mail.
#[derive(Debug, Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
struct ResetToken {
    /// What stands behind `#token=` in the link.
    #[garde(length(bytes, max = TOKEN_BYTES))]
    token: String,
}

/// Tells whether a token is still good, before a form is shown. Prefer the POST: a query is more easily seen.
#[utoipa::path(
    get,
    path = "/api/v1/auth/validate-forgot-password-token",
    operation_id = "get_reset_token",
    tag = "auth",
    params(ResetToken),
    responses(
        (status = 204, description = "it is good"),
        (status = 400, description = "`invalid_token`: unknown, used or too old"),
    )
)]
async fn get_reset_token(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Query(query): Query<ResetToken>,
) -> Result<NoContent, Problem> {
    check(&identity, caller, &query.token)
        .await
        .map(|_| NoContent)
}

/// Tells whether a token is still good, before a form is shown.
#[utoipa::path(
    post,
    path = "/api/v1/auth/validate-forgot-password-token",
    operation_id = "validate_reset_token",
    tag = "auth",
    request_body = ResetToken,
    responses(
        (status = 204, description = "it is good"),
        (status = 400, description = "`invalid_token`: unknown, used or too old"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn validate_reset_token(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Json(body): Json<ResetToken>,
) -> Result<NoContent, Problem> {
    check(&identity, caller, &body.token)
        .await
        .map(|_| NoContent)
}

/// A new password for a token.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct NewPassword {
    /// What stands behind `#token=` in the link.
    #[garde(length(bytes, max = TOKEN_BYTES))]
    token: String,
    /// The new password: 10 to 128 characters, none of the common ones.
    #[garde(custom(super::acceptable))]
    password: Password,
}

/// Gives the account a new password. All its sessions end, in every organization; sign in anew. An account whose address
/// was not proved before loses its second factors and linked providers too.
#[utoipa::path(
    post,
    path = "/api/v1/auth/reset-password",
    operation_id = "reset_password",
    tag = "auth",
    request_body = NewPassword,
    responses(
        (status = 204, description = "the new password counts"),
        (status = 400, description = "`invalid_token`: unknown, used or too old"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn reset_password(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<NewPassword>,
) -> Result<NoContent, Problem> {
    let tenant = caller.tenant()?;
    check(&identity, caller, &body.token).await?;
    let hash = identity.passwords.hash(&body.password).await?;
    let transaction = identity.begin().await?;
    let found = one_time::redeem::<ResetPassword>(&identity, &transaction, &body.token).await?;
    let (owner, kept) = found.ok_or_else(invalid_token)?;
    let mut user = owned(&transaction, caller, owner, &kept).await?;
    // Who reads the mail at this address has just shown it. Whoever had the account until now may be somebody else.
    let proved_now = user.email_verified_at.is_none();
    if proved_now {
        second_factor::remove_all(&transaction, user.id).await?;
        provider::unlink_all(&transaction, user.id).await?;
    }
    user.email_verified_at = Some(identity.clock.now());
    session::end_all(&identity, &transaction, user.id, None, "password_reset").await?;
    // Whoever knew the password may have made some.
    personal_token::revoke(&identity, &transaction, Of::Person(user.id)).await?;
    let reset = audit::Event::done("password.reset", user.id, &client);
    let reset = reset.at(tenant).on(user.id.uuid());
    let reset = reset.with(json!({ "other_ways_in_removed": proved_now }));
    audit::record(&identity, &transaction, reset).await?;
    change::replace(&identity, &transaction, user, hash, tenant, &client).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Passes a token that is good on this host.
async fn check(identity: &Identity, caller: Caller, token: &str) -> Result<user::Model, Problem> {
    let found = one_time::look::<ResetPassword>(identity, &identity.db, token).await?;
    let (owner, kept) = found.ok_or_else(invalid_token)?;
    owned(&identity.db, caller, owner, &kept).await
}

/// The account of a token, held; none on another host than the link's, or once the account has another address.
async fn owned(
    db: &impl ConnectionTrait,
    caller: Caller,
    owner: Owner,
    kept: &ResetPassword,
) -> Result<user::Model, Problem> {
    let tenant = caller.tenant()?;
    let user = owner.user.filter(|_| owner.tenant == Some(tenant));
    let user = account::store::locked(db, user.ok_or_else(invalid_token)?).await?;
    user.filter(|user| user.email == kept.email)
        .ok_or_else(invalid_token)
}
