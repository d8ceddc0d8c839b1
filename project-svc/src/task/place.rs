//! Places of cards in columns. Whoever puts a card into a column holds the column's lock, so that no two
//! take the same gap; the lock comes before the task's own, always, so that nobody waits in a circle.

use events::topic::task::TaskStatus;
use httpkit::Problem;
use kernel::{BoardId, ColumnId, ProjectId, TaskId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, raw_sql};
use uuid::Uuid;

use crate::column::model::no_such_neighbour;
use crate::entity::task;
use crate::order::{self, Gap, OrderKey, Place};

/// A locked column that is to take a card.
#[derive(FromQueryResult)]
pub(super) struct Target {
    #[sea_orm(alias = "target_column_id")]
    pub(super) column_id: ColumnId,
    #[sea_orm(alias = "target_board_id")]
    pub(super) board_id: BoardId,
    #[sea_orm(alias = "target_category")]
    pub(super) category: TaskStatus,
    #[sea_orm(alias = "target_wip_limit")]
    pub(super) wip_limit: Option<i32>,
    /// Whether it refuses cards beyond the limit instead of warning.
    #[sea_orm(alias = "target_limit_blocks")]
    pub(super) limit_blocks: bool,
    #[sea_orm(alias = "target_order_key")]
    pub(super) order_key: OrderKey,
}

/// The columns of [`Target`], of a statement that calls the column `c`.
pub(super) const TARGET: &str =
    "c.id as target_column_id, c.board_id as target_board_id, c.category as target_category,
    c.wip_limit as target_wip_limit, c.limit_blocks as target_limit_blocks,
    c.order_key as target_order_key";

/// The number of a new card, and the locked column it goes to.
#[derive(FromQueryResult)]
pub(super) struct Arrival {
    pub(super) number: i32,
    #[sea_orm(nested)]
    pub(super) target: Target,
}

/// A locked card on its way to a locked column.
#[derive(FromQueryResult)]
pub(super) struct Departure {
    #[sea_orm(nested)]
    pub(super) task: task::Model,
    #[sea_orm(nested)]
    pub(super) target: Target,
}

/// Takes the project's next number for a new card and locks the column it goes to; without a column, the first one of
/// category `todo`. Others who want a number of the project wait for this transaction's end; the project comes before
/// the column, always. The locks let foreign key checks pass (`no key update`). None when there is no such column, or
/// the project is gone.
pub(super) async fn arrive(
    db: &impl ConnectionTrait,
    project: ProjectId,
    column: Option<ColumnId>,
) -> Result<Option<Arrival>, DbErr> {
    let sql = format!(
        "with numbered as (
             update projects set next_task_number = next_task_number + 1
             where id = $1 and deleted_at is null returning id, next_task_number - 1 as number)
         select n.number, {TARGET} from numbered n
         join boards b on b.project_id = n.id join columns c on c.board_id = b.id
         where c.id = coalesce($2, (
             select first.id from columns first join boards home on home.id = first.board_id
             where home.project_id = $1 and first.category = 'todo'
             order by home.order_key, home.id, first.order_key, first.id limit 1))
         for no key update of c"
    );
    let values = [project.into(), column.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    Arrival::find_by_statement(statement).one(db).await
}

/// Locks a column of this project, for cards that are there already.
pub(super) async fn lock_column(
    db: &impl ConnectionTrait,
    project: ProjectId,
    column: ColumnId,
) -> Result<Option<Target>, DbErr> {
    let sql = format!(
        "select {TARGET} from columns c join boards b on b.id = c.board_id
         where b.project_id = $1 and c.id = $2 for no key update of c"
    );
    let values = [project.into(), column.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    Target::find_by_statement(statement).one(db).await
}

/// Where a card is to go.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    Column(ColumnId),
    /// The first column of a category on a board.
    Status(BoardId, TaskStatus),
}

