//! HTTP of erasures.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use garde::Validate;
use httpkit::{Caller, FieldError, Json, Member, Problem, SignedIn};
use kernel::secret::{random_token, sha256};
use kernel::{PersonRequestId, UserId};
use passwords::Password;
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::forget;
use super::model::{Kind, Progress, RequestStatus};
use super::store::{self, Owned};
use crate::client::Client;
use crate::entity::user;
use crate::member::Leaving;
use crate::session::Method;
use crate::state::{AppState, Identity};
use crate::{account, audit, member, password, second_factor, session};

/// Who has no password signs in anew: the session proves the person only for so long.
const FRESH: TimeDelta = TimeDelta::minutes(15);

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(erase_account))
        .routes(routes!(get_erasure_report))
}

/// Proves once more who asks.
#[derive(Deserialize, Validate, ToSchema)]
struct EraseAccount {
    /// The password; left out by who has none and signed in within the last quarter of an hour.
    #[serde(default)]
    #[garde(inner(custom(password::bounded)))]
    password: Option<Password>,
}

/// An erasure that has begun.
#[derive(Debug, Serialize, ToSchema)]
struct ErasureBegun {
    /// Id of the request.
    id: PersonRequestId,
    /// Shows the report, also when the account is gone. Only its holder can tell it from now on.
    receipt: String,
}

/// Ends the account for good, in every organization. Sessions and tokens end at once; what the person made stays in its
/// place by "Former member", everything else is removed by a job. The last owner of an organization cannot go: the
/// answer names the organizations.
#[utoipa::path(
    post,
    path = "/api/v1/auth/erase",
    operation_id = "erase_account",
    tag = "account",
    security(("bearer" = [])),
    request_body = EraseAccount,
    responses(
        (status = 202, description = "it has begun; nothing brings the account back", body = ErasureBegun),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`wrong_password`, `second_factor_required`, `sign_in_again`; `session_required`, `session_confined`"),
        (status = 409, description = "`last_owner`: see `errors` for the organizations"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn erase_account(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<EraseAccount>,
) -> Result<(StatusCode, Json<ErasureBegun>), Problem> {
    let ended = || Problem::unauthorized("session_ended");
    let user = account::store::active(&identity.db, member.user).await?;
    let user = user.ok_or_else(ended)?;
    prove(&identity, &member, &user, &client, body.password).await?;
    let receipt = random_token().map_err(Problem::internal)?;

    let transaction = identity.begin().await?;
    // Nobody becomes or ceases to be an owner meanwhile.
    let organizations = store::organizations_held(&transaction, user.id).await?;
    check_owners(store::owned_alone(&transaction, user.id).await?)?;
    forget::forget_changes(&transaction, user.id).await?;
    leave_everywhere(&identity, &transaction, user.id, &client).await?;
    let progress = Progress {
        organizations: organizations.iter().map(|row| row.tenant_id).collect(),
        asked_in: Some(member.tenant),
        ..Progress::default()
    };
    let (id, now) = (identity.ids.next(), identity.clock.now());
    let draft = store::draft(id, user.id, Kind::Erasure, &progress, now);
    let mut row = draft.map_err(Problem::internal)?;
    row.receipt_hash = Some(sha256(&receipt).to_vec());
    store::insert(&transaction, row).await?;
    let asked = audit::Event::done("account.erasure_requested", user.id, &client);
    audit::record(&identity, &transaction, asked.at(member.tenant)).await?;
    identity.commit(transaction).await?;
    identity.wake.people.notify_one();
    Ok((StatusCode::ACCEPTED, Json(ErasureBegun { id, receipt })))
}

/// Passes who proves to be the person: by the password, and by a session with a second factor where there is one.
async fn prove(
    identity: &Identity,
    member: &Member,
    user: &user::Model,
    client: &Client,
    password: Option<Password>,
) -> Result<(), Problem> {
    session::require_whole_account(identity, &identity.db, member).await?;
    let now = identity.clock.now();
    let session = session::store::live(&identity.db, member.session, now).await?;
    let session = session.ok_or_else(|| Problem::unauthorized("session_ended"))?;
    let factors = second_factor::factors(&identity.db, user.id).await?;
    if factors.any() && !session.second_factor {
        return Err(Problem::forbidden("second_factor_required")
            .with_detail("sign in with your second factor to do this"));
    }
    // One that came of another session proves nothing anew.
    let fresh = session.method != Method::Session && now - session.created_at <= FRESH;
    match (password, &user.password_hash) {
        (Some(password), Some(_)) => {
            password::confirm(identity, (user, member.tenant), &password, client).await
        }
        (None, None) if fresh => Ok(()),
        (_, None) => Err(Problem::forbidden("sign_in_again")
            .with_detail("sign in again to do this: it is too long ago")),
        (None, Some(_)) => Err(Problem::field("/password", "missing", "your password")),
    }
}

fn check_owners(alone: Vec<Owned>) -> Result<(), Problem> {
    if alone.is_empty() {
        return Ok(());
    }
    let errors = alone.into_iter().map(|organization| {
        let pointer = format!("/organizations/{}", organization.tenant_id);
        FieldError::new(pointer, "last_owner", organization.name)
    });
    let words = "make somebody else an owner of these organizations first, or delete them";
    Err(Problem::conflict("last_owner", words).with_errors(errors.collect()))
}

/// Ends every membership, and with it all sessions and tokens; nobody signs in to the account any more.
async fn leave_everywhere(
    identity: &Identity,
    db: &DatabaseTransaction,
    user: UserId,
    client: &Client,
) -> Result<(), Problem> {
    for tenant in store::memberships(db, user).await? {
        let leaving = Leaving {
            tenant,
            user,
            actor: user,
        };
        member::end(identity, db, leaving, client).await?;
    }
    account::store::close(db, user, identity.clock.now()).await?;
    Ok(())
}

/// What was handed out when the erasure began.
#[derive(Deserialize, Validate, ToSchema)]
struct Receipt {
    /// The receipt.
    #[garde(length(bytes, max = 200))]
    receipt: String,
}

/// How far an erasure has come.
#[derive(Debug, Serialize, ToSchema)]
struct ErasureReport {
    /// Id of the request.
    id: PersonRequestId,
    status: RequestStatus,
    created_at: DateTime<Utc>,
    /// When everything was gone.
    finished_at: Option<DateTime<Utc>>,
    /// What was removed and what stays, by organization and service; null until it is done.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

/// Shows what became of an erasure to who has its receipt.
#[utoipa::path(
    post,
    path = "/api/v1/auth/erase/report",
    operation_id = "get_erasure_report",
    tag = "account",
    request_body = Receipt,
    responses(
        (status = 200, description = "how far it has come", body = ErasureReport),
        (status = 404, description = "no such receipt"),
    )
)]
async fn get_erasure_report(
    State(identity): State<Arc<Identity>>,
    _: Caller,
    Json(body): Json<Receipt>,
) -> Result<Json<ErasureReport>, Problem> {
    let found = store::by_receipt(&identity.db, sha256(&body.receipt)).await?;
    let row = found.ok_or_else(Problem::not_found)?;
    Ok(Json(ErasureReport {
        id: row.id,
        status: RequestStatus::of(&row.status),
        created_at: row.created_at,
        finished_at: row.finished_at,
        report: row.report,
    }))
}
