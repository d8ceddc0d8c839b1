//! HTTP of who is in which workspace.

use events::topic::workspace::{
    WorkspaceMemberAdded, WorkspaceMemberChanged, WorkspaceMemberRemoved,
};
use httpkit::tokens::Via;
use httpkit::{Created, Json, NoContent, PageQuery, PageRequest, Path, Problem};
use kernel::{Page, UserId, WorkspaceId};
use serde::Deserialize;

use super::model::{WorkspaceRole, last_owner};
use super::store;
use super::view::{AddWorkspaceMember, UpdateWorkspaceMember, WorkspaceMemberView};
use crate::access::{Delete, Permits, Read, WorkspaceAccess, Write};
use crate::api::{ReadProblems, WriteProblems};
use crate::people;

/// The person of a path that names a workspace too.
#[derive(Deserialize)]
pub(super) struct MemberPath {
    user_id: UserId,
}

/// List the people in a workspace
///
/// In the order they came.
#[utoipa::path(get, path = "/workspaces/{id}/members", tag = "workspaces",
    params(("id" = WorkspaceId, Path), PageRequest),
    responses((status = 200, description = "a page of people", body = Page<WorkspaceMemberView>), ReadProblems))]
pub(super) async fn list_workspace_members(
    access: WorkspaceAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<WorkspaceMemberView>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let connection = access.tenant.read().await?;
    let rows = store::members(&connection, access.thing.workspace.id, after, limit).await?;
    let key = |row: &WorkspaceMemberView| (row.added_at, row.user_id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Put somebody into a workspace
///
/// Only owners make owners.
#[utoipa::path(post, path = "/workspaces/{id}/members", tag = "workspaces", request_body = AddWorkspaceMember,
    params(("id" = WorkspaceId, Path)),
    responses((status = 201, description = "the person in the workspace", body = WorkspaceMemberView), WriteProblems))]
pub(super) async fn add_workspace_member(
    access: WorkspaceAccess<Write>,
    Json(body): Json<AddWorkspaceMember>,
) -> Result<Created<Json<WorkspaceMemberView>>, Problem> {
    let (tenant, row, user) = (access.tenant, access.thing, body.user_id);
    let role = body.role.unwrap_or(WorkspaceRole::Member);
    if role == WorkspaceRole::Owner {
        Delete::check(&tenant, access.rights, &row)?;
    }
    people::resolve_one(&tenant, user, "/user_id").await?;
    let workspace_id = row.workspace.id;
    let unit = tenant.begin().await?;
    if !store::add_member(&unit, workspace_id, user, role, tenant.now()).await? {
        return Err(Problem::conflict(
            "already_in_workspace",
            "this person is in the workspace already",
        ));
    }
    let event = WorkspaceMemberAdded {
        workspace_id,
        user_id: user,
        role: role.to_string(),
    };
    tenant.emit(&unit, &event).await?;
    let added = store::member(&unit, workspace_id, user).await?;
    unit.commit().await?;
    Ok(Created {
        location: format!("/api/v1/workspaces/{workspace_id}/members/{user}"),
        body: Json(added.ok_or_else(Problem::not_found)?),
    })
}

/// Change somebody's role in a workspace
///
/// Only owners make owners, or take that from them; the last one stays.
#[utoipa::path(patch, path = "/workspaces/{id}/members/{user_id}", tag = "workspaces",
    request_body = UpdateWorkspaceMember, params(("id" = WorkspaceId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, description = "the person in the workspace", body = WorkspaceMemberView), WriteProblems))]
pub(super) async fn update_workspace_member(
    access: WorkspaceAccess<Write>,
    Path(member): Path<MemberPath>,
    Json(body): Json<UpdateWorkspaceMember>,
) -> Result<Json<WorkspaceMemberView>, Problem> {
    let (tenant, row, user, role) = (access.tenant, access.thing, member.user_id, body.role);
    let workspace_id = row.workspace.id;
    let unit = tenant.begin().await?;
    store::lock(&unit, workspace_id).await?;
    let found = store::member(&unit, workspace_id, user).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    if found.role == role {
        return Ok(Json(found));
    }
    if [found.role, role].contains(&WorkspaceRole::Owner) {
        Delete::check(&tenant, access.rights, &row)?;
    }
    if found.role == WorkspaceRole::Owner
        && !store::has_other_owner(&unit, workspace_id, user).await?
    {
        return Err(last_owner());
    }
    store::set_role(&unit, workspace_id, user, role).await?;
    let event = WorkspaceMemberChanged {
        workspace_id,
        user_id: user,
        role: role.to_string(),
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(Json(WorkspaceMemberView { role, ..found }))
}

/// Change somebody's role in a workspace, as PATCH does
#[utoipa::path(put, path = "/workspaces/{id}/members/{user_id}", tag = "workspaces",
    request_body = UpdateWorkspaceMember, params(("id" = WorkspaceId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, description = "the person in the workspace", body = WorkspaceMemberView), WriteProblems))]
pub(super) async fn replace_workspace_member(
    access: WorkspaceAccess<Write>,
    member: Path<MemberPath>,
    body: Json<UpdateWorkspaceMember>,
) -> Result<Json<WorkspaceMemberView>, Problem> {
    update_workspace_member(access, member, body).await
}

/// Take somebody out of a workspace
///
/// Oneself too. Owners are removed by owners alone, and the last one stays.
#[utoipa::path(delete, path = "/workspaces/{id}/members/{user_id}", tag = "workspaces",
    params(("id" = WorkspaceId, Path), ("user_id" = UserId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn remove_workspace_member(
    access: WorkspaceAccess<Read>,
    Path(member): Path<MemberPath>,
) -> Result<NoContent, Problem> {
    let (tenant, row, user) = (access.tenant, access.thing, member.user_id);
    let oneself = user == tenant.user() && tenant.member.via == Via::Session;
    if !oneself {
        Write::check(&tenant, access.rights, &row)?;
    }
    let workspace_id = row.workspace.id;
    let unit = tenant.begin().await?;
    store::lock(&unit, workspace_id).await?;
    let found = store::member(&unit, workspace_id, user).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    if found.role == WorkspaceRole::Owner {
        if !oneself {
            Delete::check(&tenant, access.rights, &row)?;
        }
        if !store::has_other_owner(&unit, workspace_id, user).await? {
            return Err(last_owner());
        }
    }
    store::remove_member(&unit, workspace_id, user).await?;
    let event = WorkspaceMemberRemoved {
        workspace_id,
        user_id: user,
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(NoContent)
}
