//! Queries of activities.

use chrono::{DateTime, Utc};
use kernel::{ActivityId, ProjectId, TaskId};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, raw_sql};
use serde_json::Value;
use tenancy::UnitOfWork;

use super::view::ActivityView;
use crate::entity::activity;
use crate::tenant::Tenant;

/// Entries of one statement; each takes seven of the 65,535 parameters it may have.
const AT_ONCE: usize = 1_000;

/// A page of what was done in a project, to its tasks too, the newest first.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    project: ProjectId,
    after: Option<(DateTime<Utc>, ActivityId)>,
    limit: i64,
) -> Result<Vec<ActivityView>, DbErr> {
    let (created_at, id) = after.unzip();
    ActivityView::find_by_statement(raw_sql!(
        Postgres,
        "select a.id, a.project_id, a.task_id, p.key || '-' || t.number as task_key, a.actor_id,
             person.name as actor_name, a.kind, a.changes, a.created_at
         from activities a join people person on person.id = a.actor_id
         join projects p on p.id = a.project_id left join tasks t on t.id = a.task_id
         where a.project_id = {project}
         and ({created_at}::timestamptz is null or (a.created_at, a.id) < ({created_at}, {id}))
         order by a.created_at desc, a.id desc limit {limit}"
    ))
    .all(db)
    .await
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
    let entry = entry(tenant, project, task, kind, changes);
    activity::Entity::insert(entry)
        .exec_without_returning(unit)
        .await
        .map(drop)
}

/// The same of many tasks of the project, in few statements.
pub(crate) async fn record_all(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project: ProjectId,
    kind: &str,
    tasks: Vec<(TaskId, Value)>,
) -> Result<(), DbErr> {
    let mut entries = tasks
        .into_iter()
        .map(|(task, changes)| entry(tenant, project, Some(task), kind, changes))
        .peekable();
    while entries.peek().is_some() {
        activity::Entity::insert_many(entries.by_ref().take(AT_ONCE))
            .exec_without_returning(unit)
            .await?;
    }
    Ok(())
}

fn entry(
    tenant: &Tenant,
    project: ProjectId,
    task: Option<TaskId>,
    kind: &str,
    changes: Value,
) -> activity::ActiveModel {
    activity::ActiveModel {
        id: Set(tenant.next_id::<ActivityId>()),
        project_id: Set(project),
        task_id: Set(task),
        actor_id: Set(tenant.user()),
        kind: Set(kind.to_owned()),
        changes: Set(changes),
        created_at: Set(tenant.now()),
    }
}
