//! Checklists of copied tasks.

use kernel::{ChecklistId, TaskId};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, raw_sql};
use uuid::Uuid;

use crate::entity::{checklist, checklist_item};
use crate::tenant::Tenant;

/// A statement has at most 65,535 parameters.
const INSERTED_AT_ONCE: usize = 1_000;

/// Gives each copy the checklists of its original, with nothing ticked. Pairs of original and copy.
pub(crate) async fn copy(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    tasks: &[(TaskId, TaskId)],
) -> Result<(), DbErr> {
    let originals: Vec<Uuid> = tasks.iter().map(|(original, _)| original.uuid()).collect();
    let lists = checklist::Model::find_by_statement(raw_sql!(
        Postgres,
        "select * from checklists where task_id = any({originals})"
    ));
    let lists = lists.all(db).await?;
    let items = checklist_item::Model::find_by_statement(raw_sql!(
        Postgres,
        "select i.* from checklist_items i join checklists c on c.id = i.checklist_id
         where c.task_id = any({originals})"
    ));
    let items = items.all(db).await?;
    let now = tenant.now();
    let (mut new_lists, mut new_items) = (Vec::new(), Vec::new());
    for list in lists {
        let Some((_, copy)) = tasks.iter().find(|(original, _)| *original == list.task_id) else {
            continue;
        };
        let id: ChecklistId = tenant.next_id();
        for item in items.iter().filter(|item| item.checklist_id == list.id) {
            new_items.push(checklist_item::ActiveModel {
                id: Set(tenant.next_id()),
                checklist_id: Set(id),
                text: Set(item.text.clone()),
                done: Set(false),
                order_key: Set(item.order_key.clone()),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
            });
        }
        new_lists.push(checklist::ActiveModel {
            id: Set(id),
            task_id: Set(*copy),
            name: Set(list.name),
            order_key: Set(list.order_key),
            version: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
        });
    }
    for batch in new_lists.chunks(INSERTED_AT_ONCE) {
        let insert = checklist::Entity::insert_many(batch.to_vec());
        insert.exec_without_returning(db).await?;
    }
    for batch in new_items.chunks(INSERTED_AT_ONCE) {
        let insert = checklist_item::Entity::insert_many(batch.to_vec());
        insert.exec_without_returning(db).await?;
    }
    Ok(())
}
