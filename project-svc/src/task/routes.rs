//! HTTP of single tasks; moving them is in [`super::moving`], lists in [`super::list`].

use events::topic::task::{TaskAssigned, TaskCreated, TaskDeleted, TaskPriority, TaskUpdated};
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, NoContent, Problem, Versioned};
use kernel::{ProjectId, TaskId};
use sea_orm::ActiveValue::Set;
use tenancy::UnitOfWork;

use super::model::{completed_at, previous_assignees};
use super::store::TaskRow;
use super::view::{Assign, CreateTask, PatchTask, TaskView};
use super::{place, store};
use crate::access::{AddTask, Delete, ProjectAccess, Read, TaskAccess, Write};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::{project, task};
use crate::order::Place;
use crate::patch::{Meant, changed};
use crate::tenant::Tenant;
use crate::{people, project as projects};

/// Create a task
#[utoipa::path(post, path = "/projects/{id}/tasks", tag = "tasks", request_body = CreateTask,
    params(("id" = ProjectId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn create_task(
    access: ProjectAccess<AddTask>,
    key: IdempotencyKey,
    Json(body): Json<CreateTask>,
) -> Result<Created<Versioned<TaskView>>, Problem> {
    let (tenant, project) = (access.tenant, access.thing);
    let once = key.once(
        format!("create_task:{}:{}", project.id, tenant.user()),
        &body,
    );
    let assignees = people::resolve(&tenant, &body.assignee_ids, "/assignee_ids").await?;
    let _turn = tenant.turn(project.id).await;
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    let task = insert(&unit, &tenant, &project, body).await?;
    store::add_assignees(&unit, task.id, &assignees, tenant.now()).await?;
    let event = TaskCreated {
        task_id: task.id,
        project_id: project.id,
        status: task.status,
        priority: task.priority,
        created_by: task.created_by,
        assignee_ids: assignees.clone(),
        created_at: Some(task.created_at),
        completed_at: task.completed_at,
        version: Some(task.version),
    };
    tenant.emit(&unit, &event).await?;
    let view = TaskView::from(TaskRow::new(task, project.key, &assignees));
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Numbers the task, then finds its place: the project is always locked before a column.
async fn insert(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project: &project::Model,
    body: CreateTask,
) -> Result<task::Model, Problem> {
    let number = projects::take_task_number(unit, project.id).await?;
    let number = number.ok_or_else(Problem::not_found)?;
    let target = place::lock_column(unit, project.id, body.column_id).await?;
    let target = target.ok_or_else(|| match body.column_id {
        Some(_) => no_such_column(),
        None => Problem::conflict(
            "no_todo_column",
            "the project has no column of category todo; give one",
        ),
    })?;
    let (id, now) = (tenant.next_id(), tenant.now());
    let order_key = place::make_room(unit, target.column_id, id, &Place::Last).await?;
    let task = task::ActiveModel {
        id: Set(id),
        project_id: Set(project.id),
        board_id: Set(target.board_id),
        column_id: Set(target.column_id),
        number: Set(number),
        title: Set(body.title),
        description: Set(body.description),
        status: Set(target.category),
        priority: Set(body.priority.unwrap_or(TaskPriority::Medium)),
        order_key: Set(order_key),
        due_date: Set(body.due_date),
        created_by: Set(tenant.user()),
        completed_at: Set(completed_at(target.category, None, now)),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
    };
    Ok(store::insert(unit, task).await?)
}

/// Get a task
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 200, description = "the task", body = TaskView), ReadProblems))]
pub(super) async fn get_task(access: TaskAccess<Read>) -> Versioned<TaskView> {
    versioned(access.thing.into())
}

/// Change a task
///
/// Fields left out stay as they are. Status, people and place have operations of their own.
#[utoipa::path(patch, path = "/tasks/{id}", tag = "tasks", request_body = PatchTask,
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn update_task(
    access: TaskAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<PatchTask>,
) -> Result<Versioned<TaskView>, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, body.version);
    let expected = meant.check(row.task.version)?;
    let changes = body.changes();
    let names = changed(&changes);
    if names.is_empty() {
        return Ok(versioned(row.into()));
    }
    let unit = tenant.begin().await?;
    let updated = store::update(&unit, row.task.id, changes, expected, tenant.now()).await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    let event = TaskUpdated {
        task_id: updated.id,
        project_id: updated.project_id,
        changed: names,
        version: Some(updated.version),
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(versioned(row.with(updated).into()))
}

/// Delete a task
#[utoipa::path(delete, path = "/tasks/{id}", tag = "tasks",
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_task(
    access: TaskAccess<Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, task) = (access.tenant, access.thing.task);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(task.version)?;
    let unit = tenant.begin().await?;
    let changes = task::ActiveModel {
        deleted_at: Set(Some(tenant.now())),
        ..Default::default()
    };
    let deleted = store::update(&unit, task.id, changes, expected, tenant.now()).await?;
    let deleted = deleted.ok_or_else(|| meant.overtaken())?;
    let event = TaskDeleted {
        task_id: deleted.id,
        project_id: deleted.project_id,
        status: deleted.status,
        version: Some(deleted.version),
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// Say who is to do a task
///
/// Replaces everybody who was to do it before.
#[utoipa::path(put, path = "/tasks/{id}/assign", tag = "tasks", request_body = Assign,
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn assign_task(
    access: TaskAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<Assign>,
) -> Result<Versioned<TaskView>, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(row.task.version)?;
    let assignees = people::resolve(&tenant, &body.assignee_ids, "/assignee_ids").await?;
    let unit = tenant.begin().await?;
    // The task's row is locked from here on: two assignments come one after the other.
    let task = store::update(
        &unit,
        row.task.id,
        task::ActiveModel::default(),
        expected,
        tenant.now(),
    );
    let task = task.await?.ok_or_else(|| meant.overtaken())?;
    let removed = store::remove_others(&unit, task.id, &assignees).await?;
    let added = store::add_assignees(&unit, task.id, &assignees, tenant.now()).await?;
    let event = TaskAssigned {
        task_id: task.id,
        project_id: task.project_id,
        assignee_ids: assignees.clone(),
        previous_ids: previous_assignees(&assignees, &added, &removed),
        version: Some(task.version),
    };
    tenant.emit(&unit, &event).await?;
    unit.commit().await?;
    Ok(versioned(
        TaskRow::new(task, row.project_key, &assignees).into(),
    ))
}

/// 422 for a column that is not of the task's project.
pub(super) fn no_such_column() -> Problem {
    Problem::field(
        "/column_id",
        "unknown_reference",
        "is no column of this project",
    )
}

pub(super) fn versioned(body: TaskView) -> Versioned<TaskView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: TaskView) -> Created<Versioned<TaskView>> {
    Created {
        location: format!("/api/v1/tasks/{}", view.id),
        body: versioned(view),
    }
}
