//! HTTP of checklists; what is in them is in [`super::items`].

use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, NoContent, Path, Problem, Versioned};
use kernel::{ChecklistId, Page, TaskId};
use sea_orm::ActiveValue::Set;
use serde::Deserialize;
use serde_json::json;

use super::store;
use super::view::{ChecklistView, CreateChecklist, PatchChecklist};
use crate::access::{Read, TaskAccess, Write};
use crate::api::{ReadProblems, WriteProblems};
use crate::column::model::place;
use crate::entity::checklist;
use crate::order::Place;
use crate::patch::{Meant, set};
use crate::{task, versions};

/// Checklists of one task: they are read as a whole.
const MOST_PER_TASK: usize = 50;

/// The path of one checklist.
#[derive(Deserialize)]
pub(super) struct Named {
    checklist_id: ChecklistId,
}

/// List the checklists of a task
///
/// In order, all on one page with all that is in them.
#[utoipa::path(get, path = "/tasks/{id}/checklists", tag = "checklists", params(("id" = TaskId, Path)),
    responses((status = 200, description = "the checklists", body = Page<ChecklistView>), ReadProblems))]
pub(super) async fn list_checklists(
    access: TaskAccess<Read>,
) -> Result<Json<Page<ChecklistView>>, Problem> {
    let task = access.thing.task.id;
    let connection = access.tenant.read().await?;
    let lists = store::lists(&connection, task).await?;
    let mut items = store::items(&connection, task).await?;
    let lists = lists.into_iter().map(|list| {
        let own = items.extract_if(.., |item| item.checklist_id == list.id);
        let own = own.collect();
        ChecklistView::new(list, own)
    });
    Ok(Json(Page {
        items: lists.collect(),
        next_cursor: None,
    }))
}

/// Add a checklist to a task
#[utoipa::path(post, path = "/tasks/{id}/checklists", tag = "checklists", request_body = CreateChecklist,
    params(("id" = TaskId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the checklist", body = ChecklistView), WriteProblems))]
pub(super) async fn create_checklist(
    access: TaskAccess<Write>,
    key: IdempotencyKey,
    Json(body): Json<CreateChecklist>,
) -> Result<Created<Versioned<ChecklistView>>, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let place = place(body.before_id, body.after_id, None)?;
    let scope = format!("create_checklist:{}:{}", found.task.id, tenant.user());
    let once = key.once(scope, &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    let task = task::hold(&unit, &found).await?.task;
    let others = store::lists(&unit, task.id).await?;
    if others.len() >= MOST_PER_TASK {
        let detail = format!("a task has at most {MOST_PER_TASK} checklists");
        return Err(Problem::conflict("too_many_checklists", detail));
    }
    let order_key = store::place_list(&unit, &others, &place.unwrap_or(Place::Last)).await?;
    let list = store::insert_list(&unit, &tenant, task.id, body.name, order_key).await?;
    let changes = json!({"checklists": {"from": null, "to": list.name}});
    task::tell_part(&unit, &tenant, &task, "checklists", changes).await?;
    let view = ChecklistView::new(list, Vec::new());
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Change a checklist, or move it along its task
///
/// Fields left out stay as they are.
#[utoipa::path(patch, path = "/tasks/{id}/checklists/{checklist_id}", tag = "checklists",
    request_body = PatchChecklist,
    params(("id" = TaskId, Path), ("checklist_id" = ChecklistId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the checklist", body = ChecklistView), WriteProblems))]
pub(super) async fn update_checklist(
    access: TaskAccess<Write>,
    Path(Named { checklist_id }): Path<Named>,
    if_match: IfMatch,
    Json(body): Json<PatchChecklist>,
) -> Result<Versioned<ChecklistView>, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, body.version);
    let place = place(body.before_id, body.after_id, None)?;
    let unit = tenant.begin().await?;
    let task = task::hold(&unit, &found).await?.task;
    let (list, others) = split(store::lists(&unit, task.id).await?, checklist_id)?;
    meant.check(list.version)?;
    let mut items = store::items(&unit, task.id).await?;
    items.retain(|item| item.checklist_id == list.id);
    if body.name.is_none() && place.is_none() {
        return Ok(versioned(ChecklistView::new(list, items)));
    }
    let mut changes = checklist::ActiveModel {
        name: set(body.name),
        ..Default::default()
    };
    if let Some(place) = place {
        changes.order_key = Set(store::place_list(&unit, &others, &place).await?);
    }
    let updated =
        versions::update::<checklist::Entity>(&unit, list.id, changes, None, tenant.now()).await?;
    let updated = updated.ok_or_else(Problem::not_found)?;
    let changes = json!({"checklists": {"from": list.name, "to": updated.name}});
    task::tell_part(&unit, &tenant, &task, "checklists", changes).await?;
    unit.commit().await?;
    Ok(versioned(ChecklistView::new(updated, items)))
}

/// Delete a checklist
///
/// With all that is in it.
#[utoipa::path(delete, path = "/tasks/{id}/checklists/{checklist_id}", tag = "checklists",
    params(("id" = TaskId, Path), ("checklist_id" = ChecklistId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_checklist(
    access: TaskAccess<Write>,
    Path(Named { checklist_id }): Path<Named>,
) -> Result<NoContent, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let unit = tenant.begin().await?;
    let task = task::hold(&unit, &found).await?.task;
    let (list, _) = split(store::lists(&unit, task.id).await?, checklist_id)?;
    store::delete_list(&unit, list.id).await?;
    let changes = json!({"checklists": {"from": list.name, "to": null}});
    task::tell_part(&unit, &tenant, &task, "checklists", changes).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// One of a task's checklists, and the others.
fn split(
    mut lists: Vec<checklist::Model>,
    id: ChecklistId,
) -> Result<(checklist::Model, Vec<checklist::Model>), Problem> {
    let place = lists.iter().position(|list| list.id == id);
    let list = lists.remove(place.ok_or_else(Problem::not_found)?);
    Ok((list, lists))
}

fn versioned(body: ChecklistView) -> Versioned<ChecklistView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: ChecklistView) -> Created<Versioned<ChecklistView>> {
    Created {
        location: format!("/api/v1/tasks/{}/checklists/{}", view.task_id, view.id),
        body: versioned(view),
    }
}