/// Locks the column, then the task. None when either is gone, or the column is of another project.
pub(super) async fn lock_both(
    db: &impl ConnectionTrait,
    task: TaskId,
    goal: Goal,
) -> Result<Option<Departure>, DbErr> {
    let (column, board, status) = match goal {
        Goal::Column(column) => (Some(column), None, None),
        Goal::Status(board, status) => (None, Some(board), Some(status)),
    };
    let sql = format!(
        "select t.*, {TARGET}
         from columns c join boards b on b.id = c.board_id
         join tasks t on t.project_id = b.project_id
         where c.id = coalesce($1, (
             select first.id from columns first where first.board_id = $3 and first.category = $4
             order by first.order_key, first.id limit 1)) and t.id = $2 and t.deleted_at is null
         for no key update of c for no key update of t"
    );
    let values = [column.into(), task.into(), board.into(), status.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    Departure::find_by_statement(statement).one(db).await
}

/// The key of a place in a locked column for `card`. Where there is no room, the other cards get new keys.
pub(super) async fn make_room(
    db: &impl ConnectionTrait,
    column: ColumnId,
    card: TaskId,
    place: &Place<TaskId>,
) -> Result<OrderKey, Problem> {
    for attempt in 0..2 {
        let gap = gap(db, column, card, place).await?;
        let gap = gap.ok_or_else(|| no_such_neighbour(place))?;
        if let Some(key) = OrderKey::between(&gap) {
            return Ok(key);
        }
        if attempt == 0 {
            spread(db, column, card).await?;
        }
    }
    Err(Problem::internal("no room between spread cards"))
}

/// The keys of so many cards behind the last one of a locked column. Where there is no room, its cards get new keys.
pub(super) async fn make_room_behind(
    db: &impl ConnectionTrait,
    column: ColumnId,
    count: usize,
) -> Result<Vec<OrderKey>, Problem> {
    let none = TaskId::from(Uuid::nil());
    for attempt in 0..2 {
        let last = last_key(db, column, none).await?;
        if let Some(keys) = order::behind(last.as_ref(), count) {
            return Ok(keys);
        }
        if attempt == 0 {
            spread(db, column, none).await?;
        }
    }
    Err(Problem::internal("no room behind spread cards"))
}

/// 409 when the column takes no card more. Before the card is put there.
pub(super) async fn check_limit(db: &impl ConnectionTrait, target: &Target) -> Result<(), Problem> {
    check_limit_for(db, target, 1).await
}

/// The same for so many cards.
pub(super) async fn check_limit_for(
    db: &impl ConnectionTrait,
    target: &Target,
    cards: i64,
) -> Result<(), Problem> {
    if target.limit_blocks && exceeds(db, target, cards).await? {
        return Err(full(target));
    }
    Ok(())
}

/// Whether the column has more cards than its limit says when so many have come. They are not there yet.
pub(super) async fn exceeds(
    db: &impl ConnectionTrait,
    target: &Target,
    coming: i64,
) -> Result<bool, DbErr> {
    match target.wip_limit {
        Some(limit) => {
            let cards = count(db, target.column_id).await?;
            Ok(cards.saturating_add(coming) > i64::from(limit))
        }
        None => Ok(false),
    }
}

/// 409 for a card that a full column refuses.
pub(super) fn full(target: &Target) -> Problem {
    let limit = target.wip_limit.unwrap_or_default();
    let detail = format!("the column takes at most {limit} cards");
    Problem::conflict("wip_limit_reached", detail)
}

/// How many cards the column shows.
async fn count(db: &impl ConnectionTrait, column: ColumnId) -> Result<i64, DbErr> {
    let count = raw_sql!(
        Postgres,
        "select count(*) as count from tasks
         where column_id = {column} and deleted_at is null and archived_at is null"
    );
    let row = db.query_one_raw(count).await?;
    row.map_or(Ok(0), |row| row.try_get("", "count"))
}

/// The keys on both sides of the place, as if `card` were not there.
async fn gap(
    db: &impl ConnectionTrait,
    column: ColumnId,
    card: TaskId,
    place: &Place<TaskId>,
) -> Result<Option<Gap>, DbErr> {
    match *place {
        Place::Before(neighbour) => gap_before(db, column, card, neighbour).await,
        Place::After(neighbour) => gap_after(db, column, card, neighbour).await,
        Place::At(0) => Ok(Some((
            None,
            keys_at(db, column, card, 0).await?.into_iter().next(),
        ))),
        Place::At(count) => {
            let mut beside = keys_at(db, column, card, count - 1).await?.into_iter();
            match beside.next() {
                Some(left) => Ok(Some((Some(left), beside.next()))),
                None => Ok(Some((last_key(db, column, card).await?, None))),
            }
        }
        Place::Last => Ok(Some((last_key(db, column, card).await?, None))),
    }
}

#[derive(FromQueryResult)]
struct Beside {
    neighbour: OrderKey,
    beyond: Option<OrderKey>,
}

async fn gap_before(
    db: &impl ConnectionTrait,
    column: ColumnId,
    card: TaskId,
    neighbour: TaskId,
) -> Result<Option<Gap>, DbErr> {
    let found = Beside::find_by_statement(raw_sql!(
        Postgres,
        "select n.order_key as neighbour, (
             select o.order_key from tasks o
             where o.column_id = n.column_id and o.deleted_at is null and o.id <> {card}
                 and (o.order_key, o.id) < (n.order_key, n.id)
             order by o.order_key desc, o.id desc limit 1) as beyond
         from tasks n
         where n.id = {neighbour} and n.id <> {card} and n.column_id = {column} and n.deleted_at is null"
    ));
    let found = found.one(db).await?;
    Ok(found.map(|beside| (beside.beyond, Some(beside.neighbour))))
}

