//! HTTP of dependencies.

use events::topic::task::{DependencyKind, TaskDependencyAdded, TaskDependencyRemoved};
use http::StatusCode;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, Json, NoContent, PageQuery, PageRequest, Path, Problem};
use kernel::{DependencyId, Page, TaskId};
use serde::Deserialize;
use serde_json::json;

use super::store::{self, Obstacles, Seen};
use super::view::{AddDependency, DependencyView, OtherTask, Side};
use crate::access::{self, Read, TaskAccess, Write};
use crate::activity;
use crate::api::{ReadProblems, WriteProblems};
use crate::task::TaskRow;
use crate::tenant::Tenant;

/// Tasks that one task waits for.
const MOST_PER_TASK: i64 = 200;

/// The path of one dependency.
#[derive(Deserialize)]
pub(super) struct Named {
    dependency_id: DependencyId,
}

/// List the dependencies of a task
///
/// Both what it waits for and what waits for it; those on tasks the caller does not see are left out.
#[utoipa::path(get, path = "/tasks/{id}/dependencies", tag = "dependencies",
    params(("id" = TaskId, Path), PageRequest),
    responses((status = 200, description = "a page of dependencies", body = Page<DependencyView>), ReadProblems))]
pub(super) async fn list_dependencies(
    access: TaskAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<DependencyView>>, Problem> {
    let after = page.after()?;
    let (tenant, task) = (access.tenant, access.thing.task.id);
    let connection = tenant.read().await?;
    let limit = page.limit_and_one();
    let rows = store::page(&connection, &tenant.member, task, after, limit).await?;
    let key = |row: &Seen| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, DependencyView::from)))
}

/// Let a task wait for another one, or relate them
///
/// 409 `dependency_circle` when the other one waits for this one already, over however many between.
#[utoipa::path(post, path = "/tasks/{id}/dependencies", tag = "dependencies", request_body = AddDependency,
    params(("id" = TaskId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the dependency", body = DependencyView), WriteProblems))]
pub(super) async fn add_dependency(
    access: TaskAccess<Write>,
    key: IdempotencyKey,
    Json(body): Json<AddDependency>,
) -> Result<Created<Json<DependencyView>>, Problem> {
    let (tenant, task) = (access.tenant, access.thing.task);
    if body.other_id == task.id {
        let detail = "a task does not wait for itself";
        return Err(Problem::field("/other_id", "itself", detail));
    }
    let other = other_task(&tenant, body.other_id).await?;
    let kind = body.kind.unwrap_or(DependencyKind::FinishToStart);
    let scope = format!("add_dependency:{}:{}", task.id, tenant.user());
    let once = key.once(scope, &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(task.id, view));
    }
    store::lock(&unit).await?;
    let obstacles = store::obstacles(&unit, task.id, body.other_id).await?;
    let obstacles = obstacles.ok_or_else(|| Problem::internal("no answer about obstacles"))?;
    check(kind, &obstacles)?;
    let (id, created_at) = store::insert(&unit, &tenant, task.id, body.other_id, kind).await?;
    let event = TaskDependencyAdded {
        task_id: task.id,
        project_id: task.project_id,
        other_id: body.other_id,
        kind,
    };
    tenant.emit(&unit, &event).await?;
    let changes =
        json!({"dependencies": {"from": null, "to": {"other_id": body.other_id, "kind": kind}}});
    let (project, done) = (task.project_id, "task.dependency_added");
    activity::record(&unit, &tenant, project, Some(task.id), done, changes).await?;
    let view = DependencyView {
        id,
        kind,
        side: Side::Waits,
        other,
        created_by: tenant.user(),
        created_at,
    };
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(task.id, view))
}

/// Remove a dependency of a task
///
/// From either of its ends.
#[utoipa::path(delete, path = "/tasks/{id}/dependencies/{dependency_id}", tag = "dependencies",
    params(("id" = TaskId, Path), ("dependency_id" = DependencyId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn remove_dependency(
    access: TaskAccess<Write>,
    Path(Named { dependency_id }): Path<Named>,
) -> Result<NoContent, Problem> {
    let (tenant, task) = (access.tenant, access.thing.task);
    let unit = tenant.begin().await?;
    let gone = store::delete(&unit, task.id, dependency_id).await?;
    let gone = gone.ok_or_else(Problem::not_found)?;
    let event = TaskDependencyRemoved {
        task_id: gone.task_id,
        project_id: task.project_id,
        other_id: gone.other_id,
        kind: gone.kind,
    };
    tenant.emit(&unit, &event).await?;
    let before = json!({"task_id": gone.task_id, "other_id": gone.other_id, "kind": gone.kind});
    let changes = json!({"dependencies": {"from": before, "to": null}});
    let (project, done) = (task.project_id, "task.dependency_removed");
    activity::record(&unit, &tenant, project, Some(task.id), done, changes).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// The task at the other end; 422 for one that the caller may not know of, 409 for one that is put away.
async fn other_task(tenant: &Tenant, id: TaskId) -> Result<OtherTask, Problem> {
    let found = access::load::<TaskRow>(tenant, id).await;
    let (row, rights) = found.map_err(|problem| {
        if problem.status() == StatusCode::NOT_FOUND {
            Problem::field("/other_id", "unknown_reference", "is no task")
        } else {
            problem
        }
    })?;
    rights.unless_archived()?;
    Ok(OtherTask {
        id,
        key: row.key(),
        project_id: row.task.project_id,
        title: row.task.title,
        status: row.task.status,
    })
}

fn check(kind: DependencyKind, obstacles: &Obstacles) -> Result<(), Problem> {
    if obstacles.doubled {
        let detail = "the two tasks have a dependency; remove it first";
        return Err(Problem::conflict("dependency_exists", detail));
    }
    if kind.sets_an_order() && obstacles.circle {
        let detail = "the other task waits for this one already";
        return Err(Problem::conflict("dependency_circle", detail));
    }
    if obstacles.count >= MOST_PER_TASK {
        let detail = format!("a task waits for at most {MOST_PER_TASK} others");
        return Err(Problem::conflict("too_many_dependencies", detail));
    }
    Ok(())
}

fn created(task: TaskId, view: DependencyView) -> Created<Json<DependencyView>> {
    Created {
        location: format!("/api/v1/tasks/{task}/dependencies/{}", view.id),
        body: Json(view),
    }
}
