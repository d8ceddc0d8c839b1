//! HTTP of invitations for those who are invited; they have no access token yet.

use std::sync::Arc;

use axum::extract::State;
use events::topic::user::{MemberJoined, UserCreated};
use garde::Validate;
use httpkit::{Caller, Json, Problem};
use kernel::Role;
use kernel::secret::sha256;
use passwords::Password;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{model, store};
use crate::account::{self, EmailAddress, Identified};
use crate::client::Client;
use crate::entity::{invitation, user};
use crate::password;
use crate::plan;
use crate::role::CustomRole;
use crate::second_factor::Demand;
use crate::session::{self, Entry, Grant, Method, Proof, Tokens};
use crate::state::{AppState, Identity};
use crate::{audit, member, organization, role};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(preview_invitation))
        .routes(routes!(accept_invitation))
}

/// The token out of the mail.
#[derive(Deserialize, Validate, ToSchema)]
struct PreviewInvitation {
    /// What stands behind `#token=` in the link.
    #[garde(length(bytes, max = 200))]
    token: String,
}

/// What accepting would come to.
#[derive(Debug, Serialize, ToSchema)]
struct Preview {
    /// Name of the organization.
    #[schema(example = "Acme Inc.")]
    organization: String,
    /// The address that is invited.
    #[schema(value_type = String, example = "grace@example.com")]
    email: EmailAddress,
    /// The role to begin with.
    role: Role,
    /// One of the organization's own roles, which counts in place of `role`.
    custom_role: Option<CustomRole>,
    /// Whether the address has an account, whose password is then asked for.
    has_account: bool,
}

/// Shows what an invitation is for, without accepting it.
#[utoipa::path(
    post,
    path = "/api/v1/invitations/preview",
    operation_id = "preview_invitation",
    tag = "invitations",
    request_body = PreviewInvitation,
    responses(
        (status = 200, description = "the invitation", body = Preview),
        (status = 404, description = "`invitation_not_found`"),
        (status = 410, description = "`invitation_expired`, `invitation_used`"),
    )
)]
async fn preview_invitation(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    Json(body): Json<PreviewInvitation>,
) -> Result<Json<Preview>, Problem> {
    let tenant = caller.tenant()?;
    let found = store::by_token(&identity.db, tenant, sha256(&body.token)).await?;
    let row = model::check_open(found, identity.clock.now())?;
    let organization = organization::store::by_id(&identity.db, tenant).await?;
    let account = account::store::by_email(&identity.db, &row.email).await?;
    let role = role::stored(row.role, row.role_id);
    let role = role::resolve(&identity.db, tenant, role).await?;
    let id = role.standing.role_id;
    Ok(Json(Preview {
        organization: organization.ok_or_else(model::unknown)?.name,
        email: row.email,
        role: role.standing.role,
        custom_role: id.map(|id| CustomRole {
            id,
            name: role.name,
        }),
        has_account: account.is_some(),
    }))
}

/// An invitation accepted.
#[derive(Deserialize, Validate, ToSchema)]
struct AcceptInvitation {
    /// What stands behind `#token=` in the link.
    #[garde(length(bytes, max = 200))]
    token: String,
    /// Display name of a new account; an account that exists keeps its own.
    #[serde(default)]
    #[garde(
        length(chars, min = 1, max = 200),
        custom(httpkit::text::optional_line)
    )]
    name: Option<String>,
    /// Password of the account, or of the new one: 10 to 128 characters, none of the common ones.
    #[garde(custom(password::acceptable))]
    password: Password,
}

