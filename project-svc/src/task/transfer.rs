//! Moving a task with all below it into another project, and copying one with all below it.

use events::topic::task::{TaskStatusChanged, TaskTransferred};
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, Problem, Versioned};
use kernel::TaskId;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbErr, raw_sql};
use tenancy::UnitOfWork;
use uuid::Uuid;

use super::create::{self, named_project};
use super::home::HomeProject;
use super::landing::{Landing, lock_projects};
use super::model::completed_at;
use super::routes::versioned;
use super::row::TaskRow;
use super::view::{CopyTask, TaskView, TransferTask};
use super::{history, store, tree};
use crate::access::{AddTask, Permits, Read, TaskAccess, Write};
use crate::api::WriteProblems;
use crate::entity::task;
use crate::patch::Meant;
use crate::tenant::Tenant;
use crate::{checklist, label, versions};

/// Move a task to another project
///
/// With all that is below it. It gets a key of that project and stands alone there; labels and fields that the project
/// has by the same names stay, the others are lost; people, comments, checklists, dependencies and history stay.
#[utoipa::path(post, path = "/tasks/{id}/transfer", tag = "tasks", request_body = TransferTask,
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn transfer_task(
    access: TaskAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<TransferTask>,
) -> Result<Versioned<TaskView>, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    meant.check(found.task.version)?;
    let (root, from) = (found.task.id, found.task.project_id);
    let project = named_project(&tenant, body.project_id).await?.project;
    if project.id == from {
        let detail = "is the project where it is";
        return Err(Problem::field("/project_id", "same_project", detail));
    }
    let unit = tenant.begin().await?;
    lock_projects(&unit, &[from, project.id]).await?;
    let status = found.task.status;
    let landing = Landing::prepare(&unit, project, from, body.column_id, status).await?;
    let rows = lock_tree(&unit, &found).await?;
    let version = rows
        .first()
        .map_or(found.task.version, |row| row.task.version);
    meant.check(version)?;
    leave_trash_behind(&unit, &rows).await?;
    land(&unit, &tenant, landing, rows).await?;
    let after = TaskRow::lock(&unit, root).await?;
    let after = after.ok_or_else(|| Problem::internal("a moved task is not there"))?;
    unit.commit().await?;
    Ok(versioned(after.into()))
}

async fn land(
    unit: &UnitOfWork,
    tenant: &Tenant,
    mut landing: Landing,
    rows: Vec<TaskRow>,
) -> Result<(), Problem> {
    landing.check_limits(unit, &rows).await?;
    landing.take_numbers(unit, rows.len()).await?;
    for (place, before) in rows.into_iter().enumerate() {
        let (number, labels) = (landing.number(), landing.labels(&before));
        let (fields, fields_by_key) = landing.fields(&before);
        let (target, order_key) = landing.spot(unit, place, &before, before.task.id).await?;
        let now = tenant.now();
        let mut changes = task::ActiveModel {
            project_id: Set(landing.project.id),
            board_id: Set(target.board_id),
            column_id: Set(target.column_id),
            number: Set(number),
            status: Set(target.category),
            order_key: Set(order_key),
            fields: Set(fields),
            completed_at: Set(completed_at(target.category, before.task.completed_at, now)),
            ..Default::default()
        };
        if place == 0 {
            changes.parent_id = Set(None);
        }
        let updated =
            versions::update::<task::Entity>(unit, before.task.id, changes, None, now).await?;
        let updated = updated.ok_or_else(Problem::not_found)?;
        label::replace(unit, updated.id, &labels).await?;
        let mut after = before.clone().with(updated);
        after = after.with_labels(&labels).with_fields(fields_by_key);
        after.project_key.clone_from(&landing.project.key);
        tell(unit, tenant, &before, &after).await?;
    }
    Ok(())
}

async fn tell(
    unit: &UnitOfWork,
    tenant: &Tenant,
    before: &TaskRow,
    after: &TaskRow,
) -> Result<(), Problem> {
    let task = &after.task;
    let event = TaskTransferred {
        task_id: task.id,
        project_id: task.project_id,
        from_project_id: before.task.project_id,
        to_column_id: task.column_id,
        status: task.status,
        version: Some(task.version),
    };
    tenant.emit(unit, &event).await?;
    if before.task.status != task.status {
        let event = TaskStatusChanged {
            task_id: task.id,
            project_id: task.project_id,
            from: before.task.status,
            to: task.status,
            assignee_ids: after.assignees(),
            completed_at: task.completed_at,
            version: Some(task.version),
        };
        tenant.emit(unit, &event).await?;
    }
    history::record(unit, tenant, "task.transferred", (before, after)).await
}

