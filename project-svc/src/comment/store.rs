//! Queries of comments.

use chrono::{DateTime, Utc};
use kernel::{CommentId, ProjectId, TaskId, UserId};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Statement, Value, raw_sql,
};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::access::{Standing, Thing, find};
use crate::entity::comment;
use crate::markdown::Links;

/// The columns of [`CommentRow`] of a statement that has the comment as `m`, its project as `p`, the caller as `$2`.
const COLUMNS: &str = "m.*, p.id as of_project,
    array(select n.user_id from comment_mentions n where n.comment_id = m.id order by n.user_id) as mention_ids,
    (select count(*) from comments a where a.parent_id = m.id and a.deleted_at is null) as reply_count,
    (select coalesce(jsonb_agg(jsonb_build_object('kind', f.kind, 'count', f.count, 'mine', f.mine) order by f.first), '[]')
        from (select r.kind, count(*) as count, bool_or(r.user_id = $2) as mine, min(r.added_at) as first
            from comment_reactions r where r.comment_id = m.id group by r.kind) f) as reactions";

/// A comment on something that is still there.
#[derive(FromQueryResult)]
pub(crate) struct CommentRow {
    #[sea_orm(nested)]
    pub(crate) comment: comment::Model,
    /// The project it is on, or the task's.
    pub(crate) of_project: ProjectId,
    pub(super) mention_ids: Vec<Uuid>,
    pub(super) reply_count: i64,
    pub(super) reactions: Json,
}

impl CommentRow {
    /// One that nobody has answered or reacted to yet.
    pub(super) fn new(comment: comment::Model, of_project: ProjectId, mentions: &[UserId]) -> Self {
        Self {
            comment,
            of_project,
            mention_ids: mentions.iter().map(|id| id.uuid()).collect(),
            reply_count: 0,
            reactions: Json::Array(Vec::new()),
        }
    }
}

impl Thing for CommentRow {
    type Id = CommentId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: CommentId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "comments m left join tasks t on t.id = m.task_id
            join projects p on p.id = coalesce(m.project_id, t.project_id)
            where m.id = $1 and m.deleted_at is null and t.deleted_at is null and p.deleted_at is null";
        find(db, COLUMNS, from, id, caller).await
    }
}

/// What comments are on, or what they answer.
#[derive(Clone, Copy)]
pub(super) enum On {
    Task(TaskId),
    Project(ProjectId),
    Comment(CommentId),
}

/// A page of comments, the oldest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    on: On,
    project: ProjectId,
    caller: UserId,
    after: Option<(DateTime<Utc>, CommentId)>,
    limit: u64,
) -> Result<Vec<CommentRow>, DbErr> {
    let (column, id) = match on {
        On::Task(id) => ("m.task_id", Value::from(id)),
        On::Project(id) => ("m.project_id", Value::from(id)),
        On::Comment(id) => ("m.parent_id", Value::from(id)),
    };
    let mut values = vec![id, caller.into(), project.into()];
    let mut behind = String::new();
    if let Some((created_at, id)) = after {
        values.extend([Value::from(created_at), Value::from(id)]);
        behind.push_str("and (m.created_at, m.id) > ($4, $5)");
    }
    let sql = format!(
        "select {COLUMNS} from comments m join projects p on p.id = $3
         where {column} = $1 and {column} is not null and m.deleted_at is null {behind}
         order by m.created_at, m.id limit {limit}"
    );
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    CommentRow::find_by_statement(statement).all(db).await
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    comment: comment::ActiveModel,
) -> Result<comment::Model, DbErr> {
    comment::Entity::insert(comment)
        .exec_with_returning(db)
        .await
}

/// Gives the comment another body and keeps the one before. None when it is gone or not in the version expected.
pub(super) async fn rewrite(
    db: &impl ConnectionTrait,
    id: CommentId,
    body: &str,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<comment::Model>, DbErr> {
    comment::Model::find_by_statement(raw_sql!(
        Postgres,
        "with old as (
             select id, version, body, coalesce(edited_at, created_at) as written_at from comments
             where id = {id} and deleted_at is null and ({expected}::integer is null or version = {expected}) for update
         ), kept as (
             insert into comment_revisions (comment_id, version, body, written_at)
             select id, version, body, written_at from old
         )
         update comments m set body = {body}, version = m.version + 1, edited_at = {now}, updated_at = {now}
         from old where m.id = old.id returning m.*"
    ))
    .one(db)
    .await
}

/// Marks the comment as deleted; false when it is already, or not in the version expected.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: CommentId,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let delete = raw_sql!(
        Postgres,
        "update comments set deleted_at = {now}, version = version + 1, updated_at = {now}
         where id = {id} and deleted_at is null and ({expected}::integer is null or version = {expected})"
    );
    Ok(db.execute_raw(delete).await?.rows_affected() == 1)
}

/// The tasks with these keys, of those in projects that `seen` lets through; its caller is `$2`.
pub(super) async fn tasks_by_key(
    db: &impl ConnectionTrait,
    keys: Vec<String>,
    seen: &str,
    caller: UserId,
) -> Result<Links, DbErr> {
    let sql = format!(
        "select p.key || '-' || t.number as key, t.id from unnest($1::text[]) k
         join projects p on p.key = split_part(k, '-', 1)
         join tasks t on t.project_id = p.id and t.number = split_part(k, '-', 2)::integer
         where t.deleted_at is null and p.deleted_at is null and {seen}"
    );
    let values = [Value::from(keys), caller.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = db.query_all_raw(statement).await?;
    let pair = |row: &sea_orm::QueryResult| Ok((row.try_get("", "key")?, row.try_get("", "id")?));
    rows.iter().map(pair).collect()
}
