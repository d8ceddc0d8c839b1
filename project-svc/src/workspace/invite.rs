//! Inviting people into a workspace by their address. Identity knows who has it: members are put in at once, all
//! others get a mail, and are in the workspace from the moment they accept.

use chrono::{DateTime, Utc};
use events::topic::user::WorkspacePlace;
use events::topic::workspace::WorkspaceMemberAdded;
use garde::Validate;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};
use httpkit::client::UpstreamError;
use httpkit::{Created, Json, Problem};
use kernel::{InvitationId, Role, UserId, WorkspaceId};
use sea_orm::{ConnectionTrait, DbErr, raw_sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::WorkspaceRole;
use super::store;
use super::view::WorkspaceMemberView;
use crate::access::{Delete, Permits, WorkspaceAccess, Write};
use crate::api::WriteProblems;
use crate::people;
use crate::tenant::Tenant;

/// Somebody to be in a workspace, by their address.
#[derive(Deserialize, Validate, ToSchema)]
pub(super) struct InviteIntoWorkspace {
    #[garde(email, length(chars, max = 320))]
    #[schema(max_length = 320, example = "grace@example.com")]
    email: String,
    /// In the workspace; `member` unless it is given.
    #[garde(skip)]
    role: Option<WorkspaceRole>,
    /// In the organization, for who is not in it yet; `member` unless it is given, and none above one's own.
    #[garde(skip)]
    organization_role: Option<Role>,
}

/// One of the two: who is in the workspace now, or the invitation that is on its way.
#[derive(Serialize, ToSchema)]
pub(super) struct Invited {
    /// Set for who is in the organization already.
    member: Option<WorkspaceMemberView>,
    /// Set for all others.
    invitation: Option<WorkspaceInvitation>,
}

/// An invitation by mail; `/invitations` shows, repeats and revokes it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct WorkspaceInvitation {
    id: InvitationId,
    email: String,
    /// From then on it cannot be accepted.
    expires_at: DateTime<Utc>,
}

/// Identity's answer.
#[derive(Deserialize)]
struct Found {
    member: Option<UserId>,
    invitation: Option<WorkspaceInvitation>,
}

/// Invite somebody into a workspace
///
/// Members of the organization are put in at once. Everybody else gets a mail, which takes the right to invite people
/// to the organization, and is in the workspace when they accept; an earlier invitation of the address is revoked. Only
/// owners make owners.
#[utoipa::path(post, path = "/workspaces/{id}/invite", tag = "workspaces", request_body = InviteIntoWorkspace,
    params(("id" = WorkspaceId, Path)),
    responses((status = 201, description = "in the workspace, or invited", body = Invited), WriteProblems))]
pub(super) async fn invite_into_workspace(
    access: WorkspaceAccess<Write>,
    headers: HeaderMap,
    Json(body): Json<InviteIntoWorkspace>,
) -> Result<Created<Json<Invited>>, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let role = body.role.unwrap_or(WorkspaceRole::Member);
    if role == WorkspaceRole::Owner {
        Delete::check(&tenant, access.rights, &row)?;
    }
    let workspace_id = row.workspace.id;
    let found = ask_identity(&tenant, &headers, workspace_id, role, &body).await?;
    let invited = match found.member {
        Some(user) => {
            people::resolve_one(&tenant, user, "/email").await?;
            Invited {
                member: Some(put_in(&tenant, workspace_id, user, role).await?),
                invitation: None,
            }
        }
        None => Invited {
            member: None,
            invitation: found.invitation,
        },
    };
    Ok(Created {
        location: invited.location(workspace_id),
        body: Json(invited),
    })
}

impl Invited {
    fn location(&self, workspace: WorkspaceId) -> String {
        match (&self.member, &self.invitation) {
            (None, Some(invitation)) => format!("/api/v1/invitations/{}", invitation.id),
            (Some(member), _) => {
                let user = member.user_id;
                format!("/api/v1/workspaces/{workspace}/members/{user}")
            }
            (None, None) => format!("/api/v1/workspaces/{workspace}/members"),
        }
    }
}

/// Asks in the name of the person, whose token identity checks again.
async fn ask_identity(
    tenant: &Tenant,
    headers: &HeaderMap,
    workspace_id: WorkspaceId,
    role: WorkspaceRole,
    body: &InviteIntoWorkspace,
) -> Result<Found, Problem> {
    let identity = &tenant.state().identity;
    let (path, organization) = ("/internal/v1/invitations", tenant.member.tenant);
    let mut request = identity.request(Method::POST, path, Some(organization))?;
    if let Some(own) = headers.get(AUTHORIZATION) {
        request = request.header(AUTHORIZATION, own);
    }
    let asked = json!({
        "email": body.email,
        "role": body.organization_role.unwrap_or(Role::Member),
        "workspace": {"workspace_id": workspace_id, "role": role},
    });
    identity.read(request.json(&asked)).await.map_err(refused)
}

/// What identity refuses the person; everything else is a fault between the two services.
fn refused(error: UpstreamError) -> Problem {
    let UpstreamError::Status {
        status,
        code,
        detail,
        ..
    } = &error
    else {
        return error.into();
    };
    let problem = match (*status, code.as_str()) {
        (StatusCode::FORBIDDEN, "role_not_grantable") => Problem::forbidden("role_not_grantable"),
        (StatusCode::FORBIDDEN, "limit_people") => Problem::forbidden("limit_people"),
        (StatusCode::FORBIDDEN, _) => Problem::forbidden("permission_denied"),
        (StatusCode::UNPROCESSABLE_ENTITY, _) => {
            Problem::field("/email", "invalid", "is no address that mail goes to")
        }
        _ => return error.into(),
    };
    match detail {
        Some(detail) => problem.with_detail(detail.clone()),
        None => problem,
    }
}

async fn put_in(
    tenant: &Tenant,
    workspace_id: WorkspaceId,
    user_id: UserId,
    role: WorkspaceRole,
) -> Result<WorkspaceMemberView, Problem> {
    let unit = tenant.begin().await?;
    if !store::add_member(&unit, workspace_id, user_id, role, tenant.now()).await? {
        return Err(Problem::conflict(
            "already_in_workspace",
            "this person is in the workspace already",
        ));
    }
    let event = WorkspaceMemberAdded {
        workspace_id,
        user_id,
        role: role.to_string(),
    };
    tenant.emit(&unit, &event).await?;
    let added = store::member(&unit, workspace_id, user_id).await?;
    unit.commit().await?;
    added.ok_or_else(Problem::not_found)
}

/// Puts somebody who accepted an invitation where it led. Answers what to tell; nothing where the workspace is gone,
/// or the person is in it already or has left.
pub(crate) async fn settle(
    db: &impl ConnectionTrait,
    (user_id, came_at): (UserId, DateTime<Utc>),
    place: &WorkspacePlace,
) -> Result<Option<WorkspaceMemberAdded>, DbErr> {
    let workspace_id = place.workspace_id;
    // Who has left again meanwhile is put in nowhere.
    let there = raw_sql!(
        Postgres,
        "select w.id from workspaces w join people p on p.id = {user_id} and p.active
         where w.id = {workspace_id} for key share of w"
    );
    let Ok(role) = place.role.parse::<WorkspaceRole>() else {
        return Ok(None);
    };
    if db.query_one_raw(there).await?.is_none() {
        return Ok(None);
    }
    let added = store::add_member(db, workspace_id, user_id, role, came_at).await?;
    Ok(added.then(|| WorkspaceMemberAdded {
        workspace_id,
        user_id,
        role: role.to_string(),
    }))
}
