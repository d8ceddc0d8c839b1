//! HTTP of proving that one reads the mail at one's address.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use garde::Validate;
use httpkit::{Json, NoContent, Problem, SignedIn};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{EmailAddress, deadline, ended, invalid_token, store};
use crate::client::Client;
use crate::entity::{organization as organizations, user};
use crate::mail::{self, letters};
use crate::one_time::{self, Owner, Purpose};
use crate::state::{AppState, Identity};
use crate::{audit, organization};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(send_verification))
        .routes(routes!(verify_email))
}

/// Kept with the token: it proves the address it went to.
#[derive(Debug, Serialize, Deserialize)]
struct VerifyEmail {
    email: EmailAddress,
}

impl Purpose for VerifyEmail {
    const NAME: &'static str = "verify_email";
    const LIFETIME: TimeDelta = TimeDelta::days(3);
}

/// A link that proves the person's address; an older one is void.
pub(crate) async fn link(
    identity: &Identity,
    db: &impl ConnectionTrait,
    user: &user::Model,
    organization: &organizations::Model,
) -> Result<String, Problem> {
    one_time::withdraw(db, user.id, VerifyEmail::NAME).await?;
    let owner = Owner {
        user: Some(user.id),
        tenant: None,
    };
    let email = user.email.clone();
    let token = one_time::issue(identity, db, owner, &VerifyEmail { email }).await?;
    let origin = identity.common.tenant_origin(&organization.subdomain);
    Ok(format!("{origin}/verify-email#token={token}"))
}

/// Sends a link that proves one's address to it. An older link is void.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify-email",
    operation_id = "send_verification",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 202, description = "a mail is on its way"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens"),
        (status = 409, description = "`email_verified`: it is proved already"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn send_verification(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
) -> Result<StatusCode, Problem> {
    let user = store::active(&identity.db, member.user).await?;
    let user = user.ok_or_else(ended)?;
    if user.email_verified_at.is_some() {
        let detail = "the address is proved already";
        return Err(Problem::conflict("email_verified", detail));
    }
    identity.throttle.letter(&user.email, client.address)?;
    let organization = organization::store::by_id(&identity.db, member.tenant).await?;
    let organization = organization.ok_or_else(ended)?;
    let transaction = identity.begin().await?;
    let letter = letters::VerifyEmail {
        name: &user.name,
        url: link(&identity, &transaction, &user, &organization).await?,
        expires: deadline(&identity, VerifyEmail::LIFETIME),
    };
    let to = user.email.clone();
    mail::post(&identity, &transaction, member.tenant, to, &letter).await?;
    identity.commit(transaction).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The token out of the mail.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct VerificationToken {
    /// What stands behind `#token=` in the link.
    #[garde(length(bytes, max = 200))]
    token: String,
}

/// Proves the address that the link was sent to, to a session of the account it was sent for: a mailbox alone shows
/// nothing about an account that somebody else made in its name.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify-email-token",
    operation_id = "verify_email",
    tag = "auth",
    security(("bearer" = [])),
    request_body = VerificationToken,
    responses(
        (status = 204, description = "the address is proved"),
        (status = 400, description = "`invalid_token`: unknown, used or too old, of a former address or of another account"),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`session_required`: not for personal access tokens"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn verify_email(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<VerificationToken>,
) -> Result<NoContent, Problem> {
    let transaction = identity.begin().await?;
    let found = one_time::redeem::<VerifyEmail>(&identity, &transaction, &body.token).await?;
    let (owner, kept) = found.ok_or_else(invalid_token)?;
    let user = owner.user.filter(|user| *user == member.user);
    let user = user.ok_or_else(invalid_token)?;
    let now = identity.clock.now();
    if !store::note_verified(&transaction, user, &kept.email, now).await? {
        return Err(invalid_token());
    }
    let verified = audit::Event::done("email.verified", user, &client);
    let verified = verified.at(member.tenant).on(user.uuid());
    audit::record(&identity, &transaction, verified).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}
