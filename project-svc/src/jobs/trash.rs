//! Removes projects that lie in the trash for 30 days, with all that is in them.

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
        let projects = raw_sql!(Postgres, "delete from projects where deleted_at < {before}");
        connection.execute_raw(projects).await?;
        return Ok(());
    }
}
