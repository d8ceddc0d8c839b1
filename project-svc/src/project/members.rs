//! HTTP of who is in which project.

use events::topic::project::{ProjectMemberAdded, ProjectMemberChanged, ProjectMemberRemoved};
use httpkit::tokens::Via;
use httpkit::{Created, Json, NoContent, PageQuery, PageRequest, Path, Problem};
use kernel::{Page, ProjectId, UserId};
use serde::Deserialize;
use serde_json::json;

use super::members_store as store;
use super::model::{ProjectRole, last_owner};
use super::routes::note;
use super::view::{AddProjectMember, ProjectMemberView, UpdateProjectMember};
use crate::access::{Admit, Delete, Permits, ProjectAccess, Read};
use crate::api::{ReadProblems, WriteProblems};
use crate::people;

/// The person of a path that names a project too.
#[derive(Deserialize)]
pub(super) struct MemberPath {
    user_id: UserId,
}

/// List the people in a project
///
/// In the order they came.
#[utoipa::path(get, path = "/projects/{id}/members", tag = "projects", params(("id" = ProjectId, Path), PageRequest),
    responses((status = 200, description = "a page of people", body = Page<ProjectMemberView>), ReadProblems))]
pub(super) async fn list_project_members(
    access: ProjectAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<ProjectMemberView>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let connection = access.tenant.read().await?;
    let rows = store::page(&connection, access.thing.id, after, limit).await?;
    let key = |row: &ProjectMemberView| (row.added_at, row.user_id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Put somebody into a project
///
/// Only owners make owners.
#[utoipa::path(post, path = "/projects/{id}/members", tag = "projects", request_body = AddProjectMember,
    params(("id" = ProjectId, Path)),
    responses((status = 201, description = "the person in the project", body = ProjectMemberView), WriteProblems))]
pub(super) async fn add_project_member(
    access: ProjectAccess<Admit>,
    Json(body): Json<AddProjectMember>,
) -> Result<Created<Json<ProjectMemberView>>, Problem> {
    let (tenant, project, user) = (access.tenant, access.thing, body.user_id);
    let role = body.role.unwrap_or(ProjectRole::Member);
    if role == ProjectRole::Owner {
        Delete::check(&tenant, access.rights, &project)?;
    }
    people::resolve_one(&tenant, user, "/user_id").await?;
    let unit = tenant.begin().await?;
    if !store::add(&unit, project.id, user, role, tenant.now()).await? {
        return Err(Problem::conflict(
            "already_in_project",
            "this person is in the project already",
        ));
    }
    let event = ProjectMemberAdded {
        project_id: project.id,
        user_id: user,
        role: role.to_string(),
    };
    tenant.emit(&unit, &event).await?;
    let changes = json!({"user_id": user, "role": role});
    note(&unit, &tenant, project.id, "project.member_added", changes).await?;
    let added = store::one(&unit, project.id, user).await?;
    unit.commit().await?;
    Ok(Created {
        location: format!("/api/v1/projects/{}/members/{user}", project.id),
        body: Json(added.ok_or_else(Problem::not_found)?),
    })
}

/// Change somebody's role in a project
///
/// Only owners make owners, or take that from them; the last one stays.
#[utoipa::path(patch, path = "/projects/{id}/members/{user_id}", tag = "projects",
    request_body = UpdateProjectMember, params(("id" = ProjectId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, description = "the person in the project", body = ProjectMemberView), WriteProblems))]
pub(super) async fn update_project_member(
    access: ProjectAccess<Admit>,
    Path(member): Path<MemberPath>,
    Json(body): Json<UpdateProjectMember>,
) -> Result<Json<ProjectMemberView>, Problem> {
    let (tenant, project, user, role) = (access.tenant, access.thing, member.user_id, body.role);
    let unit = tenant.begin().await?;
    store::lock(&unit, project.id).await?;
    let found = store::one(&unit, project.id, user).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    if found.role == role {
        return Ok(Json(found));
    }
    if [found.role, role].contains(&ProjectRole::Owner) {
        Delete::check(&tenant, access.rights, &project)?;
    }
    if found.role == ProjectRole::Owner && !store::has_other_owner(&unit, project.id, user).await? {
        return Err(last_owner());
    }
    store::set_role(&unit, project.id, user, role).await?;
    let event = ProjectMemberChanged {
        project_id: project.id,
        user_id: user,
        role: role.to_string(),
    };
    tenant.emit(&unit, &event).await?;
    let changes = json!({"user_id": user, "role": {"from": found.role, "to": role}});
    note(
        &unit,
        &tenant,
        project.id,
        "project.member_changed",
        changes,
    )
    .await?;
    unit.commit().await?;
    Ok(Json(ProjectMemberView { role, ..found }))
}

/// Change somebody's role in a project, as PATCH does
#[utoipa::path(put, path = "/projects/{id}/members/{user_id}", tag = "projects",
    request_body = UpdateProjectMember, params(("id" = ProjectId, Path), ("user_id" = UserId, Path)),
    responses((status = 200, description = "the person in the project", body = ProjectMemberView), WriteProblems))]
pub(super) async fn replace_project_member(
    access: ProjectAccess<Admit>,
    member: Path<MemberPath>,
    body: Json<UpdateProjectMember>,
) -> Result<Json<ProjectMemberView>, Problem> {
    update_project_member(access, member, body).await
}

/// Take somebody out of a project
///
/// Oneself too. Owners are removed by owners alone, and the last one stays.
#[utoipa::path(delete, path = "/projects/{id}/members/{user_id}", tag = "projects",
    params(("id" = ProjectId, Path), ("user_id" = UserId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn remove_project_member(
    access: ProjectAccess<Read>,
    Path(member): Path<MemberPath>,
) -> Result<NoContent, Problem> {
    let (tenant, project, user) = (access.tenant, access.thing, member.user_id);
    let oneself = user == tenant.user() && tenant.member.via == Via::Session;
    if !oneself {
        Admit::check(&tenant, access.rights, &project)?;
    }
    let unit = tenant.begin().await?;
    store::lock(&unit, project.id).await?;
    let found = store::one(&unit, project.id, user).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    if found.role == ProjectRole::Owner {
        if !oneself {
            Delete::check(&tenant, access.rights, &project)?;
        }
        if !store::has_other_owner(&unit, project.id, user).await? {
            return Err(last_owner());
        }
    }
    store::remove(&unit, project.id, user).await?;
    let event = ProjectMemberRemoved {
        project_id: project.id,
        user_id: user,
    };
    tenant.emit(&unit, &event).await?;
    let changes = json!({"user_id": user, "role": found.role});
    note(
        &unit,
        &tenant,
        project.id,
        "project.member_removed",
        changes,
    )
    .await?;
    unit.commit().await?;
    Ok(NoContent)
}
