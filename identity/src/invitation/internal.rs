//! HTTP of invitations for project-svc, which knows workspaces: it asks with the token of the person who invites.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use events::topic::user::WorkspacePlace;
use garde::Validate;
use httpkit::{Caller, Json, Member, Problem, Service};
use kernel::{Permission, Role, UserId};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;

use super::routes::{self, Wanted};
use super::view::Invitation;
use crate::account::{self, EmailAddress};
use crate::client::Client;
use crate::state::{AppState, Identity};
use crate::{member, plan, role};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/internal/v1/invitations", post(invite_into_workspace))
}

/// Somebody to be in a workspace.
#[derive(Deserialize, Validate)]
struct Asked {
    #[garde(custom(account::well_formed))]
    email: EmailAddress,
    /// The role in the organization to begin with.
    #[garde(skip)]
    role: Role,
    #[garde(skip)]
    workspace: WorkspacePlace,
}

/// The member who has the address, else the invitation that went there.
#[derive(Serialize)]
struct Found {
    member: Option<UserId>,
    invitation: Option<Invitation>,
}

async fn invite_into_workspace(
    State(identity): State<Arc<Identity>>,
    caller: Caller,
    member: Member,
    client: Client,
    Json(body): Json<Asked>,
) -> Result<Json<Found>, Problem> {
    caller.only(&[Service::ProjectSvc])?;
    let tenant = member.tenant;
    if member.require(Permission::MemberRead).is_ok() {
        let present = member::store::by_email(&identity.db, tenant, &body.email).await?;
        if let Some(present) = present {
            return Ok(Json(Found {
                member: Some(present.user_id),
                invitation: None,
            }));
        }
    }
    member.require(Permission::MemberInvite)?;
    let allowed = plan::people(&identity, tenant).await?;
    let wanted = Wanted {
        email: body.email,
        choice: role::choice(Some(body.role), None)?,
        workspace: Some(body.workspace),
    };
    let transaction = identity.begin().await?;
    let by = (&member, &client);
    let row = routes::send(&identity, &transaction, by, wanted, allowed).await?;
    identity.commit(transaction).await?;
    Ok(Json(Found {
        member: None,
        invitation: Some(Invitation::of(row, identity.clock.now())),
    }))
}
