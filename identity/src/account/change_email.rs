//! HTTP of changing the address of an account: the password is asked for, both addresses agree, and the former one
//! is told. Whether the new one belongs to somebody is told to its mailbox alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use garde::Validate;
use httpkit::{Caller, Json, Problem, SignedIn};
use kernel::{EventId, UserId};
use passwords::Password;
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{EmailAddress, deadline, ended, invalid_token, store, well_formed};
use crate::client::Client;
use crate::entity::user;
use crate::letter::{self, Kind, Letter, Wish, Written};
use crate::mail::{self, letters};
use crate::one_time::{self, Owner, Purpose};
use crate::state::{AppState, Identity};
use crate::{audit, password};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(change_email))
        .routes(routes!(confirm_email))
}

/// Whose word a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Old,
    New,
}

/// Kept with both tokens of a change.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ChangeEmail {
    change: Uuid,
    side: Side,
    from: EmailAddress,
    to: EmailAddress,
}

impl Purpose for ChangeEmail {
    const NAME: &'static str = "change_email";
    const LIFETIME: TimeDelta = TimeDelta::days(1);
}

/// Voids a change that is not finished.
pub(crate) async fn withdraw(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    one_time::withdraw(db, user, ChangeEmail::NAME).await
}

/// Another address.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct NewEmail {
    /// The address to have.
    #[garde(custom(well_formed))]
    #[schema(value_type = String, example = "ada@example.org")]
    email: EmailAddress,
    /// The account's password.
    #[garde(custom(password::bounded))]
    password: Password,
}

