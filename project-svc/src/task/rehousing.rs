//! Moving all tasks of a board at once: three statements for the tasks, whatever their number, and few for what is told.

use chrono::{DateTime, Utc};
use events::topic::task::{TaskMoved, TaskStatus, TaskStatusChanged};
use httpkit::Problem;
use kernel::{BoardId, ColumnId, ProjectId, TaskId, UserId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use serde_json::{Value, json};
use tenancy::UnitOfWork;
use uuid::Uuid;

use super::place::{self, Target};
use super::routes::no_such_column;
use crate::activity;
use crate::order::OrderKey;
use crate::tenant::Tenant;

/// Tasks that are moved at once: some two seconds of the database's time, and two events each.
pub(crate) const MOST_MOVED: i64 = 5_000;

/// A task of the board, held.
#[derive(FromQueryResult)]
struct Held {
    id: TaskId,
    shown: bool,
    column_key: OrderKey,
    order_key: OrderKey,
    column_id: ColumnId,
}

/// A task in its new place.
#[derive(FromQueryResult)]
struct Rehoused {
    id: TaskId,
    version: i32,
    completed_at: Option<DateTime<Utc>>,
    assignee_ids: Vec<Uuid>,
    from_column_id: ColumnId,
    from_status: TaskStatus,
}

/// How many tasks a board has, archived ones too, those in the trash not.
pub(crate) async fn count_on(db: &impl ConnectionTrait, board: BoardId) -> Result<i64, DbErr> {
    let count = raw_sql!(
        Postgres,
        "select count(*) as count from tasks where board_id = {board} and deleted_at is null"
    );
    let row = db.query_one_raw(count).await?;
    row.map_or(Ok(0), |row| row.try_get("", "count"))
}

/// Moves all tasks of a board, whose columns are locked, to the end of a column of another one, in the order they are
/// in, column by column.
pub(crate) async fn rehouse(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project: ProjectId,
    board: BoardId,
    heir: ColumnId,
) -> Result<(), Problem> {
    let target = place::lock_column(unit, project, heir).await?;
    let target = target.ok_or_else(no_such_column)?;
    let mut held = hold_all(unit, board).await?;
    let shown = held.iter().filter(|one| one.shown).count();
    let shown = i64::try_from(shown).map_err(Problem::internal)?;
    place::check_limit_for(unit, &target, shown).await?;
    held.sort_by(|one, other| one.place().cmp(&other.place()));
    let ids: Vec<Uuid> = held.iter().map(|one| one.id.uuid()).collect();
    let keys = place::make_room_behind(unit, heir, ids.len()).await?;
    let moved = move_all(unit, ids, keys, heir, tenant.now()).await?;
    tell(unit, tenant, project, (board, &target), &moved).await
}

impl Held {
    fn place(&self) -> (&OrderKey, ColumnId, &OrderKey, TaskId) {
        (&self.column_key, self.column_id, &self.order_key, self.id)
    }
}

/// Locks the tasks in the order that all others keep to.
async fn hold_all(db: &impl ConnectionTrait, board: BoardId) -> Result<Vec<Held>, DbErr> {
    Held::find_by_statement(raw_sql!(
        Postgres,
        "select t.id, t.archived_at is null as shown, c.order_key as column_key, t.order_key, t.column_id
         from tasks t join columns c on c.id = t.column_id
         where t.board_id = {board} and t.deleted_at is null order by t.id for no key update of t"
    ))
    .all(db)
    .await
}

async fn move_all(
    db: &impl ConnectionTrait,
    ids: Vec<Uuid>,
    keys: Vec<OrderKey>,
    heir: ColumnId,
    now: DateTime<Utc>,
) -> Result<Vec<Rehoused>, DbErr> {
    let keys: Vec<String> = keys.into_iter().map(String::from).collect();
    Rehoused::find_by_statement(raw_sql!(
        Postgres,
        "update tasks t set board_id = c.board_id, column_id = c.id, status = c.category, order_key = fresh.key,
             completed_at = case when c.category = 'done' then coalesce(t.completed_at, {now}) end,
             version = t.version + 1, updated_at = {now}
         from unnest({ids}::uuid[], {keys}::text[]) as fresh (id, key)
         join tasks before on before.id = fresh.id
         join columns c on c.id = {heir}
         where t.id = fresh.id
         returning t.id, t.version, t.completed_at, before.column_id as from_column_id, before.status as from_status,
             array(select a.user_id from task_assignees a where a.task_id = t.id
                 order by a.assigned_at, a.user_id) as assignee_ids"
    ))
    .all(db)
    .await
}

/// What moving each of them alone would have told.
async fn tell(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project_id: ProjectId,
    (board, target): (BoardId, &Target),
    moved: &[Rehoused],
) -> Result<(), Problem> {
    let moves = moved.iter().map(|one| TaskMoved {
        task_id: one.id,
        project_id,
        board_id: target.board_id,
        from_column_id: one.from_column_id,
        to_column_id: target.column_id,
        version: Some(one.version),
    });
    tenant.emit_all(unit, moves).await?;
    let different = moved
        .iter()
        .filter(|one| one.from_status != target.category);
    let changes = different.map(|one| TaskStatusChanged {
        task_id: one.id,
        project_id,
        from: one.from_status,
        to: target.category,
        assignee_ids: one.assignee_ids.iter().copied().map(UserId::from).collect(),
        completed_at: one.completed_at,
        version: Some(one.version),
    });
    tenant.emit_all(unit, changes).await?;
    let entries = moved.iter().map(|one| (one.id, one.changes(board, target)));
    activity::record_all(unit, tenant, project_id, "task.moved", entries.collect()).await?;
    Ok(())
}

impl Rehoused {
    fn changes(&self, board: BoardId, target: &Target) -> Value {
        let mut changes = json!({
            "board_id": {"from": board, "to": target.board_id},
            "column_id": {"from": self.from_column_id, "to": target.column_id},
        });
        if let Value::Object(fields) = &mut changes
            && self.from_status != target.category
        {
            let status = json!({"from": self.from_status, "to": target.category});
            fields.insert("status".to_owned(), status);
        }
        changes
    }
}
