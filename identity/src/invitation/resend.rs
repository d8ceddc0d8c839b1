//! Sending an invitation again: a new link for another week, in place of the one before.

use std::sync::Arc;

use axum::extract::State;
use httpkit::{Json, Member, Path, Problem};
use kernel::secret::{random_token, sha256};
use kernel::{InvitationId, Permission};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::send::Letter;
use super::view::Invitation;
use super::{model, store};
use crate::client::Client;
use crate::state::{AppState, Identity};
use crate::{audit, member, organization as organizations, role};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(resend_invitation))
}

/// Sends an invitation again, also one that has expired. The link of the mail before is void.
#[utoipa::path(
    post,
    path = "/api/v1/invitations/{id}/resend",
    operation_id = "resend_invitation",
    tag = "invitations",
    security(("bearer" = [])),
    params(("id" = InvitationId, Path, description = "id of the invitation")),
    responses(
        (status = 200, description = "another mail is on its way", body = Invitation),
        (status = 401, description = "no valid access token"),
        (status = 403, description = "`permission_denied`, `role_not_grantable`"),
        (status = 404, description = "`invitation_not_found`"),
        (status = 409, description = "`already_member`"),
        (status = 410, description = "`invitation_used`"),
        (status = 429, description = "`invitation_just_sent`: not twice in a minute"),
    )
)]
async fn resend_invitation(
    State(identity): State<Arc<Identity>>,
    member: Member,
    Path(id): Path<InvitationId>,
    client: Client,
) -> Result<Json<Invitation>, Problem> {
    member.require(Permission::MemberInvite)?;
    let (tenant, now) = (member.tenant, identity.clock.now());
    let transaction = identity.begin().await?;
    let organization = organizations::store::locked(&transaction, tenant).await?;
    let organization = organization.ok_or_else(Problem::not_found)?;
    let held = store::locked(&transaction, tenant, id).await?;
    let mut row = model::check_resendable(held, now)?;
    let choice = role::stored(row.role, row.role_id);
    let role = role::resolve(&transaction, tenant, choice).await?;
    let actor = member::acting(&transaction, &member).await?;
    actor.require(Permission::MemberInvite)?;
    actor.reach(&role.standing)?;
    let present = member::store::by_email(&transaction, tenant, &row.email).await?;
    if present.is_some() {
        return Err(model::already_member());
    }
    let token = random_token().map_err(Problem::internal)?;
    row.token_hash = sha256(&token).to_vec();
    row.expires_at = model::expiry(now);
    store::renew(&transaction, &row).await?;
    let letter = Letter {
        organization: &organization,
        role: &role.name,
        inviter: &member.name,
        token: &token,
    };
    letter.send(&identity, &transaction, &row).await?;
    let event = audit::Event::done("invitation.resent", member.user, &client);
    audit::record(&identity, &transaction, event.at(tenant).on(id.uuid())).await?;
    identity.commit(transaction).await?;
    Ok(Json(Invitation::of(row, now)))
}