async fn gap_after(
    db: &impl ConnectionTrait,
    column: ColumnId,
    card: TaskId,
    neighbour: TaskId,
) -> Result<Option<Gap>, DbErr> {
    let found = Beside::find_by_statement(raw_sql!(
        Postgres,
        "select n.order_key as neighbour, (
             select o.order_key from tasks o
             where o.column_id = n.column_id and o.deleted_at is null and o.id <> {card}
                 and (o.order_key, o.id) > (n.order_key, n.id)
             order by o.order_key, o.id limit 1) as beyond
         from tasks n
         where n.id = {neighbour} and n.id <> {card} and n.column_id = {column} and n.deleted_at is null"
    ));
    let found = found.one(db).await?;
    Ok(found.map(|beside| (Some(beside.neighbour), beside.beyond)))
}

/// Two keys in a row, after `skip` others.
async fn keys_at(
    db: &impl ConnectionTrait,
    column: ColumnId,
    card: TaskId,
    skip: u32,
) -> Result<Vec<OrderKey>, DbErr> {
    let skip = i64::from(skip);
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "select order_key from tasks where column_id = {column} and deleted_at is null and archived_at is null
             and id <> {card} order by order_key, id offset {skip} limit 2"
    ));
    rows.await?
        .iter()
        .map(|row| row.try_get("", "order_key"))
        .collect()
}

async fn last_key(
    db: &impl ConnectionTrait,
    column: ColumnId,
    card: TaskId,
) -> Result<Option<OrderKey>, DbErr> {
    let row = db.query_one_raw(raw_sql!(
        Postgres,
        "select order_key from tasks where column_id = {column} and deleted_at is null and id <> {card}
         order by order_key desc, id desc limit 1"
    ));
    row.await?
        .map(|row| row.try_get("", "order_key"))
        .transpose()
}

/// Gives all other cards of the column short keys in the order they are in.
async fn spread(db: &impl ConnectionTrait, column: ColumnId, card: TaskId) -> Result<(), DbErr> {
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "select id from tasks where column_id = {column} and deleted_at is null and id <> {card}
         order by order_key, id"
    ));
    let rows = rows.await?;
    let ids = rows.iter().map(|row| row.try_get("", "id"));
    let ids = ids.collect::<Result<Vec<Uuid>, _>>()?;
    let keys: Vec<String> = order::spread(ids.len())
        .into_iter()
        .map(String::from)
        .collect();
    let update = raw_sql!(
        Postgres,
        "update tasks set order_key = fresh.key
         from unnest({ids}::uuid[], {keys}::text[]) as fresh (id, key) where tasks.id = fresh.id"
    );
    db.execute_raw(update).await?;
    Ok(())
}
