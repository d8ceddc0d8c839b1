//! HTTP of workspaces.

use events::topic::workspace::{WorkspaceCreated, WorkspaceDeleted, WorkspaceUpdated};
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, ListQuery, NoContent, PageRequest, Problem, Versioned};
use kernel::{Page, WorkspaceId};

use super::store;
use super::view::{
    CreateWorkspace, PatchWorkspace, WorkspaceFilter, WorkspaceSummary, WorkspaceView,
};
use crate::access::{
    Allowed, CreateWorkspace as Create, Delete, ListProjects, Read, WorkspaceAccess, Write,
};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::workspace;
use crate::patch::{Meant, changed};
use crate::versions;

/// Create a workspace
///
/// Who creates it is its first owner.
#[utoipa::path(post, path = "/workspaces", tag = "workspaces", request_body = CreateWorkspace,
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repetition harmless")),
    responses((status = 201, description = "the workspace", body = WorkspaceView), WriteProblems))]
pub(super) async fn create_workspace(
    Allowed { tenant, .. }: Allowed<Create>,
    key: IdempotencyKey,
    Json(body): Json<CreateWorkspace>,
) -> Result<Created<Versioned<WorkspaceView>>, Problem> {
    let once = key.once(format!("create_workspace:{}", tenant.user()), &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    let workspace = store::insert(&unit, &tenant, body).await?;
    let event = WorkspaceCreated {
        workspace_id: workspace.id,
        created_by: tenant.user(),
    };
    tenant.emit(&unit, &event).await?;
    let view = WorkspaceView::from(workspace);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// List workspaces
///
/// Those the caller sees, by name.
#[utoipa::path(get, path = "/workspaces", tag = "workspaces", params(PageRequest, WorkspaceFilter),
    responses((status = 200, description = "a page of workspaces", body = Page<WorkspaceSummary>), ReadProblems))]
pub(super) async fn list_workspaces(
    Allowed { tenant, .. }: Allowed<ListProjects>,
    ListQuery { page, filter }: ListQuery<WorkspaceFilter>,
) -> Result<Json<Page<WorkspaceSummary>>, Problem> {
    let (after, limit) = (page.after()?, i64::from(page.limit) + 1);
    let connection = tenant.read().await?;
    let rows = store::page(&connection, &tenant.member, filter.active, after, limit).await?;
    let key = |row: &WorkspaceSummary| (row.name.clone(), row.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Get a workspace
#[utoipa::path(get, path = "/workspaces/{id}", tag = "workspaces", params(("id" = WorkspaceId, Path)),
    responses((status = 200, description = "the workspace", body = WorkspaceView), ReadProblems))]
pub(super) async fn get_workspace(access: WorkspaceAccess<Read>) -> Versioned<WorkspaceView> {
    versioned(access.thing.workspace.into())
}

/// Change a workspace
///
/// Fields left out stay as they are. The default workspace stays public and active.
#[utoipa::path(patch, path = "/workspaces/{id}", tag = "workspaces", request_body = PatchWorkspace,
    params(("id" = WorkspaceId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the workspace", body = WorkspaceView), WriteProblems))]
pub(super) async fn update_workspace(
    access: WorkspaceAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<PatchWorkspace>,
) -> Result<Versioned<WorkspaceView>, Problem> {
    let (tenant, workspace) = (access.tenant, access.thing.workspace);
    let meant = Meant::new(if_match, body.version);
    let expected = meant.check(workspace.version)?;
    if workspace.is_default && body.withdraws() {
        return Err(default_workspace("it stays public and active"));
    }
    let changes = body.changes();
    let names = changed(&changes);
    if names.is_empty() {
        return Ok(versioned(workspace.into()));
    }
    let unit = tenant.begin().await?;
    let updated =
        versions::update::<workspace::Entity>(&unit, workspace.id, changes, expected, tenant.now())
            .await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    let event = WorkspaceUpdated {
        workspace_id: updated.id,
        changed: names,
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Change a workspace, as PATCH does
#[utoipa::path(put, path = "/workspaces/{id}", tag = "workspaces", request_body = PatchWorkspace,
    params(("id" = WorkspaceId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the workspace", body = WorkspaceView), WriteProblems))]
pub(super) async fn replace_workspace(
    access: WorkspaceAccess<Write>,
    if_match: IfMatch,
    body: Json<PatchWorkspace>,
) -> Result<Versioned<WorkspaceView>, Problem> {
    update_workspace(access, if_match, body).await
}

/// Delete a workspace
///
/// 409 while projects live in it, those in the trash too, and for the default one.
#[utoipa::path(delete, path = "/workspaces/{id}", tag = "workspaces",
    params(("id" = WorkspaceId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_workspace(
    access: WorkspaceAccess<Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, workspace) = (access.tenant, access.thing.workspace);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(workspace.version)?;
    if workspace.is_default {
        return Err(default_workspace("it cannot be deleted"));
    }
    let unit = tenant.begin().await?;
    if !store::lock(&unit, workspace.id).await? {
        return Err(Problem::not_found());
    }
    if store::has_projects(&unit, workspace.id).await? {
        return Err(Problem::conflict(
            "workspace_not_empty",
            "there are projects in it; move or delete them first",
        ));
    }
    if !store::delete(&unit, workspace.id, expected).await? {
        return Err(meant.overtaken());
    }
    let event = WorkspaceDeleted {
        workspace_id: workspace.id,
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(NoContent)
}

fn default_workspace(detail: &'static str) -> Problem {
    Problem::conflict("default_workspace", detail)
}

fn versioned(body: WorkspaceView) -> Versioned<WorkspaceView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: WorkspaceView) -> Created<Versioned<WorkspaceView>> {
    Created {
        location: format!("/api/v1/workspaces/{}", view.id),
        body: versioned(view),
    }
}
