//! Queries of checklists. All of them begin at a task: a checklist of another one is not there.

use httpkit::Problem;
use kernel::{ChecklistId, ChecklistItemId, TaskId};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    raw_sql,
};
use uuid::Uuid;

use crate::column::model::no_such_neighbour;
use crate::entity::{checklist, checklist_item};
use crate::order::{self, OrderKey, Place};
use crate::tenant::Tenant;

/// The checklists of a task, in order; there are never many.
pub(super) async fn lists(
    db: &impl ConnectionTrait,
    task: TaskId,
) -> Result<Vec<checklist::Model>, DbErr> {
    checklist::Entity::find()
        .filter(checklist::Column::TaskId.eq(task))
        .order_by_asc(checklist::Column::OrderKey)
        .order_by_asc(checklist::Column::Id)
        .all(db)
        .await
}

/// What is in all checklists of a task, each in order.
pub(super) async fn items(
    db: &impl ConnectionTrait,
    task: TaskId,
) -> Result<Vec<checklist_item::Model>, DbErr> {
    checklist_item::Model::find_by_statement(raw_sql!(
        Postgres,
        "select i.* from checklist_items i join checklists c on c.id = i.checklist_id
         where c.task_id = {task} order by i.checklist_id, i.order_key, i.id"
    ))
    .all(db)
    .await
}

pub(super) async fn insert_list(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    task: TaskId,
    name: String,
    order_key: OrderKey,
) -> Result<checklist::Model, DbErr> {
    let now = tenant.now();
    let list = checklist::ActiveModel {
        id: Set(tenant.next_id()),
        task_id: Set(task),
        name: Set(name),
        order_key: Set(order_key),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    checklist::Entity::insert(list)
        .exec_with_returning(db)
        .await
}

pub(super) async fn insert_item(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    list: ChecklistId,
    (text, done): (String, bool),
    order_key: OrderKey,
) -> Result<checklist_item::Model, DbErr> {
    let now = tenant.now();
    let item = checklist_item::ActiveModel {
        id: Set(tenant.next_id()),
        checklist_id: Set(list),
        text: Set(text),
        done: Set(done),
        order_key: Set(order_key),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    checklist_item::Entity::insert(item)
        .exec_with_returning(db)
        .await
}

pub(super) async fn delete_list(db: &impl ConnectionTrait, id: ChecklistId) -> Result<(), DbErr> {
    checklist::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

pub(super) async fn delete_item(
    db: &impl ConnectionTrait,
    id: ChecklistItemId,
) -> Result<(), DbErr> {
    checklist_item::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// The key of a place among the `others` of a task. Where there is no room, they get new keys.
pub(super) async fn place_list(
    db: &impl ConnectionTrait,
    others: &[checklist::Model],
    place: &Place<ChecklistId>,
) -> Result<OrderKey, Problem> {
    let list: Vec<_> = others
        .iter()
        .map(|one| (one.id, one.order_key.clone()))
        .collect();
    let room = order::room(&list, place).ok_or_else(|| no_such_neighbour(place))?;
    for (id, key) in room.spread {
        let update = raw_sql!(
            Postgres,
            "update checklists set order_key = {key} where id = {id}"
        );
        db.execute_raw(update).await?;
    }
    Ok(room.key)
}

/// The key of a place among the `others` of a checklist. Where there is no room, they get new keys.
pub(super) async fn place_item(
    db: &impl ConnectionTrait,
    others: &[&checklist_item::Model],
    place: &Place<ChecklistItemId>,
) -> Result<OrderKey, Problem> {
    let list: Vec<_> = others
        .iter()
        .map(|one| (one.id, one.order_key.clone()))
        .collect();
    let room = order::room(&list, place).ok_or_else(|| no_such_neighbour(place))?;
    let (ids, keys): (Vec<Uuid>, Vec<String>) = room
        .spread
        .into_iter()
        .map(|(id, key)| (id.uuid(), String::from(key)))
        .unzip();
    if !ids.is_empty() {
        let update = raw_sql!(
            Postgres,
            "update checklist_items set order_key = fresh.key
             from unnest({ids}::uuid[], {keys}::text[]) as fresh (id, key) where checklist_items.id = fresh.id"
        );
        db.execute_raw(update).await?;
    }
    Ok(room.key)
}
