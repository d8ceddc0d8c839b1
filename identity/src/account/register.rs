//! HTTP of joining without an invitation, where the organization lets people of some e-mail domains in. Nothing is
//! made before the link in the mail is followed, and no password is taken from somebody who does not read that mail.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use events::topic::user::{MemberJoined, UserCreated};
use garde::Validate;
use httpkit::{Caller, Json, Problem};
use kernel::{Role, TenantId};
use passwords::Password;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{EmailAddress, Identified, deadline, identify_at, invalid_token, store, well_formed};
use crate::client::Client;
use crate::entity::{organization as organizations, user};
use crate::letter::{self, Kind, Letter, Wish, Written};
use crate::mail::{self, letters};
use crate::one_time::{self, Owner, Purpose};
use crate::session::{self, Entry, Grant, Method, Proof, Tokens};
use crate::state::{AppState, Identity};
use crate::{audit, member, organization, password, plan};

/// What somebody is who was let in by the address alone.
const ROLE: Role = Role::Member;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(confirm_registration))
}

/// Kept with the token.
#[derive(Debug, Serialize, Deserialize)]
struct Registration {
    email: EmailAddress,
    name: String,
}

impl Purpose for Registration {
    const NAME: &'static str = "register";
    const LIFETIME: TimeDelta = TimeDelta::days(1);
}

/// Who wants to join.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct Register {
    /// E-mail address; the organization lets its domain in.
    #[garde(custom(well_formed))]
    #[schema(value_type = String, example = "grace@example.com")]
    email: EmailAddress,
    /// Display name of a new account; an account that exists keeps its own.
    #[garde(length(chars, min = 1, max = 200), custom(httpkit::text::line))]
    #[schema(example = "Grace Hopper")]
    name: String,
}

