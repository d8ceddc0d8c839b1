//! Queries of boards. A whole board is read in two statements, however many columns it has: the board with its columns
//! as access is decided, then the cards.

use kernel::{BoardId, ColumnId, ProjectId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromJsonQueryResult,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement, raw_sql,
};
use serde::{Deserialize, Serialize};

use crate::access::{Standing, Thing, find};
use crate::column;
use crate::entity::{board, column as columns};
use crate::order::OrderKey;
use crate::task::{LOOKED_UP, SummaryRow};
use crate::tenant::Tenant;

/// Boards of one project.
pub(super) const MOST_PER_PROJECT: usize = 50;
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

/// A board with its columns.
#[derive(FromQueryResult)]
pub(crate) struct LaidOut {
    #[sea_orm(nested)]
    pub(super) board: board::Model,
    pub(super) columns: CountedColumns,
}

/// Columns of a board from left to right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub(super) struct CountedColumns(pub(super) Vec<CountedColumn>);

/// A column and how many cards it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CountedColumn {
    #[serde(flatten)]
    pub(super) column: columns::Model,
    pub(super) total: i64,
}

impl Thing for LaidOut {
    type Id = BoardId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: BoardId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let columns = "b.*, (select coalesce(jsonb_agg(to_jsonb(c) || jsonb_build_object('total', (
                select count(*) from tasks t
                where t.column_id = c.id and t.deleted_at is null and t.archived_at is null))
                order by c.order_key, c.id), '[]')
            from columns c where c.board_id = b.id) as columns";
        let from = "boards b join projects p on p.id = b.project_id
            where b.id = $1 and p.deleted_at is null";
        find(db, columns, from, id, caller).await
    }
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

/// All boards of a project in order; there are never many.
pub(super) async fn all(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Vec<board::Model>, DbErr> {
    board::Entity::find()
        .filter(board::Column::ProjectId.eq(project))
        .order_by_asc(board::Column::OrderKey)
        .order_by_asc(board::Column::Id)
        .all(db)
        .await
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    board: board::ActiveModel,
) -> Result<board::Model, DbErr> {
    board::Entity::insert(board).exec_with_returning(db).await
}

/// A column of another board of the same project: this one, or the first there is.
pub(super) async fn column_elsewhere(
    db: &impl ConnectionTrait,
    board: &board::Model,
    wanted: Option<ColumnId>,
) -> Result<Option<ColumnId>, DbErr> {
    let (id, project) = (board.id, board.project_id);
    let found = db.query_one_raw(raw_sql!(
        Postgres,
        "select c.id from columns c join boards b on b.id = c.board_id
         where b.project_id = {project} and b.id <> {id} and ({wanted}::uuid is null or c.id = {wanted})
         order by b.order_key, b.id, c.order_key, c.id limit 1"
    ));
    found.await?.map(|row| row.try_get("", "id")).transpose()
}

/// Locks the board's columns: no card comes in until the transaction ends.
pub(super) async fn lock_columns(db: &impl ConnectionTrait, id: BoardId) -> Result<(), DbErr> {
    let lock = raw_sql!(
        Postgres,
        "select id from columns where board_id = {id} order by id for update"
    );
    db.query_all_raw(lock).await.map(drop)
}

/// Lets what lies in the trash of the board come back in a column of another one.
pub(super) async fn bequeath_trash(
    db: &impl ConnectionTrait,
    id: BoardId,
    heir: ColumnId,
) -> Result<(), DbErr> {
    let bequeath = raw_sql!(
        Postgres,
        "update tasks set column_id = c.id, board_id = c.board_id from columns c
         where c.id = {heir} and tasks.board_id = {id} and tasks.deleted_at is not null"
    );
    db.execute_raw(bequeath).await.map(drop)
}

/// Removes a board without tasks, and its columns; false when it is not there in the version expected.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: BoardId,
    expected: Option<i32>,
) -> Result<bool, DbErr> {
    let mut delete = board::Entity::delete_many().filter(board::Column::Id.eq(id));
    if let Some(version) = expected {
        delete = delete.filter(board::Column::Version.eq(version));
    }
    Ok(delete.exec(db).await?.rows_affected == 1)
}

/// Writes the board that a new project comes with, and its columns.
pub(crate) async fn create_first(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    project: ProjectId,
) -> Result<(), DbErr> {
    let (id, now) = (tenant.next_id::<BoardId>(), tenant.now());
    let (first, columns) = (OrderKey::first(), column::usual(tenant, id));
    let columns = serde_json::to_value(columns).map_err(|error| DbErr::Json(error.to_string()))?;
    let create = raw_sql!(
        Postgres,
        "with board as (
             insert into boards (id, project_id, name, order_key, created_at, updated_at)
             values ({id}, {project}, {FIRST_BOARD}, {first}, {now}, {now}))
         insert into columns (id, board_id, name, category, order_key, created_at, updated_at)
         select id, board_id, name, category, order_key, created_at, updated_at
         from jsonb_populate_recordset(null::columns, {columns})"
    );
    db.execute_raw(create).await.map(drop)
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
