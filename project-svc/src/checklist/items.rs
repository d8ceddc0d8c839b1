//! HTTP of what is in checklists.

use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, NoContent, Path, Problem, Versioned};
use kernel::{ChecklistId, ChecklistItemId, TaskId};
use sea_orm::ActiveValue::Set;
use serde::Deserialize;
use serde_json::{Value, json};

use super::store;
use super::view::{CreateItem, ItemView, PatchItem};
use crate::access::{TaskAccess, Write};
use crate::api::WriteProblems;
use crate::column::model::place;
use crate::entity::checklist_item;
use crate::order::Place;
use crate::patch::{Meant, changed};
use crate::{task, versions};

/// Items of one checklist.
const MOST_PER_LIST: usize = 200;

/// The path of one checklist.
#[derive(Deserialize)]
pub(super) struct OfList {
    checklist_id: ChecklistId,
}

/// The path of one item.
#[derive(Deserialize)]
pub(super) struct Named {
    checklist_id: ChecklistId,
    item_id: ChecklistItemId,
}

/// Add something to a checklist
#[utoipa::path(post, path = "/tasks/{id}/checklists/{checklist_id}/items", tag = "checklists",
    request_body = CreateItem,
    params(("id" = TaskId, Path), ("checklist_id" = ChecklistId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the item", body = ItemView), WriteProblems))]
pub(super) async fn create_checklist_item(
    access: TaskAccess<Write>,
    Path(OfList { checklist_id }): Path<OfList>,
    key: IdempotencyKey,
    Json(body): Json<CreateItem>,
) -> Result<Created<Versioned<ItemView>>, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let place = place(body.before_id, body.after_id, None)?;
    let scope = format!("create_checklist_item:{checklist_id}:{}", tenant.user());
    let once = key.once(scope, &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(found.task.id, view));
    }
    let task = task::hold(&unit, &found).await?.task;
    let lists = store::lists(&unit, task.id).await?;
    if !lists.iter().any(|list| list.id == checklist_id) {
        return Err(Problem::not_found());
    }
    let all = store::items(&unit, task.id).await?;
    let others = of_list(&all, checklist_id, None);
    check_room(&others)?;
    let place = place.unwrap_or(Place::Last);
    let order_key = store::place_item(&unit, &others, &place).await?;
    let said = (body.text, body.done);
    let item = store::insert_item(&unit, &tenant, checklist_id, said, order_key).await?;
    let changes = json!({"checklist_items": {"from": null, "to": kept(&item)}});
    task::tell_part(&unit, &tenant, &task, "checklists", changes).await?;
    let view = ItemView::from(item);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(task.id, view))
}

/// Change, tick or move something in a checklist
///
/// Fields left out stay as they are. It may move to another checklist of the same task.
#[utoipa::path(patch, path = "/tasks/{id}/checklists/{checklist_id}/items/{item_id}", tag = "checklists",
    request_body = PatchItem,
    params(("id" = TaskId, Path), ("checklist_id" = ChecklistId, Path), ("item_id" = ChecklistItemId, Path),
        ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the item", body = ItemView), WriteProblems))]
pub(super) async fn update_checklist_item(
    access: TaskAccess<Write>,
    Path(named): Path<Named>,
    if_match: IfMatch,
    Json(body): Json<PatchItem>,
) -> Result<Versioned<ItemView>, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, body.version);
    let place = place(body.before_id, body.after_id, None)?;
    let unit = tenant.begin().await?;
    let task = task::hold(&unit, &found).await?.task;
    let all = store::items(&unit, task.id).await?;
    let item = one(&all, &named)?;
    meant.check(item.version)?;
    let mut changes = body.changes();
    let target = body.checklist_id.unwrap_or(item.checklist_id);
    if target != item.checklist_id || place.is_some() {
        let lists = store::lists(&unit, task.id).await?;
        if !lists.iter().any(|list| list.id == target) {
            return Err(no_such_list());
        }
        let others = of_list(&all, target, Some(item.id));
        check_room(&others)?;
        let place = place.unwrap_or(Place::Last);
        changes.order_key = Set(store::place_item(&unit, &others, &place).await?);
        changes.checklist_id = Set(target);
    }
    if changed(&changes).is_empty() {
        return Ok(versioned(item.clone().into()));
    }
    let updated =
        versions::update::<checklist_item::Entity>(&unit, item.id, changes, None, tenant.now())
            .await?;
    let updated = updated.ok_or_else(Problem::not_found)?;
    let changes = json!({"checklist_items": {"from": kept(item), "to": kept(&updated)}});
    task::tell_part(&unit, &tenant, &task, "checklists", changes).await?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Take something out of a checklist
#[utoipa::path(delete, path = "/tasks/{id}/checklists/{checklist_id}/items/{item_id}", tag = "checklists",
    params(("id" = TaskId, Path), ("checklist_id" = ChecklistId, Path), ("item_id" = ChecklistItemId, Path)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_checklist_item(
    access: TaskAccess<Write>,
    Path(named): Path<Named>,
) -> Result<NoContent, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let unit = tenant.begin().await?;
    let task = task::hold(&unit, &found).await?.task;
    let all = store::items(&unit, task.id).await?;
    let item = one(&all, &named)?;
    store::delete_item(&unit, item.id).await?;
    let changes = json!({"checklist_items": {"from": kept(item), "to": null}});
    task::tell_part(&unit, &tenant, &task, "checklists", changes).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// The item of the path, among those of the task; it must be in the checklist of the path too.
fn one<'a>(
    all: &'a [checklist_item::Model],
    named: &Named,
) -> Result<&'a checklist_item::Model, Problem> {
    all.iter()
        .find(|item| item.id == named.item_id && item.checklist_id == named.checklist_id)
        .ok_or_else(Problem::not_found)
}

/// The items of one checklist but one.
fn of_list(
    all: &[checklist_item::Model],
    list: ChecklistId,
    but: Option<ChecklistItemId>,
) -> Vec<&checklist_item::Model> {
    all.iter()
        .filter(|item| item.checklist_id == list && Some(item.id) != but)
        .collect()
}

fn check_room(others: &[&checklist_item::Model]) -> Result<(), Problem> {
    if others.len() < MOST_PER_LIST {
        return Ok(());
    }
    let detail = format!("a checklist has at most {MOST_PER_LIST} items");
    Err(Problem::conflict("too_many_items", detail))
}

fn no_such_list() -> Problem {
    let detail = "is no checklist of this task";
    Problem::field("/checklist_id", "unknown_reference", detail)
}

/// What the history of the task keeps of an item.
fn kept(item: &checklist_item::Model) -> Value {
    json!({"text": item.text, "done": item.done, "checklist_id": item.checklist_id})
}

fn versioned(body: ItemView) -> Versioned<ItemView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(task: TaskId, view: ItemView) -> Created<Versioned<ItemView>> {
    let (list, id) = (view.checklist_id, view.id);
    Created {
        location: format!("/api/v1/tasks/{task}/checklists/{list}/items/{id}"),
        body: versioned(view),
    }
}
