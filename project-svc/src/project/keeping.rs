//! HTTP of projects that are put away, and of the trash.

use events::topic::project::{ProjectRestored, ProjectUpdated};
use httpkit::{IfMatch, Json, PageQuery, PageRequest, Problem, Versioned};
use kernel::{Page, ProjectId};
use sea_orm::ActiveValue::Set;
use serde_json::json;

use super::model::{self, TRASH_KEPT};
use super::routes::{allowed, note, versioned};
use super::store::{self, Trashed};
use super::view::{ProjectSummary, ProjectView};
use crate::access::{Access, Allowed, Delete, ListProjects, ProjectAccess, PutAway};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::project;
use crate::patch::Meant;
use crate::{activity, versions};

/// Put a project away
///
/// It can still be read, and nothing in it changes; lists leave it out unless they are asked for what is put away.
#[utoipa::path(post, path = "/projects/{id}/archive", tag = "projects",
    params(("id" = ProjectId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the project", body = ProjectView), WriteProblems))]
pub(super) async fn archive_project(
    access: ProjectAccess<PutAway>,
    if_match: IfMatch,
) -> Result<Versioned<ProjectView>, Problem> {
    set_archived(access, if_match, true).await
}

/// Take a project out again that was put away
#[utoipa::path(post, path = "/projects/{id}/unarchive", tag = "projects",
    params(("id" = ProjectId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the project", body = ProjectView), WriteProblems))]
pub(super) async fn unarchive_project(
    access: ProjectAccess<PutAway>,
    if_match: IfMatch,
) -> Result<Versioned<ProjectView>, Problem> {
    set_archived(access, if_match, false).await
}

async fn set_archived(
    access: ProjectAccess<PutAway>,
    if_match: IfMatch,
    archived: bool,
) -> Result<Versioned<ProjectView>, Problem> {
    let (tenant, project) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(project.version)?;
    if project.archived_at.is_some() == archived {
        return Ok(versioned(project.into()));
    }
    let unit = tenant.begin().await?;
    let changes = project::ActiveModel {
        archived_at: Set(archived.then(|| tenant.now())),
        ..Default::default()
    };
    let updated =
        versions::update::<project::Entity>(&unit, project.id, changes, expected, tenant.now())
            .await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    let names = vec!["archived_at".to_owned()];
    let changes = activity::changes(&project, &updated, &names);
    note(&unit, &tenant, updated.id, "project.updated", changes).await?;
    let event = ProjectUpdated {
        project_id: updated.id,
        changed: names,
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// List the projects in the trash
///
/// Those the caller may bring back, the last deleted first. After 30 days they are gone for good.
#[utoipa::path(get, path = "/projects/trash", tag = "projects", params(PageRequest),
    responses((status = 200, description = "a page of projects", body = Page<ProjectSummary>), ReadProblems))]
pub(super) async fn list_trashed_projects(
    Allowed { tenant, .. }: Allowed<ListProjects>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<ProjectSummary>>, Problem> {
    let after = page.after()?;
    let connection = tenant.read().await?;
    let rows = store::trash(&connection, &tenant.member, after, page.limit_and_one()).await?;
    let key = |row: &ProjectSummary| (row.deleted_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Bring a project back from the trash
///
/// With its boards and tasks. 403 `limit_projects` when the plan has no room for it.
#[utoipa::path(post, path = "/projects/{id}/restore", tag = "projects",
    params(("id" = ProjectId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the project", body = ProjectView), WriteProblems))]
pub(super) async fn restore_project(
    access: Access<Trashed, Delete>,
    if_match: IfMatch,
) -> Result<Versioned<ProjectView>, Problem> {
    let (tenant, Trashed { project }) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(project.version)?;
    let until = project.deleted_at.map(|deleted| deleted + TRASH_KEPT);
    if until.is_none_or(|until| until <= tenant.now()) {
        return Err(Problem::not_found());
    }
    let allowed = allowed(&tenant).await?;
    let unit = tenant.begin().await?;
    if let Some(allowed) = allowed {
        model::check_room(store::count_alone(&unit).await?, allowed)?;
    }
    let restored = store::restore(&unit, project.id, expected, tenant.now()).await?;
    let restored = restored.ok_or_else(|| meant.overtaken())?;
    let event = ProjectRestored {
        project_id: restored.id,
    };
    tenant.emit(&unit, &event).await?;
    note(&unit, &tenant, restored.id, "project.restored", json!({})).await?;
    unit.commit().await?;
    Ok(versioned(restored.into()))
}
