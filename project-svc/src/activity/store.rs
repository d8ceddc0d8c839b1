//! Queries of activities.

use chrono::{DateTime, Utc};
use httpkit::Member;
use kernel::{ActivityId, ProjectId, TaskId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde_json::{Value, json};
use tenancy::UnitOfWork;

use super::view::ActivityRow;
use crate::access::visible;
use crate::tenant::Tenant;

/// Writes what [`record`] notes, with the events of the same unit of work.
pub(crate) const JOURNAL: &str = "insert into activities (id, project_id, task_id, actor_id, kind, changes, created_at)
    select id, project_id, task_id, actor_id, kind, changes, created_at from jsonb_to_recordset($5) as noted (
        id uuid, project_id uuid, task_id uuid, actor_id uuid, kind text, changes jsonb, created_at timestamptz)";

/// A page of what was done in a project, to its tasks too, the newest first.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    member: &Member,
    project: ProjectId,
    after: Option<(DateTime<Utc>, ActivityId)>,
    limit: i64,
) -> Result<Vec<ActivityRow>, DbErr> {
    let (created_at, id) = after.unzip();
    let seen = visible(member, "o", "$2");
    let sql = format!(
        "select a.id, a.project_id, a.task_id, case when t.project_id = p.id then p.key || '-' || t.number end as task_key,
             a.actor_id, person.name as actor_name, a.kind, a.changes, a.created_at,
             came.from_id is null or exists (
                 select from projects o where o.id = came.from_id and o.deleted_at is null and {seen}) as nameable
         from activities a join people person on person.id = a.actor_id
         join projects p on p.id = a.project_id left join tasks t on t.id = a.task_id
         cross join lateral (select (a.changes #>> '{{project_id,from}}')::uuid as from_id) came
         where a.project_id = $1 and ($3::timestamptz is null or (a.created_at, a.id) < ($3, $4))
         order by a.created_at desc, a.id desc limit $5"
    );
    let values = [
        project.into(),
        member.user.into(),
        created_at.into(),
        id.into(),
        limit.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    ActivityRow::find_by_statement(statement).all(db).await
}

/// Notes what the acting person does to a project or, with `task`, to a task of it. `kind` is a word like
/// `task.moved`; `changes` is an object, of [`changes`](super::changes) or of the same form.
pub(crate) async fn record(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project: ProjectId,
    task: Option<TaskId>,
    kind: &str,
    changes: Value,
) -> Result<(), DbErr> {
    let entry = json!({
        "id": tenant.next_id::<ActivityId>(),
        "project_id": project,
        "task_id": task,
        "actor_id": tenant.user(),
        "kind": kind,
        "changes": changes,
        "created_at": tenant.now(),
    });
    unit.note(entry).await
}

/// The same of many tasks of the project.
pub(crate) async fn record_all(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project: ProjectId,
    kind: &str,
    tasks: Vec<(TaskId, Value)>,
) -> Result<(), DbErr> {
    for (task, changes) in tasks {
        record(unit, tenant, project, Some(task), kind, changes).await?;
    }
    Ok(())
}
