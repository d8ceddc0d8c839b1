//! Queries of who is in which project.

use chrono::{DateTime, Utc};
use kernel::{ProjectId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, TryInsertResult, raw_sql};

use super::model::ProjectRole;
use super::view::ProjectMemberView;
use crate::entity::project_member;

/// Who is in a project, in the order they came.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    project: ProjectId,
    after: Option<(DateTime<Utc>, UserId)>,
    limit: i64,
) -> Result<Vec<ProjectMemberView>, DbErr> {
    let (added_at, user) = after.unzip();
    ProjectMemberView::find_by_statement(raw_sql!(
        Postgres,
        "select m.user_id, p.name, m.role, m.added_at
         from project_members m join people p on p.id = m.user_id
         where m.project_id = {project}
         and ({added_at}::timestamptz is null or (m.added_at, m.user_id) > ({added_at}, {user}))
         order by m.added_at, m.user_id limit {limit}"
    ))
    .all(db)
    .await
}

/// One of them.
pub(super) async fn one(
    db: &impl ConnectionTrait,
    project: ProjectId,
    user: UserId,
) -> Result<Option<ProjectMemberView>, DbErr> {
    ProjectMemberView::find_by_statement(raw_sql!(
        Postgres,
        "select m.user_id, p.name, m.role, m.added_at
         from project_members m join people p on p.id = m.user_id
         where m.project_id = {project} and m.user_id = {user}"
    ))
    .one(db)
    .await
}

/// Locks the project: nobody is changed or removed in it until the transaction ends.
pub(super) async fn lock(db: &impl ConnectionTrait, project: ProjectId) -> Result<(), DbErr> {
    let lock = raw_sql!(
        Postgres,
        "select id from projects where id = {project} for no key update"
    );
    db.query_one_raw(lock).await.map(drop)
}

/// Whether somebody else is an owner of it.
pub(super) async fn has_other_owner(
    db: &impl ConnectionTrait,
    project: ProjectId,
    user: UserId,
) -> Result<bool, DbErr> {
    let other = raw_sql!(
        Postgres,
        "select 1 from project_members
         where project_id = {project} and user_id <> {user} and role = 'owner' limit 1"
    );
    Ok(db.query_one_raw(other).await?.is_some())
}

/// Puts somebody into a project; false when they are in it already.
pub(super) async fn add(
    db: &impl ConnectionTrait,
    project: ProjectId,
    user: UserId,
    role: ProjectRole,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let row = project_member::ActiveModel {
        project_id: Set(project),
        user_id: Set(user),
        role: Set(role),
        added_at: Set(now),
    };
    let columns = [
        project_member::Column::ProjectId,
        project_member::Column::UserId,
    ];
    let added = project_member::Entity::insert(row)
        .on_conflict_do_nothing_on(columns)
        .exec_without_returning(db)
        .await?;
    Ok(matches!(added, TryInsertResult::Inserted(1)))
}

/// Makes somebody an owner of the project, whatever they were there before.
pub(super) async fn make_owner(
    db: &impl ConnectionTrait,
    project: ProjectId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let upsert = raw_sql!(
        Postgres,
        "insert into project_members (project_id, user_id, role, added_at) values ({project}, {user}, 'owner', {now})
         on conflict (project_id, user_id) do update set role = 'owner'"
    );
    db.execute_raw(upsert).await.map(drop)
}

/// Gives another role.
pub(super) async fn set_role(
    db: &impl ConnectionTrait,
    project: ProjectId,
    user: UserId,
    role: ProjectRole,
) -> Result<(), DbErr> {
    let update = raw_sql!(
        Postgres,
        "update project_members set role = {role} where project_id = {project} and user_id = {user}"
    );
    db.execute_raw(update).await.map(drop)
}

/// Takes somebody out of a project.
pub(super) async fn remove(
    db: &impl ConnectionTrait,
    project: ProjectId,
    user: UserId,
) -> Result<(), DbErr> {
    let delete = raw_sql!(
        Postgres,
        "delete from project_members where project_id = {project} and user_id = {user}"
    );
    db.execute_raw(delete).await.map(drop)
}

/// Takes somebody who left the organization out of all projects.
pub(crate) async fn remove_from_all(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    let delete = raw_sql!(
        Postgres,
        "delete from project_members where user_id = {user}"
    );
    db.execute_raw(delete).await.map(drop)
}
