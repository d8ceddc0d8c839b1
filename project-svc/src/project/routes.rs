//! HTTP of projects.

use events::topic::project::{
    ProjectCreated, ProjectDeleted, ProjectStatusChanged, ProjectUpdated,
};
use httpkit::idempotency::IdempotencyKey;
use httpkit::{
    Created, IfMatch, Json, ListQuery, NoContent, PageRequest, Problem, ProblemBody, Versioned,
};
use kernel::{Page, ProjectId, TeamId, WorkspaceId};
use serde_json::{Value, json};
use tenancy::UnitOfWork;

use super::view::{CreateProject, PatchProject, ProjectFilter, ProjectSummary, ProjectView};
use super::{members_store, model, store};
use crate::access::{
    self, AddProject, Allowed, Delete, ListProjects, Permits, ProjectAccess, Read, Thing, Write,
};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::project;
use crate::patch::{Meant, changed};
use crate::team::TeamRow;
use crate::tenant::Tenant;
use crate::{activity, board, people, versions, workspace};

/// Create a project
///
/// It gets a board with the columns To do, In progress, Review and Done.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = CreateProject,
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repetition harmless")),
    responses((status = 201, description = "the project", body = ProjectView), WriteProblems,
        (status = 403, description = "the caller's role may not do this, or `limit_projects`: the plan allows no more",
            body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create_project(
    tenant: Tenant,
    key: IdempotencyKey,
    Json(body): Json<CreateProject>,
) -> Result<Created<Versioned<ProjectView>>, Problem> {
    model::check_dates(body.start_date, body.end_date)?;
    let home = home(&tenant, body.workspace_id).await?;
    check_team(&tenant, body.team_id).await?;
    let allowed = allowed(&tenant).await?;
    let once = key.once(format!("create_project:{}", tenant.user()), &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    if let Some(allowed) = allowed {
        model::check_room(store::count_alone(&unit).await?, allowed)?;
    }
    let project = store::insert(&unit, &tenant, home, body).await?;
    board::create_first(&unit, &tenant, project.id).await?;
    let event = ProjectCreated {
        project_id: project.id,
        created_by: tenant.user(),
    };
    tenant.emit(&unit, &event).await?;
    note(&unit, &tenant, project.id, "project.created", json!({})).await?;
    let view = ProjectView::from(project);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// List projects
///
/// Those the caller sees and that are not put away, the newest first.
#[utoipa::path(get, path = "/projects", tag = "projects", params(PageRequest, ProjectFilter),
    responses((status = 200, description = "a page of projects", body = Page<ProjectSummary>), ReadProblems))]
pub(super) async fn list_projects(
    Allowed { tenant, .. }: Allowed<ListProjects>,
    ListQuery { page, filter }: ListQuery<ProjectFilter>,
) -> Result<Json<Page<ProjectSummary>>, Problem> {
    let (after, limit) = (page.after()?, page.limit_and_one());
    let connection = tenant.read().await?;
    let rows = store::page(&connection, &tenant.member, &filter, after, limit).await?;
    let key = |row: &ProjectSummary| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Get a project
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(("id" = ProjectId, Path)),
    responses((status = 200, description = "the project", body = ProjectView), ReadProblems))]
pub(super) async fn get_project(access: ProjectAccess<Read>) -> Versioned<ProjectView> {
    versioned(access.thing.into())
}

/// Change a project
///
/// Fields left out stay as they are.
#[utoipa::path(patch, path = "/projects/{id}", tag = "projects", request_body = PatchProject,
    params(("id" = ProjectId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the project", body = ProjectView), WriteProblems))]
pub(super) async fn update_project(
    access: ProjectAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<PatchProject>,
) -> Result<Versioned<ProjectView>, Problem> {
    let (tenant, project) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, body.version);
    let mut expected = meant.check(project.version)?;
    if body.start_date.is_some() || body.end_date.is_some() {
        let start = body.start_date.unwrap_or(project.start_date);
        model::check_dates(start, body.end_date.unwrap_or(project.end_date))?;
        // The rule binds two fields: the one that was not sent must still be what was checked.
        expected = Some(project.version);
    }
    if let Some(id) = body.workspace_id {
        home(&tenant, Some(id)).await?;
    }
    check_team(&tenant, body.team_id.flatten()).await?;
    let owner = body.owner_id;
    if let Some(owner) = owner {
        Delete::check(&tenant, access.rights, &project)?;
        people::resolve_one(&tenant, owner, "/owner_id").await?;
    }
    let changes = body.changes();
    let names = changed(&changes);
    if names.is_empty() {
        return Ok(versioned(project.into()));
    }
    let unit = tenant.begin().await?;
    let updated =
        versions::update::<project::Entity>(&unit, project.id, changes, expected, tenant.now())
            .await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    if let Some(owner) = owner {
        members_store::make_owner(&unit, project.id, owner, tenant.now()).await?;
    }
    let changes = activity::changes(&project, &updated, &names);
    note(&unit, &tenant, updated.id, "project.updated", changes).await?;
    let event = ProjectUpdated {
        project_id: updated.id,
        changed: names,
    };
    tenant.emit(&unit, &event).await?;
    if updated.status != project.status {
        let event = ProjectStatusChanged {
            project_id: updated.id,
            from: project.status.to_string(),
            to: updated.status.to_string(),
        };
        tenant.emit(&unit, &event).await?;
    }
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Change a project, as PATCH does
#[utoipa::path(put, path = "/projects/{id}", tag = "projects", request_body = PatchProject,
    params(("id" = ProjectId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the project", body = ProjectView), WriteProblems))]
pub(super) async fn replace_project(
    access: ProjectAccess<Write>,
    if_match: IfMatch,
    body: Json<PatchProject>,
) -> Result<Versioned<ProjectView>, Problem> {
    update_project(access, if_match, body).await
}

/// Delete a project
///
/// Its boards and tasks are gone with it. `POST /projects/{id}/restore` brings all back for 30 days.
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects",
    params(("id" = ProjectId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_project(
    access: ProjectAccess<Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, project) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(project.version)?;
    let unit = tenant.begin().await?;
    let deleted = store::delete(&unit, project.id, expected, tenant.now()).await?;
    if !deleted {
        return Err(meant.overtaken());
    }
    let event = ProjectDeleted {
        project_id: project.id,
    };
    tenant.emit(&unit, &event).await?;
    note(&unit, &tenant, project.id, "project.deleted", json!({})).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// Passes for a team of the organization, or none.
async fn check_team(tenant: &Tenant, team: Option<TeamId>) -> Result<(), Problem> {
    let Some(team) = team else {
        return Ok(());
    };
    let found = TeamRow::load(&tenant.read().await?, team, tenant.user()).await?;
    let unknown = || Problem::field("/team_id", "unknown_reference", "is no team");
    found.map(drop).ok_or_else(unknown)
}

/// Notes what was done to the project itself.
pub(super) async fn note(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project: ProjectId,
    kind: &str,
    changes: Value,
) -> Result<(), Problem> {
    Ok(activity::record(unit, tenant, project, None, kind, changes).await?)
}

/// The workspace for a new project, where the person may create some; the default one unless another is asked for.
async fn home(tenant: &Tenant, asked: Option<WorkspaceId>) -> Result<WorkspaceId, Problem> {
    let found = workspace::store::home(&tenant.read().await?, asked, tenant.user()).await?;
    let unknown = || Problem::field("/workspace_id", "unknown_reference", "is no workspace");
    let (row, rights) = access::seen(tenant, found).ok_or_else(unknown)?;
    AddProject::check(tenant, rights, &row)?;
    if !row.workspace.is_active {
        return Err(Problem::conflict(
            "workspace_inactive",
            "the workspace gets no new projects",
        ));
    }
    Ok(row.workspace.id)
}

/// How many projects the organization's plan allows, if it says so.
pub(super) async fn allowed(tenant: &Tenant) -> Result<Option<u64>, Problem> {
    // Waits while the organization is held, as every request does; where its database is, is known then.
    drop(tenant.read().await?);
    let resolver = tenant.state().pools.resolver();
    let descriptor = resolver.descriptor(tenant.member.tenant).await?;
    Ok(descriptor.limits.projects)
}

pub(super) fn versioned(body: ProjectView) -> Versioned<ProjectView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: ProjectView) -> Created<Versioned<ProjectView>> {
    Created {
        location: format!("/api/v1/projects/{}", view.id),
        body: versioned(view),
    }
}
