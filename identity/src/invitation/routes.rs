//! HTTP of invitations for those who invite.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, Json, Member, NoContent, PageQuery, PageRequest, Path, Problem};
use kernel::{InvitationId, Page, Permission, Role, TenantId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::send::Draft;
use super::{accept, model, store};
use crate::account::{self, EmailAddress};
use crate::entity::invitation;
use crate::plan;
use crate::state::{AppState, Identity};
use crate::{member, organization as organizations};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_invitation, list_invitations))
        .routes(routes!(delete_invitation))
        .merge(accept::router())
}

/// Whom to invite.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
struct CreateInvitation {
    /// Where the invitation goes; only an account of this address can accept it.
    #[garde(custom(account::well_formed))]
    #[schema(value_type = String, example = "grace@example.com")]
    email: EmailAddress,
    /// The role to begin with, none above the own.
    #[garde(skip)]
    role: Role,
}

/// An invitation that can be accepted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Invitation {
    /// Id of the invitation.
    id: InvitationId,
    /// Where it went.
    #[schema(value_type = String, example = "grace@example.com")]
    email: EmailAddress,
    /// The role to begin with.
    role: Role,
    /// Who invited; nobody for the invitation of the first owner by the operator.
    invited_by: Option<UserId>,
    created_at: DateTime<Utc>,
    /// From then on it cannot be accepted.
    expires_at: DateTime<Utc>,
}

impl From<invitation::Model> for Invitation {
    fn from(row: invitation::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            role: row.role,
            invited_by: row.invited_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// Invites by mail. An earlier invitation of the same address is revoked.
#[utoipa::path(
    post,
    path = "/api/v1/invitations",
    operation_id = "create_invitation",
    tag = "invitations",
    security(("bearer" = [])),
    request_body = CreateInvitation,
    params(("Idempotency-Key" = Option<String>, Header, description = "names this request")),
    responses(
        (status = 201, description = "the mail is on its way", body = Invitation),
        (status = 403, description = "`permission_denied`, `role_not_grantable`, `limit_people`: the plan allows no more"),
        (status = 409, description = "`already_member`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn create_invitation(
    State(identity): State<Arc<Identity>>,
    member: Member,
    key: IdempotencyKey,
    Json(body): Json<CreateInvitation>,
) -> Result<Created<Json<Invitation>>, Problem> {
    member.require(Permission::MemberInvite)?;
    let allowed = plan::people(&identity, member.tenant).await?;
    let now = identity.clock.now();
    let once = key.once(
        format!("create_invitation:{}:{}", member.tenant, member.user),
        &body,
    );
    let transaction = identity.begin().await?;
    if let Some(earlier) = once.replayed::<Invitation>(&transaction, now).await? {
        return Ok(created(earlier));
    }
    let organization = organizations::store::locked(&transaction, member.tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    let actor = member::store::role(&transaction, member.tenant, member.user).await?;
    let actor = actor.ok_or_else(|| Problem::forbidden("permission_denied"))?;
    model::check_grant(actor, body.role)?;
    if member::store::by_email(&transaction, member.tenant, &body.email)
        .await?
        .is_some()
    {
        return Err(Problem::conflict(
            "already_member",
            "this person is a member already",
        ));
    }
    store::revoke_of(&transaction, member.tenant, &body.email, now).await?;
    if let Some(allowed) = allowed {
        let members = member::store::count(&transaction, member.tenant).await?;
        let open = store::count_open(&transaction, member.tenant, now).await?;
        plan::check_people(members + open, allowed)?;
    }
    let draft = Draft {
        organization: &organization,
        email: body.email,
        role: body.role,
        inviter: Some((member.user, &member.name)),
    };
    let row = draft.send(&identity, &transaction).await?;
    let view = Invitation::from(row);
    once.remember(&transaction, &view).await?;
    identity.commit(transaction).await?;
    Ok(created(view))
}

fn created(view: Invitation) -> Created<Json<Invitation>> {
    Created {
        location: format!("/api/v1/invitations/{}", view.id),
        body: Json(view),
    }
}

/// Lists the invitations that can be accepted, the latest first.
#[utoipa::path(
    get,
    path = "/api/v1/invitations",
    operation_id = "list_invitations",
    tag = "invitations",
    security(("bearer" = [])),
    params(PageRequest),
    responses(
        (status = 200, description = "a page of invitations", body = Page<Invitation>),
        (status = 403, description = "`permission_denied`"),
    )
)]
async fn list_invitations(
    State(identity): State<Arc<Identity>>,
    member: Member,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<Invitation>>, Problem> {
    member.require(Permission::MemberInvite)?;
    let (after, now) = (page.after()?, identity.clock.now());
    let limit = page.limit_and_one();
    let rows = store::page(&identity.db, member.tenant, now, after, limit).await?;
    let key = |row: &invitation::Model| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, Invitation::from)))
}

/// Revokes an invitation.
#[utoipa::path(
    delete,
    path = "/api/v1/invitations/{id}",
    operation_id = "delete_invitation",
    tag = "invitations",
    security(("bearer" = [])),
    params(("id" = InvitationId, Path, description = "id of the invitation")),
    responses(
        (status = 204, description = "it can no longer be accepted"),
        (status = 403, description = "`permission_denied`"),
        (status = 404, description = "`invitation_not_found`"),
    )
)]
async fn delete_invitation(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<InvitationId>,
) -> Result<NoContent, Problem> {
    member.require(Permission::MemberInvite)?;
    let tenant: TenantId = member.tenant;
    if store::revoke(&identity.db, tenant, id, identity.clock.now()).await? {
        Ok(NoContent)
    } else {
        Err(model::unknown())
    }
}
