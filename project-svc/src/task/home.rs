//! Where a new task goes: what a project, a column or a task above it must tell before it can be written.

use kernel::{ColumnId, ProjectId, TaskId, UserId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::row::TaskRow;
use crate::access::{Standing, Thing, find};
use crate::field::{DEFINITIONS, Definitions};

/// A project that is to get a task.
#[derive(FromQueryResult)]
pub(crate) struct Home {
    #[sea_orm(nested)]
    pub(super) project: HomeProject,
    pub(super) definitions: Definitions,
}

/// What of a project tells its tasks apart from those of others.
#[derive(FromQueryResult)]
pub(super) struct HomeProject {
    #[sea_orm(alias = "home_id")]
    pub(super) id: ProjectId,
    /// Begins the task's key.
    #[sea_orm(alias = "home_key")]
    pub(super) key: String,
}

impl HomeProject {
    /// The one where this task is.
    pub(super) fn of(row: &TaskRow) -> Self {
        Self {
            id: row.task.project_id,
            key: row.project_key.clone(),
        }
    }
}

/// The same by a column that is to get it.
#[derive(FromQueryResult)]
pub(crate) struct ColumnHome {
    pub(super) column_id: ColumnId,
    #[sea_orm(nested)]
    pub(super) home: Home,
}

/// The same by a task that is to get it below.
#[derive(FromQueryResult)]
pub(crate) struct ParentHome {
    pub(super) parent_id: TaskId,
    #[sea_orm(nested)]
    pub(super) home: Home,
}

/// The columns of [`Home`], of a statement that calls the project `p`.
fn columns() -> String {
    format!("p.id as home_id, p.key as home_key, {DEFINITIONS}")
}

impl Thing for Home {
    type Id = ProjectId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: ProjectId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "projects p where p.id = $1 and p.deleted_at is null";
        find(db, &columns(), from, id, caller).await
    }
}

impl Thing for ColumnHome {
    type Id = ColumnId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: ColumnId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from =
            "columns c join boards b on b.id = c.board_id join projects p on p.id = b.project_id
            where c.id = $1 and p.deleted_at is null";
        let columns = format!("c.id as column_id, {}", columns());
        find(db, &columns, from, id, caller).await
    }
}

impl Thing for ParentHome {
    type Id = TaskId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: TaskId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "tasks t join projects p on p.id = t.project_id
            where t.id = $1 and t.deleted_at is null and p.deleted_at is null";
        let columns = format!("t.id as parent_id, {}", columns());
        find(db, &columns, from, id, caller).await
    }
}
