//! Queries of dependencies. Whoever adds one holds the organization's lock of them, so that no two close a circle
//! together.

use chrono::{DateTime, Utc};
use events::topic::task::{DependencyKind, TaskStatus};
use httpkit::Member;
use kernel::{DependencyId, ProjectId, TaskId, UserId};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, FromQueryResult, QueryResult, Statement, raw_sql,
};

use super::view::{DependencyView, OtherTask, Side};
use crate::access::visible;
use crate::tenant::Tenant;

/// Names the lock among the advisory locks of the database.
const LOCK: i64 = 0x6465_7065;

/// A dependency, its other task as one end of it sees it.
#[derive(FromQueryResult)]
pub(super) struct Seen {
    pub(super) id: DependencyId,
    kind: DependencyKind,
    waits: bool,
    other_id: TaskId,
    project_key: String,
    number: i32,
    project_id: ProjectId,
    title: String,
    status: TaskStatus,
    created_by: UserId,
    pub(super) created_at: DateTime<Utc>,
}

/// A page of what a task has to do with others, both ways, as far as the caller sees them; the oldest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    member: &Member,
    task: TaskId,
    after: Option<(DateTime<Utc>, DependencyId)>,
    limit: u64,
) -> Result<Vec<Seen>, DbErr> {
    let seen = visible(member, "p", "$2");
    let sql = format!(
        "select d.id, d.kind, d.waits, o.id as other_id, p.key as project_key, o.number, o.project_id, o.title,
             o.status, d.created_by, d.created_at
         from (select id, kind, true as waits, other_id as end_id, created_by, created_at
                   from task_dependencies where task_id = $1
               union all
               select id, kind, false, task_id, created_by, created_at
                   from task_dependencies where other_id = $1) d
         join tasks o on o.id = d.end_id and o.deleted_at is null
         join projects p on p.id = o.project_id and p.deleted_at is null
         where {seen} and ($3::timestamptz is null or (d.created_at, d.id) > ($3, $4::uuid))
         order by d.created_at, d.id limit $5"
    );
    let (created_at, id) = after.unzip();
    let values = [
        task.into(),
        member.user.into(),
        created_at.into(),
        id.map(|id| id.uuid()).into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    Seen::find_by_statement(statement).all(db).await
}

impl From<Seen> for DependencyView {
    fn from(seen: Seen) -> Self {
        Self {
            id: seen.id,
            kind: seen.kind,
            side: if seen.waits {
                Side::Waits
            } else {
                Side::IsWaitedFor
            },
            other: OtherTask {
                id: seen.other_id,
                key: format!("{}-{}", seen.project_key, seen.number),
                project_id: seen.project_id,
                title: seen.title,
                status: seen.status,
            },
            created_by: seen.created_by,
            created_at: seen.created_at,
        }
    }
}

/// Waits until nobody else adds a dependency in this organization; held until the commit.
pub(super) async fn lock(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let lock = raw_sql!(Postgres, "select pg_advisory_xact_lock({LOCK})");
    db.query_one_raw(lock).await?;
    Ok(())
}

/// What is in the way of a new dependency.
#[derive(FromQueryResult)]
pub(super) struct Obstacles {
    /// One of the two has to do with the other already.
    pub(super) doubled: bool,
    /// The other one waits for this one already, over however many between.
    pub(super) circle: bool,
    /// How many others the task waits for or names.
    pub(super) count: i64,
}

/// Looks along all that `other` waits for. What lies in the trash counts: it may come back.
pub(super) async fn obstacles(
    db: &impl ConnectionTrait,
    task: TaskId,
    other: TaskId,
) -> Result<Option<Obstacles>, DbErr> {
    Obstacles::find_by_statement(raw_sql!(
        Postgres,
        "with recursive ahead (id) as (
             select {other}
             union
             select d.other_id from ahead a join task_dependencies d on d.task_id = a.id
             where d.kind not in ('relates', 'duplicates'))
         select exists (select from ahead where id = {task}) as circle,
             exists (select from task_dependencies d where (d.task_id, d.other_id) = ({task}, {other})
                 or (d.task_id, d.other_id) = ({other}, {task})) as doubled,
             (select count(*) from task_dependencies d where d.task_id = {task}) as count"
    ))
    .one(db)
    .await
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    task: TaskId,
    other: TaskId,
    kind: DependencyKind,
) -> Result<(DependencyId, DateTime<Utc>), DbErr> {
    let (id, now, user) = (
        tenant.next_id::<DependencyId>(),
        tenant.now(),
        tenant.user(),
    );
    let insert = raw_sql!(
        Postgres,
        "insert into task_dependencies (id, task_id, other_id, kind, created_by, created_at)
         values ({id}, {task}, {other}, {kind}, {user}, {now})"
    );
    db.execute_raw(insert).await?;
    Ok((id, now))
}

/// A dependency that is gone.
pub(super) struct Gone {
    pub(super) task_id: TaskId,
    pub(super) other_id: TaskId,
    pub(super) kind: DependencyKind,
}

/// Removes a dependency of the task, whichever end it is. None when it has no such one.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    task: TaskId,
    id: DependencyId,
) -> Result<Option<Gone>, DbErr> {
    let delete = raw_sql!(
        Postgres,
        "delete from task_dependencies where id = {id} and {task} in (task_id, other_id)
         returning task_id, other_id, kind"
    );
    let gone = |row: QueryResult| {
        Ok(Gone {
            task_id: row.try_get("", "task_id")?,
            other_id: row.try_get("", "other_id")?,
            kind: row.try_get("", "kind")?,
        })
    };
    db.query_one_raw(delete).await?.map(gone).transpose()
}