/// Copy a task
///
/// With all that is below it unless `subtasks` is false, into its own project or another one. The copy stands alone, at
/// the end of its column, by whoever copies; it has the people, labels, fields and checklists of the original with
/// nothing ticked, and neither comments nor history.
#[utoipa::path(post, path = "/tasks/{id}/copy", tag = "tasks", request_body = CopyTask,
    params(("id" = TaskId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the copy", body = TaskView), WriteProblems))]
pub(super) async fn copy_task(
    access: TaskAccess<Read>,
    key: IdempotencyKey,
    Json(body): Json<CopyTask>,
) -> Result<Created<Versioned<TaskView>>, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let (root, from) = (found.task.id, found.task.project_id);
    let project = match body.project_id {
        Some(id) if id != from => named_project(&tenant, id).await?.project,
        Some(_) | None => {
            AddTask::check(&tenant, access.rights, &found)?;
            HomeProject::of(&found)
        }
    };
    let once = key.once(format!("copy_task:{root}:{}", tenant.user()), &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    lock_projects(&unit, &[from, project.id]).await?;
    let status = found.task.status;
    let landing = Landing::prepare(&unit, project, from, body.column_id, status).await?;
    let mut rows = lock_tree(&unit, &found).await?;
    if body.subtasks == Some(false) {
        rows.truncate(1);
    }
    if let (Some(title), Some(first)) = (body.title, rows.first_mut()) {
        first.task.title = title;
    }
    let copy = write_copies(&unit, &tenant, landing, rows).await?;
    let view = TaskRow::lock(&unit, copy).await?;
    let view = view.ok_or_else(|| Problem::internal("a copied task is not there"))?;
    let view = TaskView::from(view);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Writes copies of the tasks, which are in the order of their tree; answers the first.
async fn write_copies(
    unit: &UnitOfWork,
    tenant: &Tenant,
    mut landing: Landing,
    rows: Vec<TaskRow>,
) -> Result<TaskId, Problem> {
    landing.check_limits(unit, &rows).await?;
    landing.take_numbers(unit, rows.len()).await?;
    let mut copies: Vec<(TaskId, TaskId)> = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        let (number, labels) = (landing.number(), landing.labels(&row));
        let (fields, fields_by_key) = landing.fields(&row);
        let (id, now) = (tenant.next_id(), tenant.now());
        let (target, order_key) = landing.spot(unit, place, &row, id).await?;
        let assignees = row.assignees();
        let original = row.task;
        let parent = original.parent_id.filter(|_| place > 0);
        let parent = parent.and_then(|old| copies.iter().find(|(from, _)| *from == old));
        let copy = task::ActiveModel {
            id: Set(id),
            project_id: Set(landing.project.id),
            board_id: Set(target.board_id),
            column_id: Set(target.column_id),
            number: Set(number),
            title: Set(original.title),
            description: Set(original.description),
            status: Set(target.category),
            priority: Set(original.priority),
            order_key: Set(order_key),
            start_date: Set(original.start_date),
            due_date: Set(original.due_date),
            estimate_seconds: Set(original.estimate_seconds),
            parent_id: Set(parent.map(|(_, copy)| *copy)),
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
        let copy = store::insert(unit, copy).await?;
        store::add_assignees(unit, id, &assignees, now).await?;
        label::replace(unit, id, &labels).await?;
        let key = landing.project.key.clone();
        let row = TaskRow::fresh(copy, key, &assignees, &labels, fields_by_key);
        create::tell(unit, tenant, &row).await?;
        copies.push((original.id, id));
    }
    checklist::copy(unit, tenant, &copies).await?;
    let first = copies.first().map(|(_, copy)| *copy);
    first.ok_or_else(|| Problem::internal("nothing was copied"))
}

/// The task that was found and all below it, as they are now, each behind its parent; nobody else changes their rows.
async fn lock_tree(unit: &UnitOfWork, found: &TaskRow) -> Result<Vec<TaskRow>, Problem> {
    tree::lock_whole(unit, &[found.task.id]).await?;
    let mut rows = Vec::new();
    for id in tree::whole(unit, found.task.id).await? {
        rows.extend(TaskRow::lock(unit, id).await?);
    }
    let root = rows.first();
    let there = root.is_some_and(|row| {
        row.task.id == found.task.id && row.task.project_id == found.task.project_id
    });
    if there {
        Ok(rows)
    } else {
        Err(Problem::not_found())
    }
}

/// What lies in the trash stays in its project, and stands alone if it comes back.
async fn leave_trash_behind(db: &impl ConnectionTrait, rows: &[TaskRow]) -> Result<(), DbErr> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.task.id.uuid()).collect();
    let detach = raw_sql!(
        Postgres,
        "update tasks set parent_id = null where parent_id = any({ids}) and deleted_at is not null"
    );
    db.execute_raw(detach).await?;
    Ok(())
}

fn created(view: TaskView) -> Created<Versioned<TaskView>> {
    Created {
        location: format!("/api/v1/tasks/{}", view.id),
        body: versioned(view),
    }
}
