//! Queries of single tasks; places are in [`super::place`], lists in [`super::list`].

use chrono::{DateTime, Utc};
use kernel::{TaskId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, raw_sql,
};
use uuid::Uuid;

use super::model::task_key;
use crate::access::{Standing, Thing, find};
use crate::entity::{task, task_assignee};

/// A task with what its answers need from other tables.
#[derive(Clone, FromQueryResult)]
pub(crate) struct TaskRow {
    #[sea_orm(nested)]
    pub(crate) task: task::Model,
    pub(crate) project_key: String,
    assignee_ids: Vec<Uuid>,
}

impl TaskRow {
    pub(super) fn new(task: task::Model, project_key: String, assignees: &[UserId]) -> Self {
        let assignee_ids = assignees.iter().map(|id| id.uuid()).collect();
        Self {
            task,
            project_key,
            assignee_ids,
        }
    }

    /// Who is to do it, in the order they were assigned.
    pub(crate) fn assignees(&self) -> Vec<UserId> {
        self.assignee_ids
            .iter()
            .copied()
            .map(UserId::from)
            .collect()
    }

    /// How people name it.
    pub(crate) fn key(&self) -> String {
        task_key(&self.project_key, self.task.number)
    }

    /// The same task after a change of its own row.
    pub(super) fn with(self, task: task::Model) -> Self {
        Self { task, ..self }
    }
}

impl Thing for TaskRow {
    type Id = TaskId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: TaskId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let columns = "t.*, p.key as project_key,
            array(select a.user_id from task_assignees a where a.task_id = t.id
                order by a.assigned_at, a.user_id) as assignee_ids";
        let from = "tasks t join projects p on p.id = t.project_id
            where t.id = $1 and t.deleted_at is null and p.deleted_at is null";
        find(db, columns, from, id, caller).await
    }
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    task: task::ActiveModel,
) -> Result<task::Model, DbErr> {
    task::Entity::insert(task).exec_with_returning(db).await
}

/// Changes what is set and counts the version. None when there is no such task in the version expected.
pub(super) async fn update(
    db: &impl ConnectionTrait,
    id: TaskId,
    changes: task::ActiveModel,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<task::Model>, DbErr> {
    use task::Column::{DeletedAt, Id, UpdatedAt, Version};

    let mut update = task::Entity::update_many()
        .set(changes)
        .col_expr(Version, Expr::col(Version).add(1))
        .col_expr(UpdatedAt, Expr::value(now))
        .filter(Id.eq(id))
        .filter(DeletedAt.is_null());
    if let Some(version) = expected {
        update = update.filter(Version.eq(version));
    }
    Ok(update.exec_with_returning(db).await?.pop())
}

/// Takes everybody but `people` off the task; answers whom.
pub(super) async fn remove_others(
    db: &impl ConnectionTrait,
    id: TaskId,
    people: &[UserId],
) -> Result<Vec<UserId>, DbErr> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let removed = db.query_all_raw(raw_sql!(
        Postgres,
        "delete from task_assignees where task_id = {id} and user_id <> all({people}) returning user_id"
    ));
    removed
        .await?
        .iter()
        .map(|row| row.try_get("", "user_id"))
        .collect()
}

/// Puts `people` on the task; answers those who were not on it before.
pub(super) async fn add_assignees(
    db: &impl ConnectionTrait,
    id: TaskId,
    people: &[UserId],
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, DbErr> {
    use task_assignee::Column::{TaskId, UserId};

    if people.is_empty() {
        return Ok(Vec::new());
    }
    let rows = people.iter().map(|user| task_assignee::ActiveModel {
        task_id: Set(id),
        user_id: Set(*user),
        assigned_at: Set(now),
    });
    let insert =
        task_assignee::Entity::insert_many(rows).on_conflict_do_nothing_on([TaskId, UserId]);
    match insert.exec_with_returning_many(db).await? {
        sea_orm::TryInsertResult::Inserted(rows) => {
            Ok(rows.iter().map(|row| row.user_id).collect())
        }
        sea_orm::TryInsertResult::Conflicted | sea_orm::TryInsertResult::Empty => Ok(Vec::new()),
    }
}
