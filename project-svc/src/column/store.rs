//! Queries of columns. Who adds, removes or rearranges columns holds the lock of their board.

use std::iter::zip;

use httpkit::Problem;
use kernel::{BoardId, ColumnId, ProjectId, UserId};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, raw_sql,
};

use super::model::{USUAL, no_such_neighbour};
use super::view::{CardFilter, OrNone};
use crate::access::{Standing, Thing, find};
use crate::entity::{column, task};
use crate::order::{self, OrderKey, Place};
use crate::tenant::Tenant;

/// A column with the project it belongs to.
#[derive(FromQueryResult)]
pub(crate) struct ColumnRow {
    #[sea_orm(nested)]
    pub(crate) column: column::Model,
    pub(crate) project_id: ProjectId,
}

impl Thing for ColumnRow {
    type Id = ColumnId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: ColumnId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from =
            "columns c join boards b on b.id = c.board_id join projects p on p.id = b.project_id
            where c.id = $1 and p.deleted_at is null";
        let columns = "c.*, p.id as project_id";
        find(db, columns, from, id, caller).await
    }
}

/// All columns of a board from left to right; there are never many.
pub(super) async fn all(
    db: &impl ConnectionTrait,
    board: BoardId,
) -> Result<Vec<column::Model>, DbErr> {
    column::Entity::find()
        .filter(column::Column::BoardId.eq(board))
        .order_by_asc(column::Column::OrderKey)
        .order_by_asc(column::Column::Id)
        .all(db)
        .await
}

/// Whether there are cards in the column. Locks it first: none comes in until the transaction ends.
pub(super) async fn lock_and_look_for_cards(
    db: &impl ConnectionTrait,
    id: ColumnId,
) -> Result<bool, DbErr> {
    let column = column::Entity::find_by_id(id)
        .select_only()
        .column(column::Column::Id);
    column
        .lock(LockType::Update)
        .into_tuple::<ColumnId>()
        .one(db)
        .await?;
    let card = raw_sql!(
        Postgres,
        "select 1 from tasks where column_id = {id} and deleted_at is null limit 1"
    );
    Ok(db.query_one_raw(card).await?.is_some())
}

/// The key of a place among `columns`, all of one board. Where there is no room, the others get new keys.
pub(super) async fn make_room(
    db: &impl ConnectionTrait,
    columns: &[column::Model],
    place: &Place<ColumnId>,
) -> Result<OrderKey, Problem> {
    let mut list: Vec<_> = columns
        .iter()
        .map(|one| (one.id, one.order_key.clone()))
        .collect();
    let gap = order::gap(&list, place).ok_or_else(|| no_such_neighbour(place))?;
    if let Some(key) = OrderKey::between(&gap) {
        return Ok(key);
    }
    for ((id, old), new) in zip(&mut list, order::spread(columns.len())) {
        let (id, key) = (*id, new.clone());
        let update = raw_sql!(
            Postgres,
            "update columns set order_key = {key} where id = {id}"
        );
        db.execute_raw(update).await?;
        *old = new;
    }
    let gap = order::gap(&list, place).ok_or_else(|| no_such_neighbour(place))?;
    OrderKey::between(&gap).ok_or_else(|| Problem::internal("no room between spread columns"))
}

/// Holds for the cards of a lane.
pub(super) fn lane(filter: &CardFilter) -> Condition {
    let tied = |table: &str, column: &str, to: OrNone| match to {
        OrNone::None => Expr::cust(format!(
            "not exists (select from {table} x where x.task_id = tasks.id)"
        )),
        OrNone::One(id) => Expr::cust_with_values(
            format!(
                "exists (select from {table} x where x.task_id = tasks.id and x.{column} = $1)"
            ),
            [id],
        ),
    };
    Condition::all()
        .add_option(
            filter
                .assignee
                .map(|to| tied("task_assignees", "user_id", to)),
        )
        .add_option(filter.label.map(|to| tied("task_labels", "label_id", to)))
        .add_option(
            filter
                .priority
                .map(|priority| task::Column::Priority.eq(priority)),
        )
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    column: column::ActiveModel,
) -> Result<column::Model, DbErr> {
    column::Entity::insert(column).exec_with_returning(db).await
}

/// Removes a column without cards. Deleted tasks that still lie in it move on to `heir`, so that
/// they can be brought back.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: ColumnId,
    heir: ColumnId,
) -> Result<(), DbErr> {
    let bequeath = raw_sql!(
        Postgres,
        "update tasks set column_id = {heir} where column_id = {id} and deleted_at is not null"
    );
    db.execute_raw(bequeath).await?;
    column::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// The columns that a new board comes with.
pub(crate) fn usual(tenant: &Tenant, board: BoardId) -> Vec<column::Model> {
    let now = tenant.now();
    let columns = zip(USUAL, order::spread(USUAL.len()));
    let columns = columns.map(|((name, category), order_key)| column::Model {
        id: tenant.next_id(),
        board_id: board,
        name: name.to_owned(),
        category,
        order_key,
        color: None,
        wip_limit: None,
        limit_blocks: false,
        version: 1,
        created_at: now,
        updated_at: now,
    });
    columns.collect()
}

/// Writes them.
pub(crate) async fn create_usual(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    board: BoardId,
) -> Result<(), DbErr> {
    let columns = usual(tenant, board).into_iter();
    let columns = columns.map(|column| column.into_active_model().reset_all());
    column::Entity::insert_many(columns)
        .exec_without_returning(db)
        .await?;
    Ok(())
}
