//! HTTP of the own second factors.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::{Json, NoContent, Problem, SignedIn};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::check::check_new_device;
use super::confirm::{self, Confirmation};
use super::{recovery, store, totp};
use crate::account::notice::{self, Change};
use crate::client::Client;
use crate::state::{AppState, Identity};
use crate::{audit, session};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_second_factors))
        .routes(routes!(create_totp, delete_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(create_recovery_codes))
}

/// What the person can prove besides the first factor.
#[derive(Debug, Serialize, ToSchema)]
struct SecondFactors {
    /// Since when an authenticator app is set up.
    totp_since: Option<DateTime<Utc>>,
    /// How many passkeys there are.
    passkeys: u64,
    /// How many recovery codes are left.
    recovery_codes: u64,
    /// Names of the organizations that demand a second factor.
    #[schema(example = json!(["Acme Inc."]))]
    required_by: Vec<String>,
}

/// Tells which second factors there are.
#[utoipa::path(
    get,
    path = "/api/v1/auth/second-factors",
    operation_id = "get_second_factors",
    tag = "second factors",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "the factors", body = SecondFactors),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`, `session_confined`"),
    )
)]
async fn get_second_factors(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
) -> Result<Json<SecondFactors>, Problem> {
    let db = &identity.db;
    session::require_say_everywhere(&identity, db, &member).await?;
    let factors = store::factors(db, member.user).await?;
    let device = store::device(db, member.user).await?;
    Ok(Json(SecondFactors {
        totp_since: device.and_then(|device| device.confirmed_at),
        passkeys: factors.passkeys,
        recovery_codes: factors.recovery_codes,
        required_by: store::demanding(db, member.user).await?,
    }))
}

/// Begins to set an authenticator app up; it counts once a code of it came back.
#[utoipa::path(
    post,
    path = "/api/v1/auth/totp",
    operation_id = "create_totp",
    tag = "second factors",
    security(("bearer" = [])),
    request_body = Confirmation,
    responses(
        (status = 200, description = "what the app needs", body = totp::Shown),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`confirmation_required`, `confirmation_refused`, `session_required`, `session_confined`"),
        (status = 409, description = "`totp_exists`: remove it first"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn create_totp(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<Confirmation>,
) -> Result<Json<totp::Shown>, Problem> {
    let user = confirm::demand(&identity, &member, &client, &body).await?;
    let transaction = identity.begin().await?;
    store::hold(&transaction, user.id).await?;
    if store::factors(&transaction, user.id).await?.totp {
        return Err(exists());
    }
    let (sealed, shown) = totp::generate(&identity.seal, user.id, &user.email)?;
    store::begin_device(&transaction, user.id, sealed, identity.clock.now()).await?;
    transaction.commit().await?;
    Ok(Json(shown))
}

/// The first code.
#[derive(Deserialize, Validate, ToSchema)]
struct ConfirmTotp {
    /// The code that the authenticator app shows now.
    #[garde(length(bytes, max = 20))]
    #[schema(example = "123456")]
    code: String,
}

/// Codes for the day the device is lost.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Each is good once in place of a code; shown only now.
    #[schema(example = json!(["9fk2-7d0q-x1mz-c84t"]))]
    pub(super) recovery_codes: Vec<String>,
}

/// Sets the authenticator app up with its first code. Earlier recovery codes end.
#[utoipa::path(
    post,
    path = "/api/v1/auth/totp/confirm",
    operation_id = "confirm_totp",
    tag = "second factors",
    security(("bearer" = [])),
    request_body = ConfirmTotp,
    responses(
        (status = 200, description = "set up", body = RecoveryCodes),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`, `session_confined`"),
        (status = 409, description = "`totp_exists`"),
        (status = 422, description = "`/code` is wrong, or nothing was begun"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn confirm_totp(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<ConfirmTotp>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let transaction = identity.begin().await?;
    session::require_whole_account(&identity, &transaction, &member).await?;
    store::hold(&transaction, member.user).await?;
    if store::factors(&transaction, member.user).await?.totp {
        return Err(exists());
    }
    if !check_new_device(&identity, &transaction, member.user, &body.code).await? {
        transaction.commit().await?;
        let detail = "is not the code of now; scan again if this goes on";
        return Err(Problem::field("/code", "refused", detail));
    }
    let recovery_codes = recovery::replace(&transaction, member.user).await?;
    // A second factor was proved inside this session.
    session::store::note_second_factor(&transaction, member.session).await?;
    let enrolled = audit::Event::done("totp.enrolled", member.user, &client);
    audit::record(&identity, &transaction, enrolled.at(member.tenant)).await?;
    let whom = (member.tenant, member.user);
    notice::tell(
        &identity,
        &transaction,
        whom,
        &client,
        Change::AuthenticatorAdded,
    )
    .await?;
    identity.commit(transaction).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Removes the authenticator app; the recovery codes go with the last second factor.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/totp",
    operation_id = "delete_totp",
    tag = "second factors",
    security(("bearer" = [])),
    request_body = Confirmation,
    responses(
        (status = 204, description = "removed"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`confirmation_required`, `confirmation_refused`, `session_required`, `session_confined`"),
        (status = 404, description = "there is none"),
        (status = 409, description = "`second_factor_demanded`: an organization demands it, and there is no other"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn delete_totp(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<Confirmation>,
) -> Result<NoContent, Problem> {
    let user = confirm::demand(&identity, &member, &client, &body).await?;
    let transaction = identity.begin().await?;
    store::hold(&transaction, user.id).await?;
    if !store::remove_device(&transaction, user.id).await? {
        return Err(Problem::not_found());
    }
    after_removal(&transaction, user.id).await?;
    let removed = audit::Event::done("totp.removed", user.id, &client);
    audit::record(&identity, &transaction, removed.at(member.tenant)).await?;
    let whom = (member.tenant, user.id);
    notice::tell(
        &identity,
        &transaction,
        whom,
        &client,
        Change::AuthenticatorRemoved,
    )
    .await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}

/// Makes new recovery codes; earlier ones end.
#[utoipa::path(
    post,
    path = "/api/v1/auth/recovery-codes",
    operation_id = "create_recovery_codes",
    tag = "second factors",
    security(("bearer" = [])),
    request_body = Confirmation,
    responses(
        (status = 200, description = "the new codes", body = RecoveryCodes),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`confirmation_required`, `confirmation_refused`, `session_required`, `session_confined`"),
        (status = 409, description = "`second_factor_missing`: there is none they could stand in for"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn create_recovery_codes(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<Confirmation>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let user = confirm::demand(&identity, &member, &client, &body).await?;
    let transaction = identity.begin().await?;
    store::hold(&transaction, user.id).await?;
    if !store::factors(&transaction, user.id).await?.any() {
        return Err(Problem::conflict(
            "second_factor_missing",
            "set a second factor up first",
        ));
    }
    let recovery_codes = recovery::replace(&transaction, user.id).await?;
    let replaced = audit::Event::done("recovery_codes.replaced", user.id, &client);
    audit::record(&identity, &transaction, replaced.at(member.tenant)).await?;
    let whom = (member.tenant, user.id);
    notice::tell(
        &identity,
        &transaction,
        whom,
        &client,
        Change::RecoveryCodesRenewed,
    )
    .await?;
    identity.commit(transaction).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Once a factor is gone: the last one stays where an organization demands it, and takes the recovery codes along
/// elsewhere.
pub(super) async fn after_removal(
    db: &impl ConnectionTrait,
    user: kernel::UserId,
) -> Result<(), Problem> {
    if store::factors(db, user).await?.any() {
        return Ok(());
    }
    let demanding = store::demanding(db, user).await?;
    if !demanding.is_empty() {
        let detail = format!("demanded by {}; set another up first", demanding.join(", "));
        return Err(Problem::conflict("second_factor_demanded", detail));
    }
    Ok(store::remove_codes(db, user).await?)
}

fn exists() -> Problem {
    Problem::conflict(
        "totp_exists",
        "an authenticator app is set up already; remove it first",
    )
}
