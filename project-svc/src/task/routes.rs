//! HTTP of single tasks. Creating them is in [`super::create`], moving them in [`super::moving`], lists in
//! [`super::list`].

use events::topic::task::TaskAssigned;
use httpkit::{IfMatch, Json, Path, Problem, Versioned};
use kernel::{TaskId, TaskKey};
use serde::Deserialize;

use super::edit::{self, Edit};
use super::model::previous;
use super::row::TaskRow;
use super::view::{Assign, PatchTask, TaskView};
use super::{history, store, tree};
use crate::access::{self, Permits, Read, TaskAccess, Write};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::task;
use crate::patch::Meant;
use crate::tenant::Tenant;
use crate::{field, label, people, versions};

/// The path of a task by its key.
#[derive(Deserialize)]
pub(super) struct ByKey {
    key: String,
}

/// Get a task
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 200, description = "the task", body = TaskView), ReadProblems))]
pub(super) async fn get_task(access: TaskAccess<Read>) -> Versioned<TaskView> {
    versioned(access.thing.into())
}

/// Get a card, as `/tasks/{id}` does
#[utoipa::path(get, path = "/cards/{id}", tag = "cards", params(("id" = TaskId, Path)),
    responses((status = 200, description = "the card", body = TaskView), ReadProblems))]
pub(super) async fn get_card(access: TaskAccess<Read>) -> Versioned<TaskView> {
    get_task(access).await
}

/// Get a task by its key
///
/// In upper or lower case.
#[utoipa::path(get, path = "/tasks/by-key/{key}", tag = "tasks",
    params(("key" = String, Path, example = "APO-12")),
    responses((status = 200, description = "the task", body = TaskView), ReadProblems))]
pub(super) async fn get_task_by_key(
    tenant: Tenant,
    Path(ByKey { key }): Path<ByKey>,
) -> Result<Versioned<TaskView>, Problem> {
    let key: TaskKey = key
        .to_ascii_uppercase()
        .parse()
        .map_err(|_no_key: kernel::KeyError| Problem::not_found())?;
    let id = store::find_by_key(&tenant.read().await?, &key).await?;
    let id = id.ok_or_else(Problem::not_found)?;
    let (row, rights) = access::load::<TaskRow>(&tenant, id).await?;
    Read::check(&tenant, rights, &row)?;
    Ok(versioned(row.into()))
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
    let (tenant, found) = (access.tenant, access.thing);
    let (id, project) = (found.task.id, found.task.project_id);
    let meant = Meant::new(if_match, body.version);
    meant.check(found.task.version)?;
    let (parent, labels) = (body.parent_id.flatten(), body.label_ids.clone());
    let fields = match &body.fields {
        Some(fields) => {
            let definitions = field::definitions(&tenant.read().await?, project).await?;
            Some(field::given(&tenant, definitions, fields, false).await?)
        }
        None => None,
    };
    let edit = Edit {
        columns: body.changes(),
        labels,
        fields,
    };
    if edit.is_empty() {
        return Ok(versioned(found.into()));
    }
    let unit = tenant.begin().await?;
    if let Some(parent) = parent {
        tree::lock(&unit, project).await?;
        tree::check(&unit, project, Some(id), parent).await?;
    }
    if let Some(labels) = &edit.labels {
        label::check(&unit, project, labels, "/label_ids").await?;
    }
    let held = edit::hold(&unit, &found).await?;
    // Again, now that the row cannot change any more.
    meant.check(held.task.version)?;
    let (after, different) = edit::apply(&unit, &tenant, held, edit).await?;
    if !different {
        return Ok(versioned(found.into()));
    }
    unit.commit().await?;
    Ok(versioned(after.into()))
}

/// Change a task, as PATCH does
#[utoipa::path(put, path = "/tasks/{id}", tag = "tasks", request_body = PatchTask,
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn replace_task(
    access: TaskAccess<Write>,
    if_match: IfMatch,
    body: Json<PatchTask>,
) -> Result<Versioned<TaskView>, Problem> {
    update_task(access, if_match, body).await
}

/// Change a card, as PATCH of `/tasks/{id}` does
#[utoipa::path(put, path = "/cards/{id}", tag = "cards", request_body = PatchTask,
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the card", body = TaskView), WriteProblems))]
pub(super) async fn replace_card(
    access: TaskAccess<Write>,
    if_match: IfMatch,
    body: Json<PatchTask>,
) -> Result<Versioned<TaskView>, Problem> {
    update_task(access, if_match, body).await
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
    let (tenant, found) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    meant.check(found.task.version)?;
    let assignees = people::resolve(&tenant, &body.assignee_ids, "/assignee_ids").await?;
    let unit = tenant.begin().await?;
    let held = edit::hold(&unit, &found).await?;
    meant.check(held.task.version)?;
    let after = assign(&unit, &tenant, held, &assignees).await?;
    unit.commit().await?;
    Ok(versioned(after.into()))
}

/// Gives a task whose row is held to these people and nobody else. The row is what two assignments wait for each
/// other at.
pub(super) async fn assign(
    unit: &tenancy::UnitOfWork,
    tenant: &Tenant,
    held: TaskRow,
    people: &[kernel::UserId],
) -> Result<TaskRow, Problem> {
    let nothing = task::ActiveModel::default();
    let task =
        versions::update::<task::Entity>(unit, held.task.id, nothing, None, tenant.now()).await?;
    let task = task.ok_or_else(Problem::not_found)?;
    let (added, removed) = store::replace_assignees(unit, task.id, people, tenant.now()).await?;
    let previous_ids = previous(people, &added, &removed);
    let event = TaskAssigned {
        task_id: task.id,
        project_id: task.project_id,
        assignee_ids: people.to_vec(),
        previous_ids: previous_ids.clone(),
        version: Some(task.version),
    };
    tenant.emit(unit, &event).await?;
    let before = held.clone().with_assignees(&previous_ids);
    let after = held.with(task).with_assignees(people);
    history::record(unit, tenant, "task.assigned", (&before, &after)).await?;
    Ok(after)
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