/// Begins to change one's address: a link goes to the present one and one to the new. Once both are followed it
/// changes. An older change that is not finished is void.
#[utoipa::path(
    post,
    path = "/api/v1/auth/change-email",
    operation_id = "change_email",
    tag = "auth",
    security(("bearer" = [])),
    request_body = NewEmail,
    responses(
        (status = 202, description = "two mails are on their way"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`wrong_password`; `session_required`: not for personal access tokens"),
        (status = 409, description = "`no_password`: the account has none"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn change_email(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<NewEmail>,
) -> Result<StatusCode, Problem> {
    let user = store::active(&identity.db, member.user).await?;
    let user = user.ok_or_else(ended)?;
    if user.email == body.email {
        let detail = "is the present address";
        return Err(Problem::field("/email", "invalid", detail));
    }
    let whom = (&user, member.tenant);
    password::confirm(&identity, whom, &body.password, &client).await?;
    identity.throttle.letter(&body.email, client.address)?;
    let asked = audit::Event::done("email.change_asked", user.id, &client);
    let asked = asked.at(member.tenant).on(user.id.uuid());
    audit::record(&identity, &identity.db, asked).await?;
    let wish = Wish {
        kind: Kind::ChangeEmail,
        tenant: member.tenant,
        user: Some(user.id),
        email: body.email,
        name: None,
    };
    letter::ask(&identity, wish).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Writes the mails that were asked for: two links, or a word to the owner of an address that is taken.
pub(crate) async fn write(
    identity: &Identity,
    db: &impl ConnectionTrait,
    letter: Letter,
) -> Result<Written, Problem> {
    let Letter {
        organization,
        email: to,
        wish,
    } = letter;
    let user = match wish.user_id {
        Some(id) => store::locked(db, id).await?,
        None => None,
    };
    let Some(user) = user else {
        return Ok(Written::Nothing);
    };
    let tenant = organization.tenant_id;
    let origin = identity.common.tenant_origin(&organization.subdomain);
    withdraw(db, user.id).await?;
    let change = ChangeEmail {
        change: identity.ids.next::<EventId>().uuid(),
        side: Side::Old,
        from: user.email.clone(),
        to: to.clone(),
    };
    let owner = Owner {
        user: Some(user.id),
        tenant: Some(tenant),
    };
    let token = one_time::issue(identity, db, owner, &change).await?;
    let url = |token: &str| format!("{origin}/confirm-email#token={token}");
    let expires = deadline(identity, ChangeEmail::LIFETIME);
    let old = letters::ChangeEmailOld {
        name: &user.name,
        address: to.as_str(),
        url: url(&token),
        expires: expires.clone(),
    };
    mail::post(identity, db, tenant, user.email.clone(), &old).await?;
    if let Some(other) = store::by_email(db, &to).await? {
        let taken = letters::ChangeEmailTaken {
            name: &other.name,
            url: origin,
        };
        mail::post(identity, db, tenant, to, &taken).await?;
        return Ok(Written::Mail);
    }
    let side = Side::New;
    let token = one_time::issue(identity, db, owner, &ChangeEmail { side, ..change }).await?;
    let new = letters::ChangeEmailNew {
        name: &user.name,
        url: url(&token),
        expires,
    };
    mail::post(identity, db, tenant, to, &new).await?;
    Ok(Written::Mail)
}

/// The token out of one of the mails.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct EmailToken {
    /// What stands behind `#token=` in the link.
    #[garde(length(bytes, max = 200))]
    token: String,
}

/// What following a link came to.
#[derive(Debug, Serialize, ToSchema)]
struct EmailConfirmed {
    /// Whether the account has the new address now; else the other mail's link is to be followed too.
    changed: bool,
}

/// Agrees to a change of address, from either of its mailboxes.
#[utoipa::path(
    post,
    path = "/api/v1/auth/confirm-email",
    operation_id = "confirm_email",
    tag = "auth",
    request_body = EmailToken,
    responses(
        (status = 200, description = "this address agrees", body = EmailConfirmed),
        (status = 400, description = "`invalid_token`: unknown, used or too old, or of a change that is void"),
        (status = 409, description = "`email_taken`: somebody made an account of the new address meanwhile"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn confirm_email(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<EmailToken>,
) -> Result<Json<EmailConfirmed>, Problem> {
    let tenant = caller.tenant()?;
    let transaction = identity.begin().await?;
    let found = one_time::look::<ChangeEmail>(&identity, &transaction, &body.token).await?;
    let found = found.filter(|(owner, _)| owner.tenant == Some(tenant));
    let (owner, _) = found.ok_or_else(invalid_token)?;
    // The account is held: of two links followed at once, the second finds the first.
    let held = store::locked(&transaction, owner.user.ok_or_else(invalid_token)?).await?;
    let mut user = held.ok_or_else(invalid_token)?;
    let redeemed = one_time::redeem::<ChangeEmail>(&identity, &transaction, &body.token).await?;
    let (_, kept) = redeemed.ok_or_else(invalid_token)?;
    if kept.from != user.email {
        return Err(invalid_token());
    }
    let changed = both_agree(&transaction, user.id, &kept).await?;
    if changed {
        user.email = kept.to.clone();
        user.email_verified_at = Some(identity.clock.now());
        apply(&identity, &transaction, &user).await?;
        let event = audit::Event::done("email.changed", user.id, &client);
        let event = event.at(tenant).on(user.id.uuid());
        audit::record(&identity, &transaction, event).await?;
        let letter = letters::EmailChanged {
            name: &user.name,
            address: kept.to.as_str(),
        };
        mail::post(&identity, &transaction, tenant, kept.from, &letter).await?;
    }
    identity.commit(transaction).await?;
    Ok(Json(EmailConfirmed { changed }))
}

/// Whether the links of both sides were followed.
async fn both_agree(
    db: &impl ConnectionTrait,
    user: UserId,
    kept: &ChangeEmail,
) -> Result<bool, Problem> {
    let used = one_time::used(db, user, ChangeEmail::NAME).await?;
    let of_this = used
        .into_iter()
        .filter_map(|payload| serde_json::from_value::<ChangeEmail>(payload).ok())
        .filter(|other| other.change == kept.change);
    let sides: Vec<Side> = of_this.map(|other| other.side).collect();
    Ok(sides.contains(&Side::Old) && sides.contains(&Side::New))
}

async fn apply(
    identity: &Identity,
    db: &impl ConnectionTrait,
    user: &user::Model,
) -> Result<(), Problem> {
    let taken = || {
        Problem::conflict(
            "email_taken",
            "the new address belongs to another account by now",
        )
    };
    if store::by_email(db, &user.email).await?.is_some() {
        return Err(taken());
    }
    let updated = store::update(db, user, identity.clock.now()).await;
    updated.map_err(|error| match error.sql_err() {
        Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => taken(),
        _ => error.into(),
    })
}
