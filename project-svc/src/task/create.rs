//! Creating tasks: in a project, in a column, below another task.

use events::topic::task::{TaskCreated, TaskPriority};
use http::StatusCode;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, Json, Problem, Versioned};
use kernel::{ColumnId, ProjectId, TaskId, UserId};
use sea_orm::ActiveValue::Set;
use serde_json::json;
use tenancy::UnitOfWork;

use super::home::{ColumnHome, Home, HomeProject, ParentHome};
use super::model::{check_dates, completed_at};
use super::place::{self, Arrival};
use super::routes::{no_such_column, versioned};
use super::row::TaskRow;
use super::view::{CreateTask, TaskView};
use super::{store, tree};
use crate::access::{self, Access, AddTask, Permits};
use crate::api::WriteProblems;
use crate::entity::task;
use crate::field::{self, Given};
use crate::order::Place;
use crate::tenant::Tenant;
use crate::{activity, label, people};

/// Create a task
#[utoipa::path(post, path = "/projects/{id}/tasks", tag = "tasks", request_body = CreateTask,
    params(("id" = ProjectId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn create_task(
    access: Access<Home, AddTask>,
    key: IdempotencyKey,
    Json(body): Json<CreateTask>,
) -> Result<Created<Versioned<TaskView>>, Problem> {
    agrees("/project_id", body.project_id, access.thing.project.id)?;
    create(&access.tenant, access.thing, key, body).await
}

/// Create a task in the project that the body names
#[utoipa::path(post, path = "/tasks", tag = "tasks", request_body = CreateTask,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn create_task_anywhere(
    tenant: Tenant,
    key: IdempotencyKey,
    Json(body): Json<CreateTask>,
) -> Result<Created<Versioned<TaskView>>, Problem> {
    let missing = || Problem::field("/project_id", "missing", "is needed here");
    let id = body.project_id.ok_or_else(missing)?;
    let home = named_project(&tenant, id).await?;
    create(&tenant, home, key, body).await
}

/// Create a card in a column
#[utoipa::path(post, path = "/columns/{id}/cards", tag = "cards", request_body = CreateTask,
    params(("id" = ColumnId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the card", body = TaskView), WriteProblems))]
pub(super) async fn create_card(
    access: Access<ColumnHome, AddTask>,
    key: IdempotencyKey,
    Json(mut body): Json<CreateTask>,
) -> Result<Created<Versioned<TaskView>>, Problem> {
    let ColumnHome { column_id, home } = access.thing;
    agrees("/project_id", body.project_id, home.project.id)?;
    agrees("/column_id", body.column_id, column_id)?;
    body.column_id = Some(column_id);
    create(&access.tenant, home, key, body).await
}

/// Create a subtask
#[utoipa::path(post, path = "/tasks/{id}/subtasks", tag = "tasks", request_body = CreateTask,
    params(("id" = TaskId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the subtask", body = TaskView), WriteProblems))]
pub(super) async fn create_subtask(
    access: Access<ParentHome, AddTask>,
    key: IdempotencyKey,
    Json(mut body): Json<CreateTask>,
) -> Result<Created<Versioned<TaskView>>, Problem> {
    let ParentHome { parent_id, home } = access.thing;
    agrees("/project_id", body.project_id, home.project.id)?;
    agrees("/parent_id", body.parent_id, parent_id)?;
    body.parent_id = Some(parent_id);
    create(&access.tenant, home, key, body).await
}

/// The project that a body names, for somebody who may put tasks into it; 422 where the caller may not know of it.
pub(super) async fn named_project(tenant: &Tenant, id: ProjectId) -> Result<Home, Problem> {
    let found = access::load::<Home>(tenant, id).await;
    let (project, rights) = found.map_err(|problem| {
        if problem.status() == StatusCode::NOT_FOUND {
            Problem::field("/project_id", "unknown_reference", "is no project")
        } else {
            problem
        }
    })?;
    AddTask::check(tenant, rights, &project)?;
    Ok(project)
}

/// What the body says again must be what the path says.
fn agrees<I: Copy + PartialEq>(pointer: &str, said: Option<I>, path: I) -> Result<(), Problem> {
    match said {
        Some(said) if said != path => Err(Problem::field(
            pointer,
            "disagrees",
            "is not what the path names",
        )),
        Some(_) | None => Ok(()),
    }
}

/// Creates a task for somebody who may put tasks into the project.
async fn create(
    tenant: &Tenant,
    home: Home,
    key: IdempotencyKey,
    body: CreateTask,
) -> Result<Created<Versioned<TaskView>>, Problem> {
    check_dates(body.start_date, body.due_date)?;
    let Home {
        project,
        definitions,
    } = home;
    let scope = format!("create_task:{}:{}", project.id, tenant.user());
    let once = key.once(scope, &body);
    let assignees = people::resolve(tenant, &body.assignee_ids, "/assignee_ids").await?;
    let given = field::given(tenant, definitions.0, &body.fields, true).await?;
    let _turn = tenant.turn(project.id).await;
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    let row = insert(&unit, tenant, project, body, &given, &assignees).await?;
    tell(&unit, tenant, &row).await?;
    let view = TaskView::from(row);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Writes the task with a number and a place of its own.
async fn insert(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project: HomeProject,
    body: CreateTask,
    given: &Given,
    assignees: &[UserId],
) -> Result<TaskRow, Problem> {
    let arrival = place::arrive(unit, project.id, body.column_id).await?;
    let Arrival { number, target } = arrival.ok_or_else(|| no_column(body.column_id))?;
    if let Some(parent) = body.parent_id {
        tree::check(unit, project.id, None, parent).await?;
    }
    label::check(unit, project.id, &body.label_ids, "/label_ids").await?;
    place::check_limit(unit, &target).await?;
    let (id, now) = (tenant.next_id(), tenant.now());
    let order_key = place::make_room(unit, target.column_id, id, &Place::Last).await?;
    let (fields, fields_by_key) = given.onto(&json!({}));
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
        start_date: Set(body.start_date),
        due_date: Set(body.due_date),
        estimate_seconds: Set(body.estimate_seconds),
        parent_id: Set(body.parent_id),
        fields: Set(fields),
        created_by: Set(tenant.user()),
        completed_at: Set(completed_at(target.category, None, now)),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        archived_at: Set(None),
        deleted_at: Set(None),
        deleted_by: Set(None),
    };
    let task = store::insert(unit, task).await?;
    let mut labels = body.label_ids;
    labels.sort_unstable();
    labels.dedup();
    store::furnish(unit, id, assignees, &labels, now).await?;
    Ok(TaskRow::fresh(
        task,
        project.key,
        assignees,
        &labels,
        fields_by_key,
    ))
}

/// Tells of a new task, and begins its history.
pub(super) async fn tell(unit: &UnitOfWork, tenant: &Tenant, row: &TaskRow) -> Result<(), Problem> {
    let task = &row.task;
    let event = TaskCreated {
        task_id: task.id,
        project_id: task.project_id,
        status: task.status,
        priority: task.priority,
        created_by: task.created_by,
        assignee_ids: row.assignees(),
        created_at: Some(task.created_at),
        completed_at: task.completed_at,
        estimate_seconds: task.estimate_seconds,
        version: Some(task.version),
    };
    tenant.emit(unit, &event).await?;
    let changes = json!({"title": {"from": null, "to": task.title}});
    Ok(activity::record(
        unit,
        tenant,
        task.project_id,
        Some(task.id),
        "task.created",
        changes,
    )
    .await?)
}

pub(super) fn no_column(asked: Option<ColumnId>) -> Problem {
    match asked {
        Some(_) => no_such_column(),
        None => Problem::conflict(
            "no_todo_column",
            "the project has no column of category todo; give one",
        ),
    }
}

fn created(view: TaskView) -> Created<Versioned<TaskView>> {
    Created {
        location: format!("/api/v1/tasks/{}", view.id),
        body: versioned(view),
    }
}
