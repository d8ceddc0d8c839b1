//! Accepting an invitation from inside a session in another organization: the session stands for the account, the
//! token of the mail for its address, and no password is asked again.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use httpkit::{Json, Problem, SignedIn};
use kernel::secret::sha256;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{accept, model, store};
use crate::client::Client;
use crate::organization::{self, Organization};
use crate::state::{AppState, Identity};
use crate::{account, audit, plan, session, ticket};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(accept_invitation_signed_in))
}

/// The token out of the mail.
#[derive(Deserialize, Validate, ToSchema)]
struct AcceptSignedIn {
    /// What stands behind `#token=` in the link.
    #[garde(length(bytes, max = 200))]
    token: String,
}

/// What one is a member of now.
#[derive(Serialize, ToSchema)]
struct Joined {
    organization: Organization,
    /// Opens a session there, as `create_ticket` says; none where signing in is asked for.
    ticket: Option<String>,
}

/// Accepts an invitation to another organization with the account one is signed in to here.
#[utoipa::path(
    post,
    path = "/api/v1/auth/invitations/accept",
    operation_id = "accept_invitation_signed_in",
    tag = "invitations",
    security(("bearer" = [])),
    request_body = AcceptSignedIn,
    responses(
        (status = 200, description = "a member of the other organization", body = Joined),
        (status = 401, description = "no valid access token, or the session has ended"),
        (status = 403, description = "`invitation_of_other_address`, `limit_people`, `session_required`, `session_confined`"),
        (status = 404, description = "`invitation_not_found`"),
        (status = 409, description = "`already_member`"),
        (status = 410, description = "`invitation_expired`, `invitation_used`"),
        (status = 422, description = "some fields are wrong"),
    )
)]
async fn accept_invitation_signed_in(
    State(identity): State<Arc<Identity>>,
    SignedIn(member): SignedIn,
    client: Client,
    Json(body): Json<AcceptSignedIn>,
) -> Result<Json<Joined>, Problem> {
    session::require_whole_account(&identity, &identity.db, &member).await?;
    let now = identity.clock.now();
    let found = store::by_token_anywhere(&identity.db, sha256(&body.token)).await?;
    let tenant = model::check_open(found, now)?.tenant_id;
    let allowed = plan::people(&identity, tenant).await?;

    let transaction = identity.begin().await?;
    let target = organization::store::locked(&transaction, tenant).await?;
    let target = target.ok_or_else(model::unknown)?;
    let source = session::live(&transaction, member.session, now).await?;
    let held = store::by_token_anywhere(&transaction, sha256(&body.token)).await?;
    let row = model::check_open(held, now)?;
    let user = account::store::active(&transaction, member.user).await?;
    let user = user.ok_or_else(|| Problem::unauthorized("session_ended"))?;
    if user.email != row.email {
        return Err(Problem::forbidden("invitation_of_other_address")
            .with_detail("the invitation went to another address than that of your account"));
    }
    account::store::note_verified(&transaction, user.id, &row.email, now).await?;
    accept::join(&identity, &transaction, &row, user, allowed, &client).await?;
    let ticket = if ticket::may_switch(source.method, &target) {
        let ticket = ticket::switch(&identity, &transaction, &source, &target).await?;
        let given = audit::Event::done("ticket.given", member.user, &client)
            .at(tenant)
            .on(source.id.uuid())
            .with(json!({ "from": member.tenant }));
        audit::record(&identity, &transaction, given).await?;
        Some(ticket)
    } else {
        None
    };
    identity.commit(transaction).await?;
    Ok(Json(Joined {
        organization: Organization::of(target, &identity.common),
        ticket,
    }))
}
