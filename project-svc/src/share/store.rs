//! Queries of guests. Each starts at the one thing that the link covers.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::{BoardId, ColumnId, ProjectId, TaskId, UserId};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect, RelationTrait, raw_sql,
};

use super::view::{SharedCard, SharedColumn, SharedTotal};
use crate::entity::task;
use crate::filter::Sort;

/// Cards shown of each column.
const CARDS_PER_COLUMN: i64 = 50;
/// Comments shown.
const COMMENTS: i64 = 200;
/// Who is to do a task, by name, of a statement that has the task as `tasks`.
const PEOPLE: &str =
    "array(select pe.name from task_assignees a join people pe on pe.id = a.user_id
    where a.task_id = tasks.id order by a.assigned_at, pe.id)";

/// A comment with its author.
#[derive(FromQueryResult)]
pub(super) struct CommentRow {
    pub(super) author_id: UserId,
    pub(super) name: Option<String>,
    pub(super) body: String,
    pub(super) created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct ColumnRow {
    id: ColumnId,
    name: String,
    total: i64,
}

#[derive(FromQueryResult)]
struct CardRow {
    column_id: ColumnId,
    #[sea_orm(nested)]
    card: SharedCard,
}

/// Names of who is to do a task.
pub(super) async fn people(db: &impl ConnectionTrait, task: TaskId) -> Result<Vec<String>, DbErr> {
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "select pe.name from task_assignees a join people pe on pe.id = a.user_id
         where a.task_id = {task} order by a.assigned_at, pe.id"
    ));
    let rows = rows.await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

/// The newest comments on a task, in the order they were written.
pub(super) async fn comments(
    db: &impl ConnectionTrait,
    task: TaskId,
) -> Result<Vec<CommentRow>, DbErr> {
    let newest = CommentRow::find_by_statement(raw_sql!(
        Postgres,
        "select m.author_id, pe.name, m.body, m.created_at from comments m left join people pe on pe.id = m.author_id
         where m.task_id = {task} and m.deleted_at is null order by m.created_at desc, m.id desc limit {COMMENTS}"
    ));
    let mut comments = newest.all(db).await?;
    comments.reverse();
    Ok(comments)
}

/// A board's columns from left to right, each with its first cards: two statements, however many there are.
pub(super) async fn columns(
    db: &impl ConnectionTrait,
    board: BoardId,
    named: bool,
) -> Result<Vec<SharedColumn>, DbErr> {
    let columns = ColumnRow::find_by_statement(raw_sql!(
        Postgres,
        "select c.id, c.name, (select count(*) from tasks t where t.column_id = c.id and t.deleted_at is null
             and t.archived_at is null) as total
         from columns c where c.board_id = {board} order by c.order_key, c.id"
    ));
    let columns = columns.all(db).await?;
    let cards = CardRow::find_by_statement(raw_sql!(
        Postgres,
        "select tasks.column_id, p.key || '-' || tasks.number as key, tasks.title, tasks.status, tasks.priority,
             tasks.due_date,
             case when {named} then array(select pe.name from task_assignees a join people pe on pe.id = a.user_id
                 where a.task_id = tasks.id order by a.assigned_at, pe.id) else array[]::text[] end as people
         from columns c cross join lateral (
             select id, project_id, column_id, number, title, status, priority, due_date, order_key from tasks
             where column_id = c.id and deleted_at is null and archived_at is null
             order by order_key, id limit {CARDS_PER_COLUMN}
         ) tasks join projects p on p.id = tasks.project_id
         where c.board_id = {board} order by tasks.order_key, tasks.id"
    ));
    let mut dealt: HashMap<ColumnId, Vec<SharedCard>> = HashMap::new();
    for row in cards.all(db).await? {
        dealt.entry(row.column_id).or_default().push(row.card);
    }
    let columns = columns.into_iter().map(|column| SharedColumn {
        cards: dealt.remove(&column.id).unwrap_or_default(),
        name: column.name,
        total: column.total,
    });
    Ok(columns.collect())
}

/// How many tasks of a project stand where.
pub(super) async fn totals(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Vec<SharedTotal>, DbErr> {
    SharedTotal::find_by_statement(raw_sql!(
        Postgres,
        "select status, count(*) as total from tasks
         where project_id = {project} and deleted_at is null and archived_at is null
         group by status
         order by array_position(array['todo', 'in_progress', 'review', 'done', 'cancelled'], status)"
    ))
    .all(db)
    .await
}

/// Which tasks of a project are listed.
pub(super) struct Listed {
    pub(super) project: ProjectId,
    pub(super) passes: Option<SimpleExpr>,
    pub(super) archived: bool,
    pub(super) sort: Sort,
    pub(super) named: bool,
    pub(super) limit: u64,
}

pub(super) async fn tasks(
    db: &impl ConnectionTrait,
    listed: Listed,
) -> Result<Vec<SharedCard>, DbErr> {
    use task::Column::{ArchivedAt, DeletedAt, DueDate, Priority, ProjectId, Status, Title};

    let people = if listed.named { PEOPLE } else { "'{}'::text[]" };
    let mut tasks = task::Entity::find()
        .select_only()
        .columns([Title, Status, Priority, DueDate])
        .expr_as(Expr::cust("projects.key || '-' || tasks.number"), "key")
        .expr_as(Expr::cust(people), "people")
        .join(JoinType::InnerJoin, task::Relation::Project.def())
        .filter(ProjectId.eq(listed.project))
        .filter(DeletedAt.is_null())
        .limit(listed.limit);
    if !listed.archived {
        tasks = tasks.filter(ArchivedAt.is_null());
    }
    if let Some(passes) = listed.passes {
        tasks = tasks.filter(passes);
    }
    listed.sort.apply(tasks).into_model().all(db).await
}
