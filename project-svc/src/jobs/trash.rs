//! Removes projects that lie in the trash for 30 days, with all that is in them.

use chrono::{DateTime, Utc};
use events::BoxError;
use kernel::TenantId;
use sea_orm::{ConnectionTrait, raw_sql};

use crate::project::model::TRASH_KEPT;
use crate::state::AppState;

/// Tasks removed by one statement, so that none takes long.
const BATCH: i64 = 1_000;

/// Empties one tenant's trash of projects. What was begun is never brought back: restoring ends before this begins.
pub(super) async fn remove_projects(state: &AppState, tenant: TenantId) -> Result<(), BoxError> {
    let before = state.clock.now() - TRASH_KEPT;
    loop {
        let connection = state.pools.acquire_background(tenant).await?;
        // Subtasks before what they belong to.
        let tasks = raw_sql!(
            Postgres,
            "delete from tasks where id in (
                 select t.id from projects p join tasks t on t.project_id = p.id
                 where p.deleted_at < {before} and not exists (select from tasks c where c.parent_id = t.id)
                 limit {BATCH})"
        );
        if connection.execute_raw(tasks).await?.rows_affected() > 0 {
            continue;
        }
        keep_histories(&connection, before).await?;
        let projects = raw_sql!(Postgres, "delete from projects where deleted_at < {before}");
        connection.execute_raw(projects).await?;
        return Ok(());
    }
}

/// What was done here to tasks that are in other projects now is theirs from now on, without the names that go with
/// this one. Entries are never changed, so each is written anew in the statement that removes it.
async fn keep_histories(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<(), BoxError> {
    loop {
        let entries = raw_sql!(
            Postgres,
            "with moved as (
                 delete from activities where id in (
                     select a.id from projects p join activities a on a.project_id = p.id
                     join tasks t on t.id = a.task_id and t.project_id <> p.id
                     where p.deleted_at < {before} limit {BATCH})
                 returning *)
             insert into activities (id, project_id, task_id, actor_id, kind, changes, created_at)
             select m.id, t.project_id, m.task_id, m.actor_id, m.kind, (
                 select coalesce(jsonb_object_agg(e.key, e.value), '{}') from jsonb_each(m.changes) e
                 where e.key <> 'key' and not starts_with(e.key, 'fields.')), m.created_at
             from moved m join tasks t on t.id = m.task_id"
        );
        if db.execute_raw(entries).await?.rows_affected() == 0 {
            return Ok(());
        }
    }
}
