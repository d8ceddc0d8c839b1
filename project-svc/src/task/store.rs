//! Queries of single tasks; reading them is in [`super::row`], places are in [`super::place`], lists in
//! [`super::list`].

use chrono::{DateTime, Utc};
use kernel::{LabelId, TaskId, TaskKey, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, raw_sql};
use uuid::Uuid;

use crate::entity::{task, task_assignee};

/// The task of a key, wherever it lies.
pub(super) async fn find_by_key(
    db: &impl ConnectionTrait,
    key: &TaskKey,
) -> Result<Option<TaskId>, DbErr> {
    let (project, number) = (key.project.as_str(), key.number);
    let found = db.query_one_raw(raw_sql!(
        Postgres,
        "select t.id from projects p join tasks t on t.project_id = p.id
         where p.key = {project} and t.number = {number}"
    ));
    found.await?.map(|row| row.try_get("", "id")).transpose()
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    task: task::ActiveModel,
) -> Result<task::Model, DbErr> {
    task::Entity::insert(task).exec_with_returning(db).await
}

/// Gives the task to these people and nobody else; answers who came and who went.
pub(super) async fn replace_assignees(
    db: &impl ConnectionTrait,
    id: TaskId,
    people: &[UserId],
    now: DateTime<Utc>,
) -> Result<(Vec<UserId>, Vec<UserId>), DbErr> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let replaced = db.query_all_raw(raw_sql!(
        Postgres,
        "with gone as (
             delete from task_assignees where task_id = {id} and user_id <> all({people}) returning user_id),
         come as (
             insert into task_assignees (task_id, user_id, assigned_at) select {id}, unnest({people}), {now}
             on conflict do nothing returning user_id)
         select user_id, true as came from come union all select user_id, false from gone"
    ));
    let (mut came, mut went) = (Vec::new(), Vec::new());
    for row in replaced.await? {
        let list = if row.try_get("", "came")? {
            &mut came
        } else {
            &mut went
        };
        list.push(row.try_get("", "user_id")?);
    }
    Ok((came, went))
}

/// Puts people and labels on a task that has none.
pub(super) async fn furnish(
    db: &impl ConnectionTrait,
    id: TaskId,
    people: &[UserId],
    labels: &[LabelId],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if people.is_empty() && labels.is_empty() {
        return Ok(());
    }
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let labels: Vec<Uuid> = labels.iter().map(|id| id.uuid()).collect();
    let furnish = raw_sql!(
        Postgres,
        "with assigned as (
             insert into task_assignees (task_id, user_id, assigned_at) select {id}, unnest({people}), {now})
         insert into task_labels (task_id, label_id) select {id}, unnest({labels})"
    );
    db.execute_raw(furnish).await.map(drop)
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
