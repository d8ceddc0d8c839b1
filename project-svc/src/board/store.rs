//! Queries of boards. A whole board is read in two statements, however many columns it has.

use kernel::{BoardId, ProjectId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Statement, raw_sql,
};

use crate::access::{Standing, Thing, find};
use crate::column;
use crate::entity::{board, column as columns};
use crate::order::OrderKey;
use crate::task::{LOOKED_UP, SummaryRow};
use crate::tenant::Tenant;

/// The name of the board that a project comes with.
const FIRST_BOARD: &str = "Board";

impl Thing for board::Model {
    type Id = BoardId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: BoardId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "boards b join projects p on p.id = b.project_id
            where b.id = $1 and p.deleted_at is null";
        find(db, "b.*", from, id, caller).await
    }
}

/// A column and how many cards it has.
#[derive(FromQueryResult)]
pub(super) struct CountedColumn {
    #[sea_orm(nested)]
    pub(super) column: columns::Model,
    pub(super) total: i64,
}

/// A page of a project's boards.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    project: ProjectId,
    after: Option<(OrderKey, BoardId)>,
    limit: u64,
) -> Result<Vec<board::Model>, DbErr> {
    use board::Column::{Id, OrderKey as Place, ProjectId};

    let mut boards = board::Entity::find()
        .filter(ProjectId.eq(project))
        .order_by_asc(Place)
        .order_by_asc(Id)
        .limit(limit);
    if let Some((order_key, id)) = after {
        let place = Expr::tuple([Expr::col(Place), Expr::col(Id)]);
        boards = boards.filter(place.gt(Expr::tuple([Expr::val(order_key), Expr::val(id)])));
    }
    boards.all(db).await
}

/// The columns of a board from left to right.
pub(super) async fn counted_columns(
    db: &impl ConnectionTrait,
    board: BoardId,
) -> Result<Vec<CountedColumn>, DbErr> {
    CountedColumn::find_by_statement(raw_sql!(
        Postgres,
        "select c.*, (select count(*) from tasks t where t.column_id = c.id and t.deleted_at is null
             and t.archived_at is null) as total
         from columns c where c.board_id = {board} order by c.order_key, c.id"
    ))
    .all(db)
    .await
}

/// The first cards of each column of a board, in order.
pub(super) async fn first_cards(
    db: &impl ConnectionTrait,
    board: BoardId,
    limit: u32,
) -> Result<Vec<SummaryRow>, DbErr> {
    let looked_up: Vec<String> = LOOKED_UP
        .iter()
        .map(|(sql, column)| format!("{sql} as {column}"))
        .collect();
    let sql = format!(
        "select tasks.*, p.key as project_key, {} from columns c
         cross join lateral (
             select id, project_id, number, board_id, column_id, title, status, priority, order_key, start_date,
                 due_date, estimate_seconds, parent_id, fields, completed_at, version, created_at, updated_at
             from tasks where column_id = c.id and deleted_at is null and archived_at is null
             order by order_key, id limit $2
         ) tasks
         join projects p on p.id = tasks.project_id
         where c.board_id = $1 order by tasks.order_key, tasks.id",
        looked_up.join(", ")
    );
    let values = [board.into(), i64::from(limit).into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    SummaryRow::find_by_statement(statement).all(db).await
}

/// Writes the board that a new project comes with.
pub(crate) async fn create_first(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    project: ProjectId,
) -> Result<(), DbErr> {
    let (id, now) = (tenant.next_id(), tenant.now());
    let board = board::ActiveModel {
        id: Set(id),
        project_id: Set(project),
        name: Set(FIRST_BOARD.to_owned()),
        order_key: Set(OrderKey::first()),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    board::Entity::insert(board)
        .exec_without_returning(db)
        .await?;
    column::create_usual(db, tenant, id).await
}

/// Locks the board: its columns are added, removed and rearranged by one transaction at a time.
pub(crate) async fn lock(db: &impl ConnectionTrait, id: BoardId) -> Result<(), DbErr> {
    let board = board::Entity::find_by_id(id)
        .select_only()
        .column(board::Column::Id);
    board
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<BoardId>()
        .one(db)
        .await?;
    Ok(())
}