/// Sends a link to join to the address. The answer is the same whether it has an account or not.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    operation_id = "register",
    tag = "auth",
    request_body = Register,
    responses(
        (status = 202, description = "a mail is on its way"),
        (status = 403, description = "`email_domain_not_allowed`: join by invitation"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn register(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<Register>,
) -> Result<StatusCode, Problem> {
    let tenant = caller.tenant()?;
    let found = organization::store::by_id(&identity.db, tenant).await?;
    check_domain(&found.ok_or_else(Problem::not_found)?, &body.email)?;
    identity.throttle.letter(&body.email, client.address)?;
    let wish = Wish {
        kind: Kind::Register,
        tenant,
        user: None,
        email: body.email,
        name: Some(body.name),
    };
    letter::ask(&identity, wish).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Passes an address of a domain that the organization lets in; its subdomains are others.
fn check_domain(organization: &organizations::Model, email: &EmailAddress) -> Result<(), Problem> {
    let mut allowed = organization.allowed_email_domains.iter();
    let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain);
    if domain.is_some_and(|domain| allowed.any(|one| one.eq_ignore_ascii_case(domain))) {
        return Ok(());
    }
    let detail = "this organization lets nobody of this e-mail domain in without an invitation";
    Err(Problem::forbidden("email_domain_not_allowed").with_detail(detail))
}

/// Writes the mail that was asked for: a link for who may join, a word for who is a member.
pub(crate) async fn write(
    identity: &Identity,
    db: &impl ConnectionTrait,
    letter: Letter,
) -> Result<Written, Problem> {
    let Letter {
        organization,
        email,
        wish,
    } = letter;
    let tenant = organization.tenant_id;
    let origin = identity.common.tenant_origin(&organization.subdomain);
    let known = store::by_email(db, &email).await?;
    if let Some(user) = &known {
        if !user.active {
            return Ok(Written::Nothing);
        }
        if member::store::standing(db, tenant, user.id)
            .await?
            .is_some()
        {
            let values = letters::RegisterMember {
                name: &user.name,
                organization: &organization.name,
                url: origin,
            };
            mail::post(identity, db, tenant, email, &values).await?;
            return Ok(Written::Mail);
        }
    }
    let owner = Owner {
        user: known.as_ref().map(|user| user.id),
        tenant: Some(tenant),
    };
    let name = wish.name.unwrap_or_default();
    let registration = Registration {
        email: email.clone(),
        name: name.clone(),
    };
    let token = one_time::issue(identity, db, owner, &registration).await?;
    let url = format!("{origin}/register/confirm#token={token}");
    let expires = deadline(identity, Registration::LIFETIME);
    let organization = organization.name.as_str();
    match known {
        Some(user) => {
            let name = user.name.as_str();
            let values = letters::RegisterKnown {
                name,
                organization,
                url,
                expires,
            };
            mail::post(identity, db, tenant, email, &values).await?;
        }
        None => {
            let values = letters::Register {
                name: &name,
                organization,
                url,
                expires,
            };
            mail::post(identity, db, tenant, email, &values).await?;
        }
    }
    Ok(Written::Mail)
}

/// The link followed.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct ConfirmRegistration {
    /// What stands behind `#token=` in the link.
    #[garde(length(bytes, max = 200))]
    token: String,
    /// Password of the account, or of the new one: 10 to 128 characters, none of the common ones.
    #[garde(custom(password::acceptable))]
    password: Password,
}

/// Makes who read the mail a member, with a new account or the one that the password opens, and signs in.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register/confirm",
    operation_id = "confirm_registration",
    tag = "auth",
    request_body = ConfirmRegistration,
    responses(
        (status = 200, description = "a member, signed in", body = Tokens),
        (status = 400, description = "`invalid_token`: unknown, used or too old"),
        (status = 401, description = "`invalid_credentials`: not the password of the account"),
        (status = 403, description = "`email_domain_not_allowed`, `invitation_required`: for who was a member before, `limit_people`"),
        (status = 409, description = "`already_member`, `account_exists`"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn confirm_registration(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<ConfirmRegistration>,
) -> Result<Entry, Problem> {
    let tenant = caller.tenant()?;
    let found = one_time::look::<Registration>(&identity, &identity.db, &body.token).await?;
    let found = found.filter(|(owner, _)| owner.tenant == Some(tenant));
    let (_, kept) = found.ok_or_else(invalid_token)?;
    identity.throttle.attempt(&kept.email, client.address)?;
    let person = identify_at(&identity, tenant, (&kept.email, &body.password), &client).await?;
    let allowed = plan::people(&identity, tenant).await?;

    let transaction = identity.begin().await?;
    // Those who join come one by one, so that no two find room for the last member.
    let organization = organization::store::locked(&transaction, tenant).await?;
    check_domain(&organization.ok_or_else(Problem::not_found)?, &kept.email)?;
    let redeemed = one_time::redeem::<Registration>(&identity, &transaction, &body.token).await?;
    redeemed.ok_or_else(invalid_token)?;
    if let Some(allowed) = allowed {
        plan::check_people(member::store::count(&transaction, tenant).await?, allowed)?;
    }
    let email = kept.email.clone();
    let user = settle(&identity, &transaction, tenant, person, kept).await?;
    store::note_verified(&transaction, user.id, &email, identity.clock.now()).await?;
    let grant = join(&identity, &transaction, tenant, user).await?;
    let registered = audit::Event::done("member.registered", grant.user.id, &client);
    let registered = registered.at(tenant).on(grant.user.id.uuid());
    audit::record(&identity, &transaction, registered).await?;
    let proof = Proof::first(Method::Password);
    let entry = session::enter(&identity, &transaction, &grant, &client, proof).await?;
    super::check_password_kept(&transaction, &grant.user).await?;
    identity.commit(transaction).await?;
    Ok(entry)
}

/// The account of the address, made where there is none.
async fn settle(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    person: Identified,
    kept: Registration,
) -> Result<user::Model, Problem> {
    let password_hash = match person {
        Identified::Known(user) => return Ok(*user),
        Identified::Stranger { password_hash } => password_hash,
    };
    let (id, now) = (identity.ids.next(), identity.clock.now());
    let made = store::insert(db, id, kept.email, kept.name, password_hash, now).await?;
    // Somebody made an account of this address since: its password was not asked for.
    let user = made.ok_or_else(|| {
        Problem::conflict(
            "account_exists",
            "an account was made meanwhile; follow the link again",
        )
    })?;
    let event = UserCreated { user_id: id };
    identity.emit(db, tenant, id, &event).await?;
    Ok(user)
}

/// Makes the person a member. Who was one before needs an invitation: somebody may have had a reason.
async fn join(
    identity: &Identity,
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: user::Model,
) -> Result<Grant, Problem> {
    if member::store::standing(db, tenant, user.id)
        .await?
        .is_some()
    {
        let detail = "this person is a member already";
        return Err(Problem::conflict("already_member", detail));
    }
    if store::has_left(db, user.id, tenant).await? {
        let detail = "who was a member before comes back by invitation";
        return Err(Problem::forbidden("invitation_required").with_detail(detail));
    }
    let now = identity.clock.now();
    member::store::insert(db, tenant, user.id, ROLE, now).await?;
    let joined = MemberJoined {
        user_id: user.id,
        name: user.name.clone(),
        role: ROLE,
        workspace: None,
    };
    identity.emit(db, tenant, user.id, &joined).await?;
    let standing = member::store::standing(db, tenant, user.id).await?;
    Ok(Grant {
        user,
        tenant,
        standing: standing.ok_or_else(Problem::not_found)?,
    })
}