/// Makes the invited person a member and signs in.
#[utoipa::path(
    post,
    path = "/api/v1/invitations/accept",
    operation_id = "accept_invitation",
    tag = "invitations",
    request_body = AcceptInvitation,
    responses(
        (status = 200, description = "a member, signed in", body = Tokens),
        (status = 202, description = "a member; a second factor is asked for", body = Demand),
        (status = 401, description = "`invalid_credentials`: not the password of the account"),
        (status = 403, description = "`limit_people`: the plan allows no more"),
        (status = 404, description = "`invitation_not_found`"),
        (status = 409, description = "`already_member`"),
        (status = 410, description = "`invitation_expired`, `invitation_used`"),
        (status = 422, description = "some fields are wrong"),
        (status = 429, description = "`too_many_attempts`"),
    )
)]
async fn accept_invitation(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    client: Client,
    Json(body): Json<AcceptInvitation>,
) -> Result<Entry, Problem> {
    let tenant = caller.tenant()?;
    let now = identity.clock.now();
    let found = store::by_token(&identity.db, tenant, sha256(&body.token)).await?;
    let row = model::check_open(found, now)?;
    identity.throttle.attempt(&row.email, client.address)?;
    let person =
        account::identify_at(&identity, tenant, (&row.email, &body.password), &client).await?;
    let allowed = plan::people(&identity, tenant).await?;

    let transaction = identity.begin().await?;
    // Those who join come one by one, so that no two find room for the last member.
    organization::store::locked(&transaction, tenant).await?;
    // Two readers of one mail come one by one; the second finds it used.
    let held = store::locked(&transaction, tenant, row.id).await?;
    let row = model::check_open(held, now)?;
    let user = settle(&identity, &transaction, &row, person, body.name).await?;
    // The token came by mail: who has it reads the mail at this address.
    account::store::note_verified(&transaction, user.id, &row.email, now).await?;
    let grant = join(&identity, &transaction, &row, user, allowed, &client).await?;
    let proof = Proof::first(Method::Password);
    let entry = session::enter(&identity, &transaction, &grant, &client, proof).await?;
    account::check_password_kept(&transaction, &grant.user).await?;
    identity.commit(transaction).await?;
    Ok(entry)
}

/// Makes the person a member, and the invitation used. Hold the organization's lock.
pub(crate) async fn join(
    identity: &Identity,
    db: &impl ConnectionTrait,
    row: &invitation::Model,
    user: user::Model,
    allowed: Option<u64>,
    client: &Client,
) -> Result<Grant, Problem> {
    let (tenant, now) = (row.tenant_id, identity.clock.now());
    let present = member::store::standing(db, tenant, user.id).await?;
    if present.is_some() {
        return Err(model::already_member());
    }
    if let Some(allowed) = allowed {
        plan::check_people(member::store::count(db, tenant).await?, allowed)?;
    }
    let choice = role::stored(row.role, row.role_id);
    let standing = role::resolve(db, tenant, choice).await?.standing;
    member::store::insert_as(db, tenant, user.id, &standing, now).await?;
    store::note_accepted(db, row.id, now).await?;
    let joined = MemberJoined {
        user_id: user.id,
        name: user.name.clone(),
        role: standing.role,
        workspace: row.workspace_place(),
    };
    identity.emit(db, tenant, user.id, &joined).await?;
    let event = audit::Event::done("invitation.accepted", user.id, client);
    audit::record(identity, db, event.at(tenant).on(row.id.uuid())).await?;
    Ok(Grant {
        user,
        tenant,
        standing,
    })
}

/// The account of the invited address, made where there is none.
async fn settle(
    identity: &Identity,
    db: &impl ConnectionTrait,
    row: &invitation::Model,
    person: Identified,
    name: Option<String>,
) -> Result<user::Model, Problem> {
    let password_hash = match person {
        Identified::Known(user) => return Ok(*user),
        Identified::Stranger { password_hash } => password_hash,
    };
    let missing = || Problem::field("/name", "missing", "a new account needs a name");
    let (id, email) = (identity.ids.next(), row.email.clone());
    let (name, now) = (name.ok_or_else(missing)?, identity.clock.now());
    let made = account::store::insert(db, id, email, name, password_hash, now).await?;
    // Somebody made an account of this address since: its password was not asked for.
    let user = made.ok_or_else(|| {
        Problem::conflict(
            "account_exists",
            "an account was made meanwhile; accept again",
        )
    })?;
    let event = UserCreated { user_id: id };
    identity.emit(db, row.tenant_id, id, &event).await?;
    Ok(user)
}
