//! HTTP of invitations for those who invite.

use std::sync::Arc;

use axum::extract::State;
use events::topic::user::WorkspacePlace;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, Json, ListQuery, Member, NoContent, PageRequest, Path, Problem};
use kernel::{InvitationId, Page, Permission};
use sea_orm::ConnectionTrait;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::send::Draft;
use super::view::{CreateInvitation, Invitation, InvitationFilter};
use super::{accept, elsewhere, internal, model, resend, store};
use crate::account::EmailAddress;
use crate::client::Client;
use crate::entity::invitation;
use crate::plan;
use crate::state::{AppState, Identity};
use crate::{audit, member, organization as organizations, role};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_invitation, list_invitations))
        .routes(routes!(delete_invitation))
        .merge(resend::router())
        .merge(accept::router())
        .merge(elsewhere::router())
        .merge(internal::router())
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
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `role_not_grantable`, `limit_people`: the plan allows no more"),
        (status = 409, description = "`already_member`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn create_invitation(
    State(identity): State<Arc<Identity>>,
    member: Member,
    key: IdempotencyKey,
    client: Client,
    Json(body): Json<CreateInvitation>,
) -> Result<Created<Json<Invitation>>, Problem> {
    member.require(Permission::MemberInvite)?;
    let choice = role::choice(body.role, body.role_id)?;
    let allowed = plan::people(&identity, member.tenant).await?;
    let (tenant, now) = (member.tenant, identity.clock.now());
    let once = key.once(format!("create_invitation:{tenant}:{}", member.user), &body);
    let transaction = identity.begin().await?;
    if let Some(earlier) = once.replayed::<Invitation>(&transaction, now).await? {
        return Ok(created(earlier));
    }
    let wanted = Wanted {
        email: body.email,
        choice,
        workspace: None,
    };
    let row = send(&identity, &transaction, (&member, &client), wanted, allowed).await?;
    let view = Invitation::of(row, now);
    once.remember(&transaction, &view).await?;
    identity.commit(transaction).await?;
    Ok(created(view))
}

/// Whom a member wants to invite.
pub(super) struct Wanted {
    pub(super) email: EmailAddress,
    pub(super) choice: role::Choice,
    pub(super) workspace: Option<WorkspacePlace>,
}

/// Invites in place of what was open for the address before. Inside a transaction, which it holds the organization in.
pub(super) async fn send(
    identity: &Identity,
    db: &impl ConnectionTrait,
    (member, client): (&Member, &Client),
    wanted: Wanted,
    allowed: Option<u64>,
) -> Result<invitation::Model, Problem> {
    let (tenant, now) = (member.tenant, identity.clock.now());
    let organization = organizations::store::locked(db, tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    let role = role::resolve(db, tenant, wanted.choice).await?;
    let actor = member::acting(db, member).await?;
    actor.require(Permission::MemberInvite)?;
    actor.reach(&role.standing)?;
    let present = member::store::by_email(db, tenant, &wanted.email).await?;
    if present.is_some() {
        return Err(model::already_member());
    }
    store::revoke_of(db, tenant, &wanted.email, now).await?;
    if let Some(allowed) = allowed {
        let members = member::store::count(db, tenant).await?;
        let open = store::count_open(db, tenant, now).await?;
        plan::check_people(members + open, allowed)?;
    }
    let draft = Draft {
        organization: &organization,
        email: wanted.email,
        role,
        inviter: Some((member.user, &member.name)),
        workspace: wanted.workspace,
    };
    let row = draft.send(identity, db).await?;
    let event = audit::Event::done("invitation.created", member.user, client)
        .at(tenant)
        .on(row.id.uuid())
        .with(json!({ "role": row.role, "role_id": row.role_id }));
    audit::record(identity, db, event).await?;
    Ok(row)
}

fn created(view: Invitation) -> Created<Json<Invitation>> {
    Created {
        location: format!("/api/v1/invitations/{}", view.id),
        body: Json(view),
    }
}

/// Lists invitations, the latest first: those that can be accepted, unless another `status` is asked for.
#[utoipa::path(
    get,
    path = "/api/v1/invitations",
    operation_id = "list_invitations",
    tag = "invitations",
    security(("bearer" = [])),
    params(PageRequest, InvitationFilter),
    responses(
        (status = 200, description = "a page of invitations", body = Page<Invitation>),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
        (status = 422, description = "a parameter is wrong"),
    )
)]
async fn list_invitations(
    State(identity): State<Arc<Identity>>,
    member: Member,
    ListQuery { page, filter }: ListQuery<InvitationFilter>,
) -> Result<Json<Page<Invitation>>, Problem> {
    member.require(Permission::MemberInvite)?;
    let (after, now) = (page.after()?, identity.clock.now());
    let wanted = store::Wanted {
        status: filter.status.unwrap_or_default().wanted(),
        email: filter.email,
        now,
    };
    let limit = page.limit_and_one();
    let rows = store::page(&identity.db, member.tenant, &wanted, after, limit).await?;
    let key = |row: &invitation::Model| (row.created_at, row.id);
    let view = |row| Invitation::of(row, now);
    Ok(Json(Page::of(rows, page.limit, key, view)))
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
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`"),
        (status = 404, description = "`invitation_not_found`"),
    )
)]
async fn delete_invitation(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<InvitationId>,
    client: Client,
) -> Result<NoContent, Problem> {
    member.require(Permission::MemberInvite)?;
    let transaction = identity.begin().await?;
    if !store::revoke(&transaction, member.tenant, id, identity.clock.now()).await? {
        return Err(model::unknown());
    }
    let event = audit::Event::done("invitation.revoked", member.user, &client);
    let event = event.at(member.tenant).on(id.uuid());
    audit::record(&identity, &transaction, event).await?;
    identity.commit(transaction).await?;
    Ok(NoContent)
}
